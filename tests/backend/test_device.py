"""Which device computes, with devices that are made up."""

import types

import keras
import pytest
from keras import ops

from keras_gans import backend

BACKEND = keras.backend.backend()


def device(**attributes):
    return types.SimpleNamespace(**attributes)


def pretend(monkeypatch, kind, name="Some GPU"):
    """Lets the backend's library report a device of a kind."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        found = {kind.upper(): [device()]}
        for function in ("list_logical_devices", "get_visible_devices"):
            monkeypatch.setattr(
                tf.config, function, lambda of: found.get(of, [])
            )
        details = {"device_name": name} if kind == "gpu" else {}
        monkeypatch.setattr(
            tf.config.experimental, "get_device_details", lambda of: details
        )
        return ops.ones(1)
    if BACKEND == "jax":
        import jax

        monkeypatch.setattr(jax, "default_backend", lambda: kind)
        devices = [device(device_kind=name)]
        monkeypatch.setattr(jax, "local_devices", lambda: devices)
        return ops.ones(1)
    import torch

    monkeypatch.setattr(torch.cuda, "get_device_name", lambda of: name)
    kind = {"gpu": "cuda"}.get(kind, kind)
    inputs = device(device=device(type=kind))
    monkeypatch.setattr(ops, "zeros", lambda shape: inputs)
    return inputs


def test_a_gpu_has_a_name(monkeypatch):
    inputs = pretend(monkeypatch, "gpu")
    assert backend.device_kind() == "gpu"
    assert backend.timing_device(inputs) == "Some GPU"


def test_nothing_is_timed_on_a_cpu(monkeypatch):
    inputs = pretend(monkeypatch, "cpu")
    assert backend.device_kind() == "cpu"
    assert backend.timing_device(inputs) is None


def test_other_devices(monkeypatch):
    kind = "mps" if BACKEND == "torch" else "tpu"
    inputs = pretend(monkeypatch, kind, "TPU v5e")
    assert backend.device_kind() == kind
    # Outside of a step TensorFlow computes nothing on a TPU.
    expected = {"tensorflow": None, "jax": "TPU v5e", "torch": "mps"}[BACKEND]
    assert backend.timing_device(inputs) == expected


if BACKEND == "jax":

    def test_processes_of_one_program_time_nothing(monkeypatch):
        import jax

        inputs = pretend(monkeypatch, "gpu")
        monkeypatch.setattr(jax, "process_count", lambda: 2)
        assert backend.timing_device(inputs) is None

    @pytest.mark.parametrize("chosen", ["cpu", device(platform="cpu")])
    def test_a_default_device_comes_first(monkeypatch, chosen):
        import jax

        inputs = pretend(monkeypatch, "gpu")
        monkeypatch.setattr(jax, "config", device(jax_default_device=chosen))
        assert backend.device_kind() == "cpu"
        assert backend.timing_device(inputs) is None


if BACKEND == "torch":

    def test_shapes_alone_are_on_no_device():
        import torch

        assert backend.timing_device(torch.empty(2, device="meta")) is None
