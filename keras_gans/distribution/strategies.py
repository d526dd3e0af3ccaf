"""Distribution strategies by name, for TensorFlow and JAX."""

import contextlib
import dataclasses
import json
import os
import socket
from collections.abc import Iterator
from typing import Any

import keras

from keras_gans.checks import one_of
from keras_gans.data.runtime import tf

NAMES = ("none", "mirrored", "multi_worker", "tpu", "data_parallel")
NAMES_OF_BACKEND = {
    "tensorflow": ("none", "mirrored", "multi_worker", "tpu"),
    "jax": ("none", "data_parallel"),
    "torch": ("none",),
}
TPU_TIMEOUT = 5.0  # seconds until a TPU's address counts as silent


@dataclasses.dataclass(frozen=True)
class Replicas:
    """What a distribution amounts to.

    Attributes:
        name: One of `NAMES`.
        replicas: Number of copies of the model that train in step, each on
            an equal part of every batch.
    """

    name: str
    replicas: int


def distribute(
    name: str, *, tpu: str = ""
) -> contextlib.AbstractContextManager[Replicas]:
    """Returns a context in which models are built, compiled and fitted.

    - `none`: one device.
    - `mirrored` (TensorFlow): all GPUs of this machine; without one, all
      logical CPUs (see `virtual_cpu_devices`).
    - `multi_worker` (TensorFlow): all machines of `TF_CONFIG`. It must come
      before anything is computed.
    - `tpu` (TensorFlow): all cores of a TPU.
    - `data_parallel` (JAX): all devices of this process's default platform.
      The distribution that was set before comes back at exit.

    Args:
        name: One of `NAMES`.
        tpu: Name of a Cloud TPU, its address `grpc://host:port`, or `local`.
            By default the environment's `TPU_NAME`, or else `local`.

    Returns:
        A context manager that gives `Replicas`.

    Raises:
        ValueError: If the name is unknown, the backend has no such
            distribution, `TF_CONFIG` is missing or wrong, or no TPU answers.
        RuntimeError: If `multi_worker` comes after a computation.

    Example:
    >>> with distribute("none") as replicas:
    ...     replicas.replicas
    1
    """
    _check_name(name)
    if name == "none":
        return contextlib.nullcontext(Replicas(name, 1))
    if name == "data_parallel":
        return _data_parallel()
    strategies = {
        "mirrored": _mirrored,
        "multi_worker": _multi_worker,
        "tpu": lambda: _tpu(tpu or os.environ.get("TPU_NAME", "local")),
    }
    return _scope(name, strategies[name]())


def check_batch_size(batch_size: int, replicas: int) -> None:
    """Checks that a batch divides equally among replicas.

    Args:
        batch_size: Images in a batch, over all replicas.
        replicas: Number of replicas, as in `Replicas.replicas`.

    Raises:
        ValueError: If it does not; the message names the nearest sizes that
            do.
    """
    if batch_size > 0 and batch_size % replicas == 0:
        return
    lower = max(batch_size, 0) // replicas * replicas
    sizes = " or ".join(str(n) for n in (lower, lower + replicas) if n > 0)
    raise ValueError(
        "Every batch is divided equally among the replicas, so batch_size "
        "must be a positive multiple of their number. Received: "
        f"batch_size={batch_size}, replicas={replicas}. The nearest: {sizes}."
    )


def _check_name(name: str) -> None:
    one_of("distribution", name, NAMES)
    backend = keras.backend.backend()
    allowed = NAMES_OF_BACKEND.get(backend, ("none",))
    if name not in allowed:
        able = [b for b, names in NAMES_OF_BACKEND.items() if name in names]
        raise ValueError(
            f"On the backend {backend} a distribution must be one of "
            f"{', '.join(allowed)}. Received: {name!r}. For that one, set "
            f"KERAS_BACKEND={able[0]}."
        )


@contextlib.contextmanager
def _scope(name: str, strategy: "tf.distribute.Strategy") -> Iterator[Replicas]:
    with strategy.scope():
        yield Replicas(name, strategy.num_replicas_in_sync)


