"""Power-function averages within the training step."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans.models import GAN
from keras_gans.models.profiles import exponent

LENGTHS = (0.05, 0.2)


def values(weights):
    return [np.array(weight.numpy(), "float64") for weight in weights]


def expected(history, length):
    """Σ (t^(γ+1) - (t - 1)^(γ+1)) / T^(γ+1) θ(t), of the weights θ(t)."""
    total, power = len(history), exponent(length) + 1
    ends = (np.arange(total + 1) / total) ** power
    shares = np.diff(ends)
    return [
        sum(share * value for share, value in zip(shares, row, strict=True))
        for row in zip(*history, strict=True)
    ]


def fit(gan, batch, steps, callbacks=()):
    images, labels = batch
    gan.fit(
        np.concatenate([images] * steps),
        np.concatenate([labels] * steps),
        batch_size=len(images),
        shuffle=False,
        verbose=0,
        callbacks=list(callbacks),
    )


def test_averages_are_the_weighted_means_of_all_steps(make_gan, batch):
    gan = make_gan(averages=LENGTHS)
    history = []
    for _ in range(12):
        fit(gan, batch, 1)
        # Parameters, moving statistics and spectral vectors.
        history.append(values(gan.generator.weights))
    assert len(gan.generator.weights) > len(gan.generator.trainable_weights)
    kept = gan.power_averages
    for length, average in zip(LENGTHS, kept.averages, strict=True):
        for value, mean in zip(
            values(average), expected(history, length), strict=True
        ):
            assert_allclose(value, mean, rtol=1e-4, atol=1e-6)


def test_the_first_step_is_copied(make_gan, batch):
    gan = make_gan(averages=(0.28,))
    fit(gan, batch, 1)
    for ours, theirs in zip(
        values(gan.power_averages.averages[0]),
        values(gan.generator.weights),
        strict=True,
    ):
        assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)


def test_averages_change_nothing_else_of_a_step(make_gan, batch):
    plain, averaging = (
        make_gan(ema_decay=0.9),
        make_gan(ema_decay=0.9, averages=LENGTHS),
    )
    for gan in (plain, averaging):
        fit(gan, batch, 3)
    own = {id(weight) for weight in averaging.power_averages.weights}
    rest = [v for v in averaging.variables if id(v) not in own]
    assert len(own) == 2 * len(plain.generator.weights)
    for ours, theirs in zip(rest, plain.variables, strict=True):
        assert_array_equal(ours.numpy(), theirs.numpy())
    for ours, theirs in zip(
        averaging.optimizer.variables, plain.optimizer.variables, strict=True
    ):
        assert_array_equal(ours.numpy(), theirs.numpy())


def test_without_averages_there_is_nothing(make_gan):
    gan = make_gan()
    assert gan.averages == () and gan.power_averages is None
    assert gan.get_config()["averages"] == ()


def test_averages_go_on_from_a_file(make_gan, batch, tmp_path):
    gan = make_gan(averages=LENGTHS)
    fit(gan, batch, 2)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert type(loaded) is GAN and loaded.averages == LENGTHS
    for model in (gan, loaded):
        fit(model, batch, 2)
    for ours, theirs in zip(
        gan.power_averages.weights, loaded.power_averages.weights, strict=True
    ):
        assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.once
@pytest.mark.parametrize(
    "lengths, problem",
    [((0.5,), "at most 0.28"), ((0.0,), "above 0"), ((0.1, 0.1), "once")],
)
def test_lengths_that_there_are_not_are_refused(make_gan, lengths, problem):
    with pytest.raises(ValueError, match=problem):
        make_gan(averages=lengths)
