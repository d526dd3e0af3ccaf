"""Steps with regularizers, against numpy in float64."""

import itertools
import json

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans import (
    ACGAN,
    LGAGAN,
    MSGGAN,
    R3GAN,
    SAGAN,
    WGANGP,
    ProGAN,
    backend,
)
from keras_gans.layers import (
    Conv2DAveragePool,
    SelfAttention,
    SpectralNormalization,
)
from keras_gans.losses import TopK
from keras_gans.models import GAN
from keras_gans.penalties import (
    BCR,
    R1,
    R2,
    ZCR,
    CosineWeight,
    GradientPenalty,
    LeCam,
)

RANDOM = np.random.default_rng(0)
REAL, LATENTS, NOISE = RANDOM.normal(size=(3, 4, 6))
LATENTS, NOISE = LATENTS[:, :3], NOISE[:, :3]
# G(z) = z A, D(x) = tanh(x W) v.
START = [RANDOM.normal(size=shape) for shape in ((3, 6), (6, 5), (5, 1))]
SIGMA = 0.1


def toy(players="both", **options):
    """A GAN of these networks, and draws in the order of a step's."""
    latents, images = keras.Input((3,)), keras.Input((6,))
    generated = layers.Dense(6, use_bias=False)(latents)
    features = layers.Dense(5, "tanh", use_bias=False)(images)
    scores = layers.Dense(1, use_bias=False)(features)
    gan = GAN(
        keras.Model(latents, generated),
        keras.Model(images, scores),
        loss="wasserstein",
        **options,
    )
    gan.generator.set_weights(START[:1])
    gan.discriminator.set_weights(START[1:])
    rates = [float(players in (name, "both")) for name in ("g", "d")]
    gan.compile(*map(keras.optimizers.SGD, rates))
    draws = itertools.cycle(
        [LATENTS, NOISE] if gan._near_penalty else [LATENTS]
    )
    gan.draw_latents = lambda count: ops.convert_to_tensor(
        next(draws), "float32"
    )
    return gan


def step(gan):
    """Takes one; returns what is logged, and the changes of A, W and v."""
    before = [ops.convert_to_numpy(w).astype("float64") for w in START]
    logs = gan.adversarial_step((ops.convert_to_tensor(REAL, "float32"),))
    after = [*gan.generator.weights, *gan.discriminator.weights]
    changes = [
        ops.convert_to_numpy(new) - old
        for new, old in zip(after, before, strict=True)
    ]
    return {k: float(v) for k, v in logs.items()}, changes


def scores_of(images, weights):
    return (np.tanh(images @ weights[1]) @ weights[2])[:, 0]


def squared_norms(images, weights):
    slopes = (1 - np.tanh(images @ weights[1]) ** 2) * weights[2][:, 0]
    return np.sum((slopes @ weights[1].T) ** 2, axis=1)


FAKE = LATENTS @ START[0]
# α_R and α_F of a first update.
AVERAGES = [scores_of(x, START).mean() for x in (REAL, FAKE)]


def lecam(weights):
    real, fake = scores_of(REAL, weights), scores_of(FAKE, weights)
    distance = np.mean((real - AVERAGES[1]) ** 2)
    return distance + np.mean((fake - AVERAGES[0]) ** 2)


def bcr(weights):
    changes = [
        scores_of(x, weights) - scores_of(-x / 2, weights) for x in (REAL, FAKE)
    ]
    return 2 * np.mean(changes[0] ** 2) + 3 * np.mean(changes[1] ** 2)


def zcr(weights):
    near = (LATENTS + SIGMA * NOISE) @ START[0]
    return np.mean((scores_of(FAKE, weights) - scores_of(near, weights)) ** 2)


# By the name in logs, what is added to L_D, and its value by numpy.
TERMS = {
    "r1": (
        lambda: R1(4.0),
        lambda w: 2 * np.mean(squared_norms(REAL, w)),
    ),
    "r2": (
        lambda: R2(CosineWeight(6.0, 0.0, 5)),
        lambda w: 3 * np.mean(squared_norms(FAKE, w)),
    ),
    "lecam": (lambda: LeCam(0.5, start=0), lambda w: 0.5 * lecam(w)),
    "bcr": (lambda: BCR(2.0, 3.0, layers.Rescaling(-0.5)), bcr),
    "zcr": (lambda: ZCR(7.0, 0.0, SIGMA), lambda w: 7 * zcr(w)),
}
CASES = [
    *(([name], {}) for name in TERMS),
    (["r1", "r2"], {}),
    (["r1", "r2"], {"remat": True}),
    *(
        (list(TERMS), options)
        for options in ({}, {"joint_scoring": False}, {"share_fakes": True})
    ),
]


