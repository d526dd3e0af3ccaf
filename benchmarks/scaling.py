"""Whether cost is linear: images/s of one network for growing batches.

    KERAS_BACKEND=tensorflow python -m benchmarks.scaling

The batches take turns in one process, each with as many images a turn and a
step before them: the first after another batch's claims its memory anew.
"""

import statistics
import time

import keras

from benchmarks.machine import table
from keras_gans import SAGAN
from keras_gans.data import load_images

BATCHES = (16, 32, 64, 128, 256)
TURNS, WIDTH = 5, 64


def measure() -> dict[int, list[float]]:
    """Returns images/s for each batch size, turn by turn."""
    images = load_images("embedded", resolution=32, channels=3)
    gan = SAGAN.from_preset(
        "sagan_cifar10_32",
        attention_resolution=0,
        generator_width=WIDTH,
        discriminator_width=WIDTH,
    )
    data = {
        size: next(images.training_batches(size, seed=0).as_numpy_iterator())
        for size in BATCHES
    }
    for batch in data.values():
        gan.train_on_batch(*batch)
    rates = {size: [] for size in BATCHES}
    for _ in range(TURNS):
        for size, batch in data.items():
            gan.train_on_batch(*batch)
            start = time.perf_counter()
            for _ in range(BATCHES[-1] // size):
                gan.train_on_batch(*batch)
            rates[size].append(BATCHES[-1] / (time.perf_counter() - start))
    return rates


def main() -> str:
    """Prints the table and returns it."""
    rates = measure()
    first = rates[BATCHES[0]]
    rows = []
    for size, own in rates.items():
        ratio = statistics.median(
            a / b for a, b in zip(own, first, strict=True)
        )
        rows.append((size, f"{statistics.median(own):.1f}", f"{ratio:.2f}"))
    header = ("batch", "images/s", f"times those of batch {BATCHES[0]}")
    text = f"{keras.backend.backend()}:\n\n{table(header, rows)}"
    print(text)
    return text


if __name__ == "__main__":
    main()
