"""Named configurations, one JSON file a model family.

Each entry has a `description`, the `source` of its numbers and the `settings`
that the model's `from_settings` takes, and besides what only a training run
needs: the batch size, the number of steps and whether data are dequantized.
"""

import json
import pathlib

from keras_gans.checks import did_you_mean


def load(name: str, family: str | None = None) -> dict:
    """Returns a copy of the settings of a preset.

    Args:
        name: `<model>_<data>_<resolution>`, one of `names()`.
        family: File that must hold it, for example `sagan`; None for any.

    Raises:
        ValueError: When there is no such preset.
    """
    presets = _presets(family)
    if name not in presets:
        raise ValueError(
            f"A preset is one of {', '.join(presets)}. Received: "
            f"{name!r}.{did_you_mean(name, presets)}"
        )
    return presets[name]["settings"]


def names(family: str | None = None) -> list[str]:
    """Returns the names of all presets, or of one family's."""
    return list(_presets(family))


def _presets(family):
    folder = pathlib.Path(__file__).parent
    if str(family).endswith(".json"):
        paths = [pathlib.Path(family)]
    else:
        paths = sorted(folder.glob(f"{family or '*'}.json"))
    presets = {}
    for path in paths:
        presets.update(json.loads(path.read_text(encoding="utf-8")))
    return presets
