"""Which distributions this backend has, and programs that use them."""

import os
import subprocess
import sys

import keras
import pytest

OTHER_BACKENDS = {"tensorflow", "jax", "torch"} - {keras.backend.backend()}
collect_ignore = [f"test_on_{backend}.py" for backend in OTHER_BACKENDS]

# A linear model of weight 0 is trained one step on inputs x and targets 1, by
# mean squared error at learning rate 1. The gradient is -2·mean(x) over the
# whole batch, so w = 2·mean(x) = 7 for x = 1, 2, ..., 6; one half alone would
# give 4 or 10. And a GAN keeps an average of three steps, whose closed form is
# Σ ((t/3)^(γ+1) - ((t-1)/3)^(γ+1)) θ(t).
TRAIN = """
import keras
import numpy as np


def weight_after_a_step():
    model = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.zeros((1, 1))])
    model.compile(keras.optimizers.SGD(1.0), "mse", jit_compile=False)
    x = np.arange(1.0, 7.0).reshape(6, 1).astype("float32")
    model.fit(x, np.ones_like(x), batch_size=6, shuffle=False, verbose=0)
    return float(model.get_weights()[0][0, 0])


def error_of_averages():
    from keras_gans import GAN
    from keras_gans.models.profiles import exponent
    from keras_gans.networks.mlp import mlp_discriminator, mlp_generator

    gan = GAN(
        mlp_generator(2, width=2, depth=1),
        mlp_discriminator(width=2, depth=1),
        averages=(0.1,),
    )
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    x = np.random.default_rng(0).uniform(-1, 1, (4, 2)).astype("float32")
    history = []
    for _ in range(3):
        gan.fit(x, batch_size=4, shuffle=False, verbose=0)
        history.append(gan.generator.get_weights())
    shares = np.diff((np.arange(4) / 3) ** (exponent(0.1) + 1))
    return max(
        np.abs(kept.numpy() - np.tensordot(shares, values, 1)).max()
        for kept, *values in zip(gan.power_averages.weights, *history)
    )
"""


class Program:
    """A program in a process of its own, where devices are not fixed yet."""

    def __init__(self, source, **environment):
        self.process = subprocess.Popen(
            [sys.executable, "-c", TRAIN + source],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"} | environment,
        )

    def lines(self):
        try:
            output, errors = self.process.communicate(timeout=240)
        finally:
            self.process.kill()
        assert self.process.returncode == 0, errors[-4000:]
        return output.splitlines()


@pytest.fixture(scope="session")
def start():
    return Program
