import dataclasses
import json

import pytest

from recipes import lga, sagan, wgan_gp
from recipes.common.config import (
    DATASET_FORMS,
    check_dataset,
    recorded_settings,
)

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    "dataset",
    [
        "embedded",
        "tfds:cifar10",
        "tfds:cifar10@test",
        "folder:/a b/c",
        "folder:a:b",
        "folder:a@",
        "npz:x.npz",
    ],
)
def test_every_dataset_form_is_admitted(dataset):
    check_dataset(dataset)


@pytest.mark.parametrize(
    ("dataset", "hint"),
    [
        ("embeded", "'embedded'"),
        ("Embedded", "'embedded'"),
        ("embedded:x", "'embedded'"),
        ("floder:/images", "'folder:/images'"),
        ("folder", "'folder:PATH'"),
        ("folder:", "'folder:PATH'"),
        ("tfd:cifar10", "'tfds:cifar10'"),
        ("tfds", "'tfds:NAME'"),
        ("cifar10", "'tfds:cifar10'"),
        ("/data/images", "'folder:/data/images'"),
        ("images.npz", "'npz:images.npz'"),
        ("nzp:/data/images.npz", "'npz:/data/images.npz'"),
    ],
)
def test_another_form_is_refused_with_the_nearest(dataset, hint):
    with pytest.raises(ValueError) as refusal:
        check_dataset(dataset)
    text = str(refusal.value)
    assert all(form in text for form in DATASET_FORMS)
    assert f"Received: {dataset!r}" in text
    assert text.endswith(f"Did you mean {hint}?")


@pytest.mark.parametrize(
    "dataset", ["", ":", "a b", "tfds:cifar10@", "tfds:@test"]
)
def test_a_form_like_none_is_refused_too(dataset):
    with pytest.raises(ValueError, match="one of the forms"):
        check_dataset(dataset)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("steps", 0),
        ("batch_size", 0),
        ("seed", -1),
        ("seed", 2**31),
        ("virtual_devices", -1),
        ("evaluate_every", -1),
        ("sample_every", -1),
        ("checkpoint_every", -1),
        ("evaluation_samples", 1),
        ("n_critic", 11),
    ],
)
def test_numbers_out_of_bounds_are_refused_by_name(fake, name, value):
    with pytest.raises(ValueError, match=f"^{name} must be.* {value}"):
        dataclasses.replace(fake.SMOKE, **{name: value})


def test_a_configuration_is_frozen(fake):
    with pytest.raises(dataclasses.FrozenInstanceError):
        fake.SMOKE.steps = 3


def test_the_strategies_and_augmentations_are_those_of_the_library(fake):
    from keras_gans.data import AUGMENTATIONS
    from keras_gans.distribution import NAMES
    from keras_gans.presets.fields import field_kinds

    kinds = field_kinds(fake.Config)
    assert set(kinds["distribution"].choices) == set(NAMES)
    assert set(kinds["augment"].choices) == set(AUGMENTATIONS)


@pytest.mark.parametrize(
    ("recipe", "former"),
    [
        (sagan, {"generator_multipliers": [], "discriminator_multipliers": []}),
        (lga, {"generator_width": 0, "discriminator_width": 0}),
        (wgan_gp, {"discriminator_normalization": "auto"}),
    ],
)
def test_a_record_of_an_earlier_version_has_the_settings_of_this_one(
    recipe, former
):
    config = dataclasses.replace(
        recipe.PRESETS["smoke"], **dict.fromkeys(former)
    )
    settings = json.loads(json.dumps(dataclasses.asdict(config)))
    # That version had no such flags.
    del settings["metrics"]
    if recipe is not lga:
        del settings["generator_steps"]
    earlier = recorded_settings(recipe.Config, {**settings, **former})
    assert earlier == dataclasses.asdict(config)


def test_an_earlier_record_keeps_what_it_says():
    settings = {"ema_decay": 0.0, "n_critic": 3, "learning_rate_hold": 0}
    earlier = recorded_settings(sagan.Config, settings)
    assert {name: earlier[name] for name in settings} == settings
    assert earlier["metrics"] is None
    assert "resolution" not in earlier


@pytest.mark.parametrize(
    ("flags", "scores"),
    [
        ({}, ("fid", "kid")),
        ({"inception_weights": "a.pth"}, ("fid", "kid", "inception_score")),
        ({"inception_weights": "a.pth", "metrics": ("fid",)}, ("fid",)),
    ],
)
def test_inception_weights_bring_its_score_unless_scores_are_named(
    flags, scores
):
    assert dataclasses.replace(sagan.SMOKE, **flags).scores == scores
