"""Traced training steps on PyTorch, against the same steps untraced."""

import keras
import numpy as np
import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

from keras_gans.augmentation import AdaptiveAugmentation, DiffAugment
from keras_gans.backend import torch_graph
from keras_gans.backend.torch_reuse import reuse_memory
from keras_gans.models import SAGAN
from tests.callbacks.tiny import real_images, tiny_gan


@pytest.fixture
def at_once(monkeypatch):
    """Lets the first step be traced, and counts those that are."""
    monkeypatch.setattr(torch_graph, "_PATIENCE", 0.0)
    traced = []

    def trace(*arguments):
        traced.append(torch_graph._Graph(*arguments))
        return traced[-1]

    monkeypatch.setattr(torch_graph, "_traced", trace)
    return traced


def small_sagan(**options):
    return SAGAN.from_preset(
        "sagan_cifar10_32",
        generator_width=8,
        discriminator_width=8,
        attention_resolution=8,
        generator_multipliers=(1, 1, 1, 1),
        **options,
    )


def trained(gan, batches, eagerly):
    """Returns what is logged and all variables after some steps."""
    if eagerly:
        config = gan.get_compile_config() | {"run_eagerly": True}
        gan.compile_from_config(config)
    logs = [gan.train_on_batch(*batch) for batch in batches]
    variables = [*gan.variables, *gan.optimizer.variables]
    return logs, [variable.numpy() for variable in variables]


def assert_same(make, batches):
    results = []
    for eagerly in (True, False):
        keras.utils.set_random_seed(0)
        results.append(trained(make(), batches, eagerly))
    (logs, variables), (expected_logs, expected) = results
    assert logs == expected_logs
    for value, other in zip(variables, expected, strict=True):
        np.testing.assert_array_equal(value, other)


def test_a_traced_step_is_the_step_to_the_last_bit(at_once):
    random = np.random.default_rng(0)
    images = random.uniform(-1, 1, (4, 32, 32, 3)).astype("float32")
    options = {"share_fakes": True, "ema_decay": 0.9}
    assert_same(lambda: small_sagan(**options), 4 * [(images, np.arange(4))])
    assert len(at_once) == 1


def test_regularizers_that_draw_nothing_are_traced(at_once):
    options = {
        "r1_weight": 1.0,
        "r2_weight": 1.0,
        "lecam_weight": 0.3,
        "lecam_start": 2,
        "zcr_weight": 5.0,
        "top_k": 0.5,
        "loss": "relativistic_pairing",
    }
    images = np.random.default_rng(0).uniform(-1, 1, (4, 32, 32, 3))
    batch = images.astype("float32"), np.arange(4)
    assert_same(lambda: small_sagan(**options), 4 * [batch])
    assert len(at_once) == 1


def test_batches_of_each_size_have_their_step(at_once):
    batches = [(real_images(size),) for size in (8, 8, 4, 8, 4, 4)]
    assert_same(lambda: tiny_gan(n_critic=2, ema_decay=0.5), batches)
    assert len(at_once) == 2


def test_a_traced_step_follows_the_learning_rate(at_once):
    gan, batch = tiny_gan(), real_images(8)
    for _ in range(2):
        gan.train_on_batch(batch)
    gan.optimizer.generator.learning_rate = 0.0
    before = [w.numpy() for w in gan.generator.trainable_variables]
    steps = gan.optimizer.iterations.numpy()
    gan.train_on_batch(batch)
    assert len(at_once) == 1
    assert gan.optimizer.iterations.numpy() == steps + 1
    for weight, value in zip(
        gan.generator.trainable_variables, before, strict=True
    ):
        np.testing.assert_array_equal(weight.numpy(), value)


def test_a_step_that_draws_within_runs_untraced(monkeypatch):
    monkeypatch.setattr(torch_graph, "_PATIENCE", 0.0)
    batches = 3 * [(real_images(8),)]
    noise = keras.layers.GaussianNoise
    assert_same(lambda: tiny_gan(augmentation=noise(0.5, seed=1)), batches)


@pytest.mark.filterwarnings("ignore:Grey images have no saturation")
@pytest.mark.parametrize(
    "make",
    [
        lambda: DiffAugment(seed=1),
        lambda: AdaptiveAugmentation(interval=2, speed=0.01, target=-0.9),
    ],
)
def test_a_step_with_an_augmentation_of_the_library_is_traced(at_once, make):
    batches = 4 * [(real_images(8),)]
    assert_same(lambda: tiny_gan(augmentation=make(), n_critic=2), batches)
    assert len(at_once) == 1


def test_compiling_again_traces_again(at_once):
    gan, batch = tiny_gan(), real_images(8)
    for _ in range(2):
        gan.train_on_batch(batch)
        gan.compile_from_config(gan.get_compile_config())
    assert len(at_once) == 2


def reusing(function, *inputs):
    module = make_fx(function)(*inputs)
    reuse_memory(module.graph)
    module.recompile()
    names = [str(node.target) for node in module.graph.nodes]
    return module, names


def test_what_is_read_later_is_not_overwritten():
    def function(x):
        product = 2.0 * x
        view = product.T
        activated = torch.relu(product)  # The view is read below.
        return torch.sqrt(activated + 1.0) + view.T

    inputs = torch.linspace(-1.0, 1.0, 8192).reshape(128, 64)
    kept = inputs.clone()
    module, names = reusing(function, inputs)
    x = kept.numpy().astype("float64")
    expected = np.sqrt(np.maximum(2 * x, 0) + 1) + 2 * x
    np.testing.assert_allclose(module(inputs), expected, rtol=1e-6)
    assert torch.equal(inputs, kept)
    assert "aten.relu.default" in names
    assert {"aten.add_.Tensor", "aten.sqrt_.default"} <= set(names)


def test_inputs_and_broadcast_operands_are_not_overwritten():
    def function(x, row):
        return torch.relu(x) * (row + 1.0)

    inputs = torch.linspace(-1.0, 1.0, 8192).reshape(128, 64)
    row = torch.arange(64.0)
    module, names = reusing(function, inputs, row)
    x = inputs.numpy().astype("float64")
    expected = np.maximum(x, 0) * (np.arange(64.0) + 1)
    np.testing.assert_allclose(module(inputs, row), expected, rtol=1e-6)
    assert torch.equal(row, torch.arange(64.0))
    assert "aten.relu.default" in names and "aten.mul_.Tensor" in names


def test_a_graph_that_changes_a_constant_is_refused():
    hidden = torch.zeros(3)
    with pytest.raises(ValueError, match="changes the constant"):
        reusing(lambda x: hidden.add_(x), torch.ones(3))


def test_steps_are_settled_once_they_run_as_they_will(at_once):
    gan = tiny_gan()
    images = real_images(4)
    settled = []
    for _ in range(3):
        gan.train_on_batch(images)
        settled.append(gan.step_is_settled)
    assert settled == [False, True, True] and len(at_once) == 1
