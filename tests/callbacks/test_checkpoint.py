import json

import numpy as np
import pytest

from keras_gans.callbacks import Checkpoint, restore
from tests.callbacks.tiny import fit, real_images, tiny_gan


def state_of(gan):
    return [
        np.array(variable.numpy())
        for variable in gan.variables + gan.optimizer.variables
    ]


def test_a_restored_run_ends_where_an_unbroken_one_does(tmp_path):
    images = real_images(64)
    unbroken = tiny_gan(num_classes=3, ema_decay=0.9, seed=5)
    start = unbroken.get_weights()
    labels = np.arange(64, dtype="int32") % 3
    fit(unbroken, 8, [], images=images, y=labels)

    first = tiny_gan(num_classes=3, ema_decay=0.9, seed=5)
    first.set_weights(start)
    fit(first, 4, [Checkpoint(tmp_path)], images=images[:32], y=labels[:32])

    second = tiny_gan(num_classes=3, ema_decay=0.9, seed=5)
    assert restore(second, tmp_path) == {"step": 4}
    fit(second, 4, [], images=images[32:], y=labels[32:])
    for value, expected in zip(
        state_of(second), state_of(unbroken), strict=True
    ):
        np.testing.assert_array_equal(value, expected)


def test_the_newest_checkpoints_are_kept(gan, tmp_path):
    fit(gan, 5, [Checkpoint(tmp_path, 1, keep=2)])
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["step_00000004", "step_00000005"]


@pytest.mark.parametrize("keep", [0, -1, 1.5])
def test_a_checkpoint_that_is_not_kept_is_refused(tmp_path, keep):
    with pytest.raises(ValueError, match=f"`keep` must be.*keep={keep}"):
        Checkpoint(tmp_path, keep=keep)


def test_only_the_chief_leaves_checkpoints(gan, tmp_path, monkeypatch):
    monkeypatch.setattr("keras_gans.distribution.is_chief", lambda: False)
    (tmp_path / ".partial_00000001").mkdir()
    fit(gan, 1, [Checkpoint(tmp_path)])
    # Not even the chief's unfinished one is touched.
    assert [path.name for path in tmp_path.iterdir()] == [".partial_00000001"]


def test_further_state_comes_back(gan, tmp_path):
    fit(gan, 1, [Checkpoint(tmp_path, state=lambda: {"best_score": 2.5})])
    assert restore(gan, tmp_path) == {"step": 1, "best_score": 2.5}


def test_without_a_checkpoint_nothing_is_restored(gan, tmp_path):
    assert restore(gan, tmp_path) is None
    assert restore(gan, tmp_path / "missing") is None


@pytest.mark.once
@pytest.mark.parametrize("damaged", ["gan.weights.h5", "state.json"])
def test_a_damaged_checkpoint_gives_way_to_an_older_one(gan, tmp_path, damaged):
    fit(gan, 2, [Checkpoint(tmp_path, 1)])
    path = tmp_path / "step_00000002" / damaged
    path.write_bytes(path.read_bytes()[:10])
    with pytest.warns(UserWarning, match="step_00000002"):
        assert restore(gan, tmp_path) == {"step": 1}


@pytest.mark.once
def test_only_damaged_checkpoints_are_an_error(gan, tmp_path):
    fit(gan, 1, [Checkpoint(tmp_path)])
    (tmp_path / "step_00000001" / "state.json").write_text("{")
    with pytest.raises(ValueError, match="step_00000001"):
        restore(gan, tmp_path)


@pytest.mark.once
def test_an_unfinished_checkpoint_is_no_checkpoint(gan, tmp_path):
    fit(gan, 1, [Checkpoint(tmp_path)])
    (tmp_path / ".partial_00000009").mkdir()
    state = json.loads((tmp_path / "step_00000001/state.json").read_text())
    assert restore(gan, tmp_path) == state
