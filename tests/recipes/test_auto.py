"""Recipes and settings that are chosen for a set of images."""

import json

import numpy as np
import pytest

from keras_gans.data.inspection import Inspection
from recipes import lga, msg_gan, sagan, train
from recipes.common.auto import choose
from recipes.common.flags import read_config
from recipes.common.record import check_run_directory

pytestmark = pytest.mark.once

MODULES = {"sagan": sagan, "lga": lga, "msg_gan": msg_gan}


def images(count=2000, grey=False, classes=(), sizes=None):
    return Inspection(
        name="folder:mine",
        num_images=count,
        num_bad=0,
        bad=(),
        class_counts=dict(classes),
        sizes=sizes or {(64, 64): count},
        grey=count if grey else 0,
        **dict.fromkeys(
            ("transparent", "palette", "cmyk", "deep", "animated"), 0
        ),
        copies=0,
        copies_across_classes=0,
        near_copies=0,
        cropped=0.0,
        much_cropped=0,
    )


def chosen(found, conditional=False, **given):
    """Returns the recipe, and the settings that its command line gives."""
    choice = choose(found, given, conditional)
    module = MODULES[choice.recipe]
    argv = [choice.recipe, *choice.arguments]
    return choice, read_config(module.Config, module.PRESETS, argv)


COLOURS = ("color", "translation", "cutout")


@pytest.mark.parametrize(
    ("found", "conditional", "recipe", "settings"),
    [
        (images(), False, "lga", {"diffaugment": COLOURS, "channels": 3}),
        (
            images(classes={"a": 900, "b": 1100}),
            True,
            "sagan",
            {
                "conditional": True,
                "generator_multipliers": (4, 2, 1, 1),
                "minutes": 20.0,
                "batch_size": 16,
            },
        ),
        (
            images(10_000, grey=True),
            False,
            "lga",
            {"diffaugment": (), "channels": 1, "resolution": 32},
        ),
        (
            images(9_999, grey=True),
            False,
            "lga",
            {"diffaugment": ("translation", "cutout")},
        ),
        (
            images(sizes={(200, 100): 1900, (50, 50): 100}),
            False,
            "lga",
            {"resolution": (32, 64)},
        ),
        # 4:3 is nearest to 40 of 32, of the whole pixels that 4x4 has.
        (
            images(sizes={(300, 400): 2000}),
            False,
            "lga",
            {"resolution": (40, 32)},
        ),
        (
            images(sizes={(900, 100): 2000}),
            False,
            "lga",
            {"resolution": (32, 64)},
        ),
        # Too few agree.
        (
            images(sizes={(200, 100): 1700, (50, 50): 300}),
            False,
            "lga",
            {"resolution": 32},
        ),
    ],
)
def test_the_rules_decide(found, conditional, recipe, settings):
    choice, config = chosen(found, conditional)
    assert choice.recipe == recipe
    assert config.select(*settings) == settings


@pytest.mark.parametrize(
    ("given", "recipe", "settings"),
    [
        ({"minutes": "3"}, "sagan", {"generator_multipliers": (2, 2, 1, 1)}),
        (
            {"minutes": "none"},
            "sagan",
            {"minutes": None, "generator_multipliers": (4, 2, 1, 1)},
        ),
        (
            {"steps": "100"},
            "sagan",
            {"minutes": None, "generator_multipliers": (4, 2, 1, 1)},
        ),
        (
            {"resolution": "64"},
            "sagan",
            {"generator_multipliers": (4, 4, 2, 1, 1), "resolution": 64},
        ),
        (
            {"resolution": "128x192"},
            "sagan",
            {"resolution": (128, 192)},
        ),
        (
            {"ada": "true", "generator_width": "48"},
            "sagan",
            {"diffaugment": (), "ada": True, "generator_width": 48},
        ),
        ({"batch_size": "8"}, "sagan", {"batch_size": 8}),
    ],
)
def test_what_is_given_holds(given, recipe, settings):
    found = images(classes={"a": 900, "b": 1100})
    choice, config = chosen(found, True, **given)
    assert choice.recipe == recipe
    assert config.select(*settings) == settings


@pytest.mark.parametrize("side", [8, 16, 256, 512, 1024])
def test_other_powers_of_two_have_a_system(side):
    choice, config = chosen(images(), resolution=str(side))
    assert (choice.recipe, config.resolution) == ("msg_gan", side)
    # Channels halve from 32 pixels on and are split in two.
    assert config.max_channels * 32 // max(side, 32) >= 2


