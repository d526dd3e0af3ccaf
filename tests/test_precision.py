"""Choosing a precision: the rule, the reasons, and what is timed."""

import math
import types

import keras
import pytest

from keras_gans import backend, precision
from keras_gans.precision import choose, choose_by_step, layer_seconds

SIZE = (16, 16, 32)


def timer(float32, bfloat16):
    """A machine of which the times in seconds are known."""
    return lambda *size: (float32, bfloat16)


@pytest.mark.once
@pytest.mark.parametrize(
    ("gain", "policy"),
    [
        (1 / 18, "float32"),
        (1.0, "float32"),
        (1.1, "float32"),
        (1.2, "mixed_bfloat16"),
        (4.0, "mixed_bfloat16"),
    ],
)
def test_bfloat16_is_chosen_where_it_pays(gain, policy):
    decision = choose(*SIZE, timer=timer(0.006, 0.006 / gain))
    assert decision.policy == policy
    assert decision.float32_ms == pytest.approx(6.0)
    assert decision.mixed_bfloat16_ms == pytest.approx(6.0 / gain, rel=1e-3)
    assert decision.ratio == pytest.approx(gain, rel=1e-3)


@pytest.mark.once
@pytest.mark.parametrize(
    ("gain", "policy"),
    [(0.9, "float32"), (1.04, "float32"), (1.06, "mixed_bfloat16")],
)
def test_a_timed_step_is_believed_within_a_twentieth(gain, policy):
    decision = choose_by_step(0.05, 0.05 / gain)
    assert decision.policy == policy
    assert decision.float32_ms == pytest.approx(50.0)
    assert decision.ratio == pytest.approx(gain, rel=1e-3)
    assert decision.reason.startswith("a step takes ")


@pytest.mark.once
def test_the_reason_has_both_figures():
    faster = choose(*SIZE, timer=timer(0.0039, 0.0021)).reason
    assert faster == "a convolution takes 2.1 ms, 3.9 ms in float32"
    slower = choose(*SIZE, timer=timer(0.0039, 0.0702)).reason
    assert slower == "a convolution takes 3.9 ms, 70 ms in mixed_bfloat16"


@pytest.mark.once
def test_a_machine_without_kernels_for_bfloat16_computes_in_float32():
    decision = choose(*SIZE, timer=timer(0.004, math.inf))
    assert decision.policy == "float32"
    assert decision.float32_ms == 4.0
    assert decision.mixed_bfloat16_ms is decision.ratio is None
    assert "does not run in bfloat16" in decision.reason


def test_the_layer_is_timed_in_both_precisions(monkeypatch):
    convolve, kinds = backend.convolve, []

    def watched(images, kernel):
        outputs = convolve(images, kernel)
        tensors = (images, kernel, outputs)
        kinds.append(
            {keras.backend.standardize_dtype(t.dtype) for t in tensors}
        )
        return outputs

    monkeypatch.setattr(backend, "convolve", watched)
    float32, bfloat16 = layer_seconds(2, 4, 3)
    assert {"float32"} in kinds and {"bfloat16"} in kinds
    assert 0 < float32 < 10 and 0 < bfloat16


class Machine:
    """A clock that goes on by what a layer is told to take, call by call."""

    def __init__(self, monkeypatch, **seconds):
        self.now, self.calls = 0.0, []
        self.seconds = {name: iter(times) for name, times in seconds.items()}
        clock = types.SimpleNamespace(perf_counter=lambda: self.now)
        monkeypatch.setattr(precision, "time", clock)
        monkeypatch.setattr(precision, "_layer", self.layer)

    def layer(self, dtype, count, resolution, width):
        def run():
            self.calls.append(dtype)
            self.now += next(self.seconds[dtype])

        return run


@pytest.mark.once
def test_neither_compilation_nor_a_noisy_neighbour_counts(monkeypatch):
    float32 = [2.0, 0.01, 0.09, *[0.01] * 99]
    bfloat16 = [3.0, 0.015, 0.005, *[0.02] * 99]
    Machine(monkeypatch, float32=float32, bfloat16=bfloat16)
    times = layer_seconds(*SIZE)
    assert times == pytest.approx((0.01, 0.005))


@pytest.mark.once
def test_a_hopeless_precision_is_soon_given_up(monkeypatch):
    times = {"float32": [0.01] * 99, "bfloat16": [0.18] * 99}
    machine = Machine(monkeypatch, **times)
    assert layer_seconds(*SIZE) == pytest.approx((0.01, 0.18))
    assert machine.calls.count("bfloat16") == 3
    assert machine.now < 1.0


@pytest.mark.once
def test_slow_layers_get_fewer_turns(monkeypatch):
    times = {"float32": [0.2] * 99, "bfloat16": [0.15] * 99}
    machine = Machine(monkeypatch, **times)
    assert layer_seconds(*SIZE) == pytest.approx((0.2, 0.15))
    assert machine.now < 1.5


@pytest.mark.once
def test_an_error_in_bfloat16_leaves_float32(monkeypatch):
    def missing():
        raise RuntimeError("no kernel")
        yield

    machine = Machine(monkeypatch, float32=[0.2] * 99, bfloat16=missing())
    assert layer_seconds(*SIZE) == (pytest.approx(0.2), math.inf)
    assert machine.calls[0] == "float32"


@pytest.mark.once
@pytest.mark.parametrize(("seconds", "counts"), [(0.05, [2]), (1e-4, [2, 64])])
def test_only_a_fast_device_is_given_the_whole_batch(
    monkeypatch, seconds, counts
):
    # An image of 32x32x64 is 54 (32·64)² operations, so 2²⁹ are two images.
    received = []

    def alternating(count, resolution, width):
        received.append(count)
        return seconds, seconds

    monkeypatch.setattr(precision, "_alternating", alternating)
    layer_seconds(64, 32, 64)
    assert received == counts
