"""The blocks of EfficientNet-Lite, and its weights folded."""

import hashlib

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch.nn import functional

from keras_gans.pretrained.efficientnet import LITE0, LITE1, folded
from tests.pretrained import efficientnet_oracle as oracle

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("variant", "strides"), [(LITE0, oracle.LITE0), (LITE1, oracle.LITE1)]
)
def test_strides_are_those_of_the_family(variant, strides):
    assert tuple(block.strides for block in variant.blocks) == strides


def test_the_installed_weights_are_the_published_ones():
    content = LITE0.installed_weights().read_bytes()
    assert hashlib.sha256(content).hexdigest() == LITE0.published_hash


@pytest.mark.parametrize("kind", ["expand_conv", "depthwise_conv"])
def test_folding_leaves_what_is_computed(kind):
    weights = {k: v.double() for k, v in _state().items()}
    name = f"_blocks.3._{kind}"
    norm = {"expand_conv": "_bn0", "depthwise_conv": "_bn1"}[kind]
    kernel, bias = folded(LITE0.load(), f"blocks-3-{kind}")
    groups = kernel.shape[2] if kind == "depthwise_conv" else 1
    inputs = kernel.shape[2]
    x = torch.randn(1, inputs, 5, 5, dtype=torch.float64)
    plain = functional.conv2d(x, weights[f"{name}.weight"], groups=groups)
    expected = functional.batch_norm(
        plain,
        *(
            weights[f"_blocks.3.{norm}.{key}"]
            for key in ("running_mean", "running_var", "weight", "bias")
        ),
        eps=1e-3,
    )
    axes = (2, 3, 0, 1) if groups > 1 else (3, 2, 0, 1)
    again = functional.conv2d(
        x,
        torch.tensor(np.ascontiguousarray(kernel.transpose(axes))),
        torch.tensor(bias),
        groups=groups,
    )
    assert_allclose(again, expected, atol=1e-10)


def _state():
    return torch.load(LITE0.installed_weights(), weights_only=True)