@pytest.mark.parametrize("side", ["64", "128"])
def test_larger_images_without_classes_have_a_system(side):
    choice, config = chosen(images(), resolution=side)
    assert (choice.recipe, config.conditional) == ("sagan", False)
    stages = len(config.generator_multipliers)
    assert 4 << (stages - 1) == int(side)
    assert len(config.discriminator_multipliers) == stages


@pytest.fixture
def call(in_empty_folder, monkeypatch, capsys):
    """Runs the command; returns status, output, and what it would train."""
    monkeypatch.setenv("KERAS_HOME", str(in_empty_folder / "keras"))

    def run(*flags, trains=False):
        started = []
        if not trains:
            monkeypatch.setattr(
                train,
                "image_recipe",
                lambda *args, argv, notes: started.append((argv, notes)),
            )
        status = 0
        try:
            train.main(["train", *flags])
        except SystemExit as stop:
            status = stop.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err, started

    return run


def archive(folder, count, classes=0, side=16):
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (count, side, side, 3)).astype("uint8")
    labels = {"labels": np.arange(count) % classes} if classes else {}
    np.savez(folder / "set.npz", images=pixels, **labels)
    return "--dataset=npz:set.npz"


def test_the_printed_command_is_what_runs(call, in_empty_folder):
    data = archive(in_empty_folder, 40)
    status, out, _, [(argv, notes)] = call(data, "--seed=3", "--minutes=2")
    assert status == 0
    command = out.splitlines()[-1].strip().split()
    assert command[:3] == ["python", "-m", "recipes.lga"]
    printed = read_config(lga.Config, lga.PRESETS, ["lga", *command[3:]])
    ran = read_config(lga.Config, lga.PRESETS, argv)
    assert printed == ran
    assert (ran.seed, ran.minutes, ran.run_dir) == (3, 2.0, "runs/auto")
    assert ran.diffaugment == COLOURS
    assert notes["auto"]["images"] == 40
    assert notes["auto"]["command"] == " ".join(command)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--preset=paper"], "--preset must be auto here"),
        ([], "Received no --dataset"),
        (["--dataset=npz:nothing.npz"], "where there is nothing"),
        (["--dataset=npz:set.npz", "--minuts=3"], "Unknown flag --minuts"),
        (["--dataset=npz:set.npz", "--minutes=0"], "--minutes must be above 0"),
        (
            ["--dataset=npz:set.npz", "--minutes=1", "--steps=5"],
            "Received both",
        ),
        (["--dataset=npz:set.npz"], "learns from 16 images at the least"),
    ],
)
def test_bad_input_is_answered_in_one_line(call, in_empty_folder, flags, words):
    archive(in_empty_folder, 8)
    status, _, err, started = call(*flags)
    assert (status, started) == (2, [])
    assert words in err.splitlines()[-1]
    assert not (in_empty_folder / "runs").exists()


def test_a_class_with_one_image_is_not_learnt_by_itself(call, in_empty_folder):
    archive(in_empty_folder, 40, classes=39)
    _, out, _, [(argv, _)] = call("--dataset=npz:set.npz")
    assert argv[0] == "lga"
    assert "lga: no classes, or too few images of most of them" in out


def test_help_needs_no_data(call):
    status, out, _, started = call("--help")
    assert (status, started) == (0, [])
    assert "docs/own-data.md" in out


def test_a_run_says_in_its_record_how_it_was_chosen(call, in_empty_folder):
    flags = (
        archive(in_empty_folder, 32),
        "--precision=float32",
        "--generator_width=4",
        "--discriminator_width=4",
        "--latent_dim=8",
        "--sample_every=0",
        "--checkpoint_every=0",
        "--evaluation_samples=20",
        "--reference_samples=20",
        "--evaluation_resolution=32",
        "--export_dir=export",
    )
    status, _, err, _ = call(*flags, "--steps=2", trains=True)
    assert status == 0, err
    record = json.loads((in_empty_folder / "runs/auto/config.json").read_text())
    assert record["recipe"] == "lga"
    assert record["settings"]["diffaugment"] == list(COLOURS)
    assert record["auto"]["images"] == 32
    assert "--steps=2" in record["auto"]["command"]
    # The same choice goes on from there.
    _, _, _, [(argv, _)] = call(*flags, "--steps=4")
    config = read_config(lga.Config, lga.PRESETS, argv)
    check_run_directory(config, "lga")
