"""What images pass on their way into the discriminator, in training."""

from keras_gans.augmentation.adaptive import AdaptiveAugmentation
from keras_gans.augmentation.base import Augmentation
from keras_gans.augmentation.diff_augment import DiffAugment

__all__ = ["AdaptiveAugmentation", "Augmentation", "DiffAugment"]
