import json

import keras
import numpy as np
import pytest
from PIL import Image

from keras_gans.callbacks import (
    Evaluation,
    SampleGrid,
    TensorBoard,
    WeightHistograms,
)
from keras_gans.images import to_uint8
from keras_gans.metrics import Reference
from tests.callbacks.tiny import fit, tiny_gan


class MeanGrey:
    """Two features of an image: its mean grey level and its first pixel."""

    dimension, batch_size = 2, 16
    certificate = {"extractor": "lite0", "genuine": True}

    def __call__(self, images):
        images = images.astype("float32") / 255
        return np.stack(
            [images.mean(axis=(1, 2, 3)), images[:, 0, 0, 0]], axis=1
        )


def reference():
    images = np.random.default_rng(0).integers(0, 256, (64, 4, 4, 1), "uint8")
    return Reference.from_images(
        [images], MeanGrey(), name="noise", content_hash="0"
    )


def events(directory):
    """Tags and steps of the event files, read by TensorBoard itself."""
    from tensorboard.backend.event_processing.event_accumulator import (
        EventAccumulator,
    )

    accumulator = EventAccumulator(str(directory))
    accumulator.Reload()
    return {
        tag: [event.step for event in accumulator.Tensors(tag)]
        for tag in accumulator.Tags()["tensors"]
    }


def test_a_row_of_the_grid_is_a_class_and_a_column_a_latent(tmp_path):
    gan = tiny_gan(num_classes=3)
    grid = SampleGrid(tmp_path, columns=5, seed=7)
    fit(gan, 1, [grid], images=None, y=np.zeros(8, "int32"))
    latents = np.random.default_rng(7).normal(size=(5, 3)).astype("float32")
    sheet = np.asarray(Image.open(tmp_path / "step_00000001.png"))
    assert sheet.shape == (3 * 4 + 2 * 2, 5 * 4 + 4 * 2)
    for row in range(3):
        labels = np.full(5, row, "int32")
        images = to_uint8(gan.generator.predict([latents, labels], verbose=0))
        for column in range(5):
            cell = sheet[row * 6 : row * 6 + 4, column * 6 : column * 6 + 4]
            assert np.abs(cell - images[column, :, :, 0].astype(int)).max() <= 1


def test_grids_use_the_averaged_generator(tmp_path):
    gan = tiny_gan(ema_decay=0.9)
    grid = SampleGrid(tmp_path, columns=2, rows=2)
    grid.set_model(gan)
    for weight in gan.averaged_generator.weights:
        weight.assign(np.zeros(weight.shape))
    # Zero weights give tanh(0) = 0, the grey level round(127.5) = 128.
    sheet = grid.images()
    assert set(np.unique(sheet)) == {128, 255}


def test_grids_go_to_tensorboard(gan, tmp_path):
    fit(gan, 2, [SampleGrid(tmp_path / "samples", 1, log_dir=tmp_path)])
    assert events(tmp_path)["samples"] == [1, 2]


def test_losses_and_histograms_go_to_tensorboard(gan, tmp_path):
    fit(gan, 4, [TensorBoard(tmp_path, 2), WeightHistograms(tmp_path)])
    tags = events(tmp_path)
    assert tags["train/generator_loss"] == [2, 4]
    assert tags["train/discriminator_loss"] == [2, 4]
    histograms = [tag for tag in tags if tag.startswith("generator/")]
    assert len(histograms) == len(gan.generator.trainable_weights)


def test_an_evaluation_records_step_images_scores_and_certificate(
    gan, tmp_path
):
    records = []
    evaluation = Evaluation(
        reference(),
        every=2,
        samples=20,
        record=records.append,
        images_per_step=8,
        log_dir=tmp_path,
    )
    fit(gan, 4, [evaluation])
    assert [line["step"] for line in records] == [2, 4]
    assert [line["images_seen"] for line in records] == [16, 32]
    assert records[0]["seconds"] <= records[1]["seconds"]
    assert records[0]["certificate"]["sample_count"] == 20
    assert records[0]["certificate"]["averaged_generator"] is False
    assert json.dumps(records)
    assert events(tmp_path)["evaluation/fid_lite0"] == [2, 4]


def test_equal_weights_score_equally_whenever_they_are_evaluated(gan):
    evaluation = Evaluation(reference(), samples=20)
    evaluation.set_model(gan)
    first = evaluation.evaluate()
    assert evaluation.evaluate()["fid_lite0"] == first["fid_lite0"]


def test_the_best_generator_is_kept(gan, tmp_path, monkeypatch):
    scores = iter([5.0, 3.0, 4.0])
    monkeypatch.setattr(
        Evaluation,
        "evaluate",
        lambda self, samples=None: {
            "fid_lite0": next(scores),
            "certificate": {},
        },
    )
    weights = []
    keep = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: weights.append(
            gan.generator.get_weights()
        )
    )
    best = tmp_path / "best.keras"
    evaluation = Evaluation(reference(), every=1, best=best)
    for _ in range(3):
        fit(gan, 1, [keep, evaluation])
    assert evaluation.best_score == 3.0
    kept = keras.saving.load_model(best).get_weights()
    for value, expected in zip(kept, weights[1], strict=True):
        np.testing.assert_array_equal(value, expected)
    assert [path.name for path in tmp_path.iterdir()] == ["best.keras"]


def test_a_resumed_run_keeps_its_best_score(gan, tmp_path, monkeypatch):
    monkeypatch.setattr(
        Evaluation,
        "evaluate",
        lambda self, samples=None: {"fid_lite0": 9.0, "certificate": {}},
    )
    best = tmp_path / "best.keras"
    fit(
        gan,
        1,
        [Evaluation(reference(), best=best, best_score=8.0)],
    )
    assert not best.exists()


@pytest.mark.once
def test_too_few_samples_are_refused(gan):
    evaluation = Evaluation(reference(), samples=1)
    with pytest.raises(ValueError, match="2"):
        fit(gan, 1, [evaluation])
