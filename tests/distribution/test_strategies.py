"""Distributions by name, in this process and on one device."""

import keras
import pytest

from keras_gans.distribution import (
    NAMES,
    check_batch_size,
    distribute,
    is_chief,
    virtual_cpu_devices,
)

BACKEND = keras.backend.backend()


def test_no_distribution_is_one_replica():
    with distribute("none") as replicas:
        assert (replicas.name, replicas.replicas) == ("none", 1)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("mirorred", "mirrored"),
        ("multiworker", "multi_worker"),
        ("data-parallel", "data_parallel"),
        ("None", "none"),
    ],
)
def test_the_nearest_name_is_proposed(name, nearest):
    with pytest.raises(ValueError, match=f"Did you mean '{nearest}'"):
        distribute(name)


def test_a_name_like_no_other_lists_all():
    with pytest.raises(ValueError, match=", ".join(NAMES)) as caught:
        distribute("horovod42")
    assert "Did you mean" not in str(caught.value)


def test_distributions_of_other_backends_are_refused():
    belongs = {
        "mirrored": "tensorflow",
        "multi_worker": "tensorflow",
        "tpu": "tensorflow",
        "data_parallel": "jax",
    }
    for name, backend in belongs.items():
        if backend == BACKEND:
            continue
        with pytest.raises(ValueError, match=f"KERAS_BACKEND={backend}"):
            distribute(name)


@pytest.mark.parametrize(
    ("batch_size", "replicas", "nearest"),
    [
        (7, 2, "6 or 8"),
        (1, 4, "nearest: 4"),
        (65, 8, "64 or 72"),
        (0, 3, "nearest: 3"),
        (-5, 3, "nearest: 3"),
    ],
)
def test_the_nearest_batch_sizes_are_named(batch_size, replicas, nearest):
    with pytest.raises(ValueError, match=f"{nearest}.$"):
        check_batch_size(batch_size, replicas)


def test_equal_parts_are_accepted():
    for batch_size, replicas in ((1, 1), (7, 1), (8, 2), (64, 8)):
        check_batch_size(batch_size, replicas)


def test_the_processor_has_at_least_one_part():
    with pytest.raises(ValueError, match="at least 1.*Received: count=0"):
        virtual_cpu_devices(0)


def test_a_process_by_itself_is_the_chief():
    assert is_chief()
    with distribute("none"):
        assert is_chief()