def differences(function, weights, index):
    """Returns the gradient for one of the weights by central differences."""
    gradient = np.zeros(weights[index].shape)
    for place in np.ndindex(*gradient.shape):
        sides = []
        for sign in (1.0, -1.0):
            moved = [w.copy() for w in weights]
            moved[index][place] += sign * 1e-5
            sides.append(function(moved))
        gradient[place] = (sides[0] - sides[1]) / 2e-5
    return gradient


@pytest.mark.parametrize(("names", "options"), CASES, ids=str)
def test_the_discriminator_goes_down_the_gradient_of_all_terms(names, options):
    penalty = [TERMS[name][0]() for name in names]
    logs, changes = step(toy("d", penalty=penalty, **options))

    def loss(weights):
        game = scores_of(FAKE, weights).mean() - scores_of(REAL, weights).mean()
        return game + sum(TERMS[name][1](weights) for name in names)

    assert_allclose(logs["discriminator_loss"], loss(START), rtol=1e-4)
    for name in names:
        assert_allclose(logs[name], TERMS[name][1](START), rtol=1e-4)
    for index in (1, 2):
        expected = -differences(loss, START, index)
        scale = np.abs(expected).max()
        assert_allclose(changes[index], expected, atol=1e-4 * scale)


@pytest.mark.parametrize("share_fakes", [False, True])
def test_the_generator_learns_from_its_best_and_from_what_is_near(share_fakes):
    penalty = ZCR(0.0, diversity=3.0, noise=SIGMA)
    logs, changes = step(
        toy(
            "g",
            penalty=penalty,
            top_k=TopK(0.5, decay=1.0),
            share_fakes=share_fakes,
        )
    )
    best = np.argsort(-scores_of(FAKE, START))[:2]

    def loss(weights):
        fake = LATENTS @ weights[0]
        near = (LATENTS + SIGMA * NOISE) @ weights[0]
        diversity = -3.0 * np.mean((fake - near) ** 2)
        return diversity - scores_of(fake[best], weights).mean()

    assert_allclose(logs["generator_loss"], loss(START), rtol=1e-4)
    assert logs["top_k"] == 0.5
    expected = -differences(loss, START, 0)
    scale = np.abs(expected).max()
    assert_allclose(changes[0], expected, atol=1e-4 * scale)


def stateful(statistics, penalty):
    """A GAN of networks with buffers, whose draws are always the same.

    A discriminator without batch statistics scores both kinds of images in
    one pass, or in halves.
    """
    keras.utils.set_random_seed(1)
    latents, images = keras.Input((3,)), keras.Input((6,))
    generated = SpectralNormalization(layers.Dense(6))(latents)
    generated = layers.BatchNormalization(momentum=0.5)(generated)
    features = SpectralNormalization(layers.Dense(5))(images)
    if statistics:
        features = layers.BatchNormalization(momentum=0.5)(features)
    features = layers.Activation("tanh")(features)
    scores = SpectralNormalization(layers.Dense(4))(features)
    gan = GAN(
        keras.Model(latents, generated),
        keras.Model(images, scores),
        penalty=penalty,
    )
    gan.compile("sgd", "sgd")
    gan.draw_latents = lambda count: ops.convert_to_tensor(LATENTS, "float32")
    return gan


def moved(gan):
    """Returns the buffers of both networks by kind, before and after a step."""
    networks = (gan.discriminator, gan.generator)
    buffers = [w for net in networks for w in net.non_trainable_weights]
    states = [list(map(ops.convert_to_numpy, buffers))]
    gan.adversarial_step((ops.convert_to_tensor(REAL, "float32"),))
    states.append(list(map(ops.convert_to_numpy, buffers)))
    return [weight.name for weight in buffers], *states


STATISTICS = ["moving_mean", "moving_variance"]


