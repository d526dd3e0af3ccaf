"""A recipe that writes its settings instead of training.

Attributes of what it does are read from the environment: FAKE_RAISES names the
phase (`prepare` or `work`) and the exception.
"""

import builtins
import dataclasses
import os
import sys
import time
from typing import Annotated, Literal

from recipes.common.config import RunConfig
from recipes.common.light import without_keras
from recipes.common.main import recipe_main

with without_keras():
    from keras_gans.presets.fields import Bounds


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(RunConfig):
    """Settings of the fake recipe.

    Attributes:
        n_critic: Discriminator updates a generator update,
            as in the paper.
        learning_rate: Adam's step size.
        resolution: Side of the images in pixels.
        blocks: Channels of each block.
        truncation: Bound of the latents.
        note: Anything.
    """

    n_critic: Annotated[int, Bounds(minimum=1, maximum=10)] = 1
    learning_rate: Annotated[float, Bounds(above=0, below=1)] = 1e-4
    resolution: Literal[32, 64, 128] = 32
    blocks: tuple[int, ...] = (64, 32)
    truncation: float | None = None
    note: str = ""


SMOKE = Config(
    steps=20,
    batch_size=16,
    evaluate_every=10,
    sample_every=10,
    checkpoint_every=10,
    evaluation_samples=64,
)
CPU = dataclasses.replace(
    SMOKE, steps=2000, batch_size=64, precision="mixed_bfloat16"
)
PRESETS = {"smoke": SMOKE, "cpu": CPU}


def run(config):
    if os.environ.get("FAKE_RAISES"):
        return misbehave(*os.environ["FAKE_RAISES"].split(":"))
    heavy = {"keras", "tensorflow", "jax", "torch"} & set(sys.modules)
    print(config.steps, config.run_dir, sorted(heavy))
    return None


def misbehave(phase, name):
    def work():
        if name == "sleep":
            print("working", flush=True)
            time.sleep(60)
        raise getattr(builtins, name)("the rule is broken")

    return work() if phase == "prepare" else work


if __name__ == "__main__":
    recipe_main(Config, PRESETS, run, "fake", __doc__)
