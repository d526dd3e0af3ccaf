"""Memory over hundreds of training steps."""

import ctypes
import gc
import os
import pathlib
import statistics

import keras
import numpy as np
import pytest

from keras_gans import GAN
from keras_gans.callbacks import InputMonitor, Throughput
from keras_gans.data import load_images

pytestmark = pytest.mark.long

BATCH, SIDE = 128, 16
BATCH_BYTES = 4 * BATCH * SIDE**2
# A leak adds the same to every block of steps; what is allocated once, when
# something runs for the first time, adds to one of them.
BLOCK, BLOCKS = 40, 5
LIMIT = 0.25 * BLOCK * BATCH_BYTES


def resident_memory():
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)
    pages = pathlib.Path("/proc/self/statm").read_text("ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGESIZE")


class Memory(keras.callbacks.Callback):
    """Measures the memory after every block; leaks on purpose, if told to."""

    def __init__(self, leak):
        super().__init__()
        self.leak, self.kept, self.measured = leak, [], []
        self.steps = 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if self.leak:
            self.kept.append(np.ones(BATCH_BYTES // 4, "float32"))
        if self.steps % BLOCK == 0:
            self.measured.append(resident_memory())


def build():
    """A model with every kind of state that a step carries."""
    layers = keras.layers
    generator = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(32),
            layers.BatchNormalization(),
            layers.Dense(SIDE**2, activation="tanh"),
            layers.Reshape((SIDE, SIDE, 1)),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            layers.Flatten(),
            layers.Dense(32, activation="leaky_relu"),
            layers.Dropout(0.1),
            layers.Dense(1),
        ]
    )
    gan = GAN(generator, discriminator, loss="hinge", ema_decay=0.9)
    gan.compile()
    return gan


def growth_of_a_block(leak):
    """Returns by how many bytes the memory grows in a block, the median."""
    memory = Memory(leak)
    images = load_images("embedded", resolution=SIDE, channels=1)
    batches = images.training_batches(BATCH, seed=0)
    # On a busy machine these steps may well wait; that is not the question.
    monitor = InputMonitor(batches, threshold=1.0)
    build().fit(
        monitor.batches,
        steps_per_epoch=BLOCK * BLOCKS // 2,
        epochs=2,
        verbose=0,
        shuffle=False,
        callbacks=[monitor, Throughput(BATCH), memory],
    )
    return statistics.median(np.diff(memory.measured))


def test_training_does_not_fill_the_memory():
    assert growth_of_a_block(leak=False) < LIMIT


def test_a_leak_of_one_batch_a_step_would_be_seen():
    assert growth_of_a_block(leak=True) > 2 * LIMIT
