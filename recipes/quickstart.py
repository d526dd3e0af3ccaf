"""Quickstart: a small class-conditional GAN on 10,000 images of clothes.

SAGAN's networks, loss and rates without its attention, for a CPU.

Trains for five minutes, or --minutes=N, then evaluates, draws a grid with a row
for each class, and exports a SavedModel.

    python -m recipes.quickstart
"""

import dataclasses

from recipes import sagan
from recipes.common.main import image_recipe

CPU = dataclasses.replace(
    sagan.CPU,
    generator_multipliers=(4, 2, 1, 1),
    discriminator_multipliers=(1, 1, 2, 4),
    attention_resolution=0,
    minutes=5,
    steps=15_000,
    ema_start=7000,
    sample_every=3000,
    checkpoint_every=3000,
)
PRESETS = {"cpu": CPU, "smoke": sagan.SMOKE}


if __name__ == "__main__":
    image_recipe("quickstart", "SAGAN", sagan.Config, PRESETS, __doc__)
