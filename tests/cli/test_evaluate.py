"""`keras-gans evaluate` as a user runs it."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from keras_gans.cli import main
from keras_gans.cli.flags import read_options
from keras_gans.metrics import METRICS
from keras_gans.metrics.registry import default_metrics

pytestmark = pytest.mark.once

PLUGIN = """
from keras_gans import metrics


@metrics.register
class Brightness(metrics.Metric):
    names = ("brightness",)
    needs = frozenset({"pixels"})
    on_request = True
    means = ()

    def update_state(self, samples):
        self.means += tuple(samples.images.mean(axis=(1, 2, 3)))

    def result(self):
        return {"brightness": {"value": sum(self.means) / len(self.means)}}
"""
ROOT = pathlib.Path(__file__).parents[2]
SMALL = ("--evaluation_resolution=32",)


def write_folder(path, count, seed, classes=("cats", "dogs")):
    """Writes 16 px images, of which each class has its own brightness."""
    random = np.random.default_rng(seed)
    for number in range(count):
        label = number % len(classes)
        pixels = random.integers(0, 128, (16, 16, 3)) + 100 * label
        folder = path / classes[label]
        folder.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(pixels.astype("uint8"))
        image.save(folder / f"{number:03d}.png")
    return path


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    place = tmp_path_factory.mktemp("folders")
    return (
        write_folder(place / "generated", 60, seed=0),
        write_folder(place / "real", 80, seed=1),
    )


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras_home"))


def run(samples, reference, *flags):
    return main(
        [
            "evaluate",
            f"--samples={samples}",
            f"--reference=folder:{reference}",
            *SMALL,
            *flags,
        ]
    )


def test_two_folders_give_a_table_and_a_progress_bar(folders, capfd):
    assert run(*folders) == 0
    out, err = capfd.readouterr()
    assert "60" in err and "80" in err and "image" in err
    lines = out.splitlines()
    assert lines[0].split() == ["metric", "value", "95", "%", "interval"]
    names = [line.split()[0] for line in lines[1:]]
    assert names == [
        "fid_lite0",
        "kid_lite0",
        "kid_lite0_std",
        "inception_score_lite0",
        "inception_score_lite0_std",
        "precision_lite0",
        "recall_lite0",
        "density_lite0",
        "coverage_lite0",
    ]
    assert " to " in lines[1] and " to " in lines[2]


def test_json_holds_the_scores_with_their_certificates(folders, capsys):
    metrics = "--metrics=fid,intra_fid,ms_ssim"
    assert run(*folders, metrics, "--json", "--count=50") == 0
    scores = json.loads(capsys.readouterr().out)
    assert [score["name"] for score in scores] == [
        "fid_lite0",
        "intra_fid_lite0",
        "ms_ssim",
    ]
    fid, intra, diversity = scores
    assert fid["low"] < fid["value"] < fid["high"]
    certificate = fid["certificate"]
    assert certificate["sample_count"] == 50
    assert certificate["reference_count"] == 80
    assert certificate["resolution"] == 32
    assert certificate["genuine"] is True
    assert certificate["averaged_generator"] == "unknown"
    assert intra["certificate"]["seed"] == 0
    # 16 pixels hold one full window of 11.
    assert diversity["certificate"]["ms_ssim_levels"] == 1


def test_splits_of_the_inception_score_stand_in_its_certificate(
    folders, capsys
):
    scores = {}
    for splits in (1, 5):
        flags = ("--json", f"--inception_score_splits={splits}")
        assert run(*folders, "--metrics=inception_score", *flags) == 0
        scores[splits] = json.loads(capsys.readouterr().out)
        for score in scores[splits]:
            assert score["certificate"]["inception_score_splits"] == splits
    # One split has no spread, and larger splits score higher.
    (one, spread), (five, _) = scores[1], scores[5]
    assert spread["value"] == 0.0
    assert one["value"] > five["value"]


def test_a_metric_of_a_plugin_is_computed(
    folders, tmp_path, monkeypatch, capsys
):
    (tmp_path / "brightness_plugin.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    try:
        flags = ("--metrics=brightness,fid", "--plugins=brightness_plugin")
        assert run(*folders, *flags, "--json", "--count=60") == 0
        scores = json.loads(capsys.readouterr().out)
    finally:
        METRICS.pop("brightness", None)
    images = [np.asarray(Image.open(p)) for p in folders[0].rglob("*.png")]
    assert [score["name"] for score in scores] == ["fid_lite0", "brightness"]
    assert scores[1]["value"] == pytest.approx(np.mean(images))


def test_held_out_images_show_copies_of_the_reference(
    folders, tmp_path, capsys
):
    _, real = folders
    held_out = write_folder(tmp_path / "held_out", 100, seed=5)
    flags = ("--metrics=memorization", "--json")
    assert run(real, real, f"--held_out=folder:{held_out}", *flags) == 0
    scores = json.loads(capsys.readouterr().out)
    values = {score["name"]: score["value"] for score in scores}
    assert values["duplicate_rate_lite0"] == 1.0
    assert values["neighbour_percentile_lite0"] == 1.0
    assert values["frechet_gap_lite0"] < 0
    assert scores[0]["certificate"]["held_out"] == f"folder:{held_out}"


def test_a_folder_against_itself_is_at_zero(folders, tmp_path, capsys):
    _, real = folders
    path = tmp_path / "scores.json"
    assert run(real, real, "--metrics=fid,precision", f"--json={path}") == 0
    assert str(path) in capsys.readouterr().out
    fid, precision = json.loads(path.read_text())
    assert fid["value"] < 1e-3
    assert precision["value"] == 1.0


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    """A conditional generator of 16 px images in a `.keras` file."""
    import keras

    latents = keras.Input((4,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    embedded = keras.layers.Embedding(2, 4)(labels)
    x = keras.layers.Concatenate()([latents, embedded])
    x = keras.layers.Dense(16 * 16 * 3, activation="tanh")(x)
    model = keras.Model([latents, labels], keras.layers.Reshape((16, 16, 3))(x))
    path = tmp_path_factory.mktemp("generator") / "best.keras"
    model.save(path)
    return model, path


def test_a_saved_generator_and_its_export_score_alike(
    generator, folders, tmp_path, capsys
):
    from keras_gans.serving import export_generator

    model, path = generator
    export = export_generator(
        model, tmp_path / "export", latent_dim=4, num_classes=2
    )
    values = []
    for samples in (path, export.parent):
        flags = ("--count=40", "--metrics=fid", "--json")
        assert run(samples, folders[1], *flags) == 0
        [score] = json.loads(capsys.readouterr().out)
        values.append(score["value"])
    # Eight bits of a pixel may differ by one between the two.
    assert values[0] == pytest.approx(values[1], rel=1e-2)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], ["usage", "keras-gans COMMAND --help"]),
        (["evalute"], ["'evalute'", "Did you mean 'evaluate'?"]),
        (
            ["evaluate", "--samples=x", "--reference=embedded", "--plugins=no"],
            ["--plugins", "PYTHONPATH", "No module named 'no'"],
        ),
        (["evaluate", "--reference=embedded"], ["--samples"]),
        (["evaluate", "--sample=x", "--reference=embedded"], ["--samples"]),
        (
            ["evaluate", "--samples=x", "--reference=embedded", "--cuont=3"],
            ["--cuont", "Did you mean --count?"],
        ),
        (
            ["evaluate", "--samples=x", "--reference=embedded", "--count=1"],
            ["--count", "at least 2", "Received: 1"],
        ),
        (
            [
                "evaluate",
                "--samples=x",
                "--reference=embedded",
                "--metrics=fid,kd",
            ],
            ["--metrics='kd'", "Did you mean 'kid'"],
        ),
        (
            [
                "evaluate",
                "--samples=x",
                "--reference=embedded",
                "--inception_protocol=clean",
            ],
            ["--extractor=inception"],
        ),
        (
            ["evaluate", "--samples=nowhere", "--reference=embedded"],
            ["nowhere", "nothing"],
        ),
    ],
)
def test_a_wrong_command_is_one_clear_line(flags, words, capsys):
    assert main(flags) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1 or not flags
    assert all(word in err for word in words), err


def test_help_names_every_flag_and_what_plugins_register(
    tmp_path, monkeypatch, capsys
):
    (tmp_path / "helped_plugin.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    try:
        assert main(["evaluate", "--plugins=helped_plugin", "--help"]) == 0
    finally:
        METRICS.pop("brightness", None)
    text = capsys.readouterr().out
    assert "brightness" in text
    assert "downloaded if not given" in " ".join(text.split())
    for flag in ("samples", "count", "json", "cache_dir", "plugins"):
        assert f"  --{flag}\n" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([], {"json": "", "metrics": default_metrics(), "count": None}),
        (["--metrics=all", "--held_out=a"], {"metrics": tuple(METRICS)}),
        (["--extractor=all"], {"extractor": ("lite0", "inception")}),
        (["--extractor=lite1"], {"extractor": ("lite1",)}),
        (["--json", "--skip_bad_images"], {"json": "-"}),
        (["--skip_bad_images", "--json"], {"json": "-"}),
        (["--json", "a.json"], {"json": "a.json"}),
        (["--skip_bad_images"], {"skip_bad_images": True}),
        (["--count", "7", "--channels=3"], {"count": 7, "channels": 3}),
    ],
)
def test_flags_become_options(flags, expected):
    options = read_options(["--samples=x", "--reference=embedded", *flags])
    assert {name: getattr(options, name) for name in expected} == expected


@pytest.mark.parametrize(
    "flag", ["--metrics=", "--metrics=fid,fid", "--extractor=", "--channels=2"]
)
def test_a_value_that_a_flag_does_not_admit_is_refused(flag):
    name = flag.partition("=")[0]
    with pytest.raises(ValueError, match=name):
        read_options(["--samples=x", "--reference=embedded", flag])


def test_data_that_do_not_fit_are_one_clear_line(
    generator, folders, tmp_path, capsys
):
    generated, real = folders
    flat = tmp_path / "flat"
    flat.mkdir()
    for index, path in enumerate(sorted(generated.rglob("*.png"))):
        (flat / f"{index}.png").write_bytes(path.read_bytes())
    three = write_folder(tmp_path / "three", 30, 2, ("a", "b", "c"))
    empty = tmp_path / "empty"
    empty.mkdir()
    broken = tmp_path / "broken.keras"
    broken.write_text("no model")
    cases = [
        ((flat, real, "--metrics=ms_ssim"), ["ms_ssim", "labels"]),
        ((three, real, "--metrics=intra_fid"), ["3 and 2"]),
        ((generated, real, "--count=61"), ["61", "60"]),
        ((generated, tmp_path / "none"), ["none"]),
        ((generated, real, "--metrics=memorization"), ["--held_out"]),
        (
            (
                generated,
                real,
                "--metrics=memorization",
                f"--held_out=folder:{real}",
            ),
            ["others than the reference"],
        ),
        ((empty, real), ["empty"]),
        ((broken, real), ["broken.keras", "cannot be loaded"]),
        ((generator[1], real, "--resolution=8"), ["--resolution", "16"]),
        ((generated, real, f"--json={tmp_path}/no/x.json"), ["--json"]),
        ((generated, real, "--metrics=precision", "--count=3"), ["at least 4"]),
    ]
    for arguments, words in cases:
        assert run(*arguments) == 2
        error = capsys.readouterr().err.splitlines()[-1]
        assert all(word in error for word in words), (arguments, error)


def test_an_interrupt_is_one_line_and_status_130(folders, tmp_path):
    generated, real = folders
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "keras_gans",
            "evaluate",
            f"--samples={generated}",
            f"--reference=folder:{real}",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs ignore SIGINT, and so would this.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    # It is under way when it names the samples, and that is its first word.
    assert process.stderr.readline().startswith("Samples")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1].startswith("interrupted")
