"""WGAN-GP's presets against the numbers that the paper and its code print."""

import pytest

from keras_gans import presets
from keras_gans.models.wgan_gp import WGANGP

pytestmark = pytest.mark.once

# Algorithm 1: λ = 10, n_critic = 5, Adam(1e-4, 0, 0.9); z ~ N(0, I), 128.
ALGORITHM_1 = {
    "channels": 3,
    "num_classes": 0,
    "latent_dim": 128,
    "method": "wgan_gp",
    "discriminator_normalization": "auto",
    "batch_statistics": True,
    "penalty_weight": 10.0,
    "penalty_target": 1.0,
    "one_sided": False,
    "n_critic": 5,
    "generator_batch": 1,
    "optimizer": "adam",
    "generator_learning_rate": 1e-4,
    "discriminator_learning_rate": 1e-4,
    "beta_1": 0.0,
    "beta_2": 0.9,
    "decay_steps": None,
    "batch_size": 64,
    "steps": 200_000,
    "ema_decay": None,
}
# gan_cifar_resnet.py: critic batches of 64, the generator's of 128.
CIFAR_RESNET = ALGORITHM_1 | {
    "dequantize": True,
    "architecture": "resnet",
    "resolution": 32,
    "generator_width": 128,
    "discriminator_width": 128,
    "generator_batch": 2,
    "generator_learning_rate": 2e-4,
    "discriminator_learning_rate": 2e-4,
    "decay_steps": 100_000,
    "steps": 100_000,
}
CIFAR_DCGAN = ALGORITHM_1 | {
    "architecture": "dcgan",
    "resolution": 32,
    "generator_width": 128,
    "discriminator_width": 128,
    "beta_1": 0.5,
}


def lsun(architecture, generator_width=64):
    """Section 5.2, with Appendix E's β₁ = 0.5."""
    return ALGORITHM_1 | {
        "architecture": architecture,
        "resolution": 64,
        "generator_width": generator_width,
        "discriminator_width": 64,
        "beta_1": 0.5,
    }


PUBLISHED = {
    "wgan_gp_cifar10_32": CIFAR_RESNET,
    "wgan_gp_cifar10_conditional_32": CIFAR_RESNET
    | {
        "num_classes": 10,
        "discriminator_class_weight": 1.0,
        "generator_class_weight": 0.1,
    },
    # The released code's own: β₁ = 0.
    "wgan_gp_lsun_64": lsun("resnet") | {"beta_1": 0.0},
    "wgan_gp_lsun_128": ALGORITHM_1
    | {
        "architecture": "resnet",
        "resolution": 128,
        "generator_width": 64,
        "discriminator_width": 128,
        "decay_steps": 200_000,
    },
    "wgan_gp_lsun_dcgan_64": lsun("dcgan"),
    "wgan_gp_lsun_no_bn_constant_64": lsun("dcgan_no_bn_constant"),
    "wgan_gp_lsun_mlp_64": lsun("dcgan_mlp", 512),
    "wgan_gp_lsun_no_norm_64": lsun("dcgan_no_norm"),
    "wgan_gp_lsun_gated_64": lsun("dcgan_gated"),
    "wgan_gp_lsun_tanh_64": lsun("dcgan_tanh"),
    "wgan_gp_lsun_resnet101_64": lsun("resnet101"),
    "wgan_gp_cifar10_dcgan_32": CIFAR_DCGAN,
    "wgan_gp_cifar10_dcgan_rmsprop_32": CIFAR_DCGAN
    | {
        "optimizer": "rmsprop_tf",
        "generator_learning_rate": 5e-5,
        "discriminator_learning_rate": 5e-5,
        "beta_1": 0.0,
    },
    "wgan_gp_mnist_28": ALGORITHM_1
    | {
        "architecture": "dcgan",
        "resolution": 28,
        "channels": 1,
        "generator_width": 64,
        "discriminator_width": 64,
        "beta_1": 0.5,
        "batch_size": 50,
        # 10 (2g - 1)² = 40 (g - 1/2)²: a gradient g for images in [-1, 1]
        # is half of that for images in [0, 1].
        "penalty_weight": 40.0,
        "penalty_target": 0.5,
    },
}


def test_the_presets_are_those_published():
    assert set(presets.names("wgan_gp")) == set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_settings_are_the_papers(name):
    settings = presets.load(name, "wgan_gp")
    # Besides, the step from which an average would be taken.
    assert settings == PUBLISHED[name] | {"ema_start": 0}
    # The released code says what the paper does not.
    assert presets.describe(name)["unsourced"] == []


@pytest.mark.parametrize(
    "name",
    [
        "wgan_gp_cifar10_conditional_32",
        "wgan_gp_lsun_128",
        "wgan_gp_lsun_no_bn_constant_64",
        "wgan_gp_lsun_mlp_64",
        "wgan_gp_lsun_no_norm_64",
        "wgan_gp_lsun_gated_64",
        "wgan_gp_mnist_28",
    ],
)
def test_a_preset_s_model_is_what_it_says(name):
    published = PUBLISHED[name]
    gan = WGANGP.from_preset(name, generator_width=4, discriminator_width=4)
    resolution, channels = published["resolution"], published["channels"]
    shape = (None, resolution, resolution, channels)
    assert gan.generator.output_shape == shape
    assert gan.discriminator.inputs[0].shape == shape
    assert gan.num_classes == published["num_classes"]
    assert gan.n_critic == published["n_critic"]
    assert gan.generator_batch == published["generator_batch"]
    assert gan.penalty.weight == published["penalty_weight"]
    assert gan.penalty.target == published["penalty_target"]
    assert not gan.penalty.one_sided
    for optimizer in (gan.optimizer.generator, gan.optimizer.discriminator):
        rate = published["generator_learning_rate"]
        assert float(optimizer.learning_rate) == pytest.approx(rate)
        assert optimizer.beta_1 == published["beta_1"]
        assert optimizer.beta_2 == published["beta_2"]
