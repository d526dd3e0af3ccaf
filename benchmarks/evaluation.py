"""Feature extraction and Fréchet distances.

    python -m benchmarks.evaluation

Extraction is compared with the forward pass of the bare network on batches
that are ready in memory, by turns. Inception has random weights here, which
cost the same.
"""

import pathlib
import statistics
import tempfile
import time

import keras
import numpy as np

from benchmarks.machine import table
from keras_gans.data import load_images
from keras_gans.metrics import (
    EfficientNetLite0Features,
    Moments,
    Reference,
    evaluate_samples,
    frechet_distance,
)

TURNS, IMAGES = 5, 256


def seconds(function) -> float:
    """Returns how long a call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def extraction() -> tuple:
    """Returns images/s, and the share of the bare network's."""
    extractor = EfficientNetLite0Features()
    images = np.random.default_rng(0).integers(
        0, 256, (IMAGES, 32, 32, 3), dtype="uint8"
    )
    network = extractor._network
    size = extractor.batch_size
    batch = keras.ops.convert_to_tensor(images[:size])

    def bare():
        for _ in range(IMAGES // size):
            outputs = network.predict_on_batch(batch)
        return outputs

    for function in (bare, lambda: extractor(images)):
        function()
    pairs = [
        (seconds(bare), seconds(lambda: extractor(images)))
        for _ in range(TURNS)
    ]
    share = statistics.median(a / b for a, b in pairs)
    own = statistics.median(b for _, b in pairs)
    return (
        "features, FID-lite0",
        f"{IMAGES / own:.0f} images/s",
        (f"{100 * share:.0f} % of the bare network"),
    )


def distance(dimension: int) -> tuple:
    """Returns how long a distance from kept moments takes."""
    random = np.random.default_rng(0)
    real, fake = Moments(dimension), Moments(dimension)
    for moments in (real, fake):
        for _ in range(4):
            moments.update_state(random.normal(size=(2500, dimension)))
    times = [seconds(lambda: frechet_distance(real, fake)) for _ in range(3)]
    return (
        f"Fréchet distance, {dimension} features",
        (f"{statistics.median(times):.2f} s"),
        "",
    )


def whole() -> tuple:
    """Returns how long FID-lite0 and KID of 10,000 images take."""
    images = load_images("embedded", resolution=32, channels=3)
    extractor = EfficientNetLite0Features()
    with tempfile.TemporaryDirectory() as cache:
        options = {
            "name": images.name,
            "content_hash": images.content_hash(),
            "count": images.num_images,
            "cache_dir": pathlib.Path(cache),
        }

        def reference():
            return Reference.from_images(
                images.evaluation_batches(extractor.batch_size),
                extractor,
                **options,
            )

        reference()

        def evaluate():
            evaluate_samples(
                images.evaluation_batches(250),
                reference(),
                metrics=("fid", "kid"),
            )

        return (
            "FID-lite0 and KID, 10,000 images",
            f"{seconds(evaluate):.0f} s",
            "reference from its cache, intervals included",
        )


def main() -> str:
    """Prints the table and returns it."""
    rows = [extraction(), distance(1280), distance(2048), whole()]
    text = table(("what", "cost", ""), rows)
    print(text)
    return text


if __name__ == "__main__":
    main()
