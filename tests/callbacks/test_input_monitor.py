import time
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gans.callbacks import InputMonitor, input_monitor
from keras_gans.data.waiting import Waiting
from tests.callbacks.test_outputs import events
from tests.callbacks.tiny import tiny_gan

SLOW, QUICK = 0.06, 0.006


def dataset(seconds):
    """Endless batches of 8 images, which take so long, one after another."""

    def image(_):
        time.sleep(seconds)
        return np.zeros((8, 4, 4, 1), "float32")

    def batch(number):
        images = tf.numpy_function(image, [number], tf.float32)
        return tf.ensure_shape(images, (8, 4, 4, 1))

    numbers = tf.data.Dataset.range(tf.int64.max)
    return numbers.map(batch).prefetch(4)


def fit(gan, monitor, steps, others=(), epochs=1):
    gan.fit(
        monitor.batches,
        steps_per_epoch=steps,
        epochs=epochs,
        verbose=0,
        shuffle=False,
        callbacks=[monitor, *others],
    )


class SlowSteps(keras.callbacks.Callback):
    """Makes training steps last longer."""

    def on_train_begin(self, logs=None):
        step = self.model.train_function

        def slow(*args):
            time.sleep(SLOW)
            return step(*args)

        self.model.train_function = slow


@pytest.fixture
def short_windows(monkeypatch):
    monkeypatch.setattr(input_monitor, "_STEPS", 4)
    monkeypatch.setattr(input_monitor, "_SECONDS", 0.0)


