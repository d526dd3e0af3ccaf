"""The device that a backend computes on: its name, memory and matrix product.

KERAS_BACKEND=torch python -m benchmarks.device mixed_bfloat16
"""

import sys

import keras
from keras import ops

from benchmarks import machine
from keras_gans import backend

# Sides of a square matrix: a larger one keeps a larger device busy.
SIDE, SIDE_OF_ACCELERATORS = 2048, 8192


def name() -> str:
    """Returns the device's name, `cpu` for the processor."""
    kind = backend.device_kind()
    if kind == "cpu":
        return kind
    return backend.timing_device(ops.zeros(())) or kind


def peak_memory() -> int:
    """Returns the most memory that was in use so far, in bytes.

    Of the first GPU or TPU, or else of this process.
    """
    if backend.device_kind() == "cpu":
        return machine.peak_memory()
    return {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[
        keras.backend.backend()
    ]()


def _tensorflow():
    import tensorflow as tf

    kind = backend.device_kind().upper()
    return tf.config.experimental.get_memory_info(f"{kind}:0")["peak"]


def _jax():
    import jax

    return jax.local_devices()[0].memory_stats()["peak_bytes_in_use"]


def _torch():
    import torch

    return torch.cuda.max_memory_allocated()


def best_product(precision: str) -> float:
    """Returns operations a second of the backend's best matrix product.

    Convolutions in float32 are computed in TF32 on GPUs that have it, unless
    the backend is told otherwise; so is this product.
    """
    kind = backend.device_kind()
    if keras.backend.backend() == "torch" and kind == "gpu":
        import torch

        torch.backends.cuda.matmul.allow_tf32 = True
    size = SIDE if kind == "cpu" else SIDE_OF_ACCELERATORS
    matrix = ops.ones((size, size), precision.removeprefix("mixed_"))
    multiply = backend.compiled(ops.matmul)

    def run():
        backend.wait_for(multiply(matrix, matrix))

    return 2 * size**3 / min(machine.seconds(run) for _ in range(50))


if __name__ == "__main__":
    print(best_product(sys.argv[1]) if sys.argv[1:] else name())
