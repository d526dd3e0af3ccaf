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

_KEYS = {"description", "source", "settings", "unsourced"}


def load(name: str, family: str | os.PathLike | None = None) -> dict[str, Any]:
    """Returns a copy of the settings of a preset.

    Args:
        name: `<model>_<data>_<resolution>`, one of `names()`.
        family: File that must hold it, for example `sagan`, or the path of a
            JSON file of one's own; None for any of the package's.

    Raises:
        ValueError: When there is no such preset.
    """
    return describe(name, family)["settings"]


def describe(
    name: str, family: str | os.PathLike | None = None
) -> dict[str, Any]:
    """Returns a preset's `description`, `source`, `unsourced` and `settings`.

    It takes the arguments of `load`, and raises its errors.

    Example:
    >>> describe("msg_gan_cifar10_32")["unsourced"]
    ['batch_size', 'steps']
    """
    presets = _presets(family)
    if name not in presets:
        raise ValueError(
            f"A preset is one of {', '.join(presets)}. Received: "
            f"{name!r}.{did_you_mean(name, presets)}"
        )
    return presets[name]


def names(family: str | os.PathLike | None = None) -> list[str]:
    """Returns the names of all presets, or of one family's."""
    return list(_presets(family))


def read(path: str | os.PathLike) -> dict[str, dict[str, Any]]:
    """Returns the entries of a JSON file of presets, each complete.

    Raises:
        ValueError: When an entry is not as said above.
    """
    entries = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    return {name: _complete(name, entries) for name in entries}


def _complete(name, entries, above=()):
    entry = {"unsourced": [], **entries[name]}
    if "like" in entry:
        origin = entry.pop("like")
        if origin not in entries or origin in (*above, name):
            raise ValueError(
                "`like` names another preset of the file, in no circle. "
                f"Received: {origin!r} for {name}."
            )
        base = _complete(origin, entries, (*above, name))
        settings = base["settings"] | entry.get("settings", {})
        entry = {**base, **entries[name], "settings": settings}
        del entry["like"]
    unknown = set(entry["unsourced"]) - set(entry.get("settings", ()))
    if set(entry) != _KEYS or unknown:
        raise ValueError(
            f"A preset has {', '.join(sorted(_KEYS))}, the last of them names "
            f"of settings. Received: {entry} for {name}."
        )
    return entry


def _presets(family):
    if str(family).endswith(".json"):
        return read(family)
    folder = pathlib.Path(__file__).parent
    presets = {}
    for path in sorted(folder.glob(f"{family or '*'}.json")):
        presets.update(read(path))
    return presets
