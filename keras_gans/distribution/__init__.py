"""Training on several devices, by the name of the way to do it."""

from keras_gans.backend import is_chief
from keras_gans.distribution.devices import virtual_cpu_devices
from keras_gans.distribution.strategies import (
    NAMES,
    Replicas,
    check_batch_size,
    distribute,
)

__all__ = [
    "NAMES",
    "Replicas",
    "check_batch_size",
    "distribute",
    "is_chief",
    "virtual_cpu_devices",
]
