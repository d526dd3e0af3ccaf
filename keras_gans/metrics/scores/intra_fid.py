"""FID within each class: intra-FID."""

from typing import Any

import numpy as np

from keras_gans.metrics.registry import Described, Inputs, Metric
from keras_gans.metrics.scores.fid import frechet_distance
from keras_gans.metrics.statistics.arrays import as_features, as_labels
from keras_gans.metrics.statistics.moments import Moments


def intra_class_distance(
    reference_by_class: dict[int, Moments], features: Any, labels: Any
) -> dict:
    """Returns the mean over classes of the Fréchet distance within a class.

        intra-FID = 1/K Σ_c d²(real features of class c, fakes of class c)

    for the K classes of the reference; d² as in `frechet_distance`. A model
    that ignores its labels can have a low FID, but not a low intra-FID. The
    distances are biased upwards, the more the fewer vectors a class has:
    compare at equal counts of each class.

    Args:
        reference_by_class: `Moments` of the real features of each label, at
            least two vectors each.
        features: Fake features, finite, of shape `(count, dimension)`.
        labels: Their classes, integers of shape `(count,)`: labels of the
            reference, each at least twice.

    Returns:
        `mean`, and `per_class`, the distance of each label.

    Raises:
        ValueError: A class with fewer than two vectors, a label that the
            reference lacks, or features that are not as described.

    Example:
    >>> references = {0: Moments(1), 1: Moments(1)}
    >>> references[0].update_state([[0.0], [2.0]])
    >>> references[1].update_state([[5.0], [7.0]])
    >>> fake = [[0.0], [2.0], [6.0], [8.0]]
    >>> distance = intra_class_distance(references, fake, [0, 0, 1, 1])
    >>> round(distance["mean"], 6)
    0.5

    Reference: [Miyato and Koyama, 2018](https://arxiv.org/abs/1802.05637),
    §5.
    """
    moments = _empty(reference_by_class)
    _add(moments, features, labels)
    return _distances(reference_by_class, moments)


def _empty(references):
    """Returns new `Moments` for each label of the references."""
    _require_vectors("real", references)
    dimensions = sorted({m.dimension for m in references.values()})
    if len(dimensions) > 1:
        raise ValueError(
            f"The references must be of one dimension. Received: {dimensions}."
        )
    return {int(k): Moments(dimensions[0]) for k in sorted(references)}


def _add(moments, features, labels):
    features = as_features(features, next(iter(moments.values())).dimension)
    labels = as_labels(labels, len(features))
    unknown = sorted(set(labels.tolist()) - set(moments))
    if unknown:
        raise ValueError(
            "Labels must be those of the references. Received: "
            f"{unknown}, references: {list(moments)}."
        )
    for label in np.unique(labels).tolist():
        moments[label].update_state(features[labels == label])


def _distances(references, moments):
    _require_vectors("fake", moments)
    per_class = {
        label: frechet_distance(references[label], of_class)
        for label, of_class in moments.items()
    }
    mean = float(np.mean(list(per_class.values())))
    return {"mean": mean, "per_class": per_class}


def _require_vectors(name, moments):
    """Raises unless each label has two feature vectors."""
    small = {k: m.count for k, m in moments.items() if m.count < 2}
    if small or not moments:
        raise ValueError(
            "A distance within a class needs at least 2 feature vectors of "
            f"the class. Received: {small or 'no class'} (label: vectors) in "
            f"the {name} set. Add vectors, or leave these classes out of the "
            "references."
        )


class IntraFID(Metric):
    """See `intra_class_distance`; keeps the `Moments` of each class."""

    names = ("intra_fid",)
    needs = frozenset({"features", "labels", "classes"})
    on_request = True

    def __init__(self, inputs: Inputs):
        super().__init__(inputs)
        self._moments = _empty(inputs.reference.class_moments)

    def update_state(self, samples: Described) -> None:
        _add(self._moments, samples.features, samples.labels)

    def result(self) -> dict[str, dict]:
        real = self.inputs.reference.class_moments
        return {"intra_fid": {"value": _distances(real, self._moments)["mean"]}}
