import dataclasses
import re

import pytest

from keras_gans.presets.flags import attributes_section, field_descriptions
from recipes.common.config import RunConfig
from recipes.common.flags import help_text, read_config

pytestmark = pytest.mark.once


@pytest.fixture
def read(fake):
    def read_flags(*flags):
        return read_config(fake.Config, fake.PRESETS, ["recipe", *flags])

    return read_flags


def test_without_flags_the_default_preset_holds(read, fake):
    assert read() == fake.CPU


def test_flags_override_the_preset_and_nothing_else(read, fake):
    flags = ["--preset=smoke", "--steps=7", "--learning_rate", "0.5"]
    expected = dataclasses.replace(
        fake.SMOKE, preset="smoke", steps=7, learning_rate=0.5
    )
    assert read(*flags) == expected


def test_every_field_has_a_flag_that_sets_it(read, fake):
    values = {
        "preset": "smoke",
        "dataset": "tfds:cifar10",
        "data_dir": "a",
        "skip_bad_images": True,
        "run_dir": "b",
        "seed": 3,
        "steps": 4,
        "minutes": None,
        "steps_per_execution": 2,
        "batch_size": 5,
        "distribution": "mirrored",
        "virtual_devices": 2,
        "precision": "mixed_bfloat16",
        "resume": False,
        "export_dir": "c",
        "augment": ("flip", "cutout"),
        "evaluate_every": 6,
        "sample_every": 8,
        "checkpoint_every": 10,
        "evaluation_samples": 9,
        "n_critic": 2,
        "learning_rate": 0.25,
        "resolution": 128,
        "blocks": (1, 2, 3),
        "truncation": 0.5,
        "note": "a=b, c",
    }
    written = {
        name: ",".join(map(str, value)) if isinstance(value, tuple) else value
        for name, value in values.items()
    }
    config = read(*(f"--{name}={text}" for name, text in written.items()))
    assert config.settings() == values
    assert set(config.given) == set(values) - {"preset"}


def test_the_flags_that_were_given_are_known_and_no_flag_themselves(read):
    assert read().given == ()
    assert set(read("--seed=1", "--steps=7").given) == {"seed", "steps"}
    with pytest.raises(ValueError, match="Unknown flag --given"):
        read("--given=seed")


def test_steps_of_the_command_take_the_place_of_a_presets_minutes(fake):
    timed = dataclasses.replace(fake.CPU, minutes=5)

    def read_timed(*flags):
        return read_config(fake.Config, {"cpu": timed}, ["recipe", *flags])

    assert (read_timed().minutes, read_timed().steps) == (5, 2000)
    assert read_timed("--steps=7").minutes is None
    assert read_timed("--minutes=2").minutes == 2
    assert read_timed("--minutes=none").minutes is None
    assert read_timed("--steps=7", "--minutes=none").steps == 7
    with pytest.raises(ValueError, match=r"both: --minutes=2, --steps=7\."):
        read_timed("--steps=7", "--minutes=2")


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "-inf", "soon", ""])
def test_minutes_are_a_positive_number(read, text):
    with pytest.raises(ValueError, match="--minutes must be"):
        read(f"--minutes={text}")


def test_several_processes_do_not_measure_each_its_own_steps(read):
    with pytest.raises(ValueError, match="--steps instead"):
        read("--minutes=1", "--distribution=multi_worker")


def test_what_a_plan_will_scale_need_not_be_of_whole_executions(read):
    assert read("--minutes=1", "--steps_per_execution=7").steps == 2000
    with pytest.raises(ValueError, match="sample_every must be a multiple"):
        read("--minutes=1", "--steps_per_execution=7", "--sample_every=10")


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        ("--resume", True),
        ("--noresume", False),
        ("--resume=false", False),
        ("--resume=True", True),
    ],
)
def test_a_switch_is_written_in_each_usual_way(read, flag, expected):
    assert read(flag).resume is expected


def test_the_last_of_repeated_flags_holds(read):
    assert read("--steps=3", "--steps=4").steps == 4


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--n_critics=5", ["--n_critics", "Did you mean --n_critic?"]),
        ("--zzz=5", ["--zzz", "--help"]),
        ("--steps=many", ["--steps must be an integer", "'many'"]),
        ("--steps=0", ["steps must be at least 1", "Received: 0"]),
        ("--steps", ["steps"]),
        ("--preset=papr", ["--preset must be one of smoke, cpu", "'papr'"]),
        ("--preset=smok", ["Did you mean 'smoke'?"]),
        ("--distribution=mirored", ["Did you mean 'mirrored'?"]),
        ("--precision=float16", ["float32, mixed_bfloat16", "'float16'"]),
        ("--augment=flip,cutot", ["flip, translate, cutout", "'cutout'?"]),
        ("--augment=flip,flip", ["each value once"]),
        ("--dataset=embeded", ["folder:PATH", "'embedded'?"]),
        ("--resume=maybe", ["--resume must be true or false", "'maybe'"]),
        ("smoke", ["--name=value", "'smoke'"]),
    ],
)
def test_a_wrong_command_line_is_refused_in_full(read, flag, words):
    with pytest.raises(ValueError) as refusal:
        read(flag)
    for word in words:
        assert word in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_value_after_a_switch_is_not_lost_silently(read):
    with pytest.raises(ValueError, match="'false'"):
        read("--resume", "false", "--steps=3")


def test_help_is_asked_for_by_either_spelling(read):
    assert read("--help") is None
    assert read("--steps=3", "--help") is None


def test_help_shows_each_flag_with_text_and_defaults(fake):
    text = help_text(fake.Config, fake.PRESETS, "fake", "What it does.")
    assert text.startswith("What it does.\n")
    assert "python -m recipes.fake" in text
    assert "Presets: smoke, cpu (default)" in text
    names = {field.name for field in dataclasses.fields(fake.Config)}
    for name in names - {"given"}:
        assert re.search(rf"^  --{name}$", text, re.MULTILINE)
    flat = " ".join(text.split())
    assert "Generator updates. [2000 (smoke: 20)]" in flat
    assert "as in the paper. [1]" in flat
    assert "Adam's step size. [0.0001]" in flat
    assert "Channels of each block. [64,32]" in flat
    assert "Takes some of flip, translate, cutout." in flat
    assert "Takes one of none, mirrored" in flat
    assert "Bound of the latents. [none]" in flat
    assert "Split the CPU into so many devices; 0 leaves it whole. [0]" in flat
    assert max(map(len, text.splitlines())) <= 80


def test_a_field_without_description_is_a_type_error():
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Undescribed(RunConfig):
        """Settings."""

        width: int = 1

    with pytest.raises(TypeError, match="Undescribed. Missing: width"):
        field_descriptions(Undescribed)


def test_the_section_of_attributes_ends_with_its_indentation():
    docstring = """Summary.

    Attributes:
        width: Channels:
            of a block.

        depth: Blocks.

    Raises:
        ValueError: Never.
    """
    assert attributes_section(docstring) == {
        "width": "Channels: of a block.",
        "depth": "Blocks.",
    }
