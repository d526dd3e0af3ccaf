"""The recipe `msg_gan`: its settings and refusals."""

import dataclasses

import pytest

from keras_gans import presets
from recipes import msg_gan

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"conditional": True}, "unconditional.*--conditional=false"),
        ({"max_channels": 1}, "max_channels must be at least 2"),
        ({"group_size": 3}, "batch_size=8, group_size=3"),
        ({"group_size": 0}, "group_size must be at least 1"),
        ({"penalty_weight": -1.0}, "penalty_weight must be at least 0"),
        ({"combine": "sum"}, "combine.*concat, add"),
        ({"loss": "hing"}, "Did you mean 'hinge'"),
    ],
)
def test_wrong_settings_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(msg_gan.PRESETS["smoke"], **changes)


def test_the_paper_preset_is_the_published_configuration():
    settings = presets.load("msg_gan_cifar10_32")
    paper = dataclasses.asdict(msg_gan.PRESETS["paper"])
    assert {name: paper[name] for name in settings} == settings
    assert paper["conditional"] is False
    assert paper["learning_rate_decay"] is False
    assert paper["share_fakes"] is False
    assert paper["evaluation_samples"] == 50_000


def test_what_is_not_set_is_as_published():
    # Karnewar & Iyengar (2019), section 4.
    config = msg_gan.Config(
        resolution=32,
        steps=1,
        batch_size=8,
        evaluate_every=0,
        sample_every=0,
        checkpoint_every=0,
        evaluation_samples=2,
    )
    assert config.generator_learning_rate == 1e-3
    assert config.discriminator_learning_rate == 1e-3
    assert (config.beta_1, config.beta_2) == (0.0, 0.99)
    assert (config.latent_dim, config.max_channels) == (512, 512)
    assert (config.ema_decay, config.ema_start) == (0.999, 0)
    assert config.loss == "relativistic_hinge"
