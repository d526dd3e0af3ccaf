"""The scores, a metric a file; a line below makes one known by its name."""

from keras_gans.metrics.registry import register
from keras_gans.metrics.scores.class_diversity import MSSSIM
from keras_gans.metrics.scores.fid_infinity import FIDInfinity
from keras_gans.metrics.scores.fid_interval import FID
from keras_gans.metrics.scores.inception_score import InceptionScores
from keras_gans.metrics.scores.intra_fid import IntraFID
from keras_gans.metrics.scores.kid import KID
from keras_gans.metrics.scores.memorization import MemorizationSigns
from keras_gans.metrics.scores.precision_recall import PrecisionRecall

for metric in (
    FID,
    KID,
    InceptionScores,
    PrecisionRecall,
    FIDInfinity,
    IntraFID,
    MSSSIM,
    MemorizationSigns,
):
    register(metric)
