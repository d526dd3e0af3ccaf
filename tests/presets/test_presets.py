"""Presets against the numbers that the papers print."""

import json
import pathlib

import pytest

from keras_gans import presets
from keras_gans.models import SAGAN

pytestmark = pytest.mark.once

# SAGAN, section 4: Adam, rates 0.0001 and 0.0004, β₁ = 0, β₂ = 0.9, hinge
# loss, one update of each a step, a million steps; 128 latents.
SAGAN_TRAINING = {
    "latent_dim": 128,
    "attention_variant": "code",
    "spectral_norm": "both",
    "loss": "hinge",
    "n_critic": 1,
    "generator_learning_rate": 1e-4,
    "discriminator_learning_rate": 4e-4,
    "beta_1": 0.0,
    "beta_2": 0.9,
    "ema_decay": None,
    "momentum": 0.999,
    "final_momentum": 0.9999,
    "channels": 3,
}
IMAGENET = {
    "num_classes": 1000,
    "generator_width": 64,
    "discriminator_width": 64,
    "attention_resolution": 32,
    "batch_size": 256,
    "steps": 1_000_000,
}
PUBLISHED = {
    "sagan_imagenet_128": {**SAGAN_TRAINING, **IMAGENET, "resolution": 128},
    # SNGAN-projection's networks: c1 of a block has the input's channels.
    "sagan_imagenet_64": {
        **SAGAN_TRAINING,
        **IMAGENET,
        "resolution": 64,
        "hidden_channels": "in",
    },
    # SNGAN's networks for CIFAR-10.
    "sagan_cifar10_32": {
        **SAGAN_TRAINING,
        "resolution": 32,
        "num_classes": 10,
        "generator_width": 256,
        "discriminator_width": 128,
        "attention_resolution": 16,
        "batch_size": 64,
        "steps": 100_000,
    },
}
# Columns of Table 1, and Figure 3's baselines with SNGAN's learning rates.
EQUAL_RATES = {
    "attention_resolution": 0,
    "generator_learning_rate": 2e-4,
    "discriminator_learning_rate": 2e-4,
}
COMPARISONS = {
    **{
        f"attention{size}": {"attention_resolution": size}
        for size in (8, 16, 64)
    },
    **{
        f"residual{size}": {
            "attention_resolution": size,
            "attention_variant": "residual",
        }
        for size in (8, 16, 32, 64)
    },
    "no_attention": {"attention_resolution": 0},
    "sn_discriminator": {**EQUAL_RATES, "spectral_norm": "discriminator"},
    "sn_both": EQUAL_RATES,
}
for comparison, changes in COMPARISONS.items():
    PUBLISHED[f"sagan_{comparison}_imagenet_128"] = {
        **PUBLISHED["sagan_imagenet_128"],
        **changes,
    }
# Released code of SNGAN-projection, configs/sn_projection.yml: on each of four
# GPUs 16 real and generated images for the discriminator, 32 for the generator;
# datasets/imagenet.py: x / 128 - 1 + U[0, 1 / 128).
PUBLISHED["sngan_projection_imagenet_128"] = {
    **PUBLISHED["sagan_imagenet_128"],
    **EQUAL_RATES,
    "spectral_norm": "discriminator",
    "hidden_channels": "in",
    "release": "sngan",
    "n_critic": 5,
    "batch_size": 4 * 16,
    "generator_batch": 32 // 16,
    "dequantize": True,
    "steps": 450_000,
    "decay_steps": 450_000,
    "learning_rate_hold": 400_000 / 450_000,
    "momentum": 0.9,
    "final_momentum": 0.9,
}


def test_the_presets_are_those_published():
    assert set(presets.names("sagan")) == set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_settings_are_the_papers(name):
    settings = presets.load(name)
    expected = PUBLISHED[name]
    assert {key: settings[key] for key in expected} == expected
    # Nothing else but the step from which an average would be taken.
    assert set(settings) - set(expected) == {"ema_start"}


@pytest.mark.parametrize("name", presets.names())
def test_every_preset_says_where_it_comes_from(name):
    preset = presets.describe(name)
    keys = {"description", "source", "unsourced", "settings"}
    assert set(preset) == keys
    assert preset["description"] and preset["source"]
    settings = presets.load(name)
    assert preset["settings"] == settings
    assert settings["resolution"] == int(name.split("_")[-1])
    unsourced = preset["unsourced"]
    assert len(unsourced) == len(set(unsourced))
    assert set(unsourced) <= set(settings)


