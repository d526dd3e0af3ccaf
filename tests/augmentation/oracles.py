"""The published augmentations in float64 NumPy, one image after the other."""

import numpy as np
from scipy import signal

# The low-pass filter of sym6 as it is printed, of norm 1.
SYM6 = np.array(
    [
        0.015404109327027373,
        0.0034907120842174702,
        -0.11799011114819057,
        -0.048311742585633,
        0.4910559419267466,
        0.787641141030194,
        0.3379294217276218,
        -0.07263752278646252,
        -0.021060292512300564,
        0.04472490177066578,
        0.0017677118642428036,
        -0.007800708325034148,
    ]
)


def pooled(images, size):
    """Returns the means of blocks of pixels, at a smaller size."""
    count, height, width, channels = images.shape
    rows, columns = height // size, width // size
    blocks = images.reshape(count, size, rows, size, columns, channels)
    return blocks.mean(axis=(2, 4))


def enlarged(images, ratio):
    """Returns images with every pixel repeated."""
    return images.repeat(ratio, axis=1).repeat(ratio, axis=2)


def diff_augment(image, numbers, policy):
    """Returns one image after DiffAugment; `numbers` are of U[0, 1)."""
    height, width, _ = image.shape
    if "color" in policy:
        image = image + (numbers["brightness"] - 0.5)
        grey = image.mean(axis=2, keepdims=True)
        image = grey + 2 * numbers["saturation"] * (image - grey)
        mean = image.mean()
        image = mean + (numbers["contrast"] + 0.5) * (image - mean)
    if "translation" in policy:
        moved = np.zeros_like(image)
        down = choice(numbers["shift_rows"], height)
        right = choice(numbers["shift_columns"], width)
        for row in range(height):
            for column in range(width):
                if 0 <= row - down < height and 0 <= column - right < width:
                    moved[row, column] = image[row - down, column - right]
        image = moved
    if "cutout" in policy:
        image = image.copy()
        tall, wide = int(height / 2 + 0.5), int(width / 2 + 0.5)
        middle = int(numbers["cut_row"] * (height + 1 - tall % 2))
        centre = int(numbers["cut_column"] * (width + 1 - wide % 2))
        for row in range(middle - tall // 2, middle - tall // 2 + tall):
            for column in range(centre - wide // 2, centre - wide // 2 + wide):
                if 0 <= row < height and 0 <= column < width:
                    image[row, column] = 0.0
    return image


def choice(number, size):
    """Returns a shift of [-r, r] for a number of [0, 1)."""
    reach = int(size / 8 + 0.5)
    return int(number * (2 * reach + 1)) - reach


def rotation(angle):
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])


def translation(x, y):
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def inverse_affine(numbers, on, height, width):
    """Returns G⁻¹, 3x3, composed as Karras et al. do, Appendix B."""
    inverse = np.eye(3)
    if "flip" in on:
        flip = np.floor(2 * numbers["flip"])
        inverse = inverse @ np.diag([1 - 2 * flip, 1, 1])
    if "turn" in on:
        inverse = inverse @ rotation(np.pi / 2 * np.floor(4 * numbers["turn"]))
    if "shift" in on:
        x, y = (
            np.round((2 * numbers[name] - 1) * 0.125 * size)
            for name, size in (("shift_x", width), ("shift_y", height))
        )
        inverse = inverse @ translation(-x, -y)
    if "scale" in on:
        scale = 2 ** (0.2 * numbers["scale"])
        inverse = inverse @ np.diag([1 / scale, 1 / scale, 1])
    if "rotation_before" in on:
        inverse = inverse @ rotation(
            np.pi * (2 * numbers["rotation_before"] - 1)
        )
    if "anisotropy" in on:
        scale = 2 ** (0.2 * numbers["anisotropy"])
        inverse = inverse @ np.diag([1 / scale, scale, 1])
    if "rotation_after" in on:
        inverse = inverse @ rotation(
            np.pi * (2 * numbers["rotation_after"] - 1)
        )
    if "fraction" in on:
        x = 0.125 * numbers["fraction_x"] * width
        y = 0.125 * numbers["fraction_y"] * height
        inverse = inverse @ translation(-x, -y)
    return inverse


