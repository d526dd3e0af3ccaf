import numpy as np
import pytest

from keras_gans.metrics.statistics.feature_sample import FeatureSample

pytestmark = pytest.mark.once


def test_every_vector_is_kept_with_equal_probability():
    kept = np.zeros(40)
    for seed in range(2000):
        sample = FeatureSample(1, capacity=10, seed=seed)
        for part in np.array_split(np.arange(40.0)[:, None], 3):
            sample.update_state(part)
        assert sample.count == 40
        kept[sample.features[:, 0].astype(int)] += 1
    # Each is binomial with n = 2000 and p = 1/4: deviation 19.4.
    assert kept.sum() == 20_000
    assert np.abs(kept - 500).max() < 5 * 19.4


def test_as_many_as_there_is_room_for_are_all_kept_in_order():
    sample = FeatureSample(1, capacity=10)
    sample.update_state([[3.0], [1.0]])
    sample.update_state([[2.0]])
    assert sample.features.tolist() == [[3.0], [1.0], [2.0]]
