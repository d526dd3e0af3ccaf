"""What a run trains on, and how its samples are shown and measured."""

import abc
import types
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from recipes.common.config import RunConfig
from recipes.common.run_directory import RunDirectory

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from keras_gans import GAN
    from keras_gans.callbacks import Evaluation


class Subject(abc.ABC):
    """Images, points, text: what one run can be about.

    Attributes:
        kind: What the generator makes, as `keras_gans.serving` names it:
            `images`, `points` or `tokens`.
        noun: What a batch consists of.
        monitor: The score that decides which generator is the best, lower
            being better.
        scores_start: Whether the untrained model is scored too.
        config: Settings of the run.
        description: What the data are, for the user.
        per_step: How many of them a training step takes.
        notes: What a run's record says of how its settings were chosen.
    """

    kind: ClassVar[str]
    noun: ClassVar[str]
    monitor: str
    scores_start: ClassVar[bool] = False

    config: RunConfig
    description: str
    per_step: int
    notes: Mapping[str, Any] = types.MappingProxyType({})

    @abc.abstractmethod
    def build(self) -> "GAN":
        """Returns the compiled model."""

    @abc.abstractmethod
    def training_batches(
        self, gan: "GAN", start_step: int
    ) -> "tf.data.Dataset":
        """Returns endless batches, each a function of seed and step."""

    @abc.abstractmethod
    def evaluation(self, gan: "GAN", **options: Any) -> "Evaluation":
        """Returns the callback that scores the model; options are its own."""

    @abc.abstractmethod
    def samples(
        self, gan: "GAN", directory: RunDirectory
    ) -> Sequence["keras.callbacks.Callback"]:
        """Returns the callbacks that show what the model makes."""

    @abc.abstractmethod
    def manifest(self, gan: "GAN") -> dict[str, Any]:
        """Returns what an export says of the data."""

    @abc.abstractmethod
    def verdict(self, scores: dict[str, Any]) -> str:
        """Returns the scores of a line of the metrics in words."""
