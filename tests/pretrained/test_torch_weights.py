import collections
import os
import pickle

import numpy as np
import pytest
import torch

from keras_gans.pretrained.torch_weights import load_torch_weights

pytestmark = pytest.mark.once

FORMATS = pytest.mark.parametrize("is_zip", [True, False])


def state():
    generator = torch.Generator().manual_seed(0)
    kernel = torch.randn(4, 3, 2, generator=generator)
    return collections.OrderedDict(
        kernel=kernel,
        transposed=kernel.permute(2, 0, 1),
        window=kernel[1:3, :, 1],
        half=kernel.half(),
        double=kernel.double(),
        whole=torch.arange(5),
        small=torch.tensor([[1, -2]], dtype=torch.int8),
        flags=torch.tensor([True, False]),
        scalar=torch.tensor(7),
        empty=torch.zeros(0, 3),
    )


def saved(path, content, is_zip):
    torch.save(content, path, _use_new_zipfile_serialization=is_zip)
    return path


@FORMATS
def test_tensors_are_those_of_torch(tmp_path, is_zip):
    path = saved(tmp_path / "weights.pth", state(), is_zip)
    weights = load_torch_weights(path)
    assert list(weights) == list(state())
    for key, tensor in torch.load(path, weights_only=True).items():
        assert weights[key].dtype == tensor.numpy().dtype
        np.testing.assert_array_equal(weights[key], tensor.numpy())


@FORMATS
def test_a_module_and_nested_containers_are_read(tmp_path, is_zip):
    module = torch.nn.BatchNorm2d(3)
    content = {"model": module.state_dict(), "steps": [1, (2.5, "three")]}
    path = saved(tmp_path / "weights.pth", content, is_zip)
    weights = load_torch_weights(path)
    assert weights["steps"] == [1, (2.5, "three")]
    np.testing.assert_array_equal(weights["model"]["weight"], np.ones(3))


class Executes:
    def __reduce__(self):
        return os.mkdir, ("executed",)


@FORMATS
def test_code_in_the_file_is_named_and_not_run(tmp_path, monkeypatch, is_zip):
    monkeypatch.chdir(tmp_path)
    path = saved(tmp_path / "weights.pth", {"a": Executes()}, is_zip)
    with pytest.raises(ValueError, match=r"'(posix|nt)\.mkdir'.*weights\.pth"):
        load_torch_weights(path)
    assert not (tmp_path / "executed").exists()


@FORMATS
def test_a_whole_module_is_refused_by_name(tmp_path, is_zip):
    path = saved(tmp_path / "weights.pth", torch.nn.ReLU(), is_zip)
    with pytest.raises(ValueError, match=r"activation\.ReLU"):
        load_torch_weights(path)


@FORMATS
def test_every_truncation_is_noticed(tmp_path, is_zip):
    path = saved(tmp_path / "weights.pth", state(), is_zip)
    content = path.read_bytes()
    for length in range(0, len(content), 37):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"weights\.pth"):
            load_torch_weights(path)


@FORMATS
def test_a_damaged_file_raises_nothing_but_value_errors(tmp_path, is_zip):
    path = saved(tmp_path / "weights.pth", state(), is_zip)
    content = path.read_bytes()
    random = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(content)
        for position in random.integers(0, len(content), 3):
            damaged[position] = random.integers(256)
        path.write_bytes(damaged)
        try:
            load_torch_weights(path)
        except ValueError as error:
            assert "weights.pth" in str(error)


def test_a_window_beyond_its_storage_is_refused(tmp_path):
    path = saved(tmp_path / "weights.pth", {"a": torch.zeros(4, 3)}, False)
    content = path.read_bytes()
    # The shape (4, 3) as the pickle writes it, twice as long.
    shape = b"K\x04K\x03\x86"
    assert content.count(shape) == 1
    path.write_bytes(content.replace(shape, b"K\x08K\x03\x86"))
    with pytest.raises(ValueError, match="exceeds its storage"):
        load_torch_weights(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"plain text", pickle.dumps({"a": 1}), b"\x89PNG\r\n", b"PK\x03\x04"],
)
def test_another_file_is_refused(tmp_path, content):
    path = tmp_path / "other.bin"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"torch\.save.*other\.bin"):
        load_torch_weights(path)


def test_an_archive_of_something_else_is_refused(tmp_path):
    path = tmp_path / "images.npz"
    np.savez(path, images=np.zeros(3))
    with pytest.raises(ValueError, match=r"images\.npz"):
        load_torch_weights(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.pth"):
        load_torch_weights(tmp_path / "absent.pth")