@contextlib.contextmanager
def _data_parallel() -> Iterator[Replicas]:
    devices = keras.distribution.list_devices()
    before = keras.distribution.distribution()
    keras.distribution.set_distribution(
        keras.distribution.DataParallel(devices=devices)
    )
    try:
        yield Replicas("data_parallel", len(devices))
    finally:
        keras.distribution.set_distribution(before)


def _mirrored() -> "tf.distribute.Strategy":
    # By default TensorFlow takes only the first of several logical CPUs.
    gpus = [device.name for device in tf.config.list_logical_devices("GPU")]
    if gpus:
        return tf.distribute.MirroredStrategy(gpus)
    cpus = [device.name for device in tf.config.list_logical_devices("CPU")]
    return tf.distribute.MirroredStrategy(
        cpus, cross_device_ops=tf.distribute.ReductionToOneDevice()
    )


def _multi_worker() -> "tf.distribute.Strategy":
    class Strategy(tf.distribute.MultiWorkerMirroredStrategy):
        # `fit` reduces the tuple of a batch, and losses along axis 0, where
        # this class takes tensors, and scalars have no axis.
        def reduce(self, reduce_op: Any, value: Any, axis: Any) -> Any:
            def reduce_one(one):
                first = self.experimental_local_results(one)[0]
                scalar = first.shape.rank == 0
                return inner(reduce_op, one, axis=None if scalar else axis)

            inner = super().reduce
            return tf.nest.map_structure(reduce_one, value)

    _check_tf_config(os.environ.get("TF_CONFIG", ""))
    try:
        return Strategy()
    except RuntimeError as error:
        raise RuntimeError(
            "The distribution multi_worker must be set up before TensorFlow "
            f"computes anything. Received: {error}. Call "
            "distribute('multi_worker') first in the program."
        ) from error


def _check_tf_config(text: str) -> None:
    example = (
        '{"cluster": {"worker": ["host1:12345", "host2:12345"]}, '
        '"task": {"type": "worker", "index": 0}}'
    )
    problem = "nothing"
    if text:
        try:
            config = json.loads(text)
            workers = config["cluster"]["worker"]
            index, kind = config["task"]["index"], config["task"]["type"]
            chiefs = config["cluster"].get("chief", [])
            tasks = {"worker": len(workers), "chief": len(chiefs)}
            if 0 <= int(index) < tasks.get(kind, 0):
                return
            problem = f"{text!r}, whose cluster has no {kind} {index}"
        except ValueError as error:
            problem = f"{text!r}, which is not JSON ({error})"
        except (KeyError, TypeError, AttributeError) as error:
            problem = f"{text!r}, which lacks or misshapes {error}"
    raise ValueError(
        "The distribution multi_worker finds its machines in the environment "
        f"variable TF_CONFIG, for example TF_CONFIG='{example}'. Received: "
        f"{problem}. Set it on every machine, each with its own index."
    )


def _tpu(tpu: str) -> "tf.distribute.Strategy":
    try:
        resolver = _find_tpu(tpu)
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
        return tf.distribute.TPUStrategy(resolver)
    except Exception as error:
        raise ValueError(
            "The distribution tpu needs a TPU that answers. Received: "
            f"tpu={tpu!r} ({error}). Give its name, grpc://host:port, or "
            "'local' on a TPU machine; without a TPU use mirrored or none."
        ) from error


def _find_tpu(tpu: str) -> "tf.distribute.cluster_resolver.TPUClusterResolver":
    if tpu == "local" and not tf.config.list_physical_devices("TPU"):
        raise OSError("this machine has no TPU")
    resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu=tpu)
    if tpu != "local":
        # TensorFlow itself would wait for minutes.
        host, _, port = resolver.master().removeprefix("grpc://").partition(":")
        address = (host, int(port or 8470))
        socket.create_connection(address, TPU_TIMEOUT).close()
    return resolver
