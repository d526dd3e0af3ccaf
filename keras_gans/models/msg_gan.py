"""MSG-GAN: one generator and one discriminator joined at every scale."""

import functools
from typing import Any

import keras
from keras import ops

from keras_gans import backend
from keras_gans.losses import AdversarialLoss
from keras_gans.models.declared import gradient_penalty
from keras_gans.models.gan import GAN
from keras_gans.networks.msg import msg_discriminator, msg_generator
from keras_gans.presets.msg_gan import MSGGANSettings


@keras.saving.register_keras_serializable(package="keras_gans")
class MSGGAN(GAN):
    """Multi-scale gradients GAN, in its early version.

    The generator gives images of 4, 8, ... pixels at once and the
    discriminator sees all of them, so that its gradients reach the generator
    at every scale. Real images are averaged down to the same scales. With the
    relativistic average hinge loss (equations 10 to 13),

        rf = D(x) - E[D(G(z))],    fr = D(G(z)) - E[D(x)]
        L_D = E[max(0, 1 - rf)] + E[max(0, 1 + fr)]
        L_G = E[max(0, 1 + rf)] + E[max(0, 1 - fr)].

    Samples are the largest images of a generator averaged from the first step
    on. Images are the linear outputs of 1x1 convolutions: they may leave
    [-1, 1], and are clipped where they become bytes (`to_uint8`).

    A `GradientPenalty` mixes the images of every scale with the same ε and
    takes the norm over all of them. The minibatch deviation joins the images
    of a batch, there as in the released code of ProGAN.

    Args:
        generator: Model from `latents` to a list of images, each twice as
            large as the one before.
        discriminator: Model from such a list to scores.
        loss: The relativistic average hinge loss by default; any other by
            name.
        joint_scoring: False by default, so that the minibatch deviation is
            one of real or of generated images.
        ema_decay: 0.999 by default.
        **kwargs: See `GAN`, as for these two.

    Raises:
        ValueError: When the generator's images are not what the discriminator
            takes, or do not double.

    Example:
    >>> gan = MSGGAN.from_preset(
    ...     "msg_gan_cifar10_32", max_channels=8, latent_dim=6)
    >>> [shape[1:3] for shape in gan.multi_scale_generator.output_shape]
    [(4, 4), (8, 8), (16, 16), (32, 32)]
    >>> gan.sampling_generator.output_shape
    (None, 32, 32, 3)

    Reference: [Karnewar & Iyengar,
    2019](https://arxiv.org/abs/1903.06048v1), the first version.
    """

    SETTINGS = MSGGANSettings

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        loss: str | AdversarialLoss = "relativistic_hinge",
        joint_scoring: bool = False,
        ema_decay: float | None = 0.999,
        **kwargs: Any,
    ):
        if hasattr(generator, "outputs") and hasattr(discriminator, "inputs"):
            _check_scales(generator, discriminator)
        super().__init__(
            generator,
            discriminator,
            loss=loss,
            joint_scoring=joint_scoring,
            ema_decay=ema_decay,
            **kwargs,
        )
        _check_scales(self.generator, self.discriminator)
        # The last view is kept, so that what it compiled is, too: in a cache,
        # because Keras would count the weights of an attribute twice.
        self._largest_images = functools.lru_cache(1)(_largest_images)

    @property
    def multi_scale_generator(self) -> keras.Model:
        """The generator that samples are from, with the images of all scales.

        The averaged one, if there is one.
        """
        return super().sampling_generator

    @property
    def sampling_generator(self) -> keras.Model:
        """The generator to sample from, with its largest images alone.

        Its weights are those of `multi_scale_generator`, but for the layers
        that make the smaller images.
        """
        with backend.variable_scope(self):
            return self._largest_images(self.multi_scale_generator)

    def call(self, inputs: Any, training: bool = False) -> Any:
        return self.multi_scale_generator(inputs, training=training)[-1]

    def real_inputs(self, images: Any) -> list[Any]:
        """Returns real images at all scales, smallest first.

        Each is the mean over blocks of 2x2 pixels of the next, and so of
        2^i x 2^i pixels of the full image.
        """
        pyramid = [images]
        for _ in self.generator.outputs[1:]:
            pyramid.insert(0, ops.average_pool(pyramid[0], 2, 2))
        return pyramid

    @classmethod
    def arguments(
        cls, settings: MSGGANSettings, num_classes: int
    ) -> dict[str, Any]:
        if num_classes:
            raise ValueError(
                "MSG-GAN is unconditional. Received: "
                f"num_classes={num_classes}. Train without labels: "
                "num_classes=0, or conditional=false in a recipe."
            )
        common = settings.select("resolution", "channels", "max_channels")
        return {
            "generator": msg_generator(
                **settings.select("latent_dim", "folding"), **common
            ),
            "discriminator": msg_discriminator(
                **settings.select("combine", "group_size"), **common
            ),
            "loss": settings.loss,
            "penalty": gradient_penalty(settings),
        }


def _largest_images(generator):
    images = generator.outputs[-1]
    return keras.Model(generator.input, images, name=generator.name)


def _check_scales(generator, discriminator):
    outputs = [tuple(t.shape[1:]) for t in generator.outputs]
    inputs = [
        tuple(t.shape[1:]) for t in discriminator.inputs if len(t.shape) == 4
    ]
    doubles = all(
        large == (2 * small[0], 2 * small[1], small[2])
        for small, large in zip(outputs[:-1], outputs[1:], strict=True)
    )
    if outputs != inputs or not doubles:
        raise ValueError(
            "The discriminator must take the images that the generator gives, "
            "a list in which each is twice as large as the one before. "
            f"Received: a generator with images {outputs}, a discriminator "
            f"that takes {inputs}."
        )
