"""Pixels from pictures, against float64 arithmetic and other libraries."""

import io

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from keras_gans.data.pixels import decode_image, fit_images, image_formats


def random_images(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def encoded(image, image_format="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, image_format, **options)
    return io.BytesIO(stream.getvalue())


def triangle_weights(size, new_size):
    """The rows of a bilinear resize with antialiasing, in float64."""
    scale = size / new_size
    centres = (np.arange(new_size)[:, None] + 0.5) * scale
    distances = np.abs(np.arange(size)[None] + 0.5 - centres)
    weights = np.maximum(1 - distances / max(scale, 1.0), 0)
    return weights / weights.sum(1, keepdims=True)


@pytest.mark.parametrize("side, resolution", [(28, 64), (50, 16), (32, 31)])
@pytest.mark.parametrize("channels", [1, 3])
def test_resize_is_the_antialiased_triangle_filter(side, resolution, channels):
    images = random_images(3, side, side, channels)
    weights = triangle_weights(side, resolution)
    expected = np.einsum(
        "yh,nhwc,xw->nyxc", weights, images.astype(float), weights
    )
    resized = fit_images(images, resolution=resolution, channels=channels)
    assert resized.dtype == np.uint8
    # Both passes round to whole grey levels.
    assert_allclose(resized, expected, atol=1.1)


@pytest.mark.parametrize("height, width", [(10, 16), (17, 10)])
def test_the_centre_square_is_kept(height, width):
    images = random_images(2, height, width, 3)
    top, left = (height - 10) // 2, (width - 10) // 2
    expected = images[:, top : top + 10, left : left + 10]
    kept = fit_images(images, resolution=10, channels=3)
    assert_array_equal(kept, expected)
    decoded = decode_image(encoded(Image.fromarray(images[0])), (10, 10, 3))
    assert_array_equal(decoded, expected[0])


def test_grey_is_the_luma_of_bt_601():
    images = random_images(4, 16, 16, 3)
    grey = fit_images(images, resolution=16, channels=1)
    exact = images @ np.array([0.299, 0.587, 0.114])
    assert_allclose(grey[..., 0], exact, atol=0.51)
    decoded = decode_image(encoded(Image.fromarray(images[0])), (16, 16, 1))
    assert_array_equal(decoded, grey[0])


def test_grey_is_repeated_to_three_channels():
    images = random_images(2, 8, 8, 1)
    assert_array_equal(
        fit_images(images, resolution=8, channels=3), images.repeat(3, -1)
    )
    grey = Image.fromarray(images[0, ..., 0])
    assert_array_equal(
        decode_image(encoded(grey), (8, 8, 3)),
        images[0].repeat(3, -1),
    )


def test_images_that_fit_are_not_copied():
    images = random_images(2, 8, 8, 3)
    fitted = fit_images(images, resolution=8, channels=3)
    assert np.shares_memory(fitted, images)


def test_transparency_is_put_onto_white():
    rgba = random_images(12, 12, 4)
    alpha = rgba[..., 3:] / 255
    expected = rgba[..., :3] * alpha + 255 * (1 - alpha)
    pixels = decode_image(encoded(Image.fromarray(rgba)), (12, 12, 3))
    assert_allclose(pixels, expected, atol=1.0)


def test_a_transparent_palette_colour_becomes_white():
    indices = Image.fromarray(np.eye(8, dtype=np.uint8), mode="P")
    indices.putpalette([10, 20, 30, 40, 50, 60])
    pixels = decode_image(encoded(indices, transparency=0), (8, 8, 3))
    eye = np.eye(8)[..., None]
    assert_array_equal(pixels, np.where(eye, [40, 50, 60], 255))


def test_sixteen_bit_grey_is_divided_by_257():
    levels = np.random.default_rng(0).integers(0, 65536, (9, 9), np.uint16)
    levels[0, :2] = 0, 65535
    pixels = decode_image(encoded(Image.fromarray(levels)), (9, 9, 1))
    assert_array_equal(pixels[..., 0], np.rint(levels / 257.0))


def test_black_and_white_pictures_keep_both_levels():
    bits = np.eye(8, dtype=bool)
    pixels = decode_image(encoded(Image.fromarray(bits)), (8, 8, 3))
    assert_array_equal(pixels, np.where(bits[..., None], 255, [0, 0, 0]))


@pytest.mark.parametrize(
    "orientation, turns", [(1, 0), (6, -1), (3, 2), (8, 1)]
)
def test_exif_orientation_is_applied(orientation, turns):
    image = random_images(8, 8, 3)
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = decode_image(encoded(Image.fromarray(image), exif=exif), (8, 8, 3))
    assert_array_equal(pixels, np.rot90(image, turns))


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("L", (8, 8), level) for level in (200, 20)]
    stream = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    pixels = decode_image(stream, (8, 8, 1))
    assert_array_equal(pixels, np.full((8, 8, 1), 200))


@pytest.mark.parametrize("image_format", image_formats())
def test_every_format_is_read(image_format):
    image = Image.new("RGB", (16, 12), (200, 100, 50))
    pixels = decode_image(encoded(image, image_format), (8, 8, 3))
    # JPEG and WebP round.
    assert_allclose(pixels, np.broadcast_to([200, 100, 50], (8, 8, 3)), atol=3)


def test_cmyk_becomes_rgb():
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    pixels = decode_image(encoded(image, "JPEG"), (8, 8, 3)).astype(int)
    assert (pixels[..., 0] > 200).all() and (pixels[..., 1:] < 60).all()


def test_formats_that_run_other_programs_are_not_opened():
    stream = encoded(Image.new("RGB", (8, 8)), "TIFF")
    with pytest.raises(OSError, match="cannot identify"):
        decode_image(stream, (8, 8, 3))
