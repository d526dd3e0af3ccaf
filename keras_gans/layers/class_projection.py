"""The projection discriminator's class term."""

from typing import Any

import keras
from keras import ops

from keras_gans import checks
from keras_gans.layers.configured import ConfiguredLayer
from keras_gans.layers.spectral_normalization import spectrally_normalized


@keras.saving.register_keras_serializable(package="keras_gans")
class ClassProjection(ConfiguredLayer):
    """Inner product of features with a learned vector of their class.

    For pooled features h of shape (N, C) and labels y of shape (N,),

        out = ⟨V_y, h⟩,    V a (K, C) embedding.

    A projection discriminator adds it to its unconditional score w·h + b.

    Args:
        num_classes: Positive int K.
        spectral_norm: Whether V is spectrally normalized.

    Call arguments:
        features: `(batch, channels)`.
        labels: Integers in [0, K), `(batch,)`.

    Output shape: `(batch, 1)`.

    Raises:
        ValueError: When `num_classes < 1`.

    Example:
    >>> layer = ClassProjection(num_classes=10)
    >>> tuple(layer(keras.ops.ones((2, 8)), keras.ops.array([3, 9])).shape)
    (2, 1)

    Reference: [Miyato & Koyama, 2018](https://arxiv.org/abs/1802.05637), §3.
    """

    settings = ("num_classes", "spectral_norm")

    def __init__(self, num_classes: int, spectral_norm: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.num_classes = checks.integer("num_classes", num_classes)
        self.spectral_norm = spectral_norm

    def build(self, features_shape: tuple, labels_shape: Any = None) -> None:
        embedding = keras.layers.Embedding(
            self.num_classes,
            features_shape[-1],
            embeddings_initializer="glorot_uniform",
            name="class_vectors",
            dtype=self.dtype_policy,
        )
        self.embedding = spectrally_normalized(embedding, self.spectral_norm)
        self.embedding.build((None,))

    def call(self, features: Any, labels: Any) -> Any:
        vectors = self.embedding(labels)
        return ops.sum(vectors * features, axis=-1, keepdims=True)

    def compute_output_shape(
        self, features_shape: tuple, labels_shape: Any = None
    ) -> tuple:
        return (features_shape[0], 1)
