"""The primitives that differ between TensorFlow, JAX and PyTorch.

Everything else in this package is written once, with `keras.ops`. Each
backend module defines the same names:

- `value_and_gradients(objective, variables, state)`: a loss and its gradients
  with respect to `variables`.
- `value_and_pullback(function, variables, state)`: a value, and the way back
  from its gradients to those of `variables`.
- `value_and_input_gradients(function, inputs, state)`: a value and its
  gradients with respect to `inputs`, themselves differentiable.
- `rematerialized(function, inputs, state)`: a value whose way back computes
  again what it needs.
- `no_gradient()`: a context in which nothing is recorded.
- `update_averages(pairs, decay)`: an exponential moving average, in place.
- `standardize(inputs, epsilon, scale, offset)`: batch normalization.
- `convolve_means(inputs, kernel, bias)`: a convolution of stride 2 of the
  means of 2x2 neighbours.
- `box_filter(inputs, padding)`: NHWC images' means of 2x2 neighbours.
- `average_pool(inputs)`: NHWC images of half the size, means of 2x2 pixels.
- `upsample(inputs)`: NHWC images of twice the size, pixels repeated.
- `loop(count, body, carry)`: a loop whose passes follow one another.
- `variable_scope(model)`: where variables of a model may be created.
- `replica_id()`: which replica of a distributed step runs.
- `is_chief()`: whether this process writes what several compute together.
- `BackendTrainer`: turns `adversarial_step(data)` into a Keras `train_step`.
- `JIT_COMPILE`: what `jit_compile="auto"` means for a GAN.
- `convolve(inputs, kernel, bias, strides, padding)` and
  `convolve_transposed(inputs, kernel, bias, padding)`, of NHWC images.
"""

import keras

_BACKEND = keras.backend.backend()

if _BACKEND == "tensorflow":
    from keras_gans.backend import tensorflow as _implementation
    from keras_gans.backend import tensorflow_convolution as _convolution
elif _BACKEND == "jax":
    from keras_gans.backend import jax as _implementation
    from keras_gans.backend import jax_convolution as _convolution
elif _BACKEND == "torch":
    from keras_gans.backend import torch as _implementation
    from keras_gans.backend import torch_convolution as _convolution
else:
    raise ImportError(
        "keras_gans trains on the backends tensorflow, jax and torch. "
        f"Received: KERAS_BACKEND={_BACKEND}. Set the environment variable "
        "KERAS_BACKEND to one of the three before Python starts."
    )

BackendTrainer = _implementation.BackendTrainer
JIT_COMPILE = _implementation.JIT_COMPILE
average_pool = _convolution.average_pool
box_filter = _convolution.box_filter
convolve_means = _convolution.convolve_means
convolve = _convolution.convolve
convolve_transposed = _convolution.convolve_transposed
is_chief = _implementation.is_chief
loop = _implementation.loop
no_gradient = _implementation.no_gradient
rematerialized = _implementation.rematerialized
replica_id = _implementation.replica_id
standardize = _implementation.standardize
upsample = _convolution.upsample
update_averages = _implementation.update_averages
value_and_gradients = _implementation.value_and_gradients
value_and_input_gradients = _implementation.value_and_input_gradients
value_and_pullback = _implementation.value_and_pullback
variable_scope = _implementation.variable_scope


def input_gradients(function, inputs, state):
    """Returns the gradients of `sum(function(inputs))` for `inputs`.

    They are differentiable again; what `function` assigns to `state`, which
    must hold every variable that it reads, is dropped.
    """
    return value_and_input_gradients(function, inputs, state)[1]
