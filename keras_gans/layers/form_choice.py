"""Which of several forms of one function is the fastest, by the clock.

The folded resampling convolutions need a quarter of the multiplications, and
on CPUs less time. On other devices that depends on the kernels that there are
for transposed and strided convolutions, so there each form is timed, forward
and backward, when a layer first meets inputs of a shape: once for each shape,
also while a step is being traced, and once for each machine, as the times are
kept in `KERAS_HOME/keras_gans/forms.json`. Whatever is chosen, the function is
the same.

KERAS_GANS_FOLDING=folded or =plain in the environment chooses without a clock.
Neither is there one, and the form is the folded one, on CPUs and TPUs of
TensorFlow, for inputs of unknown sizes, and on JAX where several processes run
one program. Replicas of TensorFlow may choose differently.
"""

import concurrent.futures
import json
import math
import os
import pathlib
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_gans import backend, checks, files

VARIABLE = "KERAS_GANS_FOLDING"
# A round runs so many times before it waits for the device.
_ROUNDS, _CALLS = 3, 5

Forms = dict[str, Callable]
_chosen: dict[tuple[str, str], str] = {}
_lock = threading.Lock()


def faster(function: str, forms: Forms, inputs: Any, kernel: Any) -> str:
    """Returns the name of the form that is the fastest for such tensors.

    Args:
        function: Name of the function that all forms compute.
        forms: Functions of the inputs, the kernel and a bias or None, by
            their names; the first is the one without a measurement.
        inputs: Tensor `(batch, ...)`, concrete or of a graph.
        kernel: Tensor; of the type that is computed in.

    Raises:
        ValueError: If the environment's KERAS_GANS_FOLDING names no form.
    """
    if named := os.environ.get(VARIABLE):
        return checks.one_of(VARIABLE, named, forms)
    device, shape = backend.timing_device(inputs), tuple(inputs.shape)
    if device is None or None in shape:
        return next(iter(forms))
    shape = (_share(shape[0]), *shape[1:])
    dtype = keras.backend.standardize_dtype(kernel.dtype)
    sizes = ["x".join(map(str, s)) for s in (shape, tuple(kernel.shape))]
    key = _machine(device), " ".join([function, *sizes, dtype])
    with _lock:
        if key not in _chosen:
            times = _kept_times(*key, forms)
            if times is None:
                times = _measured(forms, shape, tuple(kernel.shape), dtype)
                _keep(*key, times)
            _chosen[key] = min(forms, key=times.get)
        return _chosen[key]


def times_of(
    forms: Forms, shape: tuple, kernel_shape: tuple, dtype: str
) -> dict[str, float]:
    """Returns the seconds of each form, forward and backward.

    Args:
        forms: As for `faster`.
        shape: That of the inputs.
        kernel_shape: That of the kernel.
        dtype: What is computed in.

    Returns:
        Seconds by form; infinite for a form that fails, by lack of memory for
        instance.
    """
    times = dict.fromkeys(forms, math.inf)
    for name, form in forms.items():
        try:
            run = _runner(form, shape, kernel_shape, dtype)
            times[name] = min(run() for _ in range(_ROUNDS))
        except Exception:
            # Of many types. Where all fail, so will the step, and say why.
            continue
    return times


def _runner(form, shape, kernel_shape, dtype):
    """Returns a function that gives the seconds of a call, compiled."""
    images, kernel = (ops.ones(s, dtype) for s in (shape, kernel_shape))

    def loss(tensors):
        outputs = form(*tensors, None)
        return ops.sum(ops.square(ops.cast(outputs, "float32")))

    def differentiated(images, kernel):
        return backend.value_and_input_gradients(loss, [images, kernel], [])

    step = backend.compiled(differentiated)

    def run(calls=_CALLS):
        start = time.perf_counter()
        for _ in range(calls):
            last = step(images, kernel)
        backend.wait_for(last)
        return (time.perf_counter() - start) / calls

    run(1)
    return run


def _measured(forms, *sizes):
    # A thread of its own is outside of all that is traced, recorded or scoped
    # in this one.
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(times_of, forms, *sizes).result()


def _share(batch):
    """Returns one device's part of a batch."""
    distribution = keras.distribution.distribution()
    devices = distribution.device_mesh.devices.size if distribution else 1
    return max(1, batch // devices)


def _machine(device):
    """Returns what besides the sizes a time depends on."""
    name = keras.backend.backend()
    return f"{device}, {name} {sys.modules[name].__version__}"


def _path() -> pathlib.Path:
    return files.cache_path("forms.json")


def _read() -> dict:
    try:
        content = json.loads(_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _kept_times(machine, case, forms):
    """Returns the seconds of each form from the disk, None without them."""
    try:
        times = _read()[machine][case]
        return {name: float(times[name]) for name in forms}
    except (KeyError, TypeError, ValueError):
        return None


def _keep(machine, case, times):
    """Adds seconds to the file, where they are finite and it can be written."""
    if not all(map(math.isfinite, times.values())):
        return
    content = _read()
    cases = content.get(machine)
    cases = cases if isinstance(cases, dict) else {}
    content[machine] = cases | {case: times}
    try:
        files.write_text(_path(), json.dumps(content, indent=1) + "\n")
    except OSError:
        # The next process measures again.
        pass
