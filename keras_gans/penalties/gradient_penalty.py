"""The gradient penalty of WGAN-GP."""

import keras
from keras import ops

from keras_gans import backend


@keras.saving.register_keras_serializable(package="keras_gans")
class GradientPenalty:
    """Pulls the discriminator's gradient norm to 1 between real and fake.

    With one ε ~ U[0, 1] for each image and x̂ = ε x + (1 - ε) x̃,

        P = λ E[(‖∇_x̂ D(x̂)‖₂ - γ)²],

    the norm over all pixels and channels of an image, and over all its
    resolutions if it is given at several. One-sided, only norms above γ are
    penalized: λ E[max(0, ‖∇‖ - γ)²]. Norms are float32.

    The extra forward pass changes no state: batch statistics and spectral
    vectors stay as they were.

    Args:
        weight: Non-negative float λ.
        one_sided: Whether norms below γ are free.
        target: Positive float γ. For images in [-1, 1] instead of the [0, 1]
            of a paper, gradients are half as large: γ = 1/2 and 4λ are its
            penalty.
        epsilon: Positive float under the root, whose derivative at a zero
            gradient would otherwise be infinite.

    Raises:
        ValueError: When `weight` is negative or `target` not positive.

    Reference: [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028),
    equation 3 and Appendix B.
    """

    def __init__(self, weight=10.0, one_sided=False, target=1.0, epsilon=1e-12):
        if weight < 0:
            raise ValueError(
                "A penalty's weight must not be negative. Received: "
                f"weight={weight}."
            )
        if target <= 0:
            raise ValueError(
                "A penalty's target norm must be positive. Received: "
                f"target={target}."
            )
        self.weight = weight
        self.one_sided = one_sided
        self.target = target
        self.epsilon = epsilon

    def __call__(self, score, real, fake, state, seed):
        """Returns the weighted penalty, a float32 scalar.

        Args:
            score: Function from images to discriminator outputs.
            real: Images, `(batch, ...)`, or a list of such tensors.
            fake: Generated images of the same shapes.
            state: Variables that `score` may read or assign; assignments
                are dropped.
            seed: Int or `keras.random.SeedGenerator`, draws ε.
        """
        count = ops.shape(keras.tree.flatten(real)[0])[0]
        mix = keras.random.uniform((count,), seed=seed)

        def between(real, fake):
            ranked = ops.reshape(mix, (-1,) + (1,) * (len(real.shape) - 1))
            return fake + ops.cast(ranked, real.dtype) * (real - fake)

        gradients = backend.input_gradients(
            score, keras.tree.map_structure(between, real, fake), state
        )
        squares = sum(map(_squared_norms, keras.tree.flatten(gradients)))
        excess = ops.sqrt(squares + self.epsilon) - self.target
        if self.one_sided:
            excess = ops.relu(excess)
        return self.weight * ops.mean(ops.square(excess))

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            "weight": self.weight,
            "one_sided": self.one_sided,
            "target": self.target,
            "epsilon": self.epsilon,
        }

    @classmethod
    def from_config(cls, config):
        """Returns the penalty with these constructor arguments."""
        return cls(**config)


def _squared_norms(gradients):
    gradients = ops.cast(gradients, "float32")
    axes = tuple(range(1, len(gradients.shape)))
    return ops.sum(ops.square(gradients), axis=axes)
