"""The gradient penalty of WGAN-GP."""

import keras
from keras import ops

from keras_gans import backend


@keras.saving.register_keras_serializable(package="keras_gans")
class GradientPenalty:
    """Pulls the discriminator's gradient norm to 1 between real and fake.

    With one ε ~ U[0, 1] for each image and x̂ = ε x + (1 - ε) x̃,

        P = λ E[(‖∇_x̂ D(x̂)‖₂ - 1)²],

    the norm over all pixels and channels of an image. One-sided, only norms
    above 1 are penalized: λ E[max(0, ‖∇‖ - 1)²]. Norms are float32.

    The extra forward pass changes no state: batch statistics and spectral
    vectors stay as they were.

    Args:
        weight: Non-negative float λ.
        one_sided: Whether norms below 1 are free.
        epsilon: Positive float under the root, whose derivative at a zero
            gradient would otherwise be infinite.

    Raises:
        ValueError: When `weight` is negative.

    Reference: [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028),
    equation 3 and Appendix B.
    """

    def __init__(self, weight=10.0, one_sided=False, epsilon=1e-12):
        if weight < 0:
            raise ValueError(
                "A penalty's weight must not be negative. Received: "
                f"weight={weight}."
            )
        self.weight = weight
        self.one_sided = one_sided
        self.epsilon = epsilon

    def __call__(self, score, real, fake, state, seed):
        """Returns the weighted penalty, a float32 scalar.

        Args:
            score: Function from images to discriminator outputs.
            real: Images, `(batch, height, width, channels)`.
            fake: Generated images of the same shape.
            state: Variables that `score` may read or assign; assignments
                are dropped.
            seed: Int or `keras.random.SeedGenerator`, draws ε.
        """
        mix = keras.random.uniform(
            (ops.shape(real)[0],) + (1,) * (len(real.shape) - 1),
            seed=seed,
        )
        between = fake + mix * (real - fake)
        gradients = backend.input_gradients(score, between, state)
        gradients = ops.cast(gradients, "float32")
        axes = tuple(range(1, len(gradients.shape)))
        squares = ops.sum(ops.square(gradients), axis=axes)
        excess = ops.sqrt(squares + self.epsilon) - 1.0
        if self.one_sided:
            excess = ops.relu(excess)
        return self.weight * ops.mean(ops.square(excess))

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            "weight": self.weight,
            "one_sided": self.one_sided,
            "epsilon": self.epsilon,
        }

    @classmethod
    def from_config(cls, config):
        """Returns the penalty with these constructor arguments."""
        return cls(**config)