def doubled(image, axis):
    """Returns an image enlarged twofold, 5 places before and 6 behind more."""
    size = image.shape[axis]
    padding = [(0, 0)] * 3
    padding[axis] = (12, 12)
    image = np.pad(image, padding, mode="reflect")
    fine = signal.upfirdn(2 * SYM6 / SYM6.sum(), image, up=2, axis=axis)
    return np.take(fine, np.arange(24, 24 + 2 * size + 10), axis=axis)


def halved(fine, axis):
    """Returns what a correlation with the filter gives at each pixel."""

    def reduce(line):
        return np.correlate(line, SYM6 / SYM6.sum(), "valid")[::2]

    return np.apply_along_axis(reduce, axis, fine)


def mirrored(place, pixels):
    """Returns a place of the enlarged axis for one outside of it."""
    if -0.5 < place < 2 * pixels + 9.5:
        return min(max(place, 0), 2 * pixels + 9)
    last = 2 * (pixels - 1)
    place = (place - 5) % (2 * last)
    return min(place, 2 * last - place) + 5


def warp(image, inverse):
    """Returns an image through a 3x3 map from its pixels to their sources."""
    height, width, _ = image.shape
    fine = doubled(doubled(image, 0), 1)
    result = np.empty_like(fine)
    for row in range(fine.shape[0]):
        for column in range(fine.shape[1]):
            x = (column - 5) / 2 - (width - 1) / 2
            y = (row - 5) / 2 - (height - 1) / 2
            x, y, _ = inverse @ [x, y, 1]
            x = mirrored(2 * (x + (width - 1) / 2) + 5, width)
            y = mirrored(2 * (y + (height - 1) / 2) + 5, height)
            left = min(int(x), fine.shape[1] - 2)
            top = min(int(y), fine.shape[0] - 2)
            across, down = x - left, y - top
            result[row, column] = (
                (1 - down) * (1 - across) * fine[top, left]
                + (1 - down) * across * fine[top, left + 1]
                + down * (1 - across) * fine[top + 1, left]
                + down * across * fine[top + 1, left + 1]
            )
    return halved(halved(result, 0), 1)


def recoloured(image, numbers, on):
    """Returns an image after a 4x4 matrix of its colours, Appendix B."""
    matrix, axis = np.eye(4), np.append(np.ones(3), 0) / np.sqrt(3)
    luma = np.outer(axis, axis)
    if "brightness" in on:
        step = np.eye(4)
        step[:3, 3] = 0.2 * numbers["brightness"]
        matrix = step @ matrix
    if "contrast" in on:
        contrast = 2 ** (0.5 * numbers["contrast"])
        matrix = np.diag([contrast, contrast, contrast, 1]) @ matrix
    if "luma_flip" in on:
        flip = np.floor(2 * numbers["luma_flip"])
        matrix = (np.eye(4) - 2 * flip * luma) @ matrix
    if image.shape[2] == 1:
        row = matrix[:3].mean(axis=0)
        return image * row[:3].sum() + row[3]
    if "hue" in on:
        angle = np.pi * (2 * numbers["hue"] - 1)
        vector = axis[:3]
        cross = np.cross(vector, np.eye(3)).T
        turn = np.eye(4)
        turn[:3, :3] = (
            np.cos(angle) * np.eye(3)
            + np.sin(angle) * cross
            + (1 - np.cos(angle)) * np.outer(vector, vector)
        )
        matrix = turn @ matrix
    if "saturation" in on:
        factor = 2.0 ** numbers["saturation"]
        matrix = (luma + (np.eye(4) - luma) * factor) @ matrix
    return image @ matrix[:3, :3].T + matrix[:3, 3]


def cut(image, numbers, on):
    """Returns an image without a square of half of its size."""
    if "cutout" not in on:
        return image
    height, width, _ = image.shape
    rows = (np.arange(height) + 0.5) / height - numbers["cut_y"]
    columns = (np.arange(width) + 0.5) / width - numbers["cut_x"]
    inside = (abs(rows)[:, None] < 0.25) & (abs(columns) < 0.25)
    return np.where(inside[..., None], 0.0, image)
