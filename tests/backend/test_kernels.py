"""Which operations of a training step TensorFlow has GPU kernels for.

Its packages for Linux contain them, whether or not there is a GPU.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import kernels

from keras_gans import ACGAN, LGAGAN, MSGGAN, R3GAN, SAGAN, WGANGP, ProGAN

WIDTHS = {"generator_width": 8, "discriminator_width": 8}
SYSTEMS = {
    SAGAN: WIDTHS | {"attention_resolution": 8, "num_classes": 3},
    MSGGAN: {"max_channels": 4},
    ACGAN: WIDTHS | {"num_classes": 3},
    WGANGP: WIDTHS | {"n_critic": 1},
    LGAGAN: WIDTHS | {"n_critic": 1, "remat": True},
    R3GAN: WIDTHS | {"num_classes": 3, "group_size": 8, "burn_in": 3},
    ProGAN: {"max_channels": 4},
}


@pytest.fixture
def mixed_bfloat16():
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy("float32")


def on_gpus(operation):
    """Whether there is a GPU kernel for the types of an operation."""
    definition = operation.node_def
    for kernel in kernels.get_registered_kernels_for_op(operation.type).kernel:
        # The default ones are for every device.
        if kernel.device_type in ("GPU", "DEFAULT") and all(
            definition.attr[constraint.name].type
            in constraint.allowed_values.list.type
            for constraint in kernel.constraint
        ):
            return True
    return False


def computes_floats(operation):
    tensors = (*operation.inputs, *operation.outputs)
    return any(tensor.dtype.is_floating for tensor in tensors)


def off_gpus(function, *arguments):
    """Returns the operations on floats that a GPU would leave to the CPU."""
    graph = tf.function(function).get_concrete_function(*arguments).graph
    operations = list(filter(computes_floats, graph.get_operations()))
    assert len(operations) > 1
    return {o.type for o in operations if not on_gpus(o)}


def test_the_search_finds_what_has_no_kernel():
    # Only CPUs have one for the eigenvalues of matrices that are not symmetric.
    found = off_gpus(tf.linalg.eigvals, tf.eye(2) + tf.ones((2, 2)))
    assert found == {"Eig"}


@pytest.mark.usefixtures("mixed_bfloat16")
@pytest.mark.skipif(
    not tf.test.is_built_with_cuda(), reason="TensorFlow without CUDA"
)
@pytest.mark.parametrize("family", SYSTEMS)
def test_every_operation_on_floats_has_a_gpu_kernel(family):
    size = 8 if family in (MSGGAN, ProGAN) else 32
    gan = family.from_settings(
        resolution=size, channels=1, latent_dim=4, **SYSTEMS[family]
    )
    # The last step of all, of a model that grows.
    gan.phase = gan.phases(1_000_000)[-1][0]
    images = np.zeros((2, size, size, 1), "float32")
    data = (images, np.zeros(2, "int32")) if gan.num_classes else (images,)
    data = tuple(map(tf.convert_to_tensor, data))
    assert off_gpus(lambda *batch: gan.train_step(batch), *data) == set()
