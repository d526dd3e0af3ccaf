import functools
import gc
import hashlib
import json
import threading

import keras
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from torch.nn import functional

from keras_gans.metrics.extractors import inception as module
from keras_gans.metrics.extractors import inception_weights
from keras_gans.metrics.extractors.inception import PROTOCOLS, InceptionFeatures
from tests.metrics.extractors import inception_oracle

ALL = pytest.mark.parametrize("protocol", PROTOCOLS)
# Pillow resizes for one, Keras for the other.
BOTH_WAYS = pytest.mark.parametrize("protocol", ["clean", "tensorflow"])


def pictures(count=2, height=48, width=40, channels=3):
    """Smooth shapes with noise on them."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (count, 6, 5, channels))
    fine = np.kron(coarse, np.ones((1, height // 6, width // 5, 1)))
    noise = random.normal(0, 12, fine.shape)
    return np.clip(fine + noise, 0, 255).astype(np.uint8)


def prepared(images, protocol):
    """Resized and scaled as each protocol's own code does it."""
    if protocol == "tensorflow":
        x = inception_oracle.tf1_bilinear(images, 299)
        return torch.tensor((x - 128) * 0.0078125).permute(0, 3, 1, 2)
    if protocol == "pytorch":
        x = torch.tensor(images).permute(0, 3, 1, 2).float() / 255
        x = functional.interpolate(
            x, size=(299, 299), mode="bilinear", align_corners=False
        )
        return 2 * x - 1
    resized = []
    for image in images:
        if protocol == "clean":
            x = Image.fromarray(image).resize((299, 299), Image.BICUBIC)
            resized.append(np.asarray(x))
        else:
            channels = [
                Image.fromarray(image[:, :, c].astype(np.float32)).resize(
                    (299, 299), Image.BICUBIC
                )
                for c in range(3)
            ]
            resized.append(np.stack(channels, axis=-1).clip(0, 255))
    x = torch.tensor(np.stack(resized)).permute(0, 3, 1, 2).float()
    return (x - 128) / 128


@functools.cache
def expected_features(protocol):
    # The weights of the fixture `inception_state`.
    state = inception_oracle.random_state()
    x = prepared(pictures(), protocol).float()
    return inception_oracle.features(state, x).numpy()


@ALL
def test_features_are_those_of_torch(inception, protocol):
    expected = expected_features(protocol)
    tolerance = 1e-4 * expected.std()
    features = inception[protocol](pictures())
    assert features.shape == (2, 2048)
    assert features.dtype == np.float32
    assert_allclose(features, expected, rtol=0, atol=tolerance)
    # No other protocol would pass.
    for other in set(PROTOCOLS) - {protocol}:
        difference = np.abs(expected_features(other) - features).max()
        assert difference > 2 * tolerance


def test_logits_are_the_last_layer_of_the_features(inception, inception_state):
    outputs = inception["pytorch"].outputs(pictures())
    assert set(outputs) == {"features", "logits", "logits_unbiased"}
    assert_allclose(
        outputs["features"], expected_features("pytorch"), atol=1e-3
    )
    weight = inception_state["fc.weight"].double()
    features = torch.tensor(outputs["features"]).double()
    unbiased = (features @ weight.T).numpy()
    bias = inception_state["fc.bias"].numpy()
    assert outputs["logits"].shape == (2, 1008)
    assert outputs["logits"].dtype == np.float32
    assert_allclose(outputs["logits_unbiased"], unbiased, atol=1e-4)
    assert_allclose(outputs["logits"], unbiased + bias, atol=1e-4)


@BOTH_WAYS
def test_batches_do_not_change_the_features(inception, protocol):
    # Two to a pass: two full ones and one padded.
    images = pictures(5)
    whole = inception[protocol](images)
    assert_allclose(whole[4:], inception[protocol](images[4:]), atol=1e-3)
    assert_allclose(whole[1:3], inception[protocol](images[1:3]), atol=1e-3)
    assert np.abs(whole[0] - whole[4]).max() > 0.1


@BOTH_WAYS
def test_grey_images_are_repeated(inception, protocol):
    grey = pictures(channels=1)
    colour = np.repeat(grey, 3, axis=-1)
    extractor = inception[protocol]
    assert_array_equal(extractor(grey), extractor(colour))


def test_no_images_have_no_features(inception):
    empty = np.empty((0, 28, 28, 1), np.uint8)
    for extractor in inception.values():
        assert extractor(empty).shape == (0, 2048)
        assert extractor.outputs(empty)["logits"].shape == (0, 1008)


def test_tensors_of_the_backend_are_taken(inception):
    tensor = keras.ops.convert_to_tensor(pictures(), "uint8")
    extractor = inception["tensorflow"]
    assert_array_equal(extractor(tensor), extractor(pictures()))


def test_protocols_hold_the_weights_once(inception):
    assert len({id(e._network) for e in inception.values()}) == 1


@pytest.mark.once
def test_resizing_threads_end_with_the_call(inception):
    inception["clean"](pictures(4))
    before = threading.active_count()
    inception["clean"](pictures(4))
    assert threading.active_count() == before


@pytest.mark.once
@ALL
def test_the_certificate_says_what_the_features_depend_on(
    inception, inception_file, protocol
):
    content = inception_file.read_bytes()
    certificate = inception[protocol].certificate
    assert json.loads(json.dumps(certificate)) == certificate
    resizer, scaling = {
        "clean": ("clean", "(x-128)/128"),
        "clean_float": ("clean_float", "(x-128)/128"),
        "tensorflow": ("tf1_bilinear", "(x-128)/128"),
        "pytorch": ("torch_bilinear", "(x-127.5)/127.5"),
    }[protocol]
    assert certificate == {
        "extractor": f"inception_{protocol}",
        "weights_hash": hashlib.sha256(content).hexdigest(),
        "resolution": 299,
        "resizer": resizer,
        "scaling": scaling,
        "precision": "float32",
        "genuine": False,
    }


