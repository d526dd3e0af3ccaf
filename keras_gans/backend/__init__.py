"""The primitives that differ between TensorFlow, JAX and PyTorch.

Everything else in this package is written once, with `keras.ops`. Each
backend module defines the same names:

- `value_and_gradients(objective, variables, state)`: what the objective
  returns, and the gradients of its first tensor, the loss, with respect to
  `variables`. `state` has every variable that the objective may read or
  assign, here as below.
- `value_and_pullback(function, variables, state)`: a value, and the way back
  from gradients of a loss with respect to it to those of `variables`.
- `value_and_input_gradients(objective, inputs, state, again)`: what the
  objective returns for the inputs, and its loss's gradients with respect to
  them. With `again` both can be differentiated again.
- `input_gradients(function, inputs, state)`: the gradients of
  `sum(function(inputs))`, differentiable again. What it assigns is dropped.
- `rematerialized(function, inputs, state)`: `function(*inputs)`, a list of
  tensors, of which only the inputs are kept. When gradients flow back, the
  function runs once more, on the inputs and the values of `state` that it ran
  on, so that random draws are the same. What it assigns is assigned once.
- `no_gradient()`: a context in which nothing is recorded.
- `accelerate(optimizer)`: makes an optimizer's updates faster, if there is a
  way, and leaves what they compute.
- `update_averages(pairs, decay)`: an exponential moving average, in place.
- `standardize(inputs, epsilon, scale, offset)`: batch normalization of NHWC
  inputs; scale and offset are float32 vectors of the channels, or None.
- `loop(count, body, carry)`: a loop whose passes follow one another.
- `compiled(function)`: a function of tensors, in the form that a training step
  has: a graph, a program, or as it is.
- `wait_for(tensors)`: returns when they have been computed.
- `variable_scope(model)`: where variables of a model may be created.
- `replica_id()`: which replica of a distributed step runs.
- `replica_count()`: how many there are, each with a part of the batch.
- `is_chief()`: whether this process writes what several compute together.
- `BackendTrainer`: turns `adversarial_step(data)` into a Keras `train_step`.
- `JIT_COMPILE`: what `jit_compile="auto"` means for a GAN.
- `BRANCHES`: whether a step runs independent operations side by side, so that
  two halves of a batch take less time than the whole.
- `device_kind()`: what computes: `cpu`, `gpu`, `tpu`, or as PyTorch names it.
- `timing_device(inputs)`: the name of the device on which two forms of a
  computation with these inputs may be timed; None on CPUs, and where the
  choice must not depend on a clock.

And of NHWC images, with kernels `(rows, columns, channels, filters)` and a
bias `(filters,)` or None:

- `convolve(inputs, kernel, bias, strides, padding)`: as `keras.ops.conv`;
  padding is `same` or `valid`.
- `convolve_grouped(inputs, kernel, bias, groups)`: of stride 1, with padding
  `same` and a kernel `(rows, columns, channels / groups, filters)`.
- `convolve_transposed(inputs, kernel, bias, padding)`: of stride 2, with a
  kernel `(size, size, filters, channels)`, size at least 2; padding is `same`,
  for twice the size, or `valid`.
- `convolve_means(inputs, kernel, bias)`: a `valid` convolution of stride 2 of
  the means of all 2x2 neighbours, with zeros around.
- `box_filter(inputs, padding)`: the means of 2x2 neighbours; padding is
  `valid`, for one row and column less, or `full`, for one more, with zeros
  around. Each is the other's way back.
- `average_pool(inputs)`: images of half the size, means of 2x2 pixels.
- `upsample(inputs)`: images of twice the size, pixels repeated.
- `depthwise(inputs, kernel, strides)`: a convolution of each channel by
  itself, with padding `same` and a kernel `(rows, columns, channels, 1)`.
- `interpolate(inputs, rows, columns)`: values at places between pixels,
  `(batch, places, channels)`, linear in both directions; the float32 places,
  `(batch, places)`, lie within the images.
"""

import keras

from keras_gans.backend import depthwise_convolution as _depthwise
from keras_gans.backend import interpolation as _interpolation

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

    _interpolation = _convolution
else:
    raise ImportError(
        "keras_gans trains on the backends tensorflow, jax and torch. "
        f"Received: KERAS_BACKEND={_BACKEND}. Set the environment variable "
        "KERAS_BACKEND to one of the three before Python starts."
    )

BackendTrainer = _implementation.BackendTrainer
BRANCHES = _implementation.BRANCHES
JIT_COMPILE = _implementation.JIT_COMPILE
accelerate = _implementation.accelerate
average_pool = _convolution.average_pool
box_filter = _convolution.box_filter
input_gradients = _implementation.input_gradients
compiled = _implementation.compiled
convolve_means = _convolution.convolve_means
convolve = _convolution.convolve
convolve_grouped = _convolution.convolve_grouped
convolve_transposed = _convolution.convolve_transposed
if _BACKEND == "jax":
    depthwise = _depthwise.depthwise_by_taps
else:
    depthwise = _depthwise.depthwise
device_kind = _implementation.device_kind
interpolate = _interpolation.interpolate
is_chief = _implementation.is_chief
loop = _implementation.loop
no_gradient = _implementation.no_gradient
rematerialized = _implementation.rematerialized
replica_count = _implementation.replica_count
replica_id = _implementation.replica_id
standardize = _implementation.standardize
timing_device = _implementation.timing_device
upsample = _convolution.upsample
update_averages = _implementation.update_averages
value_and_gradients = _implementation.value_and_gradients
value_and_input_gradients = _implementation.value_and_input_gradients
value_and_pullback = _implementation.value_and_pullback
variable_scope = _implementation.variable_scope
wait_for = _implementation.wait_for
