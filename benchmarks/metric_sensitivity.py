"""How every metric answers to noise, blur and missing classes.

    python -m benchmarks.metric_sensitivity
    python -m benchmarks.metric_sensitivity --directory=docs

Real images are compared with other real images of the embedded set, which get
worse in three ways by four steps each. Writes a picture, `metrics.png`, and
the tables of `metrics.md`; the text around the tables stays as it is.
"""

import argparse
import pathlib
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from benchmarks.machine import table
from keras_gans.data import load_images
from keras_gans.metrics import (
    METRICS,
    EfficientNetLite0Features,
    Reference,
    SlicedWassersteinImages,
    inception_accuracy,
    scores_of_samples,
)

RESOLUTION, CLASSES = 32, 10
REFERENCE, HELD_OUT, SAMPLES = 5000, 1000, 800
NOISE = (0, 8, 16, 32, 64)
BLUR = (0, 0.5, 1, 2, 4)
KEPT_CLASSES = (10, 8, 6, 4, 2)
# Another form of the neighbours' percentile.
LEFT_OUT = "z_score"
TABLES = "## Tables\n"

PANEL, MARGIN, COLUMNS = (210, 130), 14, 4
INK, GRID = (60, 60, 60), (225, 225, 225)
COLOURS = ((196, 78, 40), (52, 101, 164), (78, 140, 60))


