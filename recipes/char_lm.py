"""WGAN-GP as a character-level language model.

Gulrajani et al., 2017, https://arxiv.org/abs/1704.00028, §5.5: a generator
without any sampling step whose softmax outputs go to the critic as they are.
It trains on 32 characters of each line of a text.

    python -m recipes.char_lm
    python -m recipes.char_lm --preset=paper --text=billion_words.txt
"""

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

from recipes.common.light import without_keras
from recipes.common.main import subject_recipe
from recipes.common.vectors import VectorConfig, Vectors

if TYPE_CHECKING:
    import keras
    import numpy as np

    from keras_gans import GAN

with without_keras():
    from keras_gans.presets.fields import Bounds, Count

ORDERS = (1, 2, 3, 4)
# Lines of a file of samples.
SHOWN = 64


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(VectorConfig):
    """Settings of the character model.

    Attributes:
        text: UTF-8 file of a sentence a line, .gz too; the verses of the
            King James Bible if empty.
        max_lines: Lines of the text that are read, at most.
        max_vocabulary: Symbols at most; rarer characters become unk.
        length: Characters of a line; shorter ones are padded.
        width: Channels of both networks.
        blocks: Residual blocks of each network.
        evaluation_samples: Generated lines whose n-grams are compared, and
            lines held out from training to compare with.
    """

    text: str = ""
    max_lines: Annotated[int, Bounds(minimum=2)] = 10_000_000
    max_vocabulary: Annotated[int, Bounds(minimum=2, maximum=2048)] = 2048
    length: Annotated[int, Bounds(minimum=max(ORDERS))] = 32
    latent_dim: Count = 128
    width: Count = 512
    blocks: Count = 5
    n_critic: Count = 10


PAPER = Config(
    steps=200_000,
    batch_size=64,
    evaluate_every=100,
    sample_every=100,
    checkpoint_every=1000,
    evaluation_samples=640,
)
# Narrower and shallower, with larger steps. In float32, in which its scores
# were measured.
CPU = dataclasses.replace(
    PAPER,
    steps=1000,
    batch_size=32,
    width=64,
    blocks=2,
    n_critic=5,
    generator_learning_rate=1e-3,
    discriminator_learning_rate=1e-3,
    learning_rate_decay=True,
    sample_every=250,
    checkpoint_every=250,
)
SMOKE = CPU.smoke(width=8, blocks=1, n_critic=2, evaluation_samples=64)
PRESETS = {"cpu": CPU, "smoke": SMOKE, "paper": PAPER}


class Text(Vectors):
    """Lines of characters."""

    kind, noun, monitor = "tokens", "lines", "jsd_mean"

    def __init__(self, config: Config):
        from keras_gans.data.text import load_text
        from keras_gans.metrics import NgramDivergence

        text = load_text(
            config.text or None,
            held_out=config.evaluation_samples,
            **config.select("max_lines", "length", "max_vocabulary"),
        )
        self.divergence = NgramDivergence(text.training, ORDERS)
        self.floor = _with_mean(self.divergence(text.held_out))
        description = (
            f"{text.name}: {text.num_lines:,} lines of {text.length} "
            f"characters, {len(text.vocabulary)} symbols"
        )
        super().__init__(config, text, description)

    def manifest(self, gan: "GAN") -> dict[str, Any]:
        return {
            "vocabulary": list(self.data.vocabulary),
            "text": self.data.name,
        }

    def networks(self) -> tuple["keras.Model", "keras.Model"]:
        from keras_gans.networks.char_resnet import (
            char_discriminator,
            char_generator,
        )

        size = self.config.select("length", "width", "blocks")
        size["vocabulary"] = len(self.data.vocabulary)
        return (
            char_generator(latent_dim=self.config.latent_dim, **size),
            char_discriminator(**size),
        )

    def scores(self, samples: "np.ndarray") -> dict[str, Any]:
        """Returns the divergences in bits, their mean, and the floor's."""
        scores = _with_mean(self.divergence(samples.argmax(axis=-1)))
        return {**scores, "floor": self.floor}

    def show(self, gan: "GAN") -> str:
        outputs = self.generated(gan, SHOWN)
        lines = self.data.decode(outputs.argmax(axis=-1))
        return "".join(f"{line}\n" for line in lines)

    def verdict(self, scores: dict[str, Any]) -> str:
        return (
            f"divergence {scores['jsd_mean']:.3f} bits (n=4: "
            f"{scores['jsd_4']:.3f}; held-out lines "
            f"{self.floor['jsd_mean']:.3f}, n=4: {self.floor['jsd_4']:.3f})"
        )


def _with_mean(divergences):
    mean = sum(divergences.values()) / len(divergences)
    return {**divergences, "jsd_mean": mean}


if __name__ == "__main__":
    subject_recipe("char_lm", Text, Config, PRESETS, __doc__)
