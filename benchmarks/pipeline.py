"""The input pipeline by itself: images/s of every kind of data.

    python -m benchmarks.pipeline

MB/s are those of the batches; MiB are the peak of the process so far.
"""

import pathlib
import tempfile
import time

import numpy as np

from benchmarks.machine import mebibytes, peak_memory, table
from keras_gans.data import load_images

BATCH, SECONDS, PICTURES = 64, 1.5, 500
AUGMENTATIONS = ("flip", "translate", "cutout")


def rate(images, augment) -> float:
    """Returns the images a second of the training batches."""
    batches = iter(images.training_batches(BATCH, seed=0, augment=augment))
    for _ in range(5):
        next(batches)
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS:
        next(batches)
        count += BATCH
    return count / (time.perf_counter() - start)


def write_pictures(directory: pathlib.Path) -> None:
    """Writes JPEG files of 256 pixels a side, and an npz of 64."""
    from PIL import Image

    embedded = load_images("embedded", resolution=64, channels=3)
    pictures = next(
        embedded.training_batches(PICTURES, seed=0).as_numpy_iterator()
    )[0]
    pictures = np.round((pictures + 1) * 127.5).astype("uint8")
    np.savez(directory / "pictures.npz", images=pictures)
    (directory / "files").mkdir()
    for index, picture in enumerate(pictures):
        large = Image.fromarray(picture).resize((256, 256), Image.BICUBIC)
        large.save(directory / "files" / f"{index}.jpg", quality=90)


def main() -> None:
    """Prints the table."""
    rows = []
    with tempfile.TemporaryDirectory() as path:
        directory = pathlib.Path(path)
        write_pictures(directory)
        for name, dataset, resolution in (
            ("embedded, 32 px", "embedded", 32),
            ("npz, 64 px", f"npz:{directory / 'pictures.npz'}", 64),
            ("folder of JPEG, 64 px", f"folder:{directory / 'files'}", 64),
        ):
            images = load_images(dataset, resolution=resolution, channels=3)
            rates = [rate(images, augment) for augment in ((), AUGMENTATIONS)]
            volume = 4e-6 * 3 * resolution**2 * rates[0]
            numbers = [f"{value:,.0f}" for value in (*rates, volume)]
            rows.append((name, *numbers, mebibytes(peak_memory())))
    header = ("data", "images/s", "with every augmentation", "MB/s", "MiB")
    print(table(header, rows))


if __name__ == "__main__":
    main()
