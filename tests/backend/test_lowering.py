"""Training steps lowered by JAX for GPUs and TPUs, without one."""

import collections
import functools
import re

import jax
import keras
import numpy as np
import pytest
from jax import export
from keras import layers

from keras_gans import ACGAN, LGAGAN, MSGGAN, R3GAN, SAGAN, WGANGP, ProGAN
from keras_gans.backend import jax_convolution, jax_products
from keras_gans.layers import Conv2D, Conv2DTranspose, form_choice
from tests.layers.derivatives import assert_same_function, images_of

PLATFORMS = ("cuda", "tpu")
WIDTHS = {"generator_width": 8, "discriminator_width": 8}
SYSTEMS = {
    "SAGAN": (SAGAN, 32, {"attention_resolution": 8, "num_classes": 3}),
    "MSG-GAN": (MSGGAN, 8, {"max_channels": 4}),
    "AC-GAN": (ACGAN, 32, {"num_classes": 3}),
    "WGAN-GP": (WGANGP, 32, {"n_critic": 1}),
    "LGA": (LGAGAN, 32, {"n_critic": 1}),
    "R3GAN": (R3GAN, 8, {"num_classes": 3, "group_size": 8, "burn_in": 3}),
    "ProGAN": (ProGAN, 8, {"max_channels": 4}),
}
PRECISIONS = pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])


@pytest.fixture
def elsewhere(monkeypatch):
    """What is traced is for another device than a CPU."""
    for module in (jax_convolution, jax_products):
        monkeypatch.setattr(module, "device_kind", lambda: "gpu")


@functools.cache
def built(system, precision):
    """Returns a model and its step's arguments, built once for both forms."""
    family, resolution, options = SYSTEMS[system]
    widths = {} if family in (MSGGAN, ProGAN) else WIDTHS
    keras.config.set_dtype_policy(precision)
    try:
        gan = family.from_settings(
            resolution=resolution, channels=1, latent_dim=4, **widths, **options
        )
    finally:
        keras.config.set_dtype_policy("float32")
    # The last step of all, of a model that grows.
    gan.phase = gan.phases(1_000_000)[-1][0]
    images = np.zeros((2, resolution, resolution, 1), "float32")
    data = (images, np.zeros(2, "int32")) if gan.num_classes else (images,)
    groups = (
        gan.trainable_variables,
        gan.non_trainable_variables,
        gan.optimizer.variables,
        gan.metrics_variables,
    )
    return gan, [[v.value for v in group] for group in groups], data


def lowered(gan, state, data, platforms=PLATFORMS):
    """Returns the StableHLO of a training step."""
    # A step that was traced for another form is not to be found again.
    step = jax.jit(lambda state, data: gan.train_step(state, data))
    # On CPUs some factors of products are laid out by a call of XLA's own.
    layouts = export.DisabledSafetyCheck.custom_call("LayoutConstraint")
    exporting = export.export(
        step, platforms=platforms, disabled_checks=[layouts]
    )
    exported = exporting(state, data)
    assert exported.platforms == platforms
    return exported.mlir_module()


def counted(module):
    """Returns how many operations of each kind there are."""
    return collections.Counter(re.findall(r"stablehlo\.(\w+)", module))


@PRECISIONS
@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.usefixtures("elsewhere")
def test_a_step_lowers_for_gpus_and_tpus(monkeypatch, system, precision):
    modules = {}
    for form in ("folded", "plain"):
        monkeypatch.setenv(form_choice.VARIABLE, form)
        modules[form] = lowered(*built(system, precision))
    for module in modules.values():
        assert counted(module)["convolution"] > 0
        # The batch is one part, and zeros are never put between pixels.
        assert counted(module)["while"] == 0
        assert "lhs_dilate" not in module
        assert ("bf16" in module) == (precision == "mixed_bfloat16")
    # AC-GAN's transposed convolutions have one form; R3GAN resamples apart.
    one_form = system in ("AC-GAN", "R3GAN")
    assert (modules["folded"] == modules["plain"]) == one_form


def test_kernels_gradients_are_convolutions_elsewhere(monkeypatch):
    gan, *arguments = built("WGAN-GP", "float32")
    monkeypatch.setenv(form_choice.VARIABLE, "folded")
    here = counted(lowered(gan, *arguments, platforms=("cpu",)))
    for module in (jax_convolution, jax_products):
        monkeypatch.setattr(module, "device_kind", lambda: "tpu")
    there = counted(lowered(gan, *arguments))
    # On a CPU a gradient of a 3x3 kernel is nine matrix products.
    assert there["dot_general"] < 0.2 * here["dot_general"]
    assert there["convolution"] > here["convolution"]


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("size", [3, 4, 5])
@pytest.mark.parametrize("strides", [1, 2])
def test_derivatives_elsewhere_are_keras_s(size, strides):
    options = {"kernel_size": size, "strides": strides, "padding": "same"}
    assert_same_function(
        Conv2D(5, **options), layers.Conv2D(5, **options), images_of((5, 4))
    )


@pytest.mark.usefixtures("elsewhere")
def test_transposed_derivatives_elsewhere_are_keras_s():
    options = {"kernel_size": 5, "strides": 2, "padding": "same"}
    assert_same_function(
        Conv2DTranspose(5, **options),
        layers.Conv2DTranspose(5, **options),
        images_of((5, 4)),
    )
