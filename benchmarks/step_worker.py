"""A process that trains one variant of one model when it is told to.

It answers lines of its standard input: a number of steps by the seconds they
took, `counts` by what is counted from the graph.
"""

import dataclasses
import json
import sys
import time

import keras
from keras import ops

from benchmarks.counting import count_step
from benchmarks.device import peak_memory
from benchmarks.machine import seconds
from keras_gans import SAGAN, backend
from keras_gans.data import load_images
from recipes import quickstart
from recipes.common.images import build_model, load_data

# 32 px colour images of ten classes. The first is the reference network of
# which the speed is stated: SNGAN's ResNets, 128 channels everywhere.
MODELS = {
    "SNGAN": (
        "SAGAN",
        "sagan_cifar10_32",
        64,
        {
            "attention_resolution": 0,
            "generator_width": 128,
            "discriminator_width": 128,
            "generator_multipliers": (1, 1, 1, 1),
            "discriminator_multipliers": (1, 1, 1, 1),
            "spectral_norm": "discriminator",
        },
    ),
    "SAGAN": ("SAGAN", "sagan_cifar10_32", 32, {}),
    "MSG-GAN": ("MSGGAN", "msg_gan_cifar10_32", 32, {"max_channels": 128}),
    "AC-GAN": ("ACGAN", "ac_gan_cifar10_32", 32, {}),
    "WGAN-GP": (
        "WGANGP",
        "wgan_gp_cifar10_32",
        32,
        {
            "n_critic": 1,
            "generator_width": 64,
            "discriminator_width": 64,
        },
    ),
    "LGA": ("LGAGAN", "lga_cifar10_32", 32, {"n_critic": 1}),
    "R3GAN": (
        "R3GAN",
        "r3gan_cifar10_32",
        32,
        {
            "generator_width": 64,
            "discriminator_width": 64,
            "blocks": 1,
            "ada": False,
            "augment_probability": None,
        },
    ),
}
# Seconds of steps before those that are timed.
WARMING = 6.0
# What each form changes; AC-GAN has one form of convolutions.
PLAIN = {"folding": False}
FORMS = {
    "keras": PLAIN,
    "plain": PLAIN,
    "folded": {},
    "shared fakes": {"share_fakes": True},
    "lazy penalty": {"penalty_interval": 4},
    "accumulated": {"accumulate": 4},
    "remat": {"remat": True},
    "diffaugment": {"diffaugment": ("color", "translation", "cutout")},
    "ada": {"ada": True},
}


def use_keras_operations():
    """Lets layers compute by Keras's operations, as Keras's own do."""

    def convolve(inputs, kernel, bias=None, strides=1, padding="same"):
        outputs = ops.conv(inputs, kernel, strides, padding)
        return outputs if bias is None else outputs + bias

    def upsample(inputs):
        return ops.repeat(ops.repeat(inputs, 2, axis=1), 2, axis=2)

    backend.convolve = convolve
    backend.upsample = upsample
    backend.average_pool = lambda inputs: ops.average_pool(inputs, 2, 2)


def build(model, form):
    """Returns the compiled model and a batch of real images."""
    import keras_gans

    if model == "quickstart":
        return build_quickstart(form)
    family, preset, size, changes = MODELS[model]
    keras.utils.set_random_seed(0)
    gan = getattr(keras_gans, family).from_preset(
        preset, **changes, **FORMS[form]
    )
    images = load_images("embedded", resolution=32, channels=3)
    size *= gan.n_critic
    batch, labels = next(
        images.training_batches(size, seed=0).as_numpy_iterator()
    )
    return gan, (batch, labels) if gan.num_classes else (batch,)


def build_quickstart(form):
    """Returns the quickstart's model and a batch."""
    config = dataclasses.replace(quickstart.CPU, **FORMS[form])
    keras.utils.set_random_seed(0)
    images = load_data(config)
    gan = build_model(SAGAN, config, images.num_classes)
    batches = images.training_batches(config.images_per_step, seed=0)
    return gan, next(batches.as_numpy_iterator())


def main():
    """Answers until its input ends."""
    model, form, precision = sys.argv[1:]
    if form == "keras":
        use_keras_operations()
    keras.config.set_dtype_policy(precision)
    before = peak_memory()
    gan, batch = build(model, form)

    def train(steps):
        for _ in range(steps):
            gan.train_on_batch(*batch)

    train(2)
    # PyTorch's step is traced when steps have taken some seconds.
    started = time.perf_counter()
    while time.perf_counter() - started < WARMING:
        train(1)
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        if line.strip() == "counts":
            used = peak_memory() - before
            flops, moved = count_step(gan, batch)
            answer = {
                "images": len(batch[0]),
                "flops": flops,
                "bytes": moved,
                "memory": used,
            }
        else:
            answer = seconds(train, int(line)) / int(line)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
