"""Callbacks for `fit` of a GAN."""

from keras_gans.callbacks.at_steps import AtSteps
from keras_gans.callbacks.averages import Averages
from keras_gans.callbacks.checkpoint import Checkpoint, restore
from keras_gans.callbacks.ema import EMA
from keras_gans.callbacks.evaluation import Evaluation
from keras_gans.callbacks.input_monitor import InputMonitor
from keras_gans.callbacks.leaders import Leaders, save_generator
from keras_gans.callbacks.reconstruction import reconstruct
from keras_gans.callbacks.samples import MultiScaleGrid, SampleGrid, Samples
from keras_gans.callbacks.stop_at import StopAt
from keras_gans.callbacks.tensorboard import TensorBoard, WeightHistograms
from keras_gans.callbacks.throughput import Throughput

__all__ = [
    "EMA",
    "AtSteps",
    "Averages",
    "Checkpoint",
    "Evaluation",
    "InputMonitor",
    "Leaders",
    "MultiScaleGrid",
    "SampleGrid",
    "Samples",
    "StopAt",
    "TensorBoard",
    "Throughput",
    "WeightHistograms",
    "reconstruct",
    "restore",
    "save_generator",
]
