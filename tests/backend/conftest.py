"""Which of these tests belong to which backend."""

import os

# JAX alone lowers for devices that are not there, TensorFlow lists kernels.
OWN = {"jax": "test_lowering.py", "tensorflow": "test_kernels.py"}
collect_ignore = [
    file for name, file in OWN.items() if name != os.environ["KERAS_BACKEND"]
]
