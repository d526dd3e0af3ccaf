"""What `fit` of a GAN costs over a hand-written loop of the same backend.

    KERAS_BACKEND=jax python -m benchmarks.step_overhead

Both train the same SAGAN with the same optimizers, moving average and batches:
once by `gan.fit`, once by a loop as one writes it for one backend alone, with
its own differentiation and compilation. They take turns of `STEPS` steps, so
that changes of the machine's speed meet both; the ratio is the median over
turns of the time of `fit` over the loop's time just after it.
"""

import statistics
import sys
import time

import keras
import numpy as np

from benchmarks.machine import ratios, seconds, table
from keras_gans import SAGAN
from keras_gans.data import load_images

STEPS, TURNS, BATCH = 20, 9, 64
WIDTH, LATENTS, DECAY = 32, 64, 0.999


def build():
    """Returns a SAGAN for 32 px grey images of ten classes."""
    keras.utils.set_random_seed(0)
    return SAGAN.from_preset(
        "sagan_cifar10_32",
        channels=1,
        generator_width=WIDTH,
        discriminator_width=WIDTH,
        latent_dim=LATENTS,
        ema_decay=DECAY,
    )


def tensorflow_step(gan):
    """Returns a training step with gradient tapes, in a graph."""
    import tensorflow as tf

    generator, discriminator = gan.generator, gan.discriminator
    optimizers = gan.optimizer

    def draw(count):
        labels = tf.random.uniform((count,), 0, 10, tf.int32)
        return tf.random.normal((count, LATENTS)), labels

    @tf.function
    def step(images, labels):
        count = tf.shape(images)[0]
        latents, fake_labels = draw(count)
        fake = generator([latents, fake_labels], training=True)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            variables = [v.value for v in discriminator.trainable_variables]
            tape.watch(variables)
            scores = discriminator(
                [
                    tf.concat([images, fake], 0),
                    tf.concat([labels, fake_labels], 0),
                ],
                training=True,
            )
            real, fake = tf.split(scores, 2)
            d_loss = tf.reduce_mean(tf.nn.relu(1 - real)) + tf.reduce_mean(
                tf.nn.relu(1 + fake)
            )
        gradients = tape.gradient(d_loss, variables)
        optimizers.discriminator.apply(
            gradients, discriminator.trainable_variables
        )
        latents, fake_labels = draw(count)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            variables = [v.value for v in generator.trainable_variables]
            tape.watch(variables)
            fake = generator([latents, fake_labels], training=True)
            scores = discriminator([fake, fake_labels], training=False)
            g_loss = -tf.reduce_mean(scores)
        gradients = tape.gradient(g_loss, variables)
        gradients = [tf.convert_to_tensor(g) for g in gradients]
        optimizers.generator.apply(gradients, generator.trainable_variables)
        for average, weight in zip(
            gan.averaged_generator.weights, generator.weights, strict=True
        ):
            average.value.assign_add(
                (1 - DECAY) * (weight.value - average.value)
            )
        return d_loss, g_loss

    return step


def jax_step(gan):
    """Returns a training step as one pure, compiled function."""
    import jax
    import jax.numpy as jnp

    generator, discriminator = gan.generator, gan.discriminator
    optimizers = gan.optimizer

    def d_loss(d, d_state, images, labels):
        scores, d_state = discriminator.stateless_call(
            d, d_state, [images, labels], training=True
        )
        real, fake = jnp.split(scores, 2)
        loss = jnp.mean(jax.nn.relu(1 - real)) + jnp.mean(jax.nn.relu(1 + fake))
        return loss, d_state

    def g_loss(g, g_state, d, d_state, latents, labels):
        fake, g_state = generator.stateless_call(
            g, g_state, [latents, labels], training=True
        )
        scores, _ = discriminator.stateless_call(
            d, d_state, [fake, labels], training=True
        )
        return -jnp.mean(scores), g_state

    def draw(key, count):
        keys = jax.random.split(key, 3)
        return (
            keys[0],
            jax.random.normal(keys[1], (count, LATENTS)),
            jax.random.randint(keys[2], (count,), 0, 10),
        )

    def step(state, images, labels):
        g, g_state, d, d_state, g_opt, d_opt, averages, key = state
        key, latents, fake_labels = draw(key, len(images))
        fake, _ = generator.stateless_call(
            g, g_state, [latents, fake_labels], training=True
        )
        (loss, d_state), gradients = jax.value_and_grad(d_loss, has_aux=True)(
            d,
            d_state,
            jnp.concatenate([images, fake]),
            jnp.concatenate([labels, fake_labels]),
        )
        d, d_opt = optimizers.discriminator.stateless_apply(d_opt, gradients, d)
        key, latents, fake_labels = draw(key, len(images))
        (g_value, g_state), gradients = jax.value_and_grad(
            g_loss, has_aux=True
        )(g, g_state, d, d_state, latents, fake_labels)
        g, g_opt = optimizers.generator.stateless_apply(g_opt, gradients, g)
        averages = jax.tree.map(
            lambda a, w: a + (1 - DECAY) * (w - a), averages, (g, g_state)
        )
        state = g, g_state, d, d_state, g_opt, d_opt, averages, key
        return state, (loss, g_value)

    step = jax.jit(step, donate_argnums=0)

    def values(variables):
        return [jnp.array(v.value) for v in variables]

    g = values(generator.trainable_variables)
    g_state = values(generator.non_trainable_variables)
    state = [
        g,
        g_state,
        values(discriminator.trainable_variables),
        values(discriminator.non_trainable_variables),
        values(optimizers.generator.variables),
        values(optimizers.discriminator.variables),
        jax.tree.map(jnp.array, (g, g_state)),
        jax.random.key(0),
    ]

    def run(images, labels):
        nonlocal state
        state, losses = step(state, jnp.asarray(images), jnp.asarray(labels))
        return losses

    return run


