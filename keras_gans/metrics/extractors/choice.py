"""Which networks judge the images of a run."""

from keras_gans.metrics.extractors.base import FeatureExtractor
from keras_gans.metrics.extractors.efficientnet_lite0 import (
    EfficientNetLite0Features,
    EfficientNetLite1Features,
)
from keras_gans.metrics.extractors.inception import InceptionFeatures

LITE = {"lite0": EfficientNetLite0Features, "lite1": EfficientNetLite1Features}


def extractors_of_run(
    *,
    evaluation_resolution: int,
    extractor: str = "lite0",
    inception_weights: str = "",
    inception_protocol: str = "clean",
    projected_discriminator: bool = False,
) -> list[FeatureExtractor]:
    """Returns the extractors by a run's settings; the first one decides.

    A model that was trained on the features of Lite0 is not judged by them:
    then it is Inception's, or Lite1's.

    Args:
        evaluation_resolution: Pixels at which a network of `LITE` sees images.
        extractor: One of `LITE`.
        inception_weights: File of FID's Inception network; empty for none.
        inception_protocol: See `InceptionFeatures`.
        projected_discriminator: Whether the model saw features of Lite0.

    Raises:
        ValueError: When only Lite0 is left to judge a model trained on it.
        FileNotFoundError: When weights are missing.
    """
    found = []
    if extractor != "lite0" or not projected_discriminator:
        found.append(LITE[extractor](evaluation_resolution))
    if inception_weights:
        found.append(
            InceptionFeatures(
                inception_protocol, weights_path=inception_weights
            )
        )
    if not found:
        raise ValueError(
            "A projected discriminator has learnt from the features of "
            "EfficientNet-Lite0, so FID-lite0 cannot judge its generator. "
            "Received: extractor=lite0. Use lite1, or Inception's weights."
        )
    return found
