"""Fine-tuning: a model that starts from the weights of a trained one."""

from keras_gans.transfer.initialization import (
    Initialization,
    initialize_from,
)
from keras_gans.transfer.matching import Taken
from keras_gans.transfer.sources import Source, read_source

__all__ = [
    "Initialization",
    "Source",
    "Taken",
    "initialize_from",
    "read_source",
]
