"""The contrast of images, a metric of one's own."""

import numpy as np

from keras_gans.metrics.registry import Described, Inputs, Metric, register


@register
class Contrast(Metric):
    """The mean over images of the standard deviation of their pixels."""

    names = ("contrast",)
    needs = frozenset({"pixels"})
    on_request = True

    def __init__(self, inputs: Inputs):
        super().__init__(inputs)
        self.deviations = []

    def update_state(self, samples: Described) -> None:
        self.deviations.extend(samples.images.std(axis=(1, 2, 3)))

    def result(self) -> dict[str, dict]:
        return {"contrast": {"value": float(np.mean(self.deviations))}}
