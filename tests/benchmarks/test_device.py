"""What a device is asked, on each backend, with one that is made up."""

import pathlib
import types

import keras
import pytest

from benchmarks import device, machine
from keras_gans import backend


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.setattr(backend, "device_kind", lambda: "gpu")
    monkeypatch.setattr(backend, "timing_device", lambda inputs: "Some GPU")


def test_on_a_cpu_memory_is_that_of_the_process():
    # The peak begins anew.
    pathlib.Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    before = device.peak_memory()
    block = b"1" * 2**28
    assert device.peak_memory() >= before + len(block) / 2
    assert device.name() == "cpu"


@pytest.mark.usefixtures("gpu")
def test_elsewhere_memory_is_the_device_s(monkeypatch):
    name = keras.backend.backend()
    if name == "tensorflow":
        import tensorflow as tf

        monkeypatch.setattr(
            tf.config.experimental,
            "get_memory_info",
            lambda of: {"GPU:0": {"current": 1, "peak": 2**33}}[of],
        )
    elif name == "jax":
        import jax

        stats = {"bytes_in_use": 1, "peak_bytes_in_use": 2**33}
        fake = types.SimpleNamespace(memory_stats=lambda: stats)
        monkeypatch.setattr(jax, "local_devices", lambda: [fake])
    else:
        import torch

        monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: 2**33)
    assert device.peak_memory() == 2**33
    assert device.name() == "Some GPU"


def test_a_matrix_product_is_of_the_size_that_fits_the_device(monkeypatch):
    sides = {"cpu": 8, "gpu": 16}
    monkeypatch.setattr(device, "SIDE", sides["cpu"])
    monkeypatch.setattr(device, "SIDE_OF_ACCELERATORS", sides["gpu"])

    def took(run):
        run()
        return 0.5

    monkeypatch.setattr(machine, "seconds", took)
    for kind, side in sides.items():
        monkeypatch.setattr(backend, "device_kind", lambda kind=kind: kind)
        for precision in ("float32", "mixed_bfloat16"):
            assert device.best_product(precision) == 4 * side**3


@pytest.mark.once
@pytest.mark.parametrize(
    ("where", "measured"), [("cpu", "tensorflow"), ("Some GPU", "jax")]
)
def test_the_peak_is_of_the_backend_but_on_cpus(monkeypatch, where, measured):
    def output_of(*arguments, backend):
        assert arguments[:2] == ("-m", "benchmarks.device")
        return "1e9" if arguments[2:] else {"jax": where}[backend]

    asked = []

    def recorded(*arguments, backend):
        asked.append((arguments[2:], backend))
        return output_of(*arguments, backend=backend)

    monkeypatch.setattr(machine, "output_of", recorded)
    machine.device_of.cache_clear()
    assert machine.matrix_product_rate("mixed_bfloat16", "jax") == 1e9
    machine.device_of.cache_clear()
    assert asked == [((), "jax"), (("mixed_bfloat16",), measured)]
