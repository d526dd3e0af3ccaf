import importlib.resources

import numpy as np
import pytest
import torch

from keras_gans.metrics import EfficientNetLite0Features
from keras_gans.metrics.extractors.inception import PROTOCOLS, InceptionFeatures
from tests.metrics.extractors import inception_oracle


@pytest.fixture(scope="session")
def extractor():
    return EfficientNetLite0Features(resolution=64, batch_size=50)


@pytest.fixture(scope="session")
def garments():
    """300 real images, grey, 28 x 28."""
    data = importlib.resources.files("keras_gans.data")
    with data.joinpath("fashion_mnist_test.npz").open("rb") as file:
        return np.load(file)["images"][:300]


@pytest.fixture(scope="session")
def inception_state():
    """Random weights of FID's Inception network, as PyTorch holds them."""
    return inception_oracle.random_state()


@pytest.fixture(scope="session")
def inception_file(tmp_path_factory, inception_state):
    path = tmp_path_factory.mktemp("inception") / "random.pth"
    torch.save(inception_state, path)
    return path


@pytest.fixture(scope="session")
def inception(inception_file):
    """The extractor of each protocol, on one set of weights."""
    return {
        protocol: InceptionFeatures(protocol, 2, inception_file)
        for protocol in PROTOCOLS
    }
