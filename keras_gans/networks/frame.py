"""The size of images, which need not be square."""

import dataclasses
from typing import Self

from keras_gans.checks import sides


@dataclasses.dataclass(frozen=True)
class Frame:
    """Height and width of the images of a network.

    A network is that of its shorter side; the other side's feature maps are
    as many times longer.

    Attributes:
        height: In pixels.
        width: In pixels.
    """

    height: int
    width: int

    @classmethod
    def of(cls, resolution: int | tuple[int, int], first: int = 4) -> Self:
        """Returns the frame of a resolution.

        Args:
            resolution: Side in pixels, or height and width.
            first: The smallest feature map of the network is of this size.

        Raises:
            ValueError: When that map would have a fraction of a pixel.

        Example:
        >>> Frame.of((32, 64)).map(4)
        (4, 8)
        """
        frame = cls(*sides(resolution))
        unit = max(frame.side // first, 1)
        longer = max(frame.shape)
        if longer % unit and not frame.side % unit:
            raise ValueError(
                f"Beside a side of {frame.side} pixels the longer one must be "
                f"a multiple of {unit}, so that feature maps have whole "
                f"pixels. Received: resolution={frame.height}x{frame.width}. "
                f"Use, for example, {longer - longer % unit} for {longer}."
            )
        return frame

    @property
    def side(self) -> int:
        """The shorter of both, which an architecture is chosen by."""
        return min(self.shape)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.height, self.width

    def map(self, size: int) -> tuple[int, int]:
        """Returns the shape of the feature map whose shorter side is this."""
        return tuple(length * size // self.side for length in self.shape)


def square(resolution: int | tuple[int, int], networks: str) -> int:
    """Returns the side of square images.

    Args:
        resolution: Side in pixels, or height and width.
        networks: What exists for square images only.

    Raises:
        ValueError: For others.
    """
    height, width = sides(resolution)
    if height != width:
        raise ValueError(
            f"{networks} are for square images. Received: "
            f"resolution={height}x{width}. Use a resolution of "
            f"{min(height, width)}, or another system or architecture."
        )
    return height
