"""Image data: four forms of `--dataset`, one deterministic pipeline."""

from keras_gans.data.augmentation import AUGMENTATIONS
from keras_gans.data.image_set import ImageSet
from keras_gans.data.load import load_images
from keras_gans.data.text import TextSet, load_text
from keras_gans.data.toy import PointSet

__all__ = [
    "AUGMENTATIONS",
    "ImageSet",
    "PointSet",
    "TextSet",
    "load_images",
    "load_text",
]
