"""Whether cost is linear: images/s of one network for growing batches.

    KERAS_BACKEND=tensorflow python -m benchmarks.scaling

The batches take turns in one process, each with as many images a turn and a
step before them: the first after another batch's claims its memory anew.
"""

import statistics

import keras

from benchmarks.machine import ratios, seconds, table
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

    def train(batch, steps):
        for _ in range(steps):
            gan.train_on_batch(*batch)

    for batch in data.values():
        train(batch, 1)
    rates = {size: [] for size in BATCHES}
    for _ in range(TURNS):
        for size, batch in data.items():
            train(batch, 1)
            taken = seconds(train, batch, BATCHES[-1] // size)
            rates[size].append(BATCHES[-1] / taken)
    return rates


def main() -> None:
    """Prints the table."""
    rates = measure()
    rows = []
    for size, own in rates.items():
        ratio, _, _ = ratios(own, rates[BATCHES[0]])
        rows.append((size, f"{statistics.median(own):.1f}", f"{ratio:.2f}"))
    header = ("batch", "images/s", f"times those of batch {BATCHES[0]}")
    print(f"{keras.backend.backend()}:\n\n{table(header, rows)}")


if __name__ == "__main__":
    main()
