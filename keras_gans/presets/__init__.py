"""Named configurations, one JSON file a model family.

Each entry has

- a `description`;
- the `source` of its numbers;
- the `settings` that the model's `from_settings` takes, and besides what only
  a training run needs: the batch size, the number of steps and whether data
  are dequantized;
- `unsourced`, the names of the settings that neither the paper nor its
  released code gives, so that their values are choices; none by default;
- `like`, another entry of the file from which it takes all that it does not
  say itself, setting by setting.
"""

import json
import os
import pathlib
from typing import Any

from keras_gans.checks import did_you_mean

_KEYS = {"description", "source", "settings"}


def load(name: str, family: str | os.PathLike | None = None) -> dict[str, Any]:
    """Returns a copy of the settings of a preset.

    Args:
        name: `<model>_<data>_<resolution>`, one of `names()`.
        family: File that must hold it, for example `sagan`, or the path of a
            JSON file of one's own; None for any of the package's.

    Raises:
        ValueError: When there is no such preset.
    """
    return _entry(name, family)["settings"]


def describe(
    name: str, family: str | os.PathLike | None = None
) -> dict[str, Any]:
    """Returns the `description`, `source` and `unsourced` of a preset.

    Args:
        name: See `load`.
        family: See `load`.

    Raises:
        ValueError: When there is no such preset.

    Example:
    >>> describe("msg_gan_cifar10_32")["unsourced"]
    ['batch_size', 'steps']
    """
    entry = _entry(name, family)
    return {key: entry[key] for key in ("description", "source", "unsourced")}


def names(family: str | os.PathLike | None = None) -> list[str]:
    """Returns the names of all presets, or of one family's."""
    return list(_presets(family))


def read(path: str | os.PathLike) -> dict[str, dict[str, Any]]:
    """Returns the entries of a file of presets, each complete.

    Args:
        path: A JSON file of the form above.

    Raises:
        ValueError: When an entry is not as said above.
    """
    path = pathlib.Path(path)
    entries = json.loads(path.read_text(encoding="utf-8"))
    return {name: _complete(name, entries, path) for name in entries}


def _complete(name, entries, path, above=()):
    entry = {**entries[name]}
    origin = entry.pop("like", None)
    if origin is not None:
        if origin not in entries or origin in (*above, name):
            raise ValueError(
                "`like` names another entry of the file, in no circle. "
                f"Received: {origin!r} for {name} in {path}."
            )
        base = _complete(origin, entries, path, (*above, name))
        settings = base["settings"] | entry.get("settings", {})
        entry = {**base, **entry, "settings": settings}
    entry.setdefault("unsourced", [])
    unknown = set(entry["unsourced"]) - set(entry.get("settings", ()))
    if set(entry) != {*_KEYS, "unsourced"} or unknown:
        raise ValueError(
            "A preset has a description, a source, settings and the names of "
            f"the unsourced ones among them. Received: {sorted(entry)} with "
            f"unsourced={entry['unsourced']} for {name} in {path}."
        )
    return entry


def _entry(name, family):
    presets = _presets(family)
    if name not in presets:
        raise ValueError(
            f"A preset is one of {', '.join(presets)}. Received: "
            f"{name!r}.{did_you_mean(name, presets)}"
        )
    return presets[name]


def _presets(family):
    if family is not None and str(family).endswith(".json"):
        return read(family)
    folder = pathlib.Path(__file__).parent
    presets = {}
    for path in sorted(folder.glob(f"{family or '*'}.json")):
        presets.update(read(path))
    return presets
