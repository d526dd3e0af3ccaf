"""Files that appear whole or not at all; needs no Keras."""

import contextlib
import os
import pathlib
import uuid
from collections.abc import Iterator


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Gives a temporary path whose file takes the place of `path` at the end.

    The content is on the disk before the name is there, so that a reader, or
    a machine that loses power, has all of the new file or all of the old one.
    Where the body raises, the file stays as it was.

    Args:
        path: The file to write; its folder is made where it is missing.

    Example:
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "notes" / "a.txt"
    ...     with replacing(path) as temporary:
    ...         _ = temporary.write_text("whole")
    ...     path.read_text()
    'whole'
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Keras and Pillow go by the suffix.
    temporary = path.with_name(f".{path.stem}.{uuid.uuid4().hex}{path.suffix}")
    try:
        yield temporary
        synchronize(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Writes a UTF-8 text file by `replacing`."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def cache_path(name: str) -> pathlib.Path:
    """Returns where something is kept from one process to the next.

    It lies in Keras's: KERAS_HOME of the environment, or else `~/.keras`.
    """
    home = os.environ.get("KERAS_HOME") or pathlib.Path.home() / ".keras"
    return pathlib.Path(home) / "keras_gans" / name


def synchronize(path: str | os.PathLike) -> None:
    """Waits until what was written to a file is on the disk."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