class Clock:
    """A clock, and a pipeline for which somebody waits, moved by hand."""

    def __init__(self, monkeypatch, gan, **options):
        self.now, self.seconds, self.batch = 0.0, 0.0, 0
        monkeypatch.setattr(input_monitor, "perf_counter", lambda: self.now)
        batches = tf.data.Dataset.from_tensors(0)
        self.monitor = InputMonitor(batches, **options)
        self.monitor._waiting = self
        self.monitor.set_model(gan)
        self.monitor.on_train_begin()
        self.monitor.on_epoch_begin(0)

    def steps(self, count, step, wait, callbacks=0.0, stride=1):
        """Takes steps of so many seconds; returns the warnings."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for _ in range(count):
                self.monitor.on_train_batch_begin(self.batch)
                self.now += step
                self.seconds += wait
                self.batch += stride
                self.monitor.on_train_batch_end(self.batch - 1)
                self.now += callbacks
        return [str(warning.message) for warning in caught]


def test_a_pipeline_slower_than_the_step_is_reported_once(short_windows):
    monitor = InputMonitor(dataset(SLOW))
    with pytest.warns(UserWarning, match="Training waits for data") as caught:
        fit(tiny_gan(), monitor, 20)
    assert len([w for w in caught if "waits" in str(w.message)]) == 1
    assert monitor.share >= monitor.threshold


def test_a_pipeline_that_keeps_up_is_not_reported(short_windows):
    # Each batch takes a tenth of a step, and is computed ahead.
    monitor = InputMonitor(dataset(QUICK), threshold=0.5)
    fit(tiny_gan(), monitor, 16, [SlowSteps()])
    assert monitor.share < 0.5


def test_the_steps_see_the_batches_that_they_would_have_seen():
    images = np.random.default_rng(0).uniform(-1, 1, (24, 4, 4, 1)).astype("f")
    batches = tf.data.Dataset.from_tensor_slices(images).batch(8).repeat()
    watched, plain = tiny_gan(), tiny_gan()
    plain.set_weights(watched.get_weights())
    fit(watched, InputMonitor(batches), 3, epochs=2)
    plain.fit(batches, steps_per_epoch=3, epochs=2, verbose=0, shuffle=False)
    for value, expected in zip(
        watched.get_weights(), plain.get_weights(), strict=True
    ):
        np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.once
def test_the_message_tells_what_a_step_waits_and_would_take(monkeypatch):
    clock = Clock(monkeypatch, tiny_gan())
    assert clock.steps(60, step=0.0625, wait=0.025)[0].startswith(
        "Training waits for data: of the 62.5 ms that a step takes, 25.0 ms "
        "(40%) pass before its batch is there; with a pipeline that keeps up "
        "it takes 37.5 ms."
    )
    assert clock.monitor.share == pytest.approx(0.4)
    assert clock.steps(600, step=0.0625, wait=0.025) == []


@pytest.mark.once
def test_the_first_window_does_not_count(monkeypatch):
    clock = Clock(monkeypatch, tiny_gan())
    assert clock.steps(20, step=0.0625, wait=0.0625) == []
    assert clock.monitor.share is None
    assert clock.steps(200, step=0.0625, wait=0.005) == []
    assert clock.monitor.share == pytest.approx(0.08)


@pytest.mark.once
def test_one_window_that_waits_is_no_reason_to_warn(monkeypatch):
    clock = Clock(monkeypatch, tiny_gan())
    for _ in range(5):
        assert clock.steps(20, step=0.0625, wait=0.0625) == []
        assert clock.steps(20, step=0.0625, wait=0.0) == []
    assert clock.steps(40, step=0.0625, wait=0.0625)


@pytest.mark.once
def test_quick_steps_are_judged_over_a_second(monkeypatch):
    clock = Clock(monkeypatch, tiny_gan())
    assert clock.steps(2990, step=0.001, wait=0.0005) == []
    assert len(clock.steps(30, step=0.001, wait=0.0005)) == 1


@pytest.mark.once
def test_time_in_callbacks_is_no_part_of_a_step(monkeypatch):
    clock = Clock(monkeypatch, tiny_gan())
    [message] = clock.steps(60, step=0.0625, wait=0.025, callbacks=10.0)
    assert "of the 62.5 ms that a step takes, 25.0 ms (40%)" in message


@pytest.mark.once
def test_several_steps_at_one_go_count_as_several(monkeypatch):
    clock = Clock(monkeypatch, tiny_gan())
    [message] = clock.steps(12, step=0.625, wait=0.25, stride=10)
    assert "of the 62.5 ms that a step takes, 25.0 ms (40%)" in message


@pytest.mark.once
def test_a_buffer_that_waits_between_the_steps_gives_a_share_of_one(
    monkeypatch,
):
    clock = Clock(monkeypatch, tiny_gan())
    clock.steps(60, step=0.0625, wait=0.5)
    assert clock.monitor.share == 1.0


@pytest.mark.once
def test_the_share_goes_to_tensorboard_at_its_steps(monkeypatch, tmp_path):
    clock = Clock(monkeypatch, tiny_gan(), log_dir=tmp_path)
    clock.steps(60, step=0.0625, wait=0.001)
    assert events(tmp_path) == {"train/waiting": [40, 60]}


def waited(batches, pause):
    """Returns the seconds waited, and all seconds, for so many batches."""
    waiting, begin = Waiting(dataset(SLOW)), time.perf_counter()
    iterator = iter(waiting.batches)
    for _ in range(batches):
        next(iterator)
        time.sleep(pause)
    return waiting.seconds, time.perf_counter() - begin


@pytest.mark.once
def test_waiting_is_what_a_quick_reader_waits_for_each_batch():
    seconds, altogether = waited(10, pause=0.0)
    assert 9 * SLOW < seconds <= altogether


@pytest.mark.once
def test_a_slow_reader_waits_for_the_first_batch_only():
    seconds, _ = waited(5, pause=5 * SLOW)
    assert 0.5 * SLOW < seconds < 3 * SLOW


@pytest.mark.once
def test_waiting_keeps_structure_shapes_and_length():
    pairs = tf.data.Dataset.from_tensor_slices(
        (np.zeros((6, 2), "float32"), np.arange(6, dtype="int32"))
    ).batch(2)
    watched = Waiting(pairs).batches
    assert watched.element_spec == pairs.element_spec
    assert watched.cardinality() == 3
    endless = Waiting(pairs.repeat()).batches
    assert endless.cardinality() == tf.data.INFINITE_CARDINALITY
    labels = [label for _, label in watched.as_numpy_iterator()]
    np.testing.assert_array_equal(np.concatenate(labels), np.arange(6))


@pytest.mark.once
def test_waiting_is_measured_under_a_strategy():
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        gan = tiny_gan()
        monitor = InputMonitor(dataset(QUICK))
        fit(gan, monitor, 3)
    assert monitor._waiting.seconds > 0


@pytest.mark.once
def test_what_is_no_dataset_or_no_share_is_refused():
    with pytest.raises(ValueError, match="Received: ndarray"):
        InputMonitor(np.zeros((8, 4, 4, 1)))
    for threshold in (0.0, 1.5, float("nan")):
        with pytest.raises(ValueError, match="threshold"):
            InputMonitor(tf.data.Dataset.range(3), threshold=threshold)
