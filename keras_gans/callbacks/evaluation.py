"""Evaluation of the generator while it trains."""

import math
import time

import numpy as np

from keras_gans.callbacks.at_steps import AtSteps
from keras_gans.callbacks.summary import SummaryWriter
from keras_gans.images import to_uint8
from keras_gans.metrics import evaluate_samples


class Evaluation(AtSteps):
    """Scores generated images every so many steps and keeps the best.

    Images come from the averaged generator if there is one, from latents that
    are the same each time; a conditional model's labels go round the classes.

    Args:
        reference: `keras_gans.metrics.Reference` of the real images.
        extractor: Feature extractor, `EfficientNetLite0Features` for example.
        every: Steps between evaluations; 0 at the end only.
        samples: Generated images an evaluation, at least 2.
        batch_size: Images generated at once.
        seed: Seed of the latents.
        record: Function called with each result, a dict of `step`,
            `images_seen`, `seconds` of training, the scores and their
            `certificate`; or None.
        best: File that gets the sampling generator whenever `monitor` is
            lower than ever before, or None.
        monitor: Score that decides.
        best_score: Lowest score so far, for a run that resumes.
        images_per_step: Real images of a training step.
        earlier_seconds: Seconds trained before, for a run that resumes.
        log_dir: TensorBoard directory that gets the scores too, or None.

    Attributes:
        results: The results of this run so far.
        best_score: Lowest `monitor` so far, infinity before the first.
    """

    def __init__(
        self,
        reference,
        extractor,
        every: int = 0,
        samples: int = 2500,
        batch_size: int = 250,
        seed: int = 0,
        record=None,
        best=None,
        monitor: str = "fid_lite0",
        best_score: float = math.inf,
        images_per_step: int = 0,
        earlier_seconds: float = 0.0,
        log_dir=None,
    ):
        super().__init__(every)
        self.reference = reference
        self.extractor = extractor
        self.samples = samples
        self.batch_size = batch_size
        self.seed = seed
        self.record = record
        self.best = best
        self.monitor = monitor
        self.best_score = best_score
        self.images_per_step = images_per_step
        self.results = []
        self.writer = SummaryWriter(log_dir) if log_dir else None
        self._seconds = earlier_seconds

    @property
    def seconds(self) -> float:
        """Seconds of training so far, evaluations not counted."""
        return self._seconds + time.monotonic() - self._since

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self._since = time.monotonic()

    def at_step(self, step, logs):
        self._seconds = self.seconds
        result = {
            "step": step,
            "images_seen": step * self.images_per_step,
            "seconds": round(self._seconds, 1),
            **self.evaluate(),
        }
        self.results.append(result)
        if self.record:
            self.record(result)
        if self.writer:
            scores = {
                f"evaluation/{name}": value
                for name, value in result.items()
                if isinstance(value, float)
            }
            self.writer.scalars(scores, step)
            self.writer.flush()
        if result[self.monitor] < self.best_score:
            self.best_score = result[self.monitor]
            if self.best:
                save_generator(self.model.sampling_generator, self.best)
        self._since = time.monotonic()

    def evaluate(self) -> dict:
        """Returns the scores of the model as it is."""
        scores = evaluate_samples(
            self._samples(), self.reference, self.extractor
        )
        scores["certificate"]["averaged_generator"] = (
            self.model.averaged_generator is not None
        )
        return scores

    def _samples(self):
        gan = self.model
        generator = np.random.default_rng(self.seed)
        for start in range(0, self.samples, self.batch_size):
            count = min(self.batch_size, self.samples - start)
            inputs = gan.fixed_latents(count, generator)
            if gan.num_classes:
                labels = np.arange(start, start + count) % gan.num_classes
                inputs = [inputs, labels.astype("int32")]
            yield to_uint8(
                gan.sampling_generator.predict(
                    inputs, batch_size=self.batch_size, verbose=0
                )
            )


def save_generator(generator, path):
    """Saves a generator as a `.keras` file, whole or not at all."""
    temporary = path.with_name(f".{path.stem}.partial.keras")
    generator.save(temporary)
    temporary.replace(path)
