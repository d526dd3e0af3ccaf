"""Depthwise convolutions in both forms, against numpy in float64."""

import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose

from keras_gans import backend
from keras_gans.backend import depthwise_convolution as module


def by_numpy(images, kernel, strides):
    """As TensorFlow pads: the odd pixel comes last."""
    size = kernel.shape[0]
    steps = [-(-length // strides) for length in images.shape[1:3]]
    missing = [
        max((step - 1) * strides + size - length, 0)
        for step, length in zip(steps, images.shape[1:3], strict=True)
    ]
    around = [(n // 2, n - n // 2) for n in missing]
    padded = np.pad(images, [(0, 0), *around, (0, 0)])
    outputs = np.zeros((len(images), *steps, images.shape[-1]))
    for row in range(steps[0]):
        for column in range(steps[1]):
            top, left = row * strides, column * strides
            window = padded[:, top : top + size, left : left + size]
            outputs[:, row, column] = np.sum(
                window * kernel[..., 0], axis=(1, 2)
            )
    return outputs


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("form", ["depthwise", "depthwise_by_taps"])
def test_both_forms_are_the_formula(size, strides, form):
    random = np.random.default_rng(0)
    for shape in ((2, 8, 6, 3), (1, 7, 4, 3), (1, 1, 1, 3)):
        images = random.normal(size=shape)
        kernel = random.normal(size=(size, size, 3, 1))
        outputs = getattr(module, form)(
            ops.array(images, "float32"), ops.array(kernel, "float32"), strides
        )
        expected = by_numpy(images, kernel, strides)
        assert_allclose(ops.convert_to_numpy(outputs), expected, atol=1e-5)


def test_the_backend_has_one_of_them():
    forms = (module.depthwise, module.depthwise_by_taps)
    assert backend.depthwise in forms
