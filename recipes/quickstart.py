"""Quickstart: a small SAGAN on 10,000 images of clothes, on a CPU.

Trains about five minutes on two cores, then evaluates, draws a grid with a
row for each class, and exports a SavedModel.

    python -m recipes.quickstart
"""

from recipes import sagan
from recipes.common.main import image_recipe

PRESETS = {"cpu": sagan.CPU, "smoke": sagan.SMOKE}


if __name__ == "__main__":
    image_recipe("quickstart", "SAGAN", sagan.Config, PRESETS, __doc__)
