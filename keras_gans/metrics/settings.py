"""Which metrics there are, and what their scores depend on."""

import dataclasses

MANIFOLD = ("precision", "recall", "density", "coverage")
METRICS = (
    "fid",
    "kid",
    "inception_score",
    *MANIFOLD,
    "fid_infinity",
    "intra_fid",
    "ms_ssim",
    "memorization",
)
# These cost minutes, or need labels or held-out images.
ON_REQUEST = ("fid_infinity", "intra_fid", "ms_ssim", "memorization")
MEMORIZATION = (
    "frechet_gap",
    "duplicate_rate",
    "neighbour_percentile",
    "z_score",
)
OF_CLASSES = ("intra_fid", "ms_ssim")


@dataclasses.dataclass(frozen=True, kw_only=True)
class MetricSettings:
    """What scores depend on besides features.

    Attributes:
        fid_groups: Groups of samples whose spread gives the intervals of
            Fréchet and kernel distances.
        kid_subset_size: Vectors of a subset, at most the smaller set's.
        kid_subsets: Number of subsets.
        inception_score_splits: Random groups of samples.
        precision_k: Neighbours of precision and recall.
        density_k: Neighbours of density and coverage.
        ms_ssim_pairs: Pairs of images a class.
        seed: Fixes subsets, groups, pairs, and which features are kept.
    """

    fid_groups: int = 10
    kid_subset_size: int = 1000
    kid_subsets: int = 20
    inception_score_splits: int = 10
    precision_k: int = 3
    density_k: int = 5
    ms_ssim_pairs: int = 100
    seed: int = 0


# Which settings a metric depends on, besides the seed.
_DEPENDS_ON = {
    "kid": ("kid_subset_size", "kid_subsets"),
    "inception_score": ("inception_score_splits",),
    "precision": ("precision_k",),
    "recall": ("precision_k",),
    "density": ("density_k",),
    "coverage": ("density_k",),
    "ms_ssim": ("ms_ssim_pairs",),
}


def settings_of(metric: str, settings: MetricSettings) -> dict:
    """Returns what a certificate says of the settings of a metric."""
    names = _DEPENDS_ON.get(metric, ())
    return {name: getattr(settings, name) for name in (*names, "seed")}


def least_samples(metric: str, settings: MetricSettings) -> int:
    """Returns how many samples a metric needs."""
    return {
        "inception_score": settings.inception_score_splits,
        "precision": settings.precision_k + 1,
        "recall": settings.precision_k + 1,
        # One pass computes all four.
        "density": settings.precision_k + 1,
        "coverage": settings.precision_k + 1,
        "fid_infinity": 20,
    }.get(metric, 2)
