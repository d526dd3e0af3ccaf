"""The recipe `toy2d`, run in this process: points have no start-up cost."""

import json

import numpy as np
import pytest
from PIL import Image

from recipes import toy2d
from recipes.common.flags import read_config
from recipes.common.main import subject_recipe

SMALL = (
    "--preset=smoke",
    "--run_dir=run",
    "--export_dir=export",
    "--width=8",
    "--depth=1",
    "--n_critic=2",
    "--batch_size=8",
    "--evaluation_samples=50",
    "--learning_rate_decay=false",
    "--checkpoint_every=2",
    "--sample_every=2",
)


def run_recipe(*flags):
    subject_recipe(
        "toy2d",
        toy2d.Points,
        toy2d.Config,
        toy2d.PRESETS,
        toy2d.__doc__,
        argv=["toy2d", *SMALL, *flags],
    )


def config(*flags):
    return read_config(toy2d.Config, toy2d.PRESETS, ["toy2d", *flags])


def metrics(directory):
    lines = (directory / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_a_run_leaves_what_the_contract_names(in_empty_folder, capsys):
    run_recipe("--steps=2")
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
    picture = np.asarray(Image.open(run / "samples" / "step_00000002.png"))
    assert picture.shape == (512, 512, 3)
    start, end = metrics(run)
    assert (start["step"], end["step"]) == (0, 2)
    # 2 steps of 2 critic updates of 8 points.
    assert end["images_seen"] == 32
    assert (end["modes"], end["samples"]) == (8, 50)
    manifest = json.loads(
        (in_empty_folder / "export/1/manifest.json").read_text()
    )
    assert manifest["outputs"] == "points"
    assert (manifest["recipe"], manifest["step"]) == ("toy2d", 2)
    output = capsys.readouterr().out
    assert "toy2d on 8gaussians, wgan_gp" in output
    assert "run/samples/step_00000002.png" in output
    assert "/8 modes" in output


@pytest.mark.once
def test_an_interrupted_run_ends_as_one_that_was_not(in_empty_folder, capsys):
    run_recipe("--steps=2", "--data=swiss_roll")
    run_recipe("--steps=4", "--data=swiss_roll")
    assert "Resuming run after step 2" in capsys.readouterr().out
    flags = ("--run_dir=whole", "--steps=4", "--data=swiss_roll")
    run_recipe(*flags, "--evaluate_every=2")
    resumed, whole = (
        metrics(in_empty_folder / "run"),
        metrics(in_empty_folder / "whole"),
    )
    assert [line["step"] for line in resumed] == [0, 2, 4]
    for name in ("step", "images_seen", "sliced_wasserstein"):
        assert [x[name] for x in resumed] == [x[name] for x in whole]
    assert len({line["sliced_wasserstein"] for line in whole}) == 3
    assert (in_empty_folder / "export" / "3").exists()


@pytest.mark.once
def test_the_methods_bound_the_critic_as_in_their_papers():
    gans = {}
    for method in ("wgan_gp", "wgan"):
        settings = config("--preset=smoke", f"--method={method}")
        gans[method] = toy2d.Points(settings).build()
    penalized, clipped = gans["wgan_gp"], gans["wgan"]
    assert penalized.penalty.weight == 0.1
    assert penalized.weight_clipping is None
    assert clipped.penalty is None
    assert clipped.weight_clipping == 0.01
    optimizers = [gan.optimizer.discriminator for gan in gans.values()]
    assert [type(o).__name__ for o in optimizers] == ["Adam", "RMSpropTF"]
    assert float(optimizers[1].learning_rate) == pytest.approx(5e-5)
    assert (optimizers[0].beta_1, optimizers[0].beta_2) == (0.5, 0.9)
    points = np.random.default_rng(0).normal(size=(10, 2)).astype("float32")
    clipped.fit(points, batch_size=10, verbose=0)
    for weight in clipped.discriminator.trainable_weights:
        assert np.abs(weight.numpy()).max() <= np.float32(0.01)
    assert np.abs(clipped.generator.trainable_weights[0]).max() > 0.1


@pytest.mark.once
def test_the_paper_preset_is_the_published_configuration():
    # Gulrajani et al. (2017), Appendix and the released toy experiment.
    published = {
        "latent_dim": 2,
        "width": 512,
        "depth": 3,
        "batch_size": 256,
        "n_critic": 5,
        "penalty_weight": 0.1,
        "one_sided": False,
        "generator_learning_rate": 1e-4,
        "discriminator_learning_rate": 1e-4,
        "beta_1": 0.5,
        "beta_2": 0.9,
        "steps": 100_000,
        "weight_clip": 0.01,
        "clipping_learning_rate": 5e-5,
        "learning_rate_decay": False,
        "ema_decay": None,
    }
    paper = config("--preset=paper")
    assert {name: getattr(paper, name) for name in published} == published


@pytest.mark.once
@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--dataset=folder:images", ["dataset", "folder:images", "images"]),
        ("--data_dir=here", ["data_dir", "here"]),
        ("--skip_bad_images=true", ["skip_bad_images"]),
        ("--augment=flip", ["augment", "flip"]),
        ("--data=8gaussian", ["8gaussian", "8gaussians"]),
        ("--method=wgan-gp", ["wgan-gp", "wgan_gp"]),
        ("--width=0", ["width", "0"]),
        ("--depth=0", ["depth", "0"]),
        ("--weight_clip=0", ["weight_clip", "0"]),
        ("--penalty_weight=-1", ["penalty_weight", "-1"]),
        ("--beta_1=1", ["beta_1", "1"]),
        ("--ema_decay=1.5", ["ema_decay", "1.5"]),
        ("--n_critic=0", ["n_critic", "0"]),
        ("--clipping_learning_rate=0", ["clipping_learning_rate", "0"]),
    ],
)
def test_flags_out_of_place_or_range_are_refused(flag, words):
    with pytest.raises(ValueError) as refusal:
        config("--preset=smoke", flag)
    assert all(word in str(refusal.value) for word in words)
