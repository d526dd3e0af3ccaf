"""Networks of images that are not square."""

import keras
import numpy as np
import pytest

from keras_gans import ACGAN, LGAGAN, MSGGAN, R3GAN, SAGAN, WGANGP
from keras_gans.models import GAN
from keras_gans.networks.frame import Frame
from keras_gans.presets.training import GANSettings

WIDTHS = {"generator_width": 8, "discriminator_width": 8}


@pytest.mark.parametrize(
    ("resolution", "size", "shape"),
    [
        (32, 4, (4, 4)),
        ((32, 64), 4, (4, 8)),
        ((64, 32), 8, (16, 8)),
        ([32, 40], 4, (4, 5)),
        ((128, 192), 8, (8, 12)),
    ],
)
def test_maps_have_the_shape_of_the_images(resolution, size, shape):
    assert Frame.of(resolution).map(size) == shape


@pytest.mark.parametrize(
    ("resolution", "words"),
    [
        ((32, 44), "multiple of 8.*Received: resolution=32x44.*40 for 44"),
        ((68, 64), "multiple of 16.*Received: resolution=68x64.*64 for 68"),
        ((32, 64, 3), "must be an integer"),
        ((32, 0), "resolution=0"),
        ("32x64", "must be an integer"),
    ],
)
def test_maps_without_a_whole_number_of_pixels_are_refused(resolution, words):
    with pytest.raises(ValueError, match=words):
        Frame.of(resolution)


SYSTEMS = [
    (SAGAN, WIDTHS | {"attention_resolution": 8, "num_classes": 3}, (1,)),
    (ACGAN, WIDTHS | {"num_classes": 3}, (1,)),
    (WGANGP, WIDTHS | {"num_classes": 3}, (1,)),
    (LGAGAN, WIDTHS | {"map_resolution": 8}, None),
    (LGAGAN, WIDTHS | {"map_resolution": 4, "backbone": "sngan"}, None),
    (MSGGAN, {"max_channels": 4, "latent_dim": 4}, (1,)),
    (R3GAN, WIDTHS | {"blocks": 1, "num_classes": 3}, (1,)),
]


@pytest.mark.once
@pytest.mark.parametrize("resolution", [(32, 64), (48, 32)])
@pytest.mark.parametrize(("model", "settings", "scores"), SYSTEMS)
def test_every_system_makes_and_scores_them(
    model, settings, scores, resolution
):
    gan = model.from_settings(resolution=resolution, channels=1, **settings)
    expected = (None, *resolution, 1)
    assert gan.sampling_generator.output_shape == expected
    largest = gan.discriminator.inputs[-1 if model is MSGGAN else 0]
    assert largest.shape == expected
    if scores is None:
        side = settings["map_resolution"]
        unit = min(resolution) // side
        scores = (*(length // unit for length in resolution), 1)
    assert gan.discriminator.outputs[0].shape[1:] == scores


@pytest.mark.once
def test_square_images_have_the_layers_that_they_had():
    # Exports and checkpoints go by these.
    gan = MSGGAN.from_settings(resolution=(8, 8), max_channels=4, latent_dim=4)
    first = gan.generator.get_layer("block_4_latents").get_config()
    last = gan.discriminator.get_layer("block_4_conv_2").get_config()
    assert (first["size"], last["kernel_size"]) == (4, 4)
    gan = R3GAN.from_settings(resolution=8, **WIDTHS, blocks=1)
    assert gan.generator.get_layer("stage_4_basis").get_config()["size"] == 4


def test_a_model_of_several_scales_trains_and_comes_back(tmp_path):
    gan = MSGGAN.from_settings(
        resolution=(8, 16),
        channels=1,
        max_channels=4,
        latent_dim=4,
        penalty_weight=1.0,
        loss="wasserstein",
    )
    shapes = [shape[1:3] for shape in gan.generator.output_shape]
    assert shapes == [(4, 8), (8, 16)]
    images = np.random.default_rng(0).uniform(-1, 1, (8, 8, 16, 1))
    gan.fit(images.astype("float32"), batch_size=4, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert isinstance(loaded, GAN)
    latents = np.ones((2, 4), "float32")
    np.testing.assert_array_equal(
        loaded.predict(latents, verbose=0), gan.predict(latents, verbose=0)
    )


@pytest.mark.once
@pytest.mark.parametrize(
    ("model", "settings", "words"),
    [
        (LGAGAN, {"backbone": "geo_gan", "map_resolution": 0}, "networks"),
        (WGANGP, {"architecture": "dcgan"}, "architecture='dcgan'"),
        (WGANGP, {"architecture": "resnet101"}, "architecture='resnet101'"),
    ],
)
def test_networks_of_square_images_say_so(model, settings, words):
    with pytest.raises(ValueError, match=f"{words} are for square images"):
        model.from_settings(resolution=(32, 64), **settings)


@pytest.mark.once
def test_settings_take_two_sides_and_know_squares():
    present = GANSettings.present
    assert present({"resolution": [32, 64]}) == {"resolution": (32, 64)}
    assert present({"resolution": (32, 32)}) == {"resolution": 32}
    for wrong in ((32, 64, 3), (32, 0), "32", 0, (32,)):
        with pytest.raises(ValueError, match="resolution must be"):
            GANSettings(resolution=wrong)
