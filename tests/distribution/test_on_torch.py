"""What torch has not."""

import pytest

from keras_gans.distribution import virtual_cpu_devices


def test_torch_has_no_virtual_devices():
    with pytest.raises(ValueError, match="2 virtual devices on torch"):
        virtual_cpu_devices(2)
