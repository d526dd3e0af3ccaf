"""The features by which FID is defined, under the protocols in use."""

import concurrent.futures
import os
import weakref
from pathlib import Path
from typing import Any

import numpy as np

from keras_gans.checks import integer, one_of
from keras_gans.metrics.extractors.base import (
    FeatureExtractor,
    in_colour,
    padded,
)
from keras_gans.metrics.extractors.inception_network import DIMENSION
from keras_gans.metrics.extractors.inception_weights import (
    PUBLISHED_HASH,
    InceptionWeights,
    fetched_weights,
    read_weights,
)
from keras_gans.metrics.extractors.resizing import (
    is_bilinear,
    resize_bilinear,
    resize_with_pillow,
)
from keras_gans.metrics.statistics.arrays import as_images

_RESOLUTION = 299


# The resizer, and c, for which the network is given (x - c) / c.
# (x - 127.5) / 127.5 is pytorch-fid's 2 (x / 255) - 1.
PROTOCOLS = {
    "clean": ("clean", 128.0),
    "clean_float": ("clean_float", 128.0),
    "tensorflow": ("tf1_bilinear", 128.0),
    "pytorch": ("torch_bilinear", 127.5),
}

# By hash: extractors of several protocols hold the weights once.
_NETWORKS: weakref.WeakValueDictionary[str, InceptionWeights] = (
    weakref.WeakValueDictionary()
)


class InceptionFeatures(FeatureExtractor):
    """Features of the Inception network of 2015-12-05, 2,048 an image.

    The network by which Heusel et al. define FID. Images are resized to
    299 x 299 pixels and scaled as the protocol says, which changes scores by
    whole points: only scores of one protocol can be compared.

    - `"clean"`: antialiased bicubic, uint8; (x - 128) / 128.
    - `"clean_float"`: the same on float32; (x - 128) / 128, as `clean-fid`.
    - `"tensorflow"`: TensorFlow 1's bilinear; (x - 128) / 128, as the
      original code and `torch-fidelity`.
    - `"pytorch"`: PyTorch's bilinear; 2 x / 255 - 1, as `pytorch-fid`.

    See `resize_images` for the resizers. The same images give the same
    features on every backend, to about 1e-4 of their size, in float32; a
    backend may use TF32 on a GPU.

    The weights are those that `pytorch-fid` publishes (Apache-2.0), read
    without PyTorch. They are downloaded once, checked by hash, and kept in
    Keras's directory (`~/.keras/models`).

    Args:
        protocol: One of the above.
        batch_size: Images in one pass. A smaller last batch is padded, so
            that one shape is compiled.
        weights_path: File of the weights; `None` takes the published ones. A
            file of another hash is used if its tensors fit, and
            `certificate` says so.

    Call arguments:
        images: uint8 of shape `(count, height, width, channels)`, 1 or 3
            channels; grey is repeated.

    Returns:
        NumPy float32 of shape `(count, 2048)`, not negative.

    Raises:
        FileNotFoundError: `weights_path` is missing, or the weights cannot be
            downloaded.
        ValueError: An argument or the images are not as described, or the
            file holds other tensors.

    Example:
    >>> PROTOCOLS["tensorflow"]
    ('tf1_bilinear', 128.0)

    Reference: [Heusel et al., 2017](https://arxiv.org/abs/1706.08500), §4;
    [Parmar et al., 2022](https://arxiv.org/abs/2104.11222).
    """

    dimension = DIMENSION
    resolution = _RESOLUTION
    published_hash = PUBLISHED_HASH

    def __init__(
        self,
        protocol: str = "clean",
        batch_size: int = 32,
        weights_path: str | Path | None = None,
    ):
        one_of("protocol", protocol, PROTOCOLS)
        self.protocol = protocol
        self.name = f"inception_{protocol}"
        self.resizer, centre = PROTOCOLS[protocol]
        self.scaling = f"(x-{centre:g})/{centre:g}"
        self.batch_size = integer("batch_size", batch_size)
        self._centre = np.float32(centre)
        self._path = fetched_weights() if weights_path is None else weights_path
        self._path = Path(self._path)
        if not self._path.is_file():
            raise FileNotFoundError(
                "The weights of the Inception network must be an existing "
                f"file. Received: '{self._path}'."
            )
        self._weights = _NETWORKS.get(self.weights_hash)
        if self._weights is None:
            self._weights = read_weights(self._path)
            _NETWORKS[self.weights_hash] = self._weights
        self._network = self._weights.network
        self._classifier = self._weights.kernel, self._weights.bias

    def outputs(self, images: Any) -> dict[str, np.ndarray]:
        """Returns features and class scores of `images`, in one pass.

        These are those of `FeatureExtractor.outputs`, with 1,008 classes, and
        `logits_unbiased`: the logits without the bias of the last layer, which
        the original code of the Inception score leaves out.
        """
        outputs = super().outputs(images)
        unbiased = outputs["logits"] - self._weights.bias
        return {**outputs, "logits_unbiased": unbiased}

    def _batches(self, images):
        images = as_images(images)
        if not is_bilinear(self.resizer):
            yield from self._resized_ahead(images)
            return
        for batch in super()._batches(images):
            resized = resize_bilinear(batch, _RESOLUTION, self.resizer)
            yield (resized - self._centre) / self._centre

    def _resized_ahead(self, images):
        """Yields what the network takes; Pillow works one batch ahead."""
        workers = min(16, os.cpu_count() or 1)
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            begun = self._begin(pool, images[: self.batch_size])
            for start in range(0, len(images), self.batch_size):
                resized = np.stack(list(begun))
                following = start + self.batch_size
                ahead = images[following : following + self.batch_size]
                begun = self._begin(pool, ahead)
                resized = in_colour(padded(resized, self.batch_size))
                scaled = np.subtract(resized, self._centre, dtype=np.float32)
                yield np.divide(scaled, self._centre, out=scaled)

    def _begin(self, pool, images):
        def resize(image):
            return resize_with_pillow(image, _RESOLUTION, self.resizer)

        return pool.map(resize, images)
