"""What every test runs under: one backend, the CPU, fixed seeds, no network.

KERAS_BACKEND chooses the backend. Tests that do not depend on it carry the
marker `once`, or lie in a folder of `ONCE_FOLDERS`, and run on TensorFlow
only; the marker `every_backend` exempts a test in such a folder.
"""

import atexit
import ipaddress
import os
import pathlib
import random
import shutil
import socket
import sys
import tempfile

import numpy as np
import pytest

from recipes.common.light import without_keras

with without_keras():
    from keras_gans import environment

environment.prepare()
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

BACKEND = os.environ["KERAS_BACKEND"]
ROOT = pathlib.Path(__file__).parents[1]
ONCE_FOLDERS = (ROOT / "tests" / "data",)
# Extensions that register themselves when they are imported.
collect_ignore = ["extending"]

refused_connections = []


def share_compiled_programs():
    """Lets all processes of these tests have what one of them has compiled.

    JAX compiles small networks for longer than it runs them. The folder is
    this run's alone: workers and commands that tests start inherit it, and
    the process that made it removes it.
    """
    if BACKEND != "jax" or "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return
    folder = tempfile.mkdtemp(prefix="keras-gans-jax-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["JAX_COMPILATION_CACHE_DIR"] = folder
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"


share_compiled_programs()


def pytest_configure(config):
    others = {"tensorflow", "jax", "torch"} - {BACKEND}
    config.option.ignore = [
        *(config.option.ignore or []),
        *(str(ROOT / "keras_gans/backend" / f"{name}.py") for name in others),
    ]
    block_network()


def pytest_report_header():
    return f"Keras backend: {BACKEND}"


def pytest_collection_modifyitems(config, items):
    if BACKEND == "tensorflow":
        return
    deselected = [item for item in items if runs_once(item)]
    config.hook.pytest_deselected(items=deselected)
    items[:] = [item for item in items if item not in set(deselected)]


def runs_once(item):
    if item.get_closest_marker("every_backend"):
        return False
    in_folder = any(item.path.is_relative_to(path) for path in ONCE_FOLDERS)
    return in_folder or item.get_closest_marker("once") is not None


def block_network():
    """Refuses every connection or look-up that would leave this machine."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    getaddrinfo = socket.getaddrinfo

    def checked_connect(self, address):
        if self.family != getattr(socket, "AF_UNIX", None):
            refuse_unless_local(address[0])
        return connect(self, address)

    def checked_connect_ex(self, address):
        if self.family != getattr(socket, "AF_UNIX", None):
            refuse_unless_local(address[0])
        return connect_ex(self, address)

    def checked_getaddrinfo(host, *args, **kwargs):
        refuse_unless_local(host)
        return getaddrinfo(host, *args, **kwargs)

    socket.socket.connect = checked_connect
    socket.socket.connect_ex = checked_connect_ex
    socket.getaddrinfo = checked_getaddrinfo


def refuse_unless_local(host):
    host = host.decode() if isinstance(host, bytes) else host
    if host in (None, "", "localhost", socket.gethostname()):
        return
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        local = False
    else:
        local = address.is_loopback or address.is_unspecified
    if not local:
        refused_connections.append(host)
        raise OSError(f"Tests may not use the network. Received: {host!r}.")


@pytest.fixture(autouse=True)
def fixed_seeds():
    random.seed(0)
    np.random.seed(0)
    keras = sys.modules.get("keras")
    if keras is not None:
        keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def no_network():
    # Code under test may catch the OSError, so the attempt itself fails.
    refused_connections.clear()
    yield
    assert not refused_connections, (
        f"The test tried to reach {refused_connections} over the network."
    )
