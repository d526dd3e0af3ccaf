"""A metric from outside of the package."""

import numpy as np
import pytest

from keras_gans.callbacks import Evaluation
from keras_gans.metrics import (
    METRICS,
    Metric,
    Reference,
    evaluate_samples,
    register,
)
from tests.callbacks.tiny import fit, tiny_gan


class Darkest(Metric):
    """The least feature of the samples and of the reference."""

    names = ("darkest",)
    scores = ("darkest", "darkest_real")
    on_request = True
    least = np.inf

    @classmethod
    def least_samples(cls, settings):
        return 3

    def update_state(self, samples):
        self.least = min(self.least, samples.features.min())

    def result(self):
        real = self.inputs.reference.features.min()
        return {
            "darkest": {"value": float(self.least)},
            "darkest_real": {"value": float(real)},
        }

    def certificate(self, score):
        return super().certificate(score) | {"order": "least"}


class Levels:
    """One feature: the mean grey level."""

    dimension, batch_size = 1, 16
    certificate = {"extractor": "levels", "genuine": True}

    def __call__(self, images):
        return images.mean(axis=(1, 2, 3))[:, None].astype("float32")


@pytest.fixture
def darkest():
    register(Darkest)
    yield
    del METRICS["darkest"]


def images_of(count, seed):
    shape = (count, 4, 4, 1)
    return np.random.default_rng(seed).integers(0, 256, shape, "uint8")


def reference():
    return Reference.from_images(
        [images_of(40, 0)], Levels(), name="noise", content_hash="0"
    )


@pytest.mark.once
def test_evaluate_samples_computes_it(darkest):
    real, fake = images_of(40, 0), images_of(20, 1)
    result = evaluate_samples([fake], reference(), metrics=("darkest", "fid"))
    for name, images in (("darkest", fake), ("darkest_real", real)):
        least = images.mean(axis=(1, 2, 3)).min()
        assert result[f"{name}_levels"] == pytest.approx(least)
    assert result["certificate"]["order"] == "least"
    with pytest.raises(ValueError, match="darkest needs at least 3 samples"):
        evaluate_samples([fake[:2]], reference(), metrics=["darkest"])


def test_the_evaluation_callback_computes_and_monitors_it(darkest):
    evaluation = Evaluation(
        reference(),
        every=1,
        samples=8,
        metrics=("darkest",),
        monitor="darkest_levels",
    )
    history = fit(tiny_gan(), 1, [evaluation], epochs=2).history
    scores = [result["darkest_levels"] for result in evaluation.results]
    assert evaluation.best_score == min(scores)
    assert history["darkest_levels"] == scores


@pytest.mark.once
def test_names_are_unique_and_needs_are_known(darkest):
    assert register(Darkest) is Darkest
    with pytest.raises(ValueError, match="unique.*'fid', which is FID"):
        register(type("Other", (Metric,), {"names": ("fid",)}))
    with pytest.raises(ValueError, match="needs.*Did you mean 'logits'"):
        register(
            type("Other", (Metric,), {"names": ("new",), "needs": {"logit"}})
        )
    assert "new" not in METRICS
