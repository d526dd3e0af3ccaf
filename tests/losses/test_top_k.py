"""The generator's best images, against numpy's sort."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans import backend, losses
from keras_gans.losses import SpatiallyDecomposedHinge, TopK

# With ties across every border there is.
SCORES = np.array([2, 0, 1, 1, -3, 2, 1, 0, 7, -1], "float32")


def kept(scores, update=0, **options):
    weights = TopK(**options).weights(ops.convert_to_tensor(scores), update)
    return ops.convert_to_numpy(weights)


@pytest.mark.parametrize("count", range(1, 11))
def test_the_highest_scores_are_kept_and_the_first_of_equal_ones(count):
    order = np.argsort(-SCORES, kind="stable")
    expected = np.isin(np.arange(10), order[:count]).astype("float32")
    assert_array_equal(kept(SCORES, fraction=count / 10, decay=1.0), expected)


def test_the_number_falls_from_all_to_the_last_share():
    scores = np.random.default_rng(0).normal(size=64).astype("float32")
    for update in (0, 4, 5, 9, 10, 34, 500):
        share = max(0.3, 0.9 ** (update // 5))
        number = kept(
            scores,
            ops.convert_to_tensor(update),
            fraction=0.3,
            decay=0.9,
            interval=5,
        ).sum()
        assert number == np.ceil(64 * share)


@pytest.mark.parametrize("name", losses.NAMES)
def test_the_loss_is_that_of_the_kept_images(name):
    # A loss of pairs keeps the pairs, others all the real images.
    real = np.random.default_rng(1).normal(size=(10, 1)).astype("float32")
    weights, loss = kept(SCORES, fraction=0.5, decay=1.0), losses.get(name)
    best = SCORES[weights > 0][:, None]
    partners = real[weights > 0] if name == "relativistic_pairing" else real
    weights = ops.convert_to_tensor(weights)
    assert_allclose(
        ops.convert_to_numpy(loss.generator(SCORES[:, None], real, weights)),
        ops.convert_to_numpy(loss.generator(best, partners)),
        rtol=1e-6,
    )


def test_maps_of_scores_are_kept_whole():
    scores = np.random.default_rng(2).normal(size=(4, 3, 3, 1))
    scores, loss = scores.astype("float32"), SpatiallyDecomposedHinge()
    weights = ops.array([0, 1, 1, 0], dtype="float32")
    amplified = scores[1:3] * np.abs(np.minimum(scores[1:3], 1))
    assert_allclose(
        ops.convert_to_numpy(loss.generator(scores, None, weights)),
        -amplified.mean(),
        rtol=1e-5,
    )


def test_no_gradient_goes_through_the_choice_or_to_the_others():
    scores = keras.Variable(SCORES)
    _, (gradient,) = backend.value_and_gradients(
        lambda: losses.get("wasserstein").generator(
            ops.convert_to_tensor(scores)[:, None],
            weights=TopK(0.3, decay=1.0).weights(scores, 0),
        ),
        [scores],
        [],
    )
    expected = np.zeros(10)
    expected[[0, 5, 8]] = -1 / 3
    assert_allclose(ops.convert_to_numpy(gradient), expected, rtol=1e-6)


@pytest.mark.once
def test_functions_that_take_weights_are_weighed():
    def generator(fake, weights=None):
        return -ops.mean(fake) if weights is None else -ops.sum(fake * weights)

    def discriminator(real, fake):
        return ops.mean(fake - real)

    game = losses.get({"generator": generator, "discriminator": discriminator})
    assert game.takes_weights
    scores = ops.ones((3,))
    assert float(game.generator(scores, weights=ops.ones((3,)) * 2)) == -6.0
    plain = losses.get(
        {"generator": lambda fake: fake, "discriminator": discriminator}
    )
    assert not plain.takes_weights


@pytest.mark.once
@pytest.mark.parametrize(
    "options",
    [{"fraction": 0.0}, {"fraction": 1.5}, {"decay": 0.0}, {"interval": 0}],
)
def test_what_keeps_no_images_is_refused(options):
    [(name, value)] = options.items()
    with pytest.raises(ValueError, match=f"{name}={value}"):
        TopK(**options)


@pytest.mark.once
def test_the_config_makes_an_equal_selection():
    config = keras.saving.serialize_keras_object(TopK(0.25, 0.9, 7))
    copy = keras.saving.deserialize_keras_object(config)
    assert copy.get_config() == {"fraction": 0.25, "decay": 0.9, "interval": 7}
