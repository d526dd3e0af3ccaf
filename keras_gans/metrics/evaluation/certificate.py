"""Scores that know what they were computed from."""

import dataclasses
import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping

import keras
import numpy as np

from keras_gans.metrics.statistics.intervals import (
    compare_intervals,
    student_interval,
)

UNKNOWN = "unknown"
# Stated in a certificate, but no obstacle to a comparison: with everything
# else equal, versions and backends move a score by rounding only.
REPORTED_ONLY = ("versions",)


@dataclasses.dataclass(frozen=True)
class Score:
    """One number, its interval, and what it depends on besides the samples.

    `a < b`, `min`, `sorted`, `a.compare(b)` and `mean_score` refuse scores of
    different names or with different certificates. Of a certificate's fields
    `versions` alone may differ.

    Args:
        name: Such as `fid_lite0`.
        value: Finite number.
        certificate: Dictionary of JSON types.
        low: Lower end of the 95 % interval; None without one.
        high: Its upper end.
        standard_error: Of `value`; None if it is not known.

    Raises:
        ValueError: A number that is not finite, half an interval or one whose
            ends are exchanged, or a certificate that is not JSON.

    Example:
    >>> certificate = {"extractor": "efficientnet_lite0", "resolution": 96}
    >>> a = Score("fid_lite0", 20.0, certificate, low=18.0, high=22.0)
    >>> b = Score("fid_lite0", 21.0, certificate, low=19.0, high=23.0)
    >>> a < b, a.compare(b)
    (True, 'tied')
    >>> c = Score("fid_lite0", 30.0, certificate | {"resolution": 128})
    >>> a < c  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: Scores are compared or averaged only if they were computed in
    the same way. Received: resolution is 96 here and 128 there. ...
    """

    name: str
    value: float
    certificate: dict
    low: float | None = None
    high: float | None = None
    standard_error: float | None = None

    def __post_init__(self):
        interval = [self.low, self.high]
        numbers = [self.value, self.standard_error, *interval]
        finite = all(number is None or _is_finite(number) for number in numbers)
        halved = interval.count(None) == 1
        if (
            not finite
            or self.value is None
            or halved
            or (self.low is not None and self.low > self.high)
        ):
            raise ValueError(
                "A score is a finite number, with both ends of its interval "
                f"or none, the lower first. Received: {self.name}="
                f"{self.value!r}, low={self.low!r}, high={self.high!r}, "
                f"standard_error={self.standard_error!r}."
            )
        _check_json(self.certificate)

    def __lt__(self, other: "Score") -> bool:
        require_comparable(self, other)
        return self.value < other.value

    def compare(self, other: "Score") -> str:
        """Returns `lower`, `higher` or `tied`, as `compare_intervals`.

        Raises:
            ValueError: The scores cannot be compared, or one has no interval.
        """
        require_comparable(self, other)
        for score in (self, other):
            if score.low is None:
                raise ValueError(
                    f"Only scores with intervals can be tied. Received: "
                    f"{score.name}={score.value} without one. Use `<`."
                )
        return compare_intervals((self.low, self.high), (other.low, other.high))

    def to_json(self) -> dict:
        """Returns the fields that are known, as JSON types."""
        fields = dataclasses.asdict(self).items()
        return {key: value for key, value in fields if value is not None}


def require_comparable(*scores: Score) -> None:
    """Checks that scores were computed in the same way.

    Raises:
        ValueError: Two differ in name or certificate. The message names every
            field that differs, with both values.
    """
    first, *others = scores
    for other in others:
        differing = differences(
            first.certificate | {"name": first.name},
            other.certificate | {"name": other.name},
        )
        if differing:
            raise ValueError(
                "Scores are compared or averaged only if they were computed "
                f"in the same way. Received: {'; '.join(differing)}. Compute "
                "them again with the same settings."
            )


