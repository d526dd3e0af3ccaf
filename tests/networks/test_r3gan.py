"""R3GAN's networks against the released code's sizes and float64 oracles."""

import math

import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose

from keras_gans.networks import r3gan_discriminator, r3gan_generator
from keras_gans.networks.r3gan import stage_widths
from tests.networks import r3gan_oracle

# Of the released code's train.py: widths and cardinalities of the stages from
# 4 pixels on, classes; two blocks a stage, expansion 2, 64 latents.
PUBLISHED = {
    "CIFAR-10": ([768] * 4, [96] * 4, 10),
    "ImageNet-32": ([1536] * 4, [96] * 4, 1000),
    "ImageNet-64": ([1536] * 5, [96] * 5, 1000),
    "FFHQ-64": ([768] * 4 + [384], [96] * 4 + [48], 0),
    "FFHQ-256": (
        [768] * 4 + [384, 192, 96],
        [96] * 4 + [48, 24, 12],
        0,
    ),
}
# Worked out by hand for CIFAR-10. A block: 2·768·1536 + 9·16·1536 + 2·1536.
BLOCK = 2_359_296 + 221_184 + 3_072
BY_HAND = {
    # (64 + 64)·768 + 16·768 + 8 blocks + 768·3 + 10·64.
    "generator": 98_304 + 12_288 + 8 * BLOCK + 2_304 + 640,
    # 3·768 + 8 blocks + 16·768 + 768² + 10·768.
    "discriminator": 2_304 + 8 * BLOCK + 12_288 + 589_824 + 7_680,
}
SMALL = {
    "resolution": 16,
    "channels": 2,
    "width": 4,
    "multipliers": (2, 2, 1),
    "blocks": 2,
    "expansion": 2,
    "group_size": 4,
}
CLASSES = pytest.mark.parametrize("classes", [0, 3])


