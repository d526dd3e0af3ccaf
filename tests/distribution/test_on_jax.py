"""Data parallelism of JAX."""

import keras
import pytest

from keras_gans.distribution import distribute, is_chief


def test_the_distribution_before_comes_back():
    before = keras.distribution.distribution()
    with pytest.raises(KeyError), distribute("data_parallel") as replicas:
        assert replicas.replicas == len(keras.distribution.list_devices())
        inside = keras.distribution.distribution()
        assert isinstance(inside, keras.distribution.DataParallel)
        raise KeyError
    assert keras.distribution.distribution() is before


def test_two_virtual_devices_train_as_one(start):
    program = start(
        """
from keras_gans.distribution import distribute, virtual_cpu_devices

virtual_cpu_devices(2)
with distribute("data_parallel") as replicas:
    print(replicas.name, replicas.replicas)
    print(weight_after_a_step())
    print(error_of_averages())
virtual_cpu_devices(2)
try:
    virtual_cpu_devices(3)
except RuntimeError as error:
    print(error)
""",
        XLA_FLAGS="--xla_force_host_platform_device_count=4",
    )
    name, weight, error, late = program.lines()
    assert name == "data_parallel 2"
    assert float(weight) == pytest.approx(7.0, rel=1e-6)
    assert float(error) < 1e-6
    assert "Received: 3, when jax has already started with 2." in late


def test_the_first_of_several_processes_is_the_chief(monkeypatch):
    for index in (0, 1):
        monkeypatch.setattr("jax.process_index", lambda index=index: index)
        assert is_chief() == (index == 0)
