"""Reads the tensors of a PyTorch checkpoint without PyTorch.

A checkpoint is a pickle, and unpickling runs whatever the file names. The
reader here admits only what a dictionary of tensors needs: the function that
rebuilds a tensor, typed storages and `OrderedDict`. Anything else is refused
by name before it is called.
"""

import collections
import io
import math
import pickle
import zipfile
import zlib
from pathlib import Path

import numpy as np

# What the pickle machine and readers of archives raise on damaged bytes.
READING_ERRORS = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    zlib.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
_STORAGE_DTYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "?",
}


def load_torch_weights(path: str | Path) -> dict:
    """Returns the checkpoint at `path` with NumPy arrays for tensors.

    Both formats of `torch.save` are read: the legacy one and the zip archive
    of PyTorch 1.6 and later.

    Args:
        path: File written by `torch.save`, holding tensors in dictionaries,
            lists or tuples; a `state_dict` is the usual content.

    Returns:
        The stored object, each tensor a NumPy array of its shape and dtype.

    Raises:
        FileNotFoundError: There is no file at `path`.
        ValueError: The file is no PyTorch checkpoint, is truncated, or names
            anything but tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"PyTorch weights must be an existing file. Received: '{path}'."
        )
    try:
        if zipfile.is_zipfile(path):
            return _read_zip(path)
        return _read_legacy(path)
    except _RefusedError as error:
        raise ValueError(f"{error} File: '{path}'.") from None
    except READING_ERRORS as error:
        raise ValueError(
            "PyTorch weights must be a complete file written by `torch.save`. "
            f"Received: '{path}', which is truncated, damaged or of another "
            f"format ({type(error).__name__}: {error}). Fetch or install the "
            "file again."
        ) from error


class _RefusedError(Exception):
    """The file asks for something that a set of tensors does not need."""


class _TensorUnpickler(pickle.Unpickler):
    """An unpickler for tensors, storages and ordered dictionaries."""

    def __init__(self, file, load_storage):
        super().__init__(file, encoding="utf-8")
        self._load_storage = load_storage

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in _STORAGE_DTYPES:
            return np.dtype(_STORAGE_DTYPES[name])
        raise _RefusedError(
            "PyTorch weights may hold only dense tensors of numbers and "
            f"dictionaries of them. Received: a reference to '{module}.{name}'"
            ". Save a plain `state_dict()` on the CPU."
        )

    def persistent_load(self, identifier):
        kind, dtype, key, _, size, *view = identifier
        if kind != "storage" or not isinstance(dtype, np.dtype):
            raise pickle.UnpicklingError(f"unknown identifier {identifier!r}")
        if view and view[0] is not None:
            raise _RefusedError(
                "PyTorch weights may not hold views of other storages. "
                f"Received: {view[0]!r}. Save the tensors once more with a "
                "current version of PyTorch."
            )
        return self._load_storage(str(key), dtype, _natural(size))


def _natural(value):
    if type(value) is not int or value < 0:
        raise pickle.UnpicklingError(f"{value!r} is not a natural number")
    return value


def _rebuild_tensor(storage, offset, size, stride, *_):
    """Returns the strided window that a tensor is of its storage."""
    if not isinstance(storage, np.ndarray) or len(size) != len(stride):
        raise pickle.UnpicklingError("a tensor without a storage")
    size = tuple(map(_natural, size))
    stride = tuple(map(_natural, stride))
    last = _natural(offset) + sum(
        (n - 1) * step for n, step in zip(size, stride, strict=True)
    )
    if math.prod(size) and max(last + 1, math.prod(size)) > storage.size:
        raise pickle.UnpicklingError("a tensor exceeds its storage")
    if not math.prod(size):
        return np.zeros(size, storage.dtype)
    strides = [step * storage.itemsize for step in stride]
    return np.lib.stride_tricks.as_strided(storage[offset:], size, strides)


def _read_zip(path):
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        pickles = [n for n in names if n.split("/")[1:] == ["data.pkl"]]
        if len(pickles) != 1:
            raise pickle.UnpicklingError("no data.pkl in the archive")
        root = pickles[0].split("/")[0]
        order = f"{root}/byteorder"
        if order in names:
            _require_little_endian(archive.read(order) == b"little")
        storages = {}

        def load_storage(key, dtype, size):
            if key not in storages:
                data = archive.read(f"{root}/data/{key}")
                storages[key] = np.frombuffer(data, dtype, size)
            return storages[key]

        content = io.BytesIO(archive.read(pickles[0]))
        return _TensorUnpickler(content, load_storage).load()


def _read_legacy(path):
    limit = path.stat().st_size
    storages = {}

    def load_storage(key, dtype, size):
        # The bytes follow the pickle: tensors are windows on these arrays,
        # which are filled below.
        if size * dtype.itemsize > limit:
            raise pickle.UnpicklingError("a storage exceeds the file")
        if key not in storages:
            storages[key] = np.zeros(size, dtype)
        return storages[key]

    def refuse_storage(*_):
        raise pickle.UnpicklingError("a storage outside the tensors")

    with path.open("rb") as file:
        header = [_TensorUnpickler(file, refuse_storage).load()]
        if header == [_LEGACY_MAGIC]:
            header.append(_TensorUnpickler(file, refuse_storage).load())
        if header != [_LEGACY_MAGIC, _LEGACY_PROTOCOL]:
            raise pickle.UnpicklingError("the PyTorch header is missing")
        system = _TensorUnpickler(file, refuse_storage).load()
        _require_little_endian(system["little_endian"])
        content = _TensorUnpickler(file, load_storage).load()
        keys = _TensorUnpickler(file, refuse_storage).load()
        if sorted(keys) != sorted(storages):
            raise pickle.UnpicklingError("the list of storages is incomplete")
        for key in keys:
            _fill(storages[key], file)
    return content


def _fill(storage, file):
    size = int.from_bytes(file.read(8), "little")
    data = file.read(storage.nbytes)
    if size != storage.size or len(data) != storage.nbytes:
        raise EOFError(f"{len(data)} of {storage.nbytes} bytes of a storage")
    storage[:] = np.frombuffer(data, storage.dtype)


def _require_little_endian(is_little):
    if not is_little:
        raise _RefusedError(
            "PyTorch weights must be stored in little-endian order. Received: "
            "big-endian."
        )