@pytest.mark.once
def test_the_old_file_format_is_read_under_any_dtype_policy(
    inception, inception_state, inception_file, tmp_path
):
    path = tmp_path / "old.pth"
    # Without counters, and with the classifier of the middle, as some have.
    state = {
        key: value
        for key, value in inception_state.items()
        if not key.endswith("num_batches_tracked")
    }
    state["AuxLogits.fc.bias"] = torch.zeros(1008)
    torch.save(state, path, _use_new_zipfile_serialization=False)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        old = InceptionFeatures("pytorch", 2, path)
    finally:
        keras.config.set_dtype_policy("float32")
    new = inception["pytorch"]
    assert old._network is not new._network
    assert old.weights_hash != new.weights_hash
    assert_array_equal(old(pictures()), new(pictures()))
    weights_hash = old.weights_hash
    assert weights_hash in module._NETWORKS
    del old
    gc.collect()
    assert weights_hash not in module._NETWORKS


@pytest.mark.once
def test_other_tensors_are_refused_by_key(inception_state, tmp_path):
    state = dict(inception_state)
    del state["Conv2d_1a_3x3.bn.running_var"]
    state["Mixed_5b.branch5x5_2.conv.weight"] = torch.zeros(64, 48, 3, 3)
    state["fc.weight"] = state["fc.weight"][:1000]
    state["Mixed_7c.branch1x1.bn.bias"] = torch.full((320,), torch.nan)
    state["head.weight"] = torch.zeros(2)
    path = tmp_path / "other.pth"
    torch.save(state, path)
    with pytest.raises(ValueError) as error:
        InceptionFeatures(weights_path=path)
    message = str(error.value)
    assert str(path) in message
    assert "1 key is missing: Conv2d_1a_3x3.bn.running_var;" in message
    assert "1 key is unexpected: head.weight;" in message
    assert "2 keys are of another shape" in message
    assert "fc.weight (1000, 2048) instead of (1008, 2048)" in message
    assert "(64, 48, 3, 3) instead of (64, 48, 5, 5)" in message
    assert "1 key is not finite: Mixed_7c.branch1x1.bn.bias." in message


@pytest.mark.once
@pytest.mark.parametrize("content", [{}, [torch.zeros(2)], {"a": "text"}])
def test_what_is_no_state_dict_is_refused(tmp_path, content):
    path = tmp_path / "other.pth"
    torch.save(content, path)
    with pytest.raises(ValueError, match=r"472 keys are missing:.*467 more"):
        InceptionFeatures(weights_path=path)


@pytest.mark.once
def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.pth"):
        InceptionFeatures(weights_path=tmp_path / "absent.pth")


@pytest.fixture
def published_at(monkeypatch, tmp_path):
    """Publishes a file of this machine, of a hash, to Keras's downloads."""

    def publish(path, published_hash):
        get_file = functools.partial(
            keras.utils.get_file, cache_dir=tmp_path / "keras"
        )
        monkeypatch.setattr(keras.utils, "get_file", get_file)
        monkeypatch.setattr(inception_weights, "URL", path.as_uri())
        monkeypatch.setattr(inception_weights, "PUBLISHED_HASH", published_hash)
        monkeypatch.setattr(InceptionFeatures, "published_hash", published_hash)

    return publish


@pytest.mark.once
def test_published_weights_are_fetched_once_and_genuine(
    published_at, inception_file, inception
):
    published_at(inception_file, inception["clean"].weights_hash)
    extractor = InceptionFeatures()
    assert extractor.certificate["genuine"]
    assert extractor.batch_size > 1
    fetched = extractor._path
    assert fetched.parent.name == "models"
    first = fetched.stat().st_mtime_ns
    assert InceptionFeatures("pytorch")._path.stat().st_mtime_ns == first


@pytest.mark.once
def test_weights_that_fail_the_hash_are_refused(published_at, inception_file):
    published_at(inception_file, "0" * 64)
    with pytest.raises(FileNotFoundError, match=r"hash.*--inception_weights"):
        InceptionFeatures()


@pytest.mark.once
def test_without_network_the_error_names_the_way_out(published_at, tmp_path):
    published_at(tmp_path / "absent.pth", "0" * 64)
    with pytest.raises(FileNotFoundError, match=r"--inception_weights=PATH"):
        InceptionFeatures()


@pytest.mark.once
def test_the_published_file_is_the_one_of_the_name():
    # torch.hub's files end in the first digits of their hash.
    name = inception_weights.URL.rpartition("/")[2]
    assert name == "pt_inception-2015-12-05-6726825d.pth"
    assert inception_weights.PUBLISHED_HASH.startswith("6726825d")
    assert len(inception_weights.PUBLISHED_HASH) == 64
    assert InceptionFeatures.published_hash == inception_weights.PUBLISHED_HASH


@pytest.mark.once
@pytest.mark.parametrize(
    "arguments",
    [{"protocol": "legacy"}, {"batch_size": 0}, {"batch_size": 2.5}],
)
def test_impossible_arguments_are_refused(arguments, inception_file):
    name = next(iter(arguments))
    with pytest.raises(ValueError, match=f"`{name}`.*Received: {name}="):
        InceptionFeatures(weights_path=inception_file, **arguments)


@pytest.mark.once
@ALL
@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 28, 28, 1), np.float32),
        np.zeros((2, 28, 28), np.uint8),
        np.zeros((2, 28, 28, 4), np.uint8),
    ],
)
def test_other_images_are_refused(inception, protocol, images):
    with pytest.raises(ValueError, match="Images must be uint8.*Received"):
        inception[protocol](images)
