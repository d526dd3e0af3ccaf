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
# give 4 or 10.
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
