"""Quickstart: a small SAGAN on 10,000 images of clothes, on a CPU.

Trains about five minutes on two cores, then evaluates, draws a grid with a
row for each class, and exports a SavedModel.

    python -m recipes.quickstart
"""

from recipes import sagan
from recipes.common.run import recipe_main
from recipes.common.train import prepare

PRESETS = {"cpu": sagan.CPU, "smoke": sagan.SMOKE}


def run(config: sagan.Config):
    """Prepares a run."""
    return prepare(config, "quickstart", sagan.build)


if __name__ == "__main__":
    recipe_main(sagan.Config, PRESETS, run, "quickstart", __doc__)