def parameters(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


def blocks(widths, cardinalities):
    """Parameters of all blocks: 1x1, grouped 3x3, 1x1, and two biases."""
    total = 0
    for width, groups in zip(widths, cardinalities, strict=True):
        inside = 2 * width
        grouped = 9 * inside * (inside // groups)
        total += 2 * (2 * width * inside + grouped + 2 * inside)
    return total


def transitions(widths):
    """1x1 convolutions between stages of different widths."""
    pairs = zip(widths[:-1], widths[1:], strict=True)
    return sum(a * b for a, b in pairs if a != b)


@pytest.mark.once
@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_those_of_the_released_code(name):
    widths, cardinalities, classes = PUBLISHED[name]
    inner = blocks(widths, cardinalities) + transitions(widths)
    first, last = widths[0], widths[-1]
    given = 64 + (64 if classes else 0)
    generator = given * first + 16 * first + inner + last * 3 + classes * 64
    scored = first * first + classes * first if classes else first
    discriminator = 3 * last + inner + 16 * first + scored
    if name == "CIFAR-10":
        expected = [BY_HAND["generator"], BY_HAND["discriminator"]]
        assert [generator, discriminator] == expected
        assert expected == [20_781_952, 21_280_512]
    options = {
        "resolution": 4 << (len(widths) - 1),
        "num_classes": classes,
        "width": last,
        "multipliers": tuple(width // last for width in widths),
        "group_size": 2 * first // cardinalities[0],
    }
    networks = r3gan_generator(**options), r3gan_discriminator(**options)
    assert list(map(parameters, networks)) == [generator, discriminator]
    grouped = networks[0].get_layer("stage_4_block_1_conv_2")
    assert grouped.groups == cardinalities[0]


def built(build, classes, **changes):
    """Returns a network, and its weights drawn anew, by name in float64."""
    network = build(num_classes=classes, **SMALL | changes)
    random = np.random.default_rng(0)
    weights = {}
    for weight in network.weights:
        fan_in = max(math.prod(weight.shape[:-1]), 1)
        value = random.normal(size=weight.shape) / math.sqrt(fan_in)
        weight.assign(value)
        name = "/".join(weight.path.split("/")[-2:])
        weights[name] = ops.convert_to_numpy(weight).astype("float64")
    return network, weights


@CLASSES
def test_images_are_those_of_the_float64_oracle(classes):
    network, weights = built(r3gan_generator, classes, latent_dim=6)
    random = np.random.default_rng(1)
    latents = random.normal(size=(3, 6)).astype("float32")
    labels = np.array([2, 0, 2], "int32") if classes else None
    expected = r3gan_oracle.generated(
        weights, latents.astype("float64"), labels, (4, 8, 16), 2
    )
    inputs = [latents, labels] if classes else latents
    images = ops.convert_to_numpy(network(inputs))
    assert images.shape == (3, 16, 16, 2)
    assert_allclose(images, expected, rtol=1e-4, atol=1e-4)


@CLASSES
def test_scores_are_those_of_the_float64_oracle(classes):
    network, weights = built(r3gan_discriminator, classes)
    random = np.random.default_rng(1)
    images = random.normal(size=(3, 16, 16, 2)).astype("float32")
    labels = np.array([2, 0, 2], "int32") if classes else None
    expected = r3gan_oracle.scored(
        weights, images.astype("float64"), labels, (4, 8, 16), 2
    )
    inputs = [images, labels] if classes else images
    scores = ops.convert_to_numpy(network(inputs))
    assert scores.shape == (3, 1)
    assert_allclose(scores, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.once
@pytest.mark.parametrize("build", [r3gan_generator, r3gan_discriminator])
def test_at_the_start_blocks_pass_their_input_and_scale_by_fixup(build):
    network = build(
        resolution=32, width=128, blocks=3, num_classes=50, group_size=32
    )
    # √(2 / 1.04), and of twelve blocks the fourth root.
    gain = math.sqrt(2 / 1.04) * 12**-0.25
    deviations = {
        "conv_1/kernel": gain / math.sqrt(128),
        "conv_2/kernel": gain / math.sqrt(9 * 32),
        "conv_1/bias": 0.0,
        "conv_2/bias": 0.0,
        "conv_3/kernel": 0.0,
        "/images/kernel": 1 / math.sqrt(128),
        "projected/kernel": 1 / math.sqrt(128),
    }
    length = 1 if build is r3gan_generator else 128
    deviations["class_vectors/embeddings"] = 1 / math.sqrt(50 * length)
    seen = set()
    for weight in network.weights:
        for name, deviation in deviations.items():
            if f"/{weight.path}".endswith(name):
                seen.add(name)
                value = ops.convert_to_numpy(weight).astype("float64")
                error = 4 * deviation / math.sqrt(2 * value.size)
                assert abs(value.std() - deviation) <= error, weight.path
    own = {"/images/kernel", "projected/kernel"}
    assert len(seen - own) == len(deviations) - 2
    block = network.get_layer("stage_8_block_2")
    inputs = np.random.default_rng(0).normal(size=(2, 8, 8, 128))
    zeros = np.zeros_like(inputs)
    assert_allclose(ops.convert_to_numpy(block([inputs, zeros])), inputs, 1e-6)


@pytest.mark.once
def test_widths_halve_where_they_are_published_to():
    assert stage_widths(64, 384, (2, 2, 2, 2, 1)) == {
        4: 768,
        8: 768,
        16: 768,
        32: 768,
        64: 384,
    }
    network = r3gan_discriminator(**SMALL | {"multipliers": (4, 2, 1)})
    shapes = [
        network.get_layer(f"stage_{size}_block_2").output.shape[1:]
        for size in (16, 8, 4)
    ]
    assert shapes == [(16, 16, 4), (8, 8, 8), (4, 4, 16)]


@pytest.mark.once
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"resolution": 24}, "power of two of 8 or more. Received.*24"),
        ({"resolution": 4}, "power of two of 8 or more"),
        ({"multipliers": (1, 1)}, "4, 8, 16 pixels.*multipliers=\\(1, 1\\)"),
        ({"group_size": 6}, "multiple of `group_size`.*at 4 pixels"),
        ({"blocks": 0}, "blocks"),
    ],
)
@pytest.mark.parametrize("build", [r3gan_generator, r3gan_discriminator])
def test_what_cannot_be_is_refused(build, changes, words):
    with pytest.raises(ValueError, match=words):
        build(**SMALL | changes)
