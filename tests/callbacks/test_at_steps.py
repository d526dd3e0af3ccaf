import keras
import numpy as np
import pytest

from keras_gans.callbacks import EMA, AtSteps, StopAt, Throughput
from tests.callbacks.tiny import fit, tiny_gan


class Recorder(AtSteps):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.seen = []

    def at_step(self, step, logs):
        # The model's own count is what the variables hold.
        self.seen.append((step, self.model.step))


def test_acts_at_every_multiple_and_at_the_end(gan):
    recorder = Recorder(3)
    fit(gan, 4, [recorder], epochs=2)
    assert recorder.seen == [(3, 3), (6, 6), (8, 8)]


def test_does_not_act_twice_at_the_last_step(gan):
    recorder = Recorder(4)
    fit(gan, 4, [recorder])
    assert recorder.seen == [(4, 4)]


def test_without_an_interval_acts_at_the_end_only(gan):
    recorder = Recorder(0)
    fit(gan, 3, [recorder])
    assert recorder.seen == [(3, 3)]


def test_counts_on_from_earlier_training(gan):
    fit(gan, 3, [])
    recorder = Recorder(2)
    fit(gan, 3, [recorder])
    assert recorder.seen == [(4, 4), (6, 6)]


@pytest.mark.once
def test_several_steps_an_execution_are_counted():
    gan = tiny_gan()
    gan.compile("sgd", "sgd", steps_per_execution=2)
    recorder = Recorder(4)
    fit(gan, 8, [recorder])
    assert recorder.seen == [(4, 4), (8, 8)]


def test_a_negative_interval_is_refused():
    with pytest.raises(ValueError, match="every=-1"):
        AtSteps(-1)


def test_stops_after_the_steps_of_the_whole_run(gan):
    fit(gan, 3, [StopAt(5)])
    assert gan.step == 3
    fit(gan, 3, [StopAt(5)], epochs=4)
    assert gan.step == 5


def test_throughput_is_images_over_the_median_step_time(monkeypatch):
    # Steps of 0.5 s, but for one of 10 s in which something else happened.
    times = iter([0.0, 0.5, 1.0, 11.0, 11.5, 12.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(times))
    throughput, seen = Throughput(32), []
    for batch in range(6):
        logs = {}
        throughput.on_train_batch_end(batch, logs)
        seen.append(logs.get("images/s"))
    assert seen[0] is None
    assert seen[-1] == 64.0


def test_throughput_is_among_the_logs_of_later_callbacks(gan):
    seen = []
    later = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append("images/s" in logs)
    )
    fit(gan, 3, [Throughput(8), later])
    assert seen == [False, True, True]


def test_the_average_starts_when_the_callback_is_given(gan):
    assert gan.sampling_generator is gan.generator
    before = gan.generator.get_weights()
    fit(gan, 1, [EMA(0.75)])
    after = gan.generator.get_weights()
    for average, first, last in zip(
        gan.sampling_generator.get_weights(), before, after, strict=True
    ):
        np.testing.assert_allclose(
            average, 0.75 * first + 0.25 * last, rtol=1e-5, atol=1e-7
        )


@pytest.mark.parametrize("arguments", [(1.0, 0), (-0.1, 0), (0.9, -1)])
def test_averages_out_of_range_are_refused(arguments):
    with pytest.raises(ValueError, match="decay"):
        EMA(*arguments)
