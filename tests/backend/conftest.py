"""Which of these tests belong to the backend."""

import os

# Only JAX lowers for devices that are not there.
collect_ignore = (
    [] if os.environ["KERAS_BACKEND"] == "jax" else ["test_lowering.py"]
)
