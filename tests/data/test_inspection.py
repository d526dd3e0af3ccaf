"""What is found in folders with known defects."""

import importlib
import shlex

import numpy as np
import pytest
from PIL import Image

from keras_gans.data import advice
from keras_gans.data.copies import near_copies
from keras_gans.data.inspection import NAMED, Inspection, inspect_images
from recipes.common.flags import read_config


def noise(seed, height=40, width=40, channels=3):
    shape = (height, width, channels)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, "uint8")
    return pixels[..., 0] if channels == 1 else pixels


def save(pixels, path, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = (
        pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    )
    image.save(path, **options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two classes: 9 cats, 3 dogs; and two files that are no images."""
    root = tmp_path_factory.mktemp("images")
    cats, dogs = root / "cats", root / "dogs"
    for number in range(4):
        save(noise(number), cats / f"plain_{number}.png")
    # A grey image, and one that is stored in three equal channels.
    save(noise(10, channels=1), cats / "grey.png")
    save(np.repeat(noise(11, channels=1)[..., None], 3, -1), cats / "rgb.png")
    opaque = np.concatenate([noise(12), np.full((40, 40, 1), 255)], -1)
    save(opaque.astype("uint8"), cats / "opaque.png")
    seen_through = opaque.copy()
    seen_through[0, 0, 3] = 0
    save(seen_through.astype("uint8"), cats / "transparent.png")
    save(Image.fromarray(noise(13)).convert("CMYK"), cats / "print.jpg")
    # Wide: half of it is cropped away. Small: 16 pixels high.
    save(noise(14, width=80), dogs / "wide.png")
    save(noise(15, 16, 16), dogs / "small.png")
    # The pixels of a cat, in another format and class.
    save(noise(0), dogs / "copy.bmp")
    (dogs / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    (dogs / "notes.txt").write_text("no image")
    (dogs / ".hidden").write_text("ignored")
    return root


@pytest.fixture(scope="module")
def found(folder):
    return inspect_images(f"folder:{folder}")


def test_images_are_counted_by_class_and_bad_files_named(found):
    assert found.num_images == 12
    assert found.class_counts == {"cats": 9, "dogs": 3}
    assert found.num_bad == 2
    assert [name.rpartition("/")[2] for name, _ in found.bad] == [
        "broken.png",
        "notes.txt",
    ]
    assert "no image by its name" in found.bad[1][1]


def test_sizes_and_what_the_crop_takes_away_are_those_of_the_files(found):
    assert found.sizes == {(40, 40): 10, (80, 40): 1, (16, 16): 1}
    assert found.much_cropped == 1
    # One of twelve loses one half.
    assert found.cropped == pytest.approx(0.5 / 12)
    assert found.smaller_than(32) == 1
    assert found.smaller_than(41) == 12


def test_kinds_of_pixels_are_told_apart(found):
    assert found.grey == 2
    assert found.transparent == 1
    assert found.cmyk == 1
    assert found.palette == found.deep == found.animated == 0
    assert found.channels == 3


def test_equal_pixels_are_copies_in_whatever_format(found):
    assert (found.copies, found.copies_across_classes) == (1, 1)


def test_palettes_depth_and_animations_are_seen(tmp_path):
    frames = [Image.fromarray(noise(n, channels=1)) for n in range(2)]
    frames[0].save(
        tmp_path / "moving.gif", save_all=True, append_images=frames[1:]
    )
    palette = Image.fromarray(noise(2)).quantize(16)
    palette.save(tmp_path / "palette.png")
    deep = np.arange(1600, dtype="uint16").reshape(40, 40) * 40
    Image.fromarray(deep).save(tmp_path / "deep.png")
    found = inspect_images(f"folder:{tmp_path}")
    assert found.class_counts == {}
    assert (found.animated, found.deep) == (1, 1)
    # A palette of greys is Pillow's mode L.
    assert found.palette == 1
    assert found.grey == 2


def test_a_resized_copy_is_a_probable_one(tmp_path):
    blocks = noise(0, 8, 8)
    picture = np.kron(blocks, np.ones((10, 10, 1), "uint8"))
    save(picture, tmp_path / "large.png")
    save(np.kron(blocks, np.ones((5, 5, 1), "uint8")), tmp_path / "small.png")
    save(picture, tmp_path / "compressed.jpg", quality=95, subsampling=0)
    save(noise(1), tmp_path / "other.png")
    found = inspect_images(f"folder:{tmp_path}")
    assert (found.copies, found.near_copies) == (0, 3)


def test_near_copies_are_those_of_a_search_through_all_pairs():
    random = np.random.default_rng(0)
    points = random.integers(0, 30, (400, 3), "uint8")
    apart = np.abs(points[:, None].astype(int) - points[None]).max(axis=-1)
    np.fill_diagonal(apart, 255)
    assert near_copies(points) == (apart.min(axis=1) <= 2).sum()
    assert near_copies(points[:1]) == near_copies(points[:0]) == 0
    assert near_copies(np.zeros((5, 3), "uint8")) == 5


def test_archives_are_inspected_with_and_without_labels(tmp_path):
    images = np.stack([noise(n, 24, 32) for n in (0, 1, 1)])
    np.savez(tmp_path / "a.npz", images=images, labels=[0, 2, 2])
    found = inspect_images(f"npz:{tmp_path / 'a.npz'}")
    assert found.class_counts == {"0": 1, "1": 0, "2": 2}
    assert found.sizes == {(32, 24): 3}
    assert (found.copies, found.copies_across_classes) == (1, 0)
    np.savez(tmp_path / "b.npz", images=images[..., 0])
    found = inspect_images(f"npz:{tmp_path / 'b.npz'}")
    assert found.class_counts == {} and found.grey == 3 and found.channels == 1


def test_a_prepared_set_is_inspected(tmp_path):
    for label in ("a", "b"):
        for number in range(3):
            pixels = noise(ord(label) + 5 * number)
            save(pixels, tmp_path / "pets/train" / label / f"{number}.png")
    found = inspect_images("tfds:pets", data_dir=str(tmp_path))
    assert found.class_counts == {"a": 3, "b": 3}
    assert found.sizes == {(40, 40): 6} and found.copies == 0


def test_missing_data_and_foreign_arguments_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="needs a folder"):
        inspect_images(f"folder:{tmp_path / 'none'}")
    with pytest.raises(ValueError, match="Unknown dataset"):
        inspect_images("zip:images")
    with pytest.raises(ValueError, match="data_dir"):
        inspect_images("embedded", data_dir="somewhere")


def images_like(**changes):
    """A set of 20,000 coloured images of 64 pixels in two equal classes."""
    values = {
        "name": "folder:x",
        "num_images": 20_000,
        "num_bad": 0,
        "bad": (),
        "class_counts": {"a": 10_000, "b": 10_000},
        "sizes": {(64, 64): 20_000},
        "cropped": 0.0,
        "near_copies": 0,
    }
    names = Inspection.__dataclass_fields__
    return Inspection(**dict.fromkeys(names, 0) | values | changes)


def test_a_good_set_needs_no_advice():
    good = images_like()
    assert advice.problems(good) == advice.advice(good, 32) == []
    assert advice.command(good, 32) == (
        "python -m recipes.sagan --dataset=folder:x --channels=3"
    )


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"num_images": 499, "class_counts": {}}, "--diffaugment=color"),
        ({"num_images": 9999}, "--augment=flip"),
        ({"class_counts": {"a": 20_000}}, "one class says nothing"),
        ({"class_counts": {"a": 19_800, "b": 200}}, "fewer than 300"),
        ({"class_counts": {"a": 18_750, "b": 1250}}, "15 times"),
        ({"copies": 3}, "3 images are copies"),
        ({"copies_across_classes": 2}, "labels is wrong"),
        ({"near_copies": 7}, "7 further images are probably"),
        ({"sizes": {(20, 64): 20_000}}, "enlarged"),
        ({"much_cropped": 5000}, "centre square"),
        ({"grey": 100}, "--channels=1"),
        ({"transparent": 1}, "onto white"),
        ({"animated": 1}, "first frame"),
    ],
)
def test_each_weakness_is_said(changes, text):
    assert text in " ".join(advice.advice(images_like(**changes), 32))


def test_what_training_refuses_is_a_problem(found, tmp_path):
    (wrong,) = advice.problems(found)
    assert "2 files" in wrong and "broken.png" in wrong
    assert "--skip_bad_images" in wrong
    many = images_like(num_bad=NAMED + 3, bad=(("x", "y"),) * NAMED)
    assert "and 3 more" in advice.problems(many)[0]
    assert "no readable image" in advice.problems(images_like(num_images=0))[0]
    empty = images_like(class_counts={"a": 20_000, "b": 0})
    assert "1 classes" in advice.problems(empty)[0]


def test_the_command_fits_the_data():
    def command(resolution=32, **changes):
        return advice.command(images_like(**changes), resolution, "sets")

    assert "--conditional=false" in command(class_counts={})
    assert "--data_dir=sets" in command()
    assert "--channels=1" in command(grey=20_000)
    assert "--augment=flip" in command(num_images=600)
    few = command(num_images=300)
    assert "--diffaugment=color,translation,cutout" in few
    assert "--skip_bad_images" in command(num_bad=1)
    assert "--preset=sagan_imagenet_64" in command(64)
    assert "recipes.msg_gan" in command(256)
    assert "'folder:my images'" in command(name="folder:my images")


@pytest.mark.parametrize("resolution", [32, 64, 128, 256])
@pytest.mark.parametrize("labels", [True, False])
def test_recipes_accept_the_recommended_command(resolution, labels):
    changes = {} if labels else {"class_counts": {}}
    found = images_like(num_images=400, num_bad=1, **changes)
    command = shlex.split(advice.command(found, resolution))
    recipe = importlib.import_module(command[2])
    config = read_config(recipe.Config, recipe.PRESETS, command[2:])
    assert (config.resolution, config.channels) == (resolution, 3)
    assert config.conditional is (labels and resolution < 256)
