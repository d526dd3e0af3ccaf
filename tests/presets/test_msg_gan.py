"""MSG-GAN's presets against the numbers that the paper prints."""

import pytest

from keras_gans import presets
from keras_gans.models.msg_gan import MSGGAN

pytestmark = pytest.mark.once

# Section 4: 512 latents, Adam (0, 0.99) at 0.001 for both, average 0.999;
# section 3.5: the loss; equation 9: the concatenation.
TRAINING = {
    "channels": 3,
    "latent_dim": 512,
    "max_channels": 512,
    "combine": "concat",
    "group_size": None,
    "loss": "relativistic_hinge",
    "penalty_weight": 0.0,
    "n_critic": 1,
    "optimizer": "adam",
    "generator_learning_rate": 1e-3,
    "discriminator_learning_rate": 1e-3,
    "beta_1": 0.0,
    "beta_2": 0.99,
    "ema_decay": 0.999,
    "ema_start": 0,
}
RESOLUTIONS = {
    "msg_gan_cifar10_32": 32,
    "msg_gan_flowers_256": 256,
    "msg_gan_celebahq_1024": 1024,
}


@pytest.mark.parametrize(("name", "resolution"), RESOLUTIONS.items())
def test_settings_are_the_papers(name, resolution):
    settings = presets.load(name, "msg_gan")
    expected = {**TRAINING, "resolution": resolution}
    assert {key: settings[key] for key in expected} == expected
    # Neither is in the paper.
    unsourced = ["batch_size", "steps"]
    assert set(settings) - set(expected) == set(unsourced)
    assert presets.describe(name)["unsourced"] == unsourced


def test_the_presets_are_those_of_the_papers_three_data_sets():
    assert presets.names("msg_gan") == list(RESOLUTIONS)


def test_a_preset_builds_with_other_widths():
    gan = MSGGAN.from_preset(
        "msg_gan_celebahq_1024", max_channels=64, latent_dim=4
    )
    shapes = [images.shape[1] for images in gan.generator.outputs]
    assert shapes == [4, 8, 16, 32, 64, 128, 256, 512, 1024]
    assert gan.ema_decay == 0.999
    assert not gan.joint_scoring
