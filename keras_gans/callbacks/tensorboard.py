"""Losses, speed, weights and spectral norms for TensorBoard."""

import os

import keras

from keras_gans.callbacks.at_steps import AtSteps, Logs
from keras_gans.callbacks.summary import SummaryWriter


class TensorBoard(AtSteps):
    """Writes the training logs, losses among them, for TensorBoard.

    Args:
        log_dir: Directory of the event files.
        every: Steps between values.
    """

    def __init__(self, log_dir: str | os.PathLike, every: int = 50):
        super().__init__(every)
        self.writer = SummaryWriter(log_dir)

    def at_step(self, step: int, logs: Logs) -> None:
        values = {f"train/{name}": value for name, value in logs.items()}
        self.writer.scalars(values, step)


class WeightHistograms(AtSteps):
    """Writes each weight's distribution, and each σ, for TensorBoard.

    A histogram of every trainable weight of both networks, and the spectral
    norm σ of every spectrally normalized layer.

    Args:
        log_dir: Directory of the event files.
        every: Steps between histograms; 0 at the end only.
    """

    def __init__(self, log_dir: str | os.PathLike, every: int = 0):
        super().__init__(every)
        self.writer = SummaryWriter(log_dir)

    def at_step(self, step: int, logs: Logs) -> None:
        weights, sigmas = {}, {}
        to_numpy = keras.ops.convert_to_numpy
        for player in ("generator", "discriminator"):
            network = getattr(self.model, player)
            for weight in network.trainable_weights:
                weights[f"{player}/{weight.path}"] = to_numpy(weight)
            for layer in network._flatten_layers(include_self=False):
                if hasattr(layer, "sigma"):
                    name = f"sigma/{player}/{layer.path}"
                    sigmas[name] = to_numpy(layer.sigma())
        self.writer.histograms(weights, step)
        self.writer.scalars(sigmas, step)