def differences(here: Mapping, there: Mapping) -> list[str]:
    """Returns the fields in which two certificates differ, with both values.

    Example:
    >>> differences({"sample_count": 100}, {"sample_count": 200})
    ['sample_count is 100 here and 200 there']
    """
    found = []
    for name in {**here, **there}:
        # As they are shown: True == 1 for Python, but not for a certificate.
        a, b = (repr(c[name]) if name in c else "absent" for c in (here, there))
        if a != b and name not in REPORTED_ONLY:
            found.append(f"{name} is {a} here and {b} there")
    return found


def mean_score(scores: Iterable[Score]) -> Score:
    """Returns the mean of one score over several runs.

    Args:
        scores: At least two, from independently trained or sampled
            generators.

    Returns:
        The mean with the standard error s / sqrt(n) of n scores with the
        standard deviation s (n - 1 in its denominator), and Student's 95 %
        interval. It covers the spread from run to run. The certificate says
        `averaged_over`: n.

    Raises:
        ValueError: Fewer than two scores, or two that were not computed in
            the same way.

    Example:
    >>> runs = [Score("fid_lite0", value, {}) for value in (9.0, 10.0, 11.0)]
    >>> mean = mean_score(runs)
    >>> mean.value, round(mean.standard_error, 3), round(mean.low, 2)
    (10.0, 0.577, 7.52)
    """
    scores = list(scores)
    if len(scores) < 2:
        raise ValueError(
            "A mean with its spread needs at least 2 scores. Received: "
            f"{len(scores)}."
        )
    require_comparable(*scores)
    values = [score.value for score in scores]
    count = len(values)
    error = np.std(values, ddof=1) / math.sqrt(count)
    return Score(
        scores[0].name,
        certificate=scores[0].certificate | {"averaged_over": count},
        **student_interval(np.mean(values), error, count - 1),
    )


def generator_fields(
    generator: keras.Model, averaged: bool | str = UNKNOWN
) -> dict:
    """Returns what a certificate says of the generator of the samples.

    Args:
        generator: A functional model.
        averaged: Whether its weights are a moving average, if that is known.

    Returns:
        `averaged_generator`; `batch_norm`, which moments its batch
        normalizations use: `moving`, `batch`, both, or `none` without such
        layers; `generator_precision`, the policy of its layers.
    """
    modes, policies = set(), set()
    for node in serialized_layers(generator):
        config = node["config"]
        if node["class_name"].endswith("BatchNormalization"):
            modes.add("batch" if config.get("batch_statistics") else "moving")
        policy = config.get("dtype")
        if isinstance(policy, dict):
            policies.add(policy["config"]["name"])
    # A network in mixed precision has its last layers in float32.
    mixed = sorted(policies - {"float32"})
    return {
        "averaged_generator": averaged,
        "batch_norm": " and ".join(sorted(modes)) or "none",
        "generator_precision": " and ".join(mixed) or "float32",
    }


def unknown_generator() -> dict:
    """Returns `generator_fields` of images whose origin is not known."""
    names = ("averaged_generator", "batch_norm", "generator_precision")
    return dict.fromkeys(names, UNKNOWN)


def versions() -> dict:
    """Returns the versions of what computes scores, and the backend."""
    backend = keras.backend.backend()
    library = __name__.partition(".")[0]
    return {
        library: sys.modules[library].__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "backend": backend,
        backend: sys.modules[backend].__version__,
    }


def serialized_layers(model: keras.Model) -> Iterator[dict]:
    """Yields every layer at any depth, as it is saved."""
    pending = [keras.saving.serialize_keras_object(model)]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            if isinstance(item.get("config"), dict) and "class_name" in item:
                yield item
            pending.extend(item.values())
        elif isinstance(item, list | tuple):
            pending.extend(item)


def _is_finite(number) -> bool:
    return (
        isinstance(number, int | float)
        and not isinstance(number, bool)
        and math.isfinite(number)
    )


def _check_json(certificate):
    try:
        if not isinstance(certificate, dict):
            raise TypeError("it is no dictionary")
        json.dumps(certificate, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "A certificate is a dictionary of JSON types. Received: "
            f"{certificate!r} ({error})."
        ) from error
