import pytest

from tests.callbacks.tiny import tiny_gan


@pytest.fixture
def gan():
    return tiny_gan()
