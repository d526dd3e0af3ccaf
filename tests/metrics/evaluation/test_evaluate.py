import itertools
import json

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from keras_gans.metrics import (
    MetricSettings,
    Moments,
    Reference,
    evaluate_samples,
    frechet_distance,
    kernel_distance,
)
from keras_gans.metrics.evaluation import reference as module
from keras_gans.metrics.evaluation import reference_cache


class PixelMeans:
    """An extractor whose features are plain: the mean of each quarter."""

    name = "pixel_means"
    dimension = 4
    batch_size = 8

    def __init__(self, resolution=2, name="lite0"):
        self.certificate = {
            "extractor": name,
            "weights_hash": "none",
            "resolution": resolution,
            "genuine": True,
        }
        self.sizes = []

    def __call__(self, images):
        self.sizes.append(len(images))
        height, width = (n // 2 for n in images.shape[1:3])
        rows = images[:, :height], images[:, height:]
        parts = [p for r in rows for p in (r[:, :, :width], r[:, :, width:])]
        return np.stack([p.mean((1, 2, 3)) / 255 for p in parts], axis=1)


def images(count, seed=0, low=0):
    random = np.random.default_rng(seed)
    return random.integers(low, 256, (count, 4, 4, 1), dtype=np.uint8)


def reference_of(batches, extractor=None, **arguments):
    arguments = {"name": "noise", "content_hash": "abc", **arguments}
    return Reference.from_images(
        batches, extractor or PixelMeans(), **arguments
    )


def moments_of(features):
    moments = Moments(features.shape[1])
    moments.update_state(features)
    return moments


def untouchable():
    raise RuntimeError("the images were read")
    yield


@pytest.mark.once
def test_the_numbers_are_those_of_the_distances():
    real, fake = images(50), images(40, seed=1, low=60)
    result = evaluate_samples(
        np.array_split(fake, 3),
        reference_of(np.array_split(real, 4)),
        settings=MetricSettings(kid_subset_size=30, seed=2),
    )
    x, y = (PixelMeans()(z).astype(np.float32) for z in (real, fake))
    distance = frechet_distance(moments_of(x), moments_of(y))
    assert_allclose(result["fid_lite0"], distance, rtol=1e-5)
    mean, deviation = kernel_distance(x, y, subset_size=30, seed=2)
    assert_allclose(result["kid_lite0"], mean, rtol=1e-5)
    assert_allclose(result["kid_lite0_std"], deviation, rtol=1e-5)
    assert result["count"] == 40


@pytest.mark.once
def test_the_certificate_states_what_the_numbers_depend_on():
    result = evaluate_samples([images(40)], reference_of([images(50)]))
    assert 0 <= result["fid_lite0_low"] < result["fid_lite0"]
    assert result["fid_lite0"] < result["fid_lite0_high"]
    certificate = json.loads(json.dumps(result))["certificate"]
    backend = keras.backend.backend()
    assert set(certificate.pop("versions")) == {
        "keras_gans",
        "keras",
        "numpy",
        "backend",
        backend,
    }
    assert certificate == {
        "extractor": "lite0",
        "weights_hash": "none",
        "resolution": 2,
        "genuine": True,
        "reference": "noise",
        "reference_hash": "abc",
        "reference_split": "train",
        "reference_count": 50,
        "sample_count": 40,
        "averaged_generator": "unknown",
        "batch_norm": "unknown",
        "generator_precision": "unknown",
        "fid_groups": 10,
        "kid_subset_size": 1000,
        "kid_subsets": 20,
        "seed": 0,
    }


@pytest.mark.once
def test_labels_beside_the_images_are_ignored():
    x = images(20)
    labelled = [(x[:12], np.zeros(12)), (x[12:], np.zeros(8))]
    assert_allclose(
        reference_of(labelled).moments.covariance,
        reference_of([x]).moments.covariance,
        rtol=1e-12,
    )


@pytest.mark.once
def test_batches_are_regrouped_to_the_size_of_the_extractor():
    extractor = PixelMeans()
    reference = reference_of(np.array_split(images(30), 10), extractor)
    assert extractor.sizes == [8, 8, 8, 6]
    expected = PixelMeans()(images(30))
    assert_allclose(reference.moments.mean, expected.mean(0), rtol=1e-5)


@pytest.mark.once
def test_images_of_several_sizes_are_taken():
    mixed = [images(3), np.zeros((4, 6, 6, 1), np.uint8), images(3)]
    assert reference_of(mixed).count == 10


@pytest.mark.once
def test_count_takes_the_first_images_of_an_endless_stream():
    batches = itertools.cycle([images(7), images(7, seed=1)])
    reference = reference_of(batches, count=10)
    assert reference.count == 10
    result = evaluate_samples(batches, reference, count=9)
    assert result["count"] == 9


@pytest.mark.once
def test_the_cache_spares_the_images(tmp_path):
    arguments = {"cache_dir": tmp_path / "new" / "cache"}
    first = reference_of([images(30)], **arguments)
    second = reference_of(untouchable(), **arguments)
    fake = moments_of(PixelMeans()(images(20, seed=1)))
    assert second.count == 30
    assert frechet_distance(first.moments, fake) == frechet_distance(
        second.moments, fake
    )
    np.testing.assert_array_equal(first.features, second.features)


@pytest.mark.once
@pytest.mark.parametrize(
    "change",
    [
        {"content_hash": "other"},
        {"count": 25},
        {"extractor": PixelMeans(resolution=3)},
    ],
)
def test_the_cache_tells_references_apart(tmp_path, change):
    reference_of([images(30)], cache_dir=tmp_path)
    with pytest.raises(RuntimeError, match="were read"):
        reference_of(untouchable(), cache_dir=tmp_path, **change)


@pytest.mark.once
@pytest.mark.parametrize("damage", ["truncated", "altered", "other", "empty"])
def test_a_damaged_cache_is_rebuilt(tmp_path, damage):
    reference = reference_of([images(30)], cache_dir=tmp_path)
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "altered":
        with np.load(path) as archive:
            arrays = dict(archive)
        arrays["features"][0, 0] += 1
        with path.open("wb") as file:
            np.savez(file, **arrays)
    elif damage == "other":
        path.write_text("not an archive")
    else:
        path.write_bytes(b"")
    rebuilt = reference_of([images(30)], cache_dir=tmp_path)
    np.testing.assert_array_equal(rebuilt.features, reference.features)
    assert reference_of(untouchable(), cache_dir=tmp_path).count == 30
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.once
def test_a_failed_write_leaves_no_cache(tmp_path, monkeypatch):
    def half(file, **arrays):
        file.write(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", half)
    with pytest.raises(OSError, match="no space"):
        reference_of([images(30)], cache_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.once
def test_a_large_reference_keeps_a_bounded_sample(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "KEPT_FEATURES", 12)
    monkeypatch.setattr(reference_cache, "KEPT_FEATURES", 12)
    reference = reference_of([images(30)], cache_dir=tmp_path)
    assert reference.features.shape == (12, 4)
    assert reference.count == 30
    assert reference_of(untouchable(), cache_dir=tmp_path).count == 30


@pytest.mark.once
def test_too_few_images_are_refused():
    with pytest.raises(
        ValueError, match="'noise' needs at least 2 images. Received: 1"
    ):
        reference_of([images(1)])
    with pytest.raises(ValueError, match="at least 40 images.*Received: 30"):
        reference_of([images(30)], count=40)
    reference = reference_of([images(30)])
    with pytest.raises(ValueError, match="fid needs at least 2 samples.*0"):
        evaluate_samples([], reference)
    with pytest.raises(ValueError, match="at least 9 samples.*Received: 8"):
        evaluate_samples([images(8)], reference, count=9)


@pytest.mark.once
@pytest.mark.parametrize("count", [0, 1, -3, 2.5])
def test_an_impossible_count_is_refused_before_work(count):
    with pytest.raises(ValueError, match="`count`"):
        reference_of(untouchable(), count=count)
    with pytest.raises(ValueError, match="`count`"):
        evaluate_samples(untouchable(), reference_of([images(9)]), count=count)


@pytest.mark.once
def test_float_images_are_refused():
    floats = [images(9).astype(np.float32) / 127.5 - 1]
    with pytest.raises(ValueError, match="uint8.*float32.*to_uint8"):
        reference_of(floats)


@pytest.mark.once
def test_features_that_are_not_finite_are_refused():
    class Broken(PixelMeans):
        def __call__(self, images):
            features = super().__call__(images)
            features[0] = np.nan
            return features

    with pytest.raises(ValueError, match="1 of 16 images.*pixel_means"):
        reference_of([images(20)], Broken())


def test_tensors_of_tensorflow_are_taken():
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices(images(20)).batch(6)
    assert_allclose(
        reference_of(dataset).moments.mean,
        reference_of([images(20)]).moments.mean,
        rtol=1e-12,
    )


def test_distances_grow_with_the_noise_on_real_images(extractor, garments):
    real, other = garments[:150], garments[150:]
    reference = Reference.from_images(
        [real], extractor, name="garments", content_hash="first"
    )
    noise = np.random.default_rng(0).normal(size=other.shape)
    results = [
        evaluate_samples(
            [np.clip(other + level * noise, 0, 255).astype(np.uint8)],
            reference,
        )
        for level in (0, 12, 48)
    ]
    for name in ("fid_lite0", "kid_lite0"):
        values = [result[name] for result in results]
        assert values == sorted(values)
        assert values[-1] > 2 * values[0]
    same = evaluate_samples([real], reference)
    assert same["fid_lite0"] < 1e-3 < results[0]["fid_lite0"]
