"""Training steps whose features are computed again, against plain ones."""

import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose

from keras_gans import models
from keras_gans.models.rematerialization import Rematerialized
from keras_gans.penalties import GradientPenalty

XLA = keras.backend.backend() == "jax"
WIDTHS = {"generator_width": 8, "discriminator_width": 8}
# Spectral vectors and conditional statistics; several scales, relativistic;
# dropout and class logits; a map of scores; a second-order penalty.
FAMILIES = {
    "sagan_cifar10_32": ("SAGAN", WIDTHS),
    "msg_gan_cifar10_32": ("MSGGAN", {"max_channels": 4, "latent_dim": 4}),
    "ac_gan_cifar10_32": (
        "ACGAN",
        {
            "generator_width": 4,
            "discriminator_width": 1,
            "activation_noise": 0.1,
        },
    ),
    "sngan_lga_cifar10_32": ("LGAGAN", WIDTHS | {"n_critic": 1}),
    "wgan_gp_cifar10_32": ("WGANGP", WIDTHS | {"n_critic": 1}),
}

# Prints the most memory so far in MiB: before, with remat, without. That is
# what was asked for, for the system may take back pages in between.
MEMORY = """
import pathlib
import re
import keras
from keras import ops
from keras_gans import backend
from keras_gans.models.rematerialization import Rematerialized


def step(size, wrapped):
    inputs = keras.Input((size,))
    features = inputs
    for _ in range(16):
        features = keras.layers.Activation("tanh")(features)
    network = keras.Model(inputs, features)
    network = Rematerialized(network) if wrapped else network
    scale = keras.Variable(1.0)

    def update(images):
        return backend.value_and_gradients(
            lambda: ops.sum(network(images * scale, training=True)),
            [scale], [scale])

    if keras.backend.backend() == "tensorflow":
        import tensorflow
        update = tensorflow.function(update)
    update(ops.ones((1, size)))


def report():
    status = pathlib.Path("/proc/self/status").read_text()
    print(int(re.search(r"VmPeak:\\s+(\\d+)", status).group(1)) / 1024)


step(1, True)
report()
step(10_000_000, True)
report()
step(10_000_000, False)
report()
"""


def after_a_step(gan, images, labels, **compilation):
    """Returns the losses and every variable, float64, after one step."""
    gan.compile(
        keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01), **compilation
    )
    history = gan.fit(
        images, labels, batch_size=len(images), shuffle=False, verbose=0
    ).history
    return history, [
        ops.convert_to_numpy(v).astype("float64") for v in gan.variables
    ]


def assert_same(plain, again):
    for name, values in plain[0].items():
        # Mean scores of images that cancel: of the size of a single score.
        of_images = 0.0 if name.endswith("loss") else 1e-6
        assert_allclose(again[0][name], values, rtol=1e-6, atol=of_images)
    for ours, theirs in zip(again[1], plain[1], strict=True):
        assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6)


# XLA takes minutes to compile the families' steps, and longer for their
# layers one by one.
@pytest.mark.parametrize(
    "preset",
    [
        pytest.param(name, marks=pytest.mark.long if XLA else ())
        for name in FAMILIES
    ],
)
def test_a_step_is_that_without(preset):
    family, settings = FAMILIES[preset]
    results = []
    for remat in (False, True):
        keras.utils.set_random_seed(1)
        gan = getattr(models, family).from_preset(
            preset, remat=remat, **settings
        )
        start = [ops.convert_to_numpy(v) for v in gan.variables]
        random = np.random.default_rng(0)
        shape = (4, *gan.sampling_generator.output_shape[1:])
        images = random.uniform(-1, 1, shape).astype("float32")
        labels = np.arange(4, dtype="int32") if gan.num_classes else None
        results.append(after_a_step(gan, images, labels, run_eagerly=not XLA))
    assert_same(*results)
    moved = [
        not np.array_equal(old, new)
        for old, new in zip(start, results[1][1], strict=True)
    ]
    assert sum(moved) > len(moved) / 2


@pytest.mark.parametrize(
    "options",
    [
        {"share_fakes": True},
        {"accumulate": 2},
        {
            "loss": "relativistic_hinge",
            "joint_scoring": False,
            "penalty": GradientPenalty(1.0),
            "ema_decay": 0.5,
        },
    ],
    ids=lambda options: "-".join(options),
)
def test_other_steps_are_those_without(make_gan, batch, options):
    results = [
        after_a_step(make_gan(remat=remat, **options), *batch)
        for remat in (False, True)
    ]
    assert_same(*results)


# XLA's compiler for CPUs merges the two runs of what is computed twice.
if not XLA:

    def test_features_are_not_kept():
        # 16 maps of 40 MB, so large that no allocator keeps them: without,
        # all are alive at once; with, three that are passed on between four
        # segments, the four of one, and gradients.
        program = subprocess.run(
            [sys.executable, "-c", MEMORY],
            capture_output=True,
            text=True,
            timeout=240,
            cwd=pathlib.Path(__file__).parents[2],
            # Each map goes back at once, so that holes do not count.
            env=os.environ | {"MALLOC_MMAP_THRESHOLD_": "1000000"},
        )
        assert program.returncode == 0, program.stderr[-4000:]
        start, with_remat, without = map(float, program.stdout.split())
        assert without - start > 16 * 38
        assert with_remat - start < 0.7 * (without - start)


def test_buffers_move_once(make_gan, batch):
    # m ← 0.9 m + 0.1 mean, from zero, is seen after one call.
    network = make_gan().discriminator
    normalization = network.get_layer(index=2)
    features = keras.Model(network.inputs, normalization.input)
    expected = 0.1 * ops.convert_to_numpy(features(list(batch))).mean((0, 1, 2))
    Rematerialized(network)(list(map(ops.array, batch)), training=True)
    assert_allclose(
        ops.convert_to_numpy(normalization.moving_mean), expected, atol=1e-6
    )


def test_a_network_is_counted_once(make_gan):
    plain, remat = make_gan(), make_gan(remat=True)
    assert len(remat.variables) == len(plain.variables)
    assert remat.count_params() == plain.count_params()


def test_the_switch_is_saved(make_gan, batch, tmp_path):
    gan = make_gan(remat=True)
    gan.fit(*batch, batch_size=8, verbose=0)
    gan.save(tmp_path / "gan.keras")
    copy = keras.saving.load_model(tmp_path / "gan.keras")
    assert copy.remat
    for ours, theirs in zip(copy.weights, gan.weights, strict=True):
        assert_allclose(
            ops.convert_to_numpy(ours), ops.convert_to_numpy(theirs)
        )
