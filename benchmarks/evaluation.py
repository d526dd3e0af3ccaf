"""Feature extraction and Fréchet distances.

    python -m benchmarks.evaluation

Extraction is compared with the forward pass of the bare network on batches
that are ready in memory, by turns. GFLOP and MB are counted from the networks'
graphs; MiB are what was needed beyond what earlier rows had needed.
"""

import pathlib
import statistics
import tempfile
from collections.abc import Callable
from functools import partial

import keras
import numpy as np

from benchmarks.counting import count_call
from benchmarks.device import peak_memory
from benchmarks.machine import (
    matrix_product_rate,
    mebibytes,
    ratios,
    seconds,
    table,
)
from keras_gans.data import load_images
from keras_gans.metrics import (
    EfficientNetLite0Features,
    Moments,
    Reference,
    evaluate_samples,
    frechet_distance,
)
from keras_gans.metrics.extractors.inception_network import build_network

TURNS, IMAGES = 5, 256
HEADER = (
    "what",
    "time",
    "images/s",
    "share of the peak",
    "GFLOP an image",
    "MB an image",
    "MiB more",
    "",
)


def median_seconds(function: Callable[[], object], turns: int) -> float:
    """Returns the median of how long calls take."""
    return statistics.median(seconds(function) for _ in range(turns))


def extraction() -> tuple:
    """Returns the cost of features for FID-lite0, against the network's."""
    extractor = EfficientNetLite0Features()
    images = np.random.default_rng(0).integers(
        0, 256, (IMAGES, 32, 32, 3), dtype="uint8"
    )
    before = peak_memory()
    bare, counts = passes(extractor._network, images[: extractor.batch_size])
    extractor(images)
    pairs = [(seconds(bare), seconds(extractor, images)) for _ in range(TURNS)]
    network, whole = zip(*pairs, strict=True)
    return (
        "features for FID-lite0",
        *rates(statistics.median(whole), counts, before),
        f"{100 * ratios(network, whole)[0]:.0f} % of the bare network's "
        "images/s",
    )


def inception() -> tuple:
    """Returns the cost of the bare network of FID, with random weights."""
    before = peak_memory()
    network = build_network()
    images = np.random.default_rng(0).uniform(-1, 1, (32, 299, 299, 3))
    run, counts = passes(network, images.astype("float32"))
    return (
        "Inception network of FID",
        *rates(median_seconds(run, TURNS), counts, before),
        "random weights",
    )


def passes(
    network: keras.Model, batch: np.ndarray
) -> tuple[Callable[[], None], list[float]]:
    """Returns what passes `IMAGES` through, and what one image takes."""
    batch = keras.ops.convert_to_tensor(batch)

    def run():
        for _ in range(IMAGES // len(batch)):
            network.predict_on_batch(batch)

    run()
    counts = [count / len(batch) for count in count_call(network, batch)]
    return run, counts


def rates(time_taken: float, counts: list[float], before: int) -> tuple:
    """Returns the columns of `IMAGES` images."""
    flops, moved = counts
    share = flops * IMAGES / time_taken / matrix_product_rate()
    return (
        f"{time_taken:.2f} s for {IMAGES} images",
        f"{IMAGES / time_taken:.0f}",
        f"{100 * share:.0f} %",
        f"{flops / 1e9:.2f}",
        f"{moved / 1e6:.0f}",
        mebibytes(peak_memory() - before),
    )


def distance(dimension: int) -> tuple:
    """Returns how long a distance from kept moments takes."""
    random, before = np.random.default_rng(0), peak_memory()
    real, fake = Moments(dimension), Moments(dimension)
    for moments in (real, fake):
        for _ in range(4):
            moments.update_state(random.normal(size=(2500, dimension)))
    taken = median_seconds(partial(frechet_distance, real, fake), 3)
    return (
        f"Fréchet distance, {dimension} features",
        f"{taken:.2f} s",
        *("",) * 4,
        mebibytes(peak_memory() - before),
        "from kept moments",
    )


def whole() -> tuple:
    """Returns how long FID-lite0 and KID of 10,000 images take."""
    images = load_images("embedded", resolution=32, channels=3)
    extractor = EfficientNetLite0Features()
    with tempfile.TemporaryDirectory() as cache:

        def reference():
            return Reference.from_images(
                images.evaluation_batches(extractor.batch_size),
                extractor,
                name=images.name,
                # Kept by the set once it is computed.
                content_hash=images.content_hash(),
                count=images.num_images,
                cache_dir=pathlib.Path(cache),
            )

        reference()
        before = peak_memory()

        def evaluate():
            evaluate_samples(
                images.evaluation_batches(250),
                reference(),
                metrics=("fid", "kid"),
            )

        taken = seconds(evaluate)
        return (
            "FID-lite0 and KID",
            f"{taken:.0f} s for 10,000 images",
            f"{10_000 / taken:.0f}",
            *("",) * 3,
            mebibytes(peak_memory() - before),
            "reference from its cache, intervals included",
        )


def main() -> None:
    """Prints the table."""
    rows = [extraction(), inception(), distance(1280), distance(2048)]
    print(table(HEADER, [*rows, whole()]))


if __name__ == "__main__":
    main()
