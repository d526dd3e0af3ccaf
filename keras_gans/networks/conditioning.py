"""What a generator's blocks are told: labels, or BigGAN's vectors.

Reference: [Brock et al., 2018](https://arxiv.org/abs/1809.11096), §3 and
Appendix B, and its released code ajbrock/BigGAN-PyTorch (`BigGAN.py`).
"""

import dataclasses
from typing import Any

import keras
from keras import layers, ops

from keras_gans.layers.configured import ConfiguredLayer


@dataclasses.dataclass(frozen=True, kw_only=True)
class Conditioning:
    """How labels and latents reach the blocks of a generator.

    Without options each block gets the labels y, and the first layer all
    latents z. With a shared embedding E, a table (K, D) that all blocks have
    in common, a block gets the vector E[y]. With skip-z the latents are cut
    into one chunk for the first layer, z_0, and one for each block, and block
    i gets

        c_i = (E[y], z_i),

    or z_i alone without classes. Blocks take vectors by
    `LinearConditionalBatchNormalization`.

    Args:
        num_classes: Classes K, 0 for none.
        shared_embedding: Length D of the class vectors, which start
            orthogonal and are not spectrally normalized; 0 for none.
        skip_z: Whether the blocks get chunks of the latents.

    Raises:
        ValueError: For a shared embedding without classes, or skip-z with
            classes and without a shared embedding.
    """

    num_classes: int
    shared_embedding: int = 0
    skip_z: bool = False

    def __post_init__(self):
        if self.shared_embedding and not self.num_classes:
            raise ValueError(
                "A shared embedding is one of classes. Received: "
                f"shared_embedding={self.shared_embedding}, num_classes=0. "
                "Train with classes, or use shared_embedding=0."
            )
        if self.skip_z and self.num_classes and not self.shared_embedding:
            raise ValueError(
                "With classes skip_z gives a block the class's shared "
                "embedding and a chunk of the latents. Received: skip_z=True, "
                f"num_classes={self.num_classes}, shared_embedding=0. Give "
                "shared_embedding=128, for example."
            )

    @property
    def by_vector(self) -> bool:
        """Whether blocks get vectors, not labels."""
        return bool(self.shared_embedding or self.skip_z)

    def __call__(
        self, latents: Any, labels: Any, blocks: int
    ) -> tuple[Any, list[Any]]:
        """Returns what the first layer takes, and what each block does.

        Args:
            latents: Symbolic, `(N, latent_dim)`.
            labels: Symbolic, `(N,)`; not used without classes.
            blocks: Number of blocks.

        Raises:
            ValueError: When skip-z cannot cut the latents.
        """
        if not self.by_vector:
            return latents, [labels] * blocks
        conditions = [[] for _ in range(blocks)]
        if self.shared_embedding:
            table = layers.Embedding(
                self.num_classes,
                self.shared_embedding,
                embeddings_initializer="orthogonal",
                name="shared_embedding",
            )
            vectors = table(labels)
            conditions = [[vectors] for _ in range(blocks)]
        if self.skip_z:
            _check_chunks(latents.shape[-1], blocks + 1)
            latents, *chunks = LatentChunks(blocks + 1, name="chunks")(latents)
            for condition, chunk in zip(conditions, chunks, strict=True):
                condition.append(chunk)
        return latents, [
            _joined(condition, f"condition_{index + 1}")
            for index, condition in enumerate(conditions)
        ]


@keras.saving.register_keras_serializable(package="keras_gans")
class LatentChunks(ConfiguredLayer):
    """Cuts vectors into equal parts: (N, D) to `count` of (N, D / count)."""

    settings = ("count",)

    def __init__(self, count: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.count = count

    def call(self, inputs: Any) -> list[Any]:
        return list(ops.split(inputs, self.count, axis=-1))

    def compute_output_shape(self, input_shape: tuple) -> list[tuple]:
        batch, length = input_shape
        return [(batch, length // self.count)] * self.count


def _joined(parts, name):
    if len(parts) == 1:
        return parts[0]
    return layers.Concatenate(name=name)(parts)


def _check_chunks(latent_dim, count):
    if latent_dim % count:
        below = latent_dim // count * count
        near = [below] * bool(below) + [below + count]
        raise ValueError(
            "skip_z cuts the latents into a chunk for the first layer and one "
            f"for each block, so latent_dim must be a multiple of {count}. "
            f"Received: latent_dim={latent_dim}. Use "
            f"{' or '.join(map(str, near))}."
        )
