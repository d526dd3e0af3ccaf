"""WGAN-GP as a character-level language model.

Gulrajani et al., 2017, https://arxiv.org/abs/1704.00028, §5.5: a generator
without any sampling step whose softmax outputs go to the critic as they are.
It trains on 32 characters of each line of a text.

    python -m recipes.char_lm
    python -m recipes.char_lm --preset=paper --text=billion_words.txt
"""

import dataclasses

from recipes.common.fields import check_range
from recipes.common.run import recipe_main
from recipes.common.vector_config import VectorConfig
from recipes.common.vector_run import Subject, generated, prepare_vectors

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
    max_lines: int = 10_000_000
    max_vocabulary: int = 2048
    length: int = 32
    latent_dim: int = 128
    width: int = 512
    blocks: int = 5
    n_critic: int = 10

    def __post_init__(self):
        super().__post_init__()
        check_range(self, "length", minimum=max(ORDERS))
        check_range(self, "max_lines", minimum=2)
        check_range(self, "max_vocabulary", minimum=2, maximum=2048)
        check_range(self, "width", minimum=1)
        check_range(self, "blocks", minimum=1)


PAPER = Config(
    steps=200_000,
    batch_size=64,
    evaluate_every=100,
    sample_every=100,
    checkpoint_every=1000,
    evaluation_samples=640,
)
# Narrower and shallower, with larger steps.
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
    evaluate_every=100,
    sample_every=250,
    checkpoint_every=250,
)
SMOKE = dataclasses.replace(
    CPU,
    steps=10,
    batch_size=8,
    width=8,
    blocks=1,
    n_critic=2,
    evaluate_every=0,
    sample_every=5,
    checkpoint_every=5,
    evaluation_samples=64,
    log_every=5,
)
PRESETS = {"cpu": CPU, "smoke": SMOKE, "paper": PAPER}


class Text(Subject):
    """Lines of characters."""

    kind = "tokens"
    batch_noun = "lines"
    monitor = "jsd_mean"

    def __init__(self, config: Config):
        from keras_gans.data.text import load_text
        from keras_gans.metrics import NgramDivergence

        self.config = config
        self.text = load_text(
            config.text or None,
            max_lines=config.max_lines,
            length=config.length,
            max_vocabulary=config.max_vocabulary,
            held_out=config.evaluation_samples,
        )
        self.divergence = NgramDivergence(self.text.training, ORDERS)
        self.floor = _with_mean(self.divergence(self.text.held_out))
        symbols = len(self.text.vocabulary)
        self.description = (
            f"{self.text.name}: {self.text.num_lines:,} lines of "
            f"{self.text.length} characters, {symbols} symbols"
        )
        self.manifest = {
            "vocabulary": list(self.text.vocabulary),
            "text": self.text.name,
        }

    def networks(self):
        from keras_gans.networks.char_resnet import (
            char_discriminator,
            char_generator,
        )

        size = {
            "vocabulary": len(self.text.vocabulary),
            "length": self.config.length,
            "width": self.config.width,
            "blocks": self.config.blocks,
        }
        return (
            char_generator(latent_dim=self.config.latent_dim, **size),
            char_discriminator(**size),
        )

    def training_batches(self, batch_size, *, seed, start_step):
        return self.text.training_batches(
            batch_size, seed=seed, start_step=start_step
        )

    def scores(self, samples):
        """Returns the divergences in bits, their mean, and the floor's."""
        scores = _with_mean(self.divergence(samples.argmax(axis=-1)))
        return {**scores, "floor": self.floor}

    def show(self, gan, path, log_dir, step):
        from keras_gans.files import write_text

        outputs = generated(gan, SHOWN, self.config.seed)
        lines = self.text.decode(outputs.argmax(axis=-1))
        write_text(
            path.with_suffix(".txt"), "".join(f"{line}\n" for line in lines)
        )

    def verdict(self, scores):
        return (
            f"divergence {scores['jsd_mean']:.3f} bits (n=4: "
            f"{scores['jsd_4']:.3f}; held-out lines "
            f"{self.floor['jsd_mean']:.3f}, n=4: {self.floor['jsd_4']:.3f})"
        )


def _with_mean(divergences):
    mean = sum(divergences.values()) / len(divergences)
    return {**divergences, "jsd_mean": mean}


def run(config: Config):
    """Prepares a run."""
    return prepare_vectors(config, "char_lm", Text)


if __name__ == "__main__":
    recipe_main(Config, PRESETS, run, "char_lm", __doc__)
