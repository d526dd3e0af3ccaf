"""Grouped 3x3 convolutions: this library's form against the framework's own.

    KERAS_BACKEND=jax python -m benchmarks.grouped_convolution

Milliseconds of a mean of squares and its gradient by the kernel, and of the
mean squared gradient by the images, R1, and its gradient by the kernel.
"""

import time

import keras
import numpy as np
from keras import ops

from benchmarks.machine import line, table
from keras_gans import backend

# Images, height and width, channels, groups: of R3GAN's preset `cpu` with
# twice the width, and of the published networks for CIFAR-10.
CASES = ((32, 32, 64, 4), (32, 16, 128, 8), (32, 8, 256, 16), (8, 8, 1536, 96))
SECONDS = 1.0


def theirs(images, kernel, groups):
    """The framework's own, as Keras calls it: it sees the groups."""
    del groups
    return ops.conv(images, kernel, 1, "same", "channels_last")


def ours(images, kernel, groups):
    """This library's."""
    return backend.convolve_grouped(images, kernel, None, groups)


def measure(convolve, images, kernel, groups):
    """Returns the least seconds of the first and of the second derivative."""
    variable = keras.Variable(kernel)

    def squares(x):
        features = convolve(x, ops.convert_to_tensor(variable), groups)
        return ops.mean(ops.square(ops.leaky_relu(features, 0.2)))

    def first(x):
        return backend.value_and_gradients(
            lambda: squares(x), [variable], [variable]
        )

    def second(x):
        def penalty():
            gradients = backend.input_gradients(squares, x, [variable])
            return ops.mean(ops.square(gradients))

        return backend.value_and_gradients(penalty, [variable], [variable])

    images = ops.convert_to_tensor(images)
    return [timed(backend.compiled(step), images) for step in (first, second)]


def timed(function, images):
    """Returns the least seconds of a call, compilation left out."""
    backend.wait_for(function(images))
    times, end = [], time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        backend.wait_for(function(images))
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Prints a line for each case."""
    random = np.random.default_rng(0)
    for number, (count, size, channels, groups) in enumerate(CASES):
        own = channels // groups
        images = random.normal(size=(count, size, size, channels))
        kernel = random.normal(size=(3, 3, own, channels)) / np.sqrt(9 * own)
        arguments = images.astype("float32"), kernel.astype("float32"), groups
        row = {
            "images": f"{count}x{size}x{size}x{channels}",
            "groups": groups,
        }
        for name, form in (("ours", ours), ("the framework's", theirs)):
            for order, seconds in zip(
                ("gradient", "R1's"), measure(form, *arguments), strict=True
            ):
                row[f"{name}, {order}"] = f"{1000 * seconds:.1f}"
        if not number:
            print(table(row, []))
        print(line(row.values()), flush=True)


if __name__ == "__main__":
    main()