@pytest.mark.parametrize(
    ("statistics", "branches", "alone", "interval"),
    [
        (True, False, True, 1),
        (True, False, False, 1),
        (True, False, False, 2),
        (False, False, True, 1),
        (False, False, False, 1),
        (False, True, True, 1),
        (False, True, False, 2),
    ],
)
def test_penalties_leave_the_buffers_to_the_scores(
    monkeypatch, statistics, branches, alone, interval
):
    monkeypatch.setattr(backend, "BRANCHES", branches)
    penalties = [R1(1.0, interval)]
    if not alone:
        augmentation = layers.Rescaling(0.5)
        penalties += [R2(1.0, interval), BCR(augmentation=augmentation)]
        penalties += [ZCR(noise=0.1)]
    names, first, without = moved(stateful(statistics, None))
    _, _, with_penalties = moved(stateful(statistics, penalties))
    within = STATISTICS if statistics else []
    assert names == ["vector_u", *within, "vector_u", "vector_u", *STATISTICS]
    for name, *values in zip(
        names, first, without, with_penalties, strict=True
    ):
        assert np.abs(values[1] - values[0]).max() > 1e-3, name
        assert_allclose(values[2], values[1], rtol=1e-5, atol=1e-7)


def attentive(penalties):
    """A GAN that scores by a folded convolution and attention."""
    keras.utils.set_random_seed(0)
    latents, images = keras.Input((3,)), keras.Input((8, 8, 3))
    generated = layers.Dense(192, "tanh")(latents)
    generated = layers.Reshape((8, 8, 3))(generated)
    features = Conv2DAveragePool(8, 3)(images)
    attention = SelfAttention(spectral_norm=False)
    features = attention(layers.Activation("tanh")(features))
    scores = layers.Dense(1)(layers.Flatten()(features))
    attention.gamma.assign(0.5)
    gan = GAN(
        keras.Model(latents, generated),
        keras.Model(images, scores),
        penalty=penalties,
    )
    gan.compile("sgd", "sgd")
    return gan


def test_gradients_from_the_scores_pass_are_those_of_a_pass_of_their_own():
    results = []
    for interval in (1, 10):
        penalties = [R1(1.0 / interval, interval), R2(2.0 / interval, interval)]
        gan = attentive(penalties)
        images = np.tanh(np.random.default_rng(0).normal(size=(4, 8, 8, 3)))
        # Traced, which on JAX takes less time than operation by operation.
        logs = gan.train_on_batch(images.astype("float32"), return_dict=True)
        results.append(
            [float(logs[name]) for name in ("r1", "r2", "discriminator_loss")]
        )
    assert results[0][0] > 0 and results[0][1] > 0
    assert_allclose(*results, rtol=1e-4)


def test_lecam_s_averages_are_those_of_the_whole_batch():
    averages = []
    for parts in (1, 2):
        gan = toy("none", penalty=LeCam(start=0), accumulate=parts)
        gan.draw_latents = lambda count: ops.convert_to_tensor(
            LATENTS[:count], "float32"
        )
        gan.adversarial_step((ops.convert_to_tensor(REAL, "float32"),))
        averages.append(
            [float(ops.convert_to_numpy(w)) for w in gan.penalty.scores.weights]
        )
    assert_allclose(averages[0], AVERAGES, rtol=1e-5)
    assert_allclose(averages[1], averages[0], rtol=1e-5)


def everything():
    return {
        "penalty": [
            R1(CosineWeight(2.0, 1.0, 9)),
            R2(1.0, interval=2),
            LeCam(start=2),
            BCR(augmentation=layers.Rescaling(0.5)),
            ZCR(),
        ],
        "top_k": TopK(0.5, 0.9, 2),
        "loss": "relativistic_pairing",
    }


def written(gan):
    return json.dumps(gan.get_config()["penalty"])


def test_a_saved_model_goes_on_as_it_would_have(make_gan, batch, tmp_path):
    gan = make_gan(**everything(), ema_decay=0.5)
    gan.fit(*batch, batch_size=4, epochs=2, shuffle=False, verbose=0)
    gan.save(tmp_path / "gan.keras")
    copy = keras.saving.load_model(tmp_path / "gan.keras")
    # As JSON has them: shapes that layers were built for are lists then.
    assert written(copy) == written(gan)
    averages = [
        list(map(ops.convert_to_numpy, model.penalty[2].scores.weights))
        for model in (gan, copy)
    ]
    assert_array_equal(*averages)
    assert np.all(averages[0])
    logs = [
        model.fit(
            *batch, batch_size=4, epochs=1, shuffle=False, verbose=0
        ).history
        for model in (gan, copy)
    ]
    assert set(logs[0]) >= {"r1", "r2", "lecam", "bcr", "zcr", "top_k"}
    for name, values in logs[0].items():
        assert_allclose(logs[1][name], values, rtol=1e-4, err_msg=name)


