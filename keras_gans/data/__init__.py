"""Image data: four forms of `--dataset`, one deterministic pipeline."""

from keras_gans.data.augmentation import AUGMENTATIONS
from keras_gans.data.image_set import ImageSet
from keras_gans.data.load import load_images

__all__ = ["AUGMENTATIONS", "ImageSet", "load_images"]
