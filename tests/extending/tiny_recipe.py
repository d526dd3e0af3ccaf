"""TinyGAN on any images."""

import dataclasses

from tiny_settings import TinySettings

from recipes.common.gan_config import GANConfig
from recipes.common.images import build_model
from recipes.common.main import image_recipe


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(TinySettings, GANConfig):
    """Settings of the recipe: TinyGAN's, and those of a run."""

    conditional: bool = False


def build(config, num_classes):
    from tiny_gan import TinyGAN

    return build_model(TinyGAN, config, num_classes)


PAPER = Config.of_preset("tiny_embedded_28")
PRESETS = {"paper": PAPER, "smoke": PAPER.smoke(width=8)}


if __name__ == "__main__":
    image_recipe("tiny", build, Config, PRESETS, __doc__)
