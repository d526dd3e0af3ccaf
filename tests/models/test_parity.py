"""The three backends compute the same training runs."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

pytestmark = pytest.mark.once

ROOT = pathlib.Path(__file__).parents[2]
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What each backend's process wrote; see `tests/models/parity.py`."""
    folder = tmp_path_factory.mktemp("parity")
    processes = {
        backend: subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.models.parity",
                str(folder / f"{backend}.npz"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"KERAS_BACKEND": backend},
        )
        for backend in ("tensorflow", "jax", "torch")
    }
    try:
        for process in processes.values():
            _, errors = process.communicate(timeout=500)
            assert process.returncode == 0, errors[-4000:]
    finally:
        for process in processes.values():
            process.kill()
    arrays = {}
    for backend in processes:
        with np.load(folder / f"{backend}.npz") as file:
            arrays[backend] = dict(file)
    return arrays


def deviations(results, backend, part):
    """Returns each array's distance from TensorFlow's, relative to its norm.

    A bias in front of a batch normalization has a gradient of exactly zero,
    so that only its rounding error could be compared: gradients are relative
    to the largest norm within their layer.
    """
    expected = results["tensorflow"]
    assert set(results[backend]) == set(expected)
    norms, distances = {}, {}
    for name, value in expected.items():
        if part in name:
            scale = name.rpartition("/")[0] if part == "gradient" else name
            # Where a network has not grown yet, gradients are 0.
            norm = np.linalg.norm(value) if np.any(value) else 1e-6
            norms[scale] = max(norm, norms.get(scale, 0.0))
            distance = np.linalg.norm(results[backend][name] - value)
            distances[name] = scale, distance
    return {
        name: distance / norms[scale]
        for name, (scale, distance) in distances.items()
    }


# How many arrays of each kind there are: six runs, three of them of the same
# networks but for a bias, after 1 and 5 steps. The averaged generator has
# spectral vectors and moving averages too.
PARTS = pytest.mark.parametrize(
    ("part", "count"),
    [
        ("losses", 6),
        ("gradient", 2 * (69 + 28 + 26 + 3 * 12 - 1)),
        ("weight", 2 * (114 + 28 + 28 + 3 * 17 - 1)),
        ("vector_u", 2 * (2 * 15 + 16 + 3 * 1)),
        ("moving_", 2 * (2 * 14 + 3 * (2 * 2 + 2))),
        ("average", 2 * (70 + 14 + 13 + 3 * 8)),
        ("lecam", 1),
        ("normalized", 3),
        ("sigma", 3),
    ],
)


@pytest.mark.parametrize("backend", ["jax", "torch"])
@PARTS
def test_backends_agree(results, backend, part, count):
    found = deviations(results, backend, part)
    assert len(found) == count
    worst = max(found, key=found.get)
    assert found[worst] < TOLERANCE, (worst, found[worst])


def test_the_runs_trained(results):
    # A backend that left a kernel where it was would be told from the others.
    arrays = results["tensorflow"]
    for name, first in arrays.items():
        if "/step_1/" in name and name.endswith(("kernel", "moving_mean")):
            last = arrays[name.replace("/step_1/", "/step_5/")]
            distance = np.linalg.norm(last - first)
            assert distance > TOLERANCE * np.linalg.norm(first), name
    # Both losses, both scores and, in one of the two, the penalty.
    assert arrays["sagan/losses"].shape == (5, 4)
    assert arrays["penalized/losses"].shape == (5, 5)
    # Both losses and scores, R1 and R2.
    assert arrays["r3gan/losses"].shape == (5, 6)
    # Both losses and scores, the gradients' penalty and drift.
    assert arrays["progan/losses"].shape == (5, 6)
    # And five penalties, the generator's diversity and its share.
    assert arrays["regularized/losses"].shape == (5, 11)
    # Both losses and scores, the sign, and p, which rose at every update.
    assert arrays["augmented/losses"].shape == (5, 6)
    p = arrays["augmented/losses"][:, 0]
    np.testing.assert_allclose(p, 0.04 + 0.16 * np.arange(5), rtol=1e-5)


def test_effective_kernels_have_norm_one(results):
    for arrays in results.values():
        for name, values in arrays.items():
            if name.startswith("normalized/"):
                assert values[0] == pytest.approx(1.0, abs=0.02), name
