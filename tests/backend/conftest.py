"""Which of these tests belong to which backend."""

import os

# JAX alone lowers for devices that are not there, TensorFlow lists kernels, and
# PyTorch's steps are traced by us and convolved with oneDNN or without.
OWN = {
    "test_lowering.py": "jax",
    "test_kernels.py": "tensorflow",
    "test_step_graph.py": "torch",
    "test_torch_convolution.py": "torch",
}
collect_ignore = [
    file for file, name in OWN.items() if name != os.environ["KERAS_BACKEND"]
]
