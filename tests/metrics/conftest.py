import importlib.resources

import numpy as np
import pytest

from keras_gans.metrics import EfficientNetLite0Features


@pytest.fixture(scope="session")
def extractor():
    return EfficientNetLite0Features(resolution=64, batch_size=50)


@pytest.fixture(scope="session")
def garments():
    """300 real images, grey, 28 x 28."""
    data = importlib.resources.files("keras_gans.data")
    with data.joinpath("fashion_mnist_test.npz").open("rb") as file:
        return np.load(file)["images"][:300]
