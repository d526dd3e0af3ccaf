"""ProGAN's presets against the numbers of the paper and its released code."""

import pytest

from keras_gans import presets
from keras_gans.models.progan import ProGAN

pytestmark = pytest.mark.once

# config.py of the paper: images of a phase and of all, at batches of 16;
# latents and channels at most, norm of the gradients. The last but for its
# length, 10 million of section 6.1, is the second one's.
RUNS = {
    "progan_cifar10_32": (400_000, 20_000_000, 128, 750.0),
    "progan_celebahq_1024": (800_000, 19_000_000, 512, 1.0),
    "progan_celebahq_128": (800_000, 10_000_000, 512, 1.0),
}
# Appendix A.1.
TRAINING = {
    "channels": 3,
    "loss": "wasserstein",
    "penalty_weight": 10.0,
    "drift_weight": 0.001,
    "n_critic": 1,
    "optimizer": "adam",
    "generator_learning_rate": 1e-3,
    "discriminator_learning_rate": 1e-3,
    "beta_1": 0.0,
    "beta_2": 0.99,
    "ema_decay": 0.999,
    "ema_start": 0,
    "group_size": None,
    "batch_size": 16,
}


def test_the_presets_are_these():
    assert presets.names("progan") == list(RUNS)


@pytest.mark.parametrize("name", RUNS)
def test_settings_are_the_published_ones(name):
    settings = presets.load(name)
    phase, images, width, target = RUNS[name]
    for key, value in TRAINING.items():
        assert settings[key] == value, key
    assert settings["resolution"] == int(name.rpartition("_")[2])
    assert settings["latent_dim"] == settings["max_channels"] == width
    assert settings["penalty_target"] == target
    for length in ("fade_steps", "stable_steps"):
        assert settings[length] * 16 == phase
    assert settings["steps"] * 16 == images
    # All stages are trained at.
    stages = settings["resolution"].bit_length() - 2
    assert (stages - 1) * 2 * phase < images


def test_a_preset_builds_with_other_widths():
    gan = ProGAN.from_preset("progan_celebahq_1024", max_channels=32)
    assert gan.generator.output_shape == (None, 1024, 1024, 3)
    assert gan.discriminator.output_shape == (None, 1)
    assert gan.sizes == [4, 8, 16, 32, 64, 128, 256, 512, 1024]
    assert gan.growth.begin(8) == 16 * 50_000 - 50_000
    assert [type(penalty).__name__ for penalty in gan.penalty] == [
        "GradientPenalty",
        "Drift",
    ]
