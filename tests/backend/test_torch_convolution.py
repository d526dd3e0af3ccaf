"""PyTorch's own convolution, which computes where oneDNN does not."""

import numpy as np
import pytest
import torch

from keras_gans.backend import torch_convolution


def signs(*shape):
    """Numbers whose sums of products are exact in bfloat16."""
    return np.random.default_rng(0).integers(-1, 2, shape).astype("float64")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("channels", [1, 2])
def test_gradients_need_no_onednn(dtype, size, channels):
    images, kernel = signs(2, 6, 6, 4), signs(size, size, 4, channels)
    upstream = signs(2, 6, 6, channels)
    tensors = [torch.tensor(a, dtype=dtype) for a in (images, kernel)]
    for tensor in tensors:
        tensor.requires_grad_()
    with torch.backends.mkldnn.flags(enabled=False):
        outputs = torch_convolution.convolve(*tensors)
        loss = (outputs * torch.tensor(upstream, dtype=dtype)).sum()
        _, gradient = torch.autograd.grad(loss, tensors)
    around = size // 2
    padded = np.pad(images, ((0, 0), (around,) * 2, (around,) * 2, (0, 0)))
    for row in range(size):
        for column in range(size):
            seen = padded[:, row : row + 6, column : column + 6]
            expected = np.einsum("nijc,nijo->co", seen, upstream)
            found = gradient[row, column].double().numpy()
            np.testing.assert_array_equal(found, expected)
