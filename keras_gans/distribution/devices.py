"""The devices that a distribution spreads over."""

import os

import keras

from keras_gans.checks import integer
from keras_gans.data.runtime import tf

XLA_DEVICE_COUNT = "--xla_force_host_platform_device_count"


def virtual_cpu_devices(count: int) -> None:
    """Divides the processor into several devices, to try a distribution out.

    It must come before anything is computed, because a backend fixes its
    devices when it first uses one. Calling it again with the same count does
    nothing. On JAX it sets `XLA_FLAGS` in the environment of this process.

    Args:
        count: Number of devices, at least 1.

    Raises:
        ValueError: If the count is below 1, or the backend has no virtual
            devices.
        RuntimeError: If the backend has already fixed its devices.
    """
    integer("count", count)
    backend = keras.backend.backend()
    if backend == "tensorflow":
        available = _divide_for_tensorflow(count)
    elif backend == "jax":
        available = _divide_for_jax(count)
    else:
        raise ValueError(
            "Virtual devices exist on the backends tensorflow and jax. "
            f"Received: {count} virtual devices on {backend}. Leave them out, "
            "or set KERAS_BACKEND to tensorflow or jax."
        )
    if available != count:
        raise RuntimeError(
            "Virtual devices must be made before the backend computes "
            f"anything. Received: {count}, when {backend} has already started "
            f"with {available}. Call virtual_cpu_devices({count}) first in "
            "the program."
        )


def _divide_for_tensorflow(count: int) -> int:
    processor = tf.config.list_physical_devices("CPU")[0]
    devices = [tf.config.LogicalDeviceConfiguration() for _ in range(count)]
    try:
        tf.config.set_logical_device_configuration(processor, devices)
    except RuntimeError:
        return len(tf.config.list_logical_devices("CPU"))
    return count


def _divide_for_jax(count: int) -> int:
    flags = os.environ.get("XLA_FLAGS", "")
    kept = [f for f in flags.split() if not f.startswith(XLA_DEVICE_COUNT)]
    os.environ["XLA_FLAGS"] = " ".join([*kept, f"{XLA_DEVICE_COUNT}={count}"])
    # Listing the devices makes JAX read the flag now.
    available = len(keras.distribution.list_devices("cpu"))
    if available != count:
        os.environ["XLA_FLAGS"] = flags
    return available
