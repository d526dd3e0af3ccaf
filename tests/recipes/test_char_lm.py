"""The recipe `char_lm`, run in this process."""

import json
import string

import pytest

from recipes import char_lm
from recipes.common.flags import read_config
from recipes.common.main import subject_recipe

SMALL = (
    "--preset=smoke",
    "--run_dir=run",
    "--export_dir=export",
    "--text=text.txt",
    "--steps=2",
    "--width=4",
    "--latent_dim=4",
    "--batch_size=2",
    "--length=8",
    "--evaluation_samples=8",
    "--sample_every=1",
)


def run_recipe(*flags):
    subject_recipe(
        "char_lm",
        char_lm.Text,
        char_lm.Config,
        char_lm.PRESETS,
        char_lm.__doc__,
        argv=["char_lm", *SMALL, *flags],
    )


def config(*flags):
    return read_config(char_lm.Config, char_lm.PRESETS, ["char_lm", *flags])


def write_text(folder):
    words = [a + b + " " + b + a for a in "abc" for b in string.ascii_lowercase]
    (folder / "text.txt").write_text("\n".join(words), encoding="utf-8")


def test_a_run_leaves_what_the_contract_names(in_empty_folder, capsys):
    write_text(in_empty_folder)
    run_recipe()
    run = in_empty_folder / "run"
    assert sorted(path.name for path in run.iterdir()) == [
        "best.keras",
        "checkpoints",
        "config.json",
        "final.keras",
        "logs",
        "metrics.jsonl",
        "samples",
    ]
    assert sorted(path.name for path in (run / "samples").iterdir()) == [
        "step_00000001.txt",
        "step_00000002.txt",
    ]
    lines = (run / "samples/step_00000002.txt").read_text("utf-8").splitlines()
    assert len(lines) == 64
    assert {len(line) for line in lines} == {8}
    scores = (run / "metrics.jsonl").read_text().splitlines()
    start, end = map(json.loads, scores)
    assert (start["step"], end["step"], end["images_seen"]) == (0, 2, 8)
    names = ["jsd_1", "jsd_2", "jsd_3", "jsd_4"]
    mean = sum(end[name] for name in names) / 4
    assert end["jsd_mean"] == pytest.approx(mean)
    assert 0 < end["floor"]["jsd_mean"] < start["jsd_mean"] <= 1
    manifest = json.loads(
        (in_empty_folder / "export/1/manifest.json").read_text()
    )
    assert manifest["outputs"] == "tokens"
    # unk, the alphabet, the space and the padding.
    alphabet = {*string.ascii_lowercase, " ", "`", "unk"}
    assert set(manifest["vocabulary"]) == alphabet
    output = capsys.readouterr().out
    assert "char_lm on text.txt: 70 lines of 8 characters, 29 symbols" in output
    assert "run/samples/step_00000002.txt" in output
    assert "held-out lines" in output


@pytest.mark.once
def test_the_paper_preset_is_the_published_configuration():
    published = {
        "length": 32,
        "latent_dim": 128,
        "width": 512,
        "blocks": 5,
        "batch_size": 64,
        "n_critic": 10,
        "penalty_weight": 10.0,
        "generator_learning_rate": 1e-4,
        "discriminator_learning_rate": 1e-4,
        "beta_1": 0.5,
        "beta_2": 0.9,
        "steps": 200_000,
        "evaluate_every": 100,
        "evaluation_samples": 640,
        "max_vocabulary": 2048,
        "max_lines": 10_000_000,
        "method": "wgan_gp",
    }
    paper = config("--preset=paper")
    assert {name: getattr(paper, name) for name in published} == published


@pytest.mark.once
@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--dataset=npz:a.npz", ["dataset", "npz:a.npz"]),
        ("--length=3", ["length", "4", "3"]),
        ("--max_vocabulary=4096", ["max_vocabulary", "2048", "4096"]),
        ("--max_lines=1", ["max_lines", "1"]),
        ("--blocks=0", ["blocks", "0"]),
        ("--txt=a", ["--txt", "--text"]),
    ],
)
def test_flags_out_of_place_or_range_are_refused(flag, words):
    with pytest.raises(ValueError) as refusal:
        config("--preset=smoke", flag)
    assert all(word in str(refusal.value) for word in words)


@pytest.mark.once
def test_a_missing_text_is_one_clear_line(in_empty_folder, capsys):
    with pytest.raises(SystemExit) as end:
        run_recipe()
    assert end.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error:")
    assert "text.txt" in line
    assert not (in_empty_folder / "run").exists()
