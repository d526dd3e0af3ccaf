"""The recipe `ac_gan`: settings, classes, labels, and a run."""

import dataclasses
import json

import numpy as np
import pytest

import keras_gans
from keras_gans import presets
from recipes import ac_gan
from recipes.common.flags import help_text, read_config
from recipes.common.images import build_model

pytestmark = pytest.mark.once


def read(*flags):
    argv = ["ac_gan", "--preset=smoke", *flags]
    return read_config(ac_gan.Config, ac_gan.PRESETS, argv)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--class_splits=0"], ["class_splits", "0"]),
        (["--classes=3"], ["classes", "(3,)", "10,20"]),
        (["--classes=5,5"], ["classes", "(5, 5)"]),
        (["--classes=0,5", "--class_splits=2"], ["class_splits=2", "(0, 5)"]),
        (["--class_splits=2", "--conditional=false"], ["conditional=False"]),
        (["--labelled_fraction=0"], ["labelled_fraction", "above 0"]),
        (["--labelled_fraction=1.5"], ["labelled_fraction", "at most 1"]),
        (["--activation_noise=2"], ["activation_noise", "at most 1"]),
        (["--dropout=1"], ["dropout", "below 1"]),
        (["--class_loss_on=reel"], ["class_loss_on", "Did you mean 'real'"]),
        (["--latent_distribution=norm"], ["latent_distribution", "normal"]),
    ],
)
def test_a_wrong_setting_is_refused_before_anything_is_loaded(flags, words):
    with pytest.raises(ValueError) as error:
        read(*flags)
    assert all(word in str(error.value) for word in words), error.value


def test_every_flag_is_explained():
    text = help_text(ac_gan.Config, ac_gan.PRESETS, "ac_gan", ac_gan.__doc__)
    for field in dataclasses.fields(ac_gan.Config):
        flag = f"--{field.name}\n"
        assert (flag in text) == (field.name not in ac_gan.Config.no_flag)


@pytest.mark.parametrize(
    ("preset", "name"),
    [("paper", "ac_gan_cifar10_32"), ("imagenet", "ac_gan_imagenet_128")],
)
def test_every_setting_of_the_library_preset_reaches_the_recipe(preset, name):
    expected = presets.load(name, "ac_gan")
    # The data decide the number of classes.
    del expected["num_classes"]
    settings = dataclasses.asdict(ac_gan.PRESETS[preset])
    assert {key: settings[key] for key in expected} == expected


def test_the_imagenet_experiment_is_one_hundred_models_of_ten_classes():
    config = ac_gan.PRESETS["imagenet"]
    assert config.class_splits == 100
    assert presets.load("ac_gan_imagenet_128")["num_classes"] == 10


def test_settings_reach_the_model():
    config = read(
        "--saturating=true",
        "--activation_noise=0.2",
        "--class_loss_on=real",
        "--latent_distribution=uniform",
        "--generator_width=2",
        "--discriminator_width=1",
        "--discriminator_class_weight=0.5",
    )
    gan = build_model(keras_gans.ACGAN, config, 3)
    assert type(gan.adversarial_loss).__name__ == "Saturating"
    assert gan.discriminator.get_layer("noise_0").stddev == 0.2
    assert gan.class_loss_on == "real"
    assert gan.generator.get_layer("uniform")
    assert gan.discriminator_class_weight == 0.5
    assert gan.num_classes == 3
    assert not gan.joint_scoring


def test_classes_and_labels_are_left_out_as_told():
    images = ac_gan.load(read("--classes=2,5", "--labelled_fraction=0.1"))
    assert images.num_classes == 3
    assert images.class_names[0] == "Pullover"
    batches = images.training_batches(3000, seed=0, num_batches=1)
    [(_, labels)] = batches.as_numpy_iterator()
    counts = np.bincount(labels + 1)
    assert counts.tolist() == [2700, 100, 100, 100]


def test_a_run_with_few_labels_trains_and_exports(recipe, tmp_path):
    result = recipe(
        "ac_gan",
        "--preset=smoke",
        "--steps=2",
        "--generator_width=2",
        "--discriminator_width=1",
        "--latent_dim=8",
        "--evaluation_samples=20",
        "--reference_samples=20",
        "--evaluation_resolution=32",
        "--labelled_fraction=0.01",
        "--run_dir=run",
        "--export_dir=export",
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    run = tmp_path / "run"
    [line] = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    assert line["step"] == 2 and line["fid_lite0"] > 0
    record = json.loads((run / "config.json").read_text())
    assert record["settings"]["labelled_fraction"] == 0.01
    assert (tmp_path / "export" / "1" / "saved_model.pb").exists()