def split() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Returns reference, held-out and sample images with their labels."""
    images = load_images("embedded", resolution=RESOLUTION, channels=1)
    batches = images.evaluation_batches(1000).as_numpy_iterator()
    pixels, labels = (np.concatenate(p) for p in zip(*batches, strict=True))
    # Equally many of each class in each part.
    order = np.argsort(labels, kind="stable").reshape(CLASSES, -1).T.ravel()
    bounds = np.cumsum([REFERENCE, HELD_OUT])
    parts = np.split(order, bounds)
    names = ("reference", "held_out", "samples")
    return {
        name: (pixels[part], labels[part])
        for name, part in zip(names, parts, strict=True)
    }


def noisy(images: np.ndarray, deviation: float) -> np.ndarray:
    """Adds Gaussian noise of a standard deviation in grey levels."""
    noise = np.random.default_rng(0).normal(0, deviation, images.shape)
    return np.clip(np.rint(images + noise), 0, 255).astype(np.uint8)


def blurred(images: np.ndarray, deviation: float) -> np.ndarray:
    """Blurs by a Gaussian of a standard deviation in pixels."""
    blur = ImageFilter.GaussianBlur(deviation)
    result = [Image.fromarray(image[..., 0]).filter(blur) for image in images]
    return np.stack([np.asarray(image) for image in result])[..., None]


def of_classes(images: np.ndarray, labels: np.ndarray, kept: int) -> tuple:
    """Returns `SAMPLES` images of the first `kept` classes."""
    chosen = np.flatnonzero(labels < kept)[:SAMPLES]
    return images[chosen], labels[chosen]


def sweeps(images: np.ndarray, labels: np.ndarray) -> dict[str, list]:
    """Returns, for each way of getting worse, its steps and their images."""
    first, of_first = of_classes(images, labels, CLASSES)
    return {
        "Gaussian noise, deviation in grey levels": [
            (level, noisy(first, level), of_first) for level in NOISE
        ],
        "Gaussian blur, deviation in pixels": [
            (level, blurred(first, level), of_first) for level in BLUR
        ],
        "classes present": [
            (kept, *of_classes(images, labels, kept)) for kept in KEPT_CLASSES
        ],
    }


def measurer(
    parts: dict, extractor: EfficientNetLite0Features
) -> Callable[[np.ndarray, np.ndarray], dict]:
    """Returns a function from images and labels to every metric."""
    reference, held_out = (
        Reference.from_images(
            [parts[name]],
            extractor,
            name="embedded",
            content_hash=name,
            by_class=True,
        )
        for name in ("reference", "held_out")
    )
    means = np.stack([m.mean for m in reference.class_moments.values()])

    def classify(images):
        # The nearest mean of a class, as a linear classifier.
        return 2 * extractor(images) @ means.T - (means**2).sum(axis=1)

    def measure(images, labels):
        complete = len(np.unique(labels)) == CLASSES
        metrics = [m for m in METRICS if complete or m != "intra_fid"]
        scores = scores_of_samples(
            [(images, labels)], reference, metrics=metrics, held_out=held_out
        )
        values = {
            score.name.removesuffix("_lite0"): (
                score.value,
                score.low,
                score.high,
            )
            for score in scores
            if not score.name.startswith(LEFT_OUT)
            and not score.name.endswith("_std")
        }
        wasserstein = SlicedWassersteinImages(RESOLUTION, channels=1)
        wasserstein.update_state(parts["reference"][0][:SAMPLES], real=True)
        wasserstein.update_state(images)
        accuracy = inception_accuracy(classify, images, labels, (RESOLUTION,))
        others = {
            "sliced_wasserstein": wasserstein.result()["mean"],
            "accuracy": accuracy[RESOLUTION]["accuracy"],
        }
        return values | {key: (v, None, None) for key, v in others.items()}

    return measure


def measure_all(resolution: int) -> dict[str, list[tuple]]:
    """Returns, for each way of getting worse, its steps and their scores."""
    parts = split()
    measure = measurer(parts, EfficientNetLite0Features(resolution))
    results = {}
    for name, steps in sweeps(*parts["samples"]).items():
        results[name] = []
        for level, images, labels in steps:
            results[name].append((level, measure(images, labels)))
            print(f"{name}: {level}", flush=True)
    return results


def tables(results: dict[str, list[tuple]]) -> str:
    """Returns a table for each way of getting worse."""
    lines = [TABLES]
    for name, steps in results.items():
        rows = []
        for metric in steps[0][1]:
            values = [scores.get(metric) for _, scores in steps]
            cells = [digits(v[0]) if v else "-" for v in values]
            rows.append((metric, *cells, trend(values)))
        levels = [f"{level:g}" for level, _ in steps]
        lines += [table((name, *levels, ""), rows), ""]
    return "\n".join(lines)


def trend(values: list) -> str:
    """Returns `rises`, `falls`, or nothing if a row does neither."""
    numbers = [value[0] for value in values if value]
    steps = np.diff(numbers)
    if len(numbers) < len(values) or not steps.any():
        return ""
    return "rises" if (steps >= 0).all() else "falls" * int((steps <= 0).all())


def digits(value: float) -> str:
    """Returns a number with three significant digits, or whole."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def picture(results: dict[str, list[tuple]]) -> Image.Image:
    """Draws a panel for each metric, a line for each way of getting worse."""
    metrics = list(next(iter(results.values()))[0][1])
    rows = -(-(len(metrics) + 1) // COLUMNS)
    width, height = (side + MARGIN for side in PANEL)
    sheet = Image.new(
        "RGB", (COLUMNS * width + MARGIN, rows * height + MARGIN), "white"
    )
    draw = ImageDraw.Draw(sheet)

    def corner(index):
        row, column = divmod(index, COLUMNS)
        return MARGIN + column * width, MARGIN + row * height

    for index, metric in enumerate(metrics):
        lines = [
            [scores.get(metric) for _, scores in steps]
            for steps in results.values()
        ]
        panel(draw, corner(index), metric, lines)
    legend(draw, corner(rows * COLUMNS - 1), results)
    return sheet


def panel(
    draw: ImageDraw.ImageDraw, corner: tuple, title: str, lines: list[list]
) -> None:
    """Draws the values of one metric over the steps 0 to 4."""
    left, top = corner
    right, bottom = left + PANEL[0] - 6, top + PANEL[1] - 6
    font = ImageFont.load_default(11)
    draw.text((left, top), title, fill=INK, font=ImageFont.load_default(12))
    top, left = top + 20, left + 42
    present = [value for line in lines for value in line if value]
    ends = [end for value in present for end in value if end is not None]
    low, high = min(ends), max(ends)
    span = (high - low) or 1.0
    for share in (0.0, 0.5, 1.0):
        y = bottom - share * (bottom - top)
        draw.line([(left, y), (right, y)], fill=GRID)
        text = digits(low + share * span)
        draw.text((left - 4, y), text, fill=INK, font=font, anchor="rm")

    def place(step, value):
        steps = len(lines[0]) - 1
        return (
            left + 6 + (right - left - 12) * step / steps,
            bottom - (value - low) / span * (bottom - top),
        )

    for colour, line in zip(COLOURS, lines, strict=True):
        known = [(step, v) for step, v in enumerate(line) if v]
        draw.line([place(s, v[0]) for s, v in known], fill=colour, width=2)
        for step, (value, lower, upper) in known:
            x, y = place(step, value)
            draw.ellipse([x - 2, y - 2, x + 2, y + 2], fill=colour)
            if lower is not None:
                draw.line([place(step, lower), place(step, upper)], fill=colour)


def legend(
    draw: ImageDraw.ImageDraw, corner: tuple, results: dict[str, list[tuple]]
) -> None:
    """Names the three lines and their steps."""
    left, top = corner
    font = ImageFont.load_default(11)
    for row, (name, steps) in enumerate(results.items()):
        y = top + 24 + 34 * row
        levels = ", ".join(f"{level:g}" for level, _ in steps)
        noun, _, rest = name.partition(", ")
        draw.line([(left, y + 6), (left + 18, y + 6)], COLOURS[row], 2)
        draw.text((left + 24, y), noun, fill=INK, font=font)
        unit = f" {rest.rpartition(' in ')[2]}" if rest else ""
        draw.text((left + 24, y + 13), levels + unit, fill=INK, font=font)


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--directory", default="build", help="for both files")
    parser.add_argument(
        "--evaluation_resolution", type=int, default=96, help="pixels; 96"
    )
    options = parser.parse_args()
    results = measure_all(options.evaluation_resolution)
    directory = pathlib.Path(options.directory)
    directory.mkdir(exist_ok=True)
    picture(results).save(directory / "metrics.png")
    file = directory / "metrics.md"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    report = tables(results)
    above, _, below = text.partition(TABLES)
    # The next section begins with the next heading of its level.
    _, heading, below = below.partition("\n## ")
    file.write_text(above + report + heading + below, encoding="utf-8")
    print(report)


if __name__ == "__main__":
    main()
