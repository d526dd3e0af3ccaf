"""BigGAN's trunk: sizes, values in float64, and what reaches which block."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans.networks import resnet_discriminator, resnet_generator

CLASSES, LATENTS, SHARED = 5, 16, 6
SMALL = {
    "resolution": 32,
    "channels": 1,
    "width": 3,
    "num_classes": CLASSES,
    "latent_dim": LATENTS,
    "shared_embedding": SHARED,
    "skip_z": True,
    "spectral_norm": False,
}


def parameters(network):
    return sum(np.prod(w.shape, dtype=int) for w in network.trainable_weights)


@pytest.mark.once
def test_parameters_are_those_that_the_released_code_prints():
    # 158.4 million together, the last rows of the paper's Table 1.
    options = {"resolution": 128, "width": 96, "num_classes": 1000}
    options["attention_resolution"] = 64
    generator = resnet_generator(
        latent_dim=120, shared_embedding=128, skip_z=True, **options
    )
    assert parameters(generator) == 70_433_988
    assert parameters(resnet_discriminator(**options)) == 87_982_370


@pytest.mark.once
@pytest.mark.parametrize(
    ("options", "vector", "first"),
    [
        ({}, SHARED + LATENTS // 4, LATENTS // 4),
        ({"skip_z": False}, SHARED, LATENTS),
        ({"num_classes": 0, "shared_embedding": 0}, 4, 4),
    ],
)
def test_parameters_have_the_closed_form(options, vector, first):
    options = SMALL | options
    width, blocks = 3, 3
    expected = first * 16 * width + 16 * width
    # Two 3x3 convolutions and a shortcut; two normalizations by vectors.
    expected += blocks * (
        2 * (9 * width**2 + width) + width**2 + width + 2 * 2 * vector * width
    )
    expected += 2 * width + 9 * width + 1
    expected += options["num_classes"] * options["shared_embedding"]
    generator = resnet_generator(**options)
    assert parameters(generator) == expected


def convolved(images, kernel, bias):
    size = kernel.shape[0]
    around = size // 2
    height, width = images.shape[1:3]
    padded = np.pad(
        images, [(0, 0), (around, around), (around, around), (0, 0)]
    )
    return bias + sum(
        padded[:, i : i + height, j : j + width] @ kernel[i, j]
        for i in range(size)
        for j in range(size)
    )


def by_numpy(generator, latents, labels):
    """The generator in training, by its weights, in float64."""
    weights = {
        "/".join(w.path.split("/")[-2:]): ops.convert_to_numpy(w).astype(
            "float64"
        )
        for w in generator.weights
    }
    # Projections lie within a normalization's layer.
    for w in generator.weights:
        value = ops.convert_to_numpy(w).astype("float64")
        weights["/".join(w.path.split("/")[-3:])] = value

    def standardized(x):
        mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
        return (x - mean) / np.sqrt(variance + 1e-5)

    def convolution(x, name):
        return convolved(x, weights[f"{name}/kernel"], weights[f"{name}/bias"])

    chunks = np.split(latents, 4, axis=1)
    embedded = weights["shared_embedding/embeddings"][labels]
    x = chunks[0] @ weights["dense/kernel"] + weights["dense/bias"]
    x = x.reshape(len(x), 4, 4, -1)
    for block, chunk in zip((8, 16, 32), chunks[1:], strict=True):
        vector = np.concatenate([embedded, chunk], axis=1)

        def activated(x, index, name=f"block_{block}", vector=vector):
            scale, offset = (
                vector @ weights[f"{name}_bn_{index}/{kind}/kernel"]
                for kind in ("scale", "offset")
            )
            x = standardized(x) * (1 + scale)[:, None, None]
            return np.maximum(x + offset[:, None, None], 0.0)

        name = f"block_{block}"
        y = activated(x, 1).repeat(2, axis=1).repeat(2, axis=2)
        y = activated(convolution(y, f"{name}_conv_1"), 2)
        y = convolution(y, f"{name}_conv_2")
        up = x.repeat(2, axis=1).repeat(2, axis=2)
        x = y + convolution(up, f"{name}_shortcut")
    x = standardized(x) * weights["final_bn/gamma"] + weights["final_bn/beta"]
    return np.tanh(convolution(np.maximum(x, 0.0), "to_image"))


@pytest.fixture(scope="module")
def generator():
    # Of these weights float32 is to 2e-6 of the formulas; of others a channel
    # is nearly 0 everywhere, and its normalization enlarges roundings.
    keras.utils.set_random_seed(2)
    return resnet_generator(**SMALL)


def drawn(count=3):
    random = np.random.default_rng(1)
    latents = random.normal(size=(count, LATENTS)).astype("float32")
    return latents, random.integers(0, CLASSES, count).astype("int32")


def test_images_are_those_of_the_formulas(generator):
    latents, labels = drawn()
    images = ops.convert_to_numpy(generator([latents, labels], training=True))
    expected = by_numpy(generator, latents.astype("float64"), labels)
    assert images.std() > 1e-2
    assert_allclose(images, expected, atol=2e-5)


@pytest.mark.once
def test_a_chunk_reaches_its_block_and_those_after_it(generator):
    names = ("reshape", "block_8", "block_16", "block_32")
    features = keras.Model(
        generator.inputs, [generator.get_layer(name).output for name in names]
    )
    latents, labels = drawn()
    before = features([latents, labels])
    for place in range(4):
        moved = latents.copy()
        moved[:, 4 * place : 4 * place + 4] += 1.0
        after = features([moved, labels])
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            if index < place:
                assert_array_equal(new, old)
            else:
                assert np.abs(new - old).max() > 1e-4


@pytest.mark.once
def test_one_table_is_all_that_knows_the_classes(generator):
    of_classes = [w for w in generator.weights if w.shape[:1] == (CLASSES,)]
    assert [tuple(w.shape) for w in of_classes] == [(CLASSES, SHARED)]
    latents, labels = drawn()
    first = generator([latents, labels])
    others = generator([latents, (labels + 1) % CLASSES])
    assert np.abs(first - others).max() > 1e-3


@pytest.mark.once
def test_without_options_the_weights_are_sagan_s():
    options = {"resolution": 32, "width": 8, "num_classes": 3}
    plain = resnet_generator(**options)
    off = resnet_generator(**options, shared_embedding=0, skip_z=False)
    paths = [[(w.path, w.shape) for w in n.weights] for n in (plain, off)]
    assert paths[0] == paths[1]
    assert not any("shared" in path or "chunk" in path for path, _ in paths[0])


@pytest.mark.once
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"latent_dim": 14}, "a multiple of 4.*latent_dim=14. Use 12 or 16"),
        ({"latent_dim": 3}, "latent_dim=3. Use 4"),
        ({"shared_embedding": 0}, "shared_embedding=0. Give shared_emb"),
        ({"num_classes": 0}, "num_classes=0. Train with classes"),
    ],
)
def test_what_does_not_fit_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        resnet_generator(**SMALL | changes)