def torch_step(gan):
    """Returns a training step with autograd."""
    import torch

    generator, discriminator = gan.generator, gan.discriminator
    optimizers = gan.optimizer

    def draw(count):
        return torch.randn(count, LATENTS), torch.randint(0, 10, (count,))

    def gradients(loss, network):
        values = [v.value for v in network.trainable_variables]
        return list(torch.autograd.grad(loss, values))

    def step(images, labels):
        images, labels = torch.as_tensor(images), torch.as_tensor(labels)
        latents, fake_labels = draw(len(images))
        with torch.no_grad():
            fake = generator([latents, fake_labels], training=True)
        scores = discriminator(
            [
                torch.cat([images, fake]),
                torch.cat([labels, fake_labels.to(labels.dtype)]),
            ],
            training=True,
        )
        real, fake = torch.chunk(scores, 2)
        d_loss = torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()
        optimizers.discriminator.apply(
            gradients(d_loss, discriminator), discriminator.trainable_variables
        )
        latents, fake_labels = draw(len(images))
        fake = generator([latents, fake_labels], training=True)
        g_loss = -discriminator([fake, fake_labels], training=False).mean()
        optimizers.generator.apply(
            gradients(g_loss, generator), generator.trainable_variables
        )
        with torch.no_grad():
            averages = [v.value for v in gan.averaged_generator.weights]
            weights = [v.value for v in generator.weights]
            torch._foreach_lerp_(averages, weights, 1 - DECAY)
        return d_loss.detach(), g_loss.detach()

    return step


def measure():
    """Returns the seconds a step of `fit` and of the loop, turn by turn."""
    backend = keras.backend.backend()
    step = getattr(sys.modules[__name__], f"{backend}_step")(build())
    gan = build()
    # One iterator each: `fit` would open the pipeline anew at every turn.
    images = load_images("embedded", resolution=32, channels=1)
    data = images.training_batches(BATCH, seed=0)
    stream = iter(data if backend == "tensorflow" else data.as_numpy_iterator())

    def hand_written():
        for _ in range(STEPS):
            losses = step(*next(stream))
        [float(np.asarray(loss)) for loss in losses]

    times = {"fit": [], "loop": []}

    class Turns(keras.callbacks.Callback):
        """Times `STEPS` steps of `fit`, then as many of the loop."""

        def on_epoch_begin(self, epoch, logs=None):
            self.begin = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            fitted = time.perf_counter() - self.begin
            looped = seconds(hand_written)
            if epoch:  # The first turn compiles.
                times["fit"].append(fitted / STEPS)
                times["loop"].append(looped / STEPS)

    gan.fit(
        data,
        steps_per_epoch=STEPS,
        epochs=TURNS + 1,
        shuffle=False,
        verbose=0,
        callbacks=[Turns()],
    )
    return times


def main() -> None:
    """Prints the table."""
    times = measure()
    fit, loop = times.values()
    ratio, low, high = ratios(fit, loop)
    row = (
        keras.backend.backend(),
        f"{1000 * statistics.median(fit):.1f}",
        f"{1000 * statistics.median(loop):.1f}",
        f"{ratio:.3f}",
        f"{low:.3f} to {high:.3f}",
    )
    header = ("backend", "fit, ms a step", "loop, ms a step", "ratio", "range")
    print(table(header, [row]))


if __name__ == "__main__":
    main()
