"""GANs whose discriminator also names the class of an image."""

from typing import Any

import keras
from keras import ops

from keras_gans.checks import one_of
from keras_gans.models.gan import GAN

CLASS_LOSS_ON = ("both", "real")


@keras.saving.register_keras_serializable(package="keras_gans")
class AuxiliaryClassifierGAN(GAN):
    """A GAN with an auxiliary classifier on the discriminator's features.

    With classes, the generator is given the label and the discriminator
    returns `[scores, class_logits]` for images alone. With the
    cross-entropies C_r of real and C_f of generated images against their
    labels, and the adversarial loss L,

        L_D' = L_D + w_D (C_r + C_f),    L_G' = L_G + w_G C_f;

    C_f is left out of L_D' with `class_loss_on="real"`. A real image with
    label -1 contributes no class loss: C_r is the mean over the labelled
    images of a batch, 0 if there are none. Cross-entropies are in nats,
    float32.

    Without classes this is a `GAN`.

    Args:
        discriminator: Model from images to scores, or with classes to
            `[scores (N, 1), class_logits (N, num_classes)]`.
        discriminator_class_weight: Non-negative float w_D.
        generator_class_weight: Non-negative float w_G.
        class_loss_on: `both` or `real`.
        **kwargs: See `GAN`.

    Raises:
        ValueError: For a discriminator without class logits, or a value out
            of range.

    Reference: [Odena et al., 2017](https://arxiv.org/abs/1610.09585), §2.
    """

    discriminator_takes_labels = False
    # Real images may be without a label.
    lowest_label = -1

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        discriminator_class_weight: float = 1.0,
        generator_class_weight: float = 1.0,
        class_loss_on: str = "both",
        **kwargs: Any,
    ):
        super().__init__(generator, discriminator, **kwargs)
        if min(discriminator_class_weight, generator_class_weight) < 0:
            raise ValueError(
                "Class losses have weights of 0 or more. Received: "
                f"discriminator_class_weight={discriminator_class_weight}, "
                f"generator_class_weight={generator_class_weight}."
            )
        one_of("class_loss_on", class_loss_on, CLASS_LOSS_ON)
        outputs = [tuple(t.shape[1:]) for t in self.discriminator.outputs]
        if self.num_classes and outputs[1:] != [(self.num_classes,)]:
            raise ValueError(
                f"With num_classes={self.num_classes} the discriminator must "
                "return scores and logits of that many classes. Received a "
                f"discriminator with outputs of the shapes {outputs}."
            )
        self.discriminator_class_weight = discriminator_class_weight
        self.generator_class_weight = generator_class_weight
        self.class_loss_on = class_loss_on

    def discriminator_criterion(
        self,
        real_outputs: Any,
        labels: Any,
        fake_outputs: Any,
        fake_labels: Any,
    ) -> Any:
        criterion = super().discriminator_criterion
        if not self.num_classes:
            return criterion(real_outputs, labels, fake_outputs, fake_labels)
        real_scores, real_logits = real_outputs
        fake_scores, fake_logits = fake_outputs
        loss = criterion(real_scores, labels, fake_scores, fake_labels)
        class_loss = class_cross_entropy(labels, real_logits)
        if self.class_loss_on == "both":
            class_loss += class_cross_entropy(fake_labels, fake_logits)
        return loss + self.discriminator_class_weight * class_loss

    def generator_criterion(
        self,
        fake_outputs: Any,
        labels: Any,
        real_outputs: Any = None,
        **best: Any,
    ) -> Any:
        criterion = super().generator_criterion
        if not self.num_classes:
            return criterion(fake_outputs, labels, real_outputs, **best)
        scores, logits = fake_outputs
        real_scores = None if real_outputs is None else real_outputs[0]
        loss = criterion(scores, labels, real_scores, **best)
        class_loss = class_cross_entropy(labels, logits, **best)
        return loss + self.generator_class_weight * class_loss

    def adversarial_scores(self, outputs: Any) -> Any:
        scores = outputs[0] if self.num_classes else outputs
        return super().adversarial_scores(scores)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "discriminator_class_weight": self.discriminator_class_weight,
            "generator_class_weight": self.generator_class_weight,
            "class_loss_on": self.class_loss_on,
        }


def class_cross_entropy(labels: Any, logits: Any, weights: Any = None) -> Any:
    """Returns the mean of -log softmax(logits)[label] in nats, float32.

    Args:
        labels: int32 `(N,)`; images labelled -1 are left out of the mean.
        logits: `(N, num_classes)`.
        weights: 0 for other images that are left out, else 1, `(N,)`.
    """
    known = ops.cast(labels >= 0, "float32")
    known = known if weights is None else known * weights
    losses = keras.losses.sparse_categorical_crossentropy(
        ops.maximum(labels, 0), ops.cast(logits, "float32"), from_logits=True
    )
    return ops.sum(losses * known) / ops.maximum(ops.sum(known), 1.0)