def test_a_training_s_length_sets_the_burn_in(make_gan):
    weight = CosineWeight(2.0, 1.0, 9, share=0.5)
    gan = make_gan(penalty=[R1(weight), R2(weight)], n_critic=2)
    gan.set_schedule(30)
    assert weight.updates == 30
    assert float(ops.convert_to_numpy(weight.build())) == 30.0


SYSTEMS = {
    ACGAN: {"resolution": 32, "discriminator_width": 2},
    LGAGAN: {"resolution": 32, "discriminator_width": 8, "n_critic": 1},
    MSGGAN: {"resolution": 8, "max_channels": 4, "loss": None},
    ProGAN: {"resolution": 8, "max_channels": 4, "loss": None},
    R3GAN: {"resolution": 8, "discriminator_width": 8, "loss": None},
    SAGAN: {
        "resolution": 32,
        "discriminator_width": 8,
        "attention_resolution": 16,
        "loss": None,
    },
    WGANGP: {"resolution": 32, "discriminator_width": 8, "n_critic": 1},
}


# Of the others a step takes long to compile, and its parts are those of above.
@pytest.mark.parametrize(
    "system",
    [
        kind if kind is MSGGAN else pytest.param(kind, marks=pytest.mark.once)
        for kind in SYSTEMS
    ],
    ids=lambda kind: kind.__name__,
)
def test_every_system_takes_a_step_with_every_option(system):
    settings = dict(SYSTEMS[system])
    classes = 3 if system in (ACGAN, SAGAN, WGANGP) else 0
    if "loss" in settings:
        settings["loss"] = "relativistic_pairing"
    if system not in (MSGGAN, ProGAN):
        settings["generator_width"] = 8
    gan = system.from_settings(
        **settings,
        num_classes=classes,
        latent_dim=4,
        r1_weight=0.1,
        r2_weight=0.1,
        r2_interval=2,
        lecam_weight=0.3,
        lecam_start=0,
        bcr_weight=10.0,
        zcr_weight=5.0,
        top_k=0.5,
    )
    size = settings["resolution"]
    images = np.random.default_rng(0).uniform(-1, 1, (4, size, size, 3))
    batch = (images.astype("float32"),)
    if classes:
        batch = (*batch, np.array([0, 1, 2, 0], "int32"))
    before = [ops.convert_to_numpy(w) for w in gan.trainable_weights]
    logs = gan.adversarial_step(tuple(map(ops.convert_to_tensor, batch)))
    logs = {name: float(value) for name, value in logs.items()}
    terms = {"r1", "r2", "lecam", "bcr", "zcr"}
    assert set(logs) >= terms | {"zcr_diversity", "top_k"}
    penalized = (LGAGAN, WGANGP, ProGAN)
    assert ("penalty" in logs) == (system in penalized)
    assert all(np.isfinite(value) for value in logs.values())
    assert all(logs[name] > 0 for name in terms)
    assert any(
        not np.array_equal(old, ops.convert_to_numpy(new))
        for old, new in zip(before, gan.trainable_weights, strict=True)
    )


def test_the_gradient_penalty_is_one_of_a_list(make_gan, batch):
    # Alone, and in a list by itself: the same step.
    states = []
    for penalty in (GradientPenalty(2.0), [GradientPenalty(2.0)]):
        gan = make_gan(penalty=penalty)
        gan.adversarial_step(tuple(map(ops.convert_to_tensor, batch)))
        states.append(list(map(ops.convert_to_numpy, gan.weights)))
    for alone, listed in zip(*states, strict=True):
        assert_array_equal(alone, listed)


@pytest.mark.once
def test_options_that_do_not_fit_are_refused(make_gan):
    with pytest.raises(ValueError, match="names r1, r1"):
        make_gan(penalty=[R1(1.0), R1(2.0)])
    with pytest.raises(ValueError, match="Received: 3"):
        make_gan(penalty=[R1(1.0), 3])
    with pytest.raises(ValueError, match="top_k"):
        make_gan(top_k="half")
    with pytest.raises(ValueError, match=r"fraction=1\.5"):
        make_gan(top_k=1.5)
    game = {
        "generator": lambda fake: -ops.mean(fake),
        "discriminator": lambda real, fake: ops.mean(fake - real),
    }
    with pytest.raises(ValueError, match="an argument `weights`"):
        make_gan(loss=game, top_k=0.5)
    with pytest.raises(ValueError, match="r1_weight must be at least 0"):
        SAGAN.from_settings(resolution=32, r1_weight=-1.0)
    with pytest.raises(ValueError, match="top_k must be at most 1 and above 0"):
        SAGAN.from_settings(resolution=32, top_k=0.0)
