"""Images at places between their pixels."""

from typing import Any

from keras import ops


def interpolate(images: Any, rows: Any, columns: Any) -> Any:
    """Returns what lies at places between pixels; see `keras_gans.backend`.

    Channel by channel: a gradient adds to single numbers several times as fast
    as to pixels of a few channels.
    """
    _, height, width, channels = images.shape
    top = ops.clip(ops.floor(rows), 0.0, height - 2.0)
    left = ops.clip(ops.floor(columns), 0.0, width - 2.0)
    down, right = rows - top, columns - left
    planes = ops.arange(ops.shape(images)[0], dtype="int32")[:, None] * height
    first = (planes + ops.cast(top, "int32")) * width + ops.cast(left, "int32")
    corners = (
        (0, (1.0 - down) * (1.0 - right)),
        (1, (1.0 - down) * right),
        (width, down * (1.0 - right)),
        (width + 1, down * right),
    )
    found = []
    for channel in range(channels):
        numbers = ops.reshape(images[..., channel], (-1,))
        found.append(
            sum(
                weight * ops.take(numbers, first + offset, axis=0)
                for offset, weight in corners
            )
        )
    return ops.stack(found, axis=-1)