# What neither papers nor released codes say: SAGAN's authors trained at 128
# pixels alone, and give no shape of the residual block and no learning rates
# of Figure 3's baselines.
SMALLER = ["attention_resolution", "batch_size", "steps"]
RATES = ["generator_learning_rate", "discriminator_learning_rate"]
UNSOURCED = {
    "sagan_imagenet_64": SMALLER,
    "sagan_cifar10_32": SMALLER,
    **{
        f"sagan_residual{size}_imagenet_128": ["attention_variant"]
        for size in (8, 16, 32, 64)
    },
    "sagan_sn_discriminator_imagenet_128": RATES,
    "sagan_sn_both_imagenet_128": RATES,
}


@pytest.mark.parametrize("name", presets.names("sagan"))
def test_settings_without_a_source_are_marked(name):
    assert presets.describe(name)["unsourced"] == UNSOURCED.get(name, [])


def test_table_1_s_lowest_fid_and_table_2_s_headline_are_told_apart():
    lowest = presets.describe("sagan_imagenet_128")["description"]
    assert all(word in lowest for word in ("feat_32", "Table 1", "18.28"))
    headline = presets.describe("sagan_attention64_imagenet_128")["description"]
    words = ("feat_64", "Table 2", "52.52", "18.65")
    assert all(word in headline for word in words)
    assert "52.52" not in lowest


def write(path, entries):
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


ENTRY = {"description": "d", "source": "s", "settings": {"a": 1, "b": [2]}}


def test_an_entry_takes_from_another_what_it_does_not_say(tmp_path):
    entries = {
        "third": {"like": "second", "source": "t", "settings": {"c": 4}},
        "second": {
            "like": "first",
            "description": "e",
            "unsourced": ["b"],
            "settings": {"b": 3},
        },
        "first": ENTRY,
    }
    path = write(tmp_path / "own.json", entries)
    assert presets.read(path) == {
        "third": {
            "description": "e",
            "source": "t",
            "unsourced": ["b"],
            "settings": {"a": 1, "b": 3, "c": 4},
        },
        "second": {
            "description": "e",
            "source": "s",
            "unsourced": ["b"],
            "settings": {"a": 1, "b": 3},
        },
        "first": {**ENTRY, "unsourced": []},
    }
    for name in (path, str(path)):
        assert presets.names(name) == ["third", "second", "first"]
        assert presets.load("second", name) == {"a": 1, "b": 3}
        assert presets.describe("third", name)["unsourced"] == ["b"]
    with pytest.raises(ValueError, match="third, second, first.*Received: 'x'"):
        presets.load("x", path)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"a": {**ENTRY, "like": "a"}}, "no circle. Received: 'a' for a"),
        (
            {"a": {"like": "b"}, "b": {"like": "c"}, "c": {"like": "b"}},
            "no circle. Received: '.' for .",
        ),
        ({"a": {**ENTRY, "like": "z"}}, "another preset.*'z' for a"),
        ({"a": {**ENTRY, "sources": "s"}}, "A preset has.*'sources'.*for a"),
        ({"a": {**ENTRY, "unsourced": ["z"]}}, "names of settings.*'z'.*for a"),
        ({"a": {"description": "d", "source": "s"}}, "A preset has.*for a"),
    ],
)
def test_an_entry_that_cannot_be_is_refused(tmp_path, entries, message):
    with pytest.raises(ValueError, match=message):
        presets.read(write(tmp_path / "own.json", entries))


def test_entries_repeat_nothing_of_the_entry_they_are_like():
    folder = pathlib.Path(presets.__file__).parent
    for path in folder.glob("*.json"):
        entries = json.loads(path.read_text("utf-8"))
        complete = presets.read(path)
        for name, entry in entries.items():
            if "like" in entry:
                origin = complete[entry["like"]]
                settings = origin["settings"].items()
                assert not entry["settings"].items() & settings, name
                assert entry.get("source") != origin["source"], name


def test_a_loaded_preset_is_a_copy():
    presets.load("sagan_cifar10_32")["resolution"] = 7
    assert presets.load("sagan_cifar10_32")["resolution"] == 32


@pytest.mark.parametrize("load", [presets.load, SAGAN.from_preset])
def test_an_unknown_preset_names_the_nearest(load):
    with pytest.raises(ValueError) as error:
        load("sagan_imagenet128")
    assert "Received: 'sagan_imagenet128'" in str(error.value)
    assert "Did you mean 'sagan_imagenet_128'?" in str(error.value)


def test_a_preset_of_another_family_is_unknown():
    with pytest.raises(ValueError, match="Received: 'sagan_cifar10_32'"):
        presets.load("sagan_cifar10_32", "wgan_gp")
