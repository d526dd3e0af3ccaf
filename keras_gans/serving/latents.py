"""Draws and paths in latent space, as TensorFlow graphs can hold them."""

from keras_gans.data.runtime import tf

LATENTS_STREAM = 0
LABELS_STREAM = 1


def _seed(seed: "tf.Tensor", stream: int) -> "tf.Tensor":
    return tf.stack([tf.cast(seed, tf.int64), tf.constant(stream, tf.int64)])


def draw_latents(
    seed: "tf.Tensor",
    count: "tf.Tensor",
    latent_dim: int,
    truncation: "tf.Tensor",
) -> "tf.Tensor":
    """Draws latents from a normal distribution, truncated symmetrically.

    With u uniform in (0, 1) and Φ the normal distribution function,

        z = Φ⁻¹(1/2 + ψ·(u - 1/2)).

    At ψ = 1 this is N(0, 1). Below, it is N(0, 1) given |z| <= t, where
    t = Φ⁻¹((1 + ψ) / 2): the values that the truncation trick gets by drawing
    again whatever lies beyond the threshold t. ψ is the share of the normal
    distribution that is kept: 0.9545 is t = 2, 0.6827 is t = 1, 0.3829 is
    t = 1/2. Lower ψ trades variety for fidelity. As u does not depend on ψ,
    an image changes continuously with it.

    Latent i depends on `(seed, i)` alone: a longer draw begins with the
    shorter one.

    Args:
        seed: Integer scalar.
        count: int32 scalar, the number of latents.
        latent_dim: Length of one latent vector.
        truncation: float32 scalar, ψ in (0, 1].

    Returns:
        float32 tensor of shape `(count, latent_dim)`.

    Reference: [Brock et al., 2018](https://arxiv.org/abs/1809.11096), §3.1.
    """
    # Philox makes number k of its stream from (seed, k); the default
    # algorithm depends on the device.
    uniform = tf.random.stateless_uniform(
        (count, latent_dim), _seed(seed, LATENTS_STREAM), alg="philox"
    )
    # The draws are multiples of 2^-23 from 0: their bins' centres never give
    # Φ⁻¹(0), which is infinite.
    centred = uniform - (0.5 - 2.0**-24)
    return tf.math.ndtri(0.5 + truncation * centred)


def draw_labels(
    seed: "tf.Tensor", count: "tf.Tensor", num_classes: int
) -> "tf.Tensor":
    """Draws uniform labels; label i depends on `(seed, i)` alone.

    Args:
        seed: Integer scalar.
        count: int32 scalar, the number of labels.
        num_classes: Labels are 0 to num_classes - 1.

    Returns:
        int32 tensor of shape `(count,)`.
    """
    return tf.random.stateless_uniform(
        (count,),
        _seed(seed, LABELS_STREAM),
        minval=0,
        maxval=num_classes,
        dtype=tf.int32,
        alg="philox",
    )


def spherical_path(
    start: "tf.Tensor", end: "tf.Tensor", steps: "tf.Tensor"
) -> "tf.Tensor":
    """Interpolates spherically between two latents, both included.

    With ω the angle between start a and end b,

        z(t) = a·sin((1 - t)·ω) / sin ω + b·sin(t·ω) / sin ω,

    at `steps` equal distances t from 0 to 1. Between latents of equal norm
    the norm stays the same, and normal latents of many dimensions nearly have
    equal norms; a straight line would pass closer to zero than they ever are.
    Where the arc is undefined, because a latent is zero or both lie on one
    line through zero, the path is the straight line.

    Args:
        start: float32 tensor of shape `(latent_dim,)`.
        end: float32 tensor of shape `(latent_dim,)`.
        steps: int32 scalar, at least 2.

    Returns:
        float32 tensor of shape `(steps, latent_dim)`.

    Reference: [White, 2016](https://arxiv.org/abs/1609.04468), §2.1.
    """
    unit_start = tf.math.divide_no_nan(start, tf.norm(start))
    unit_end = tf.math.divide_no_nan(end, tf.norm(end))
    # Accurate at every angle, where the arc cosine of the dot product is not.
    angle = 2.0 * tf.atan2(
        tf.norm(unit_start - unit_end), tf.norm(unit_start + unit_end)
    )
    sine = tf.sin(angle)
    defined = tf.logical_and(sine > 1e-4, tf.norm(start) * tf.norm(end) > 0.0)
    t = tf.cast(tf.range(steps), tf.float32) / tf.cast(steps - 1, tf.float32)
    from_start = tf.where(
        defined, tf.math.divide_no_nan(tf.sin((1.0 - t) * angle), sine), 1.0 - t
    )
    from_end = tf.where(
        defined, tf.math.divide_no_nan(tf.sin(t * angle), sine), t
    )
    return from_start[:, None] * start + from_end[:, None] * end
