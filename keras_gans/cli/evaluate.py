"""`keras-gans evaluate`: scores of images, as a table or as JSON."""

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence

import keras

from keras_gans import files
from keras_gans.cli.flags import Options, read_options
from keras_gans.cli.samples import Samples, open_samples
from keras_gans.data import ImageSet, load_images
from keras_gans.data.load import split_of
from keras_gans.metrics import (
    InceptionFeatures,
    MetricSettings,
    Reference,
    Score,
    scores_of_samples,
)
from keras_gans.metrics.extractors.choice import LITE
from keras_gans.metrics.registry import needing


def run(argv: Sequence[str]) -> int:
    """Runs the command with its flags and returns the exit status, 0.

    Raises:
        ValueError: Wrong flags, or as `evaluate`.
        FileNotFoundError: As `evaluate`.
    """
    options = read_options(argv)
    if options:
        evaluate(options)
    return 0


def evaluate(options: Options) -> None:
    """Scores samples against real images and prints the result.

    Raises:
        ValueError: The flags, the samples and the real images do not fit
            together, or hold too little.
        FileNotFoundError: A path does not exist.
    """
    samples = open_samples(
        options.samples,
        resolution=options.resolution,
        channels=options.channels,
        skip_bad_images=options.skip_bad_images,
    )
    real = _load(options, options.reference, samples)
    held_out = options.held_out and _load(options, options.held_out, samples)
    count = _count(options, samples)
    _check_classes(options, samples, real)
    extractors = _extractors(options)
    print(f"Samples    {samples.description}: {count:,}", file=sys.stderr)
    by_class = bool(needing(options.metrics, "classes"))
    references = [
        _reference(options, options.reference, real, extractor, by_class)
        for extractor in extractors
    ]
    print(f"Reference  {real.name}: {references[0].count:,}", file=sys.stderr)
    batches = samples.batches(count, options.batch_size, options.seed)
    scores = scores_of_samples(
        _shown(batches, count),
        references,
        metrics=options.metrics,
        count=count,
        settings=MetricSettings(
            inception_score_splits=options.inception_score_splits,
            seed=options.seed,
        ),
        generator=samples.certificate,
        held_out=[
            _reference(options, options.held_out, held_out, extractor, False)
            for extractor in extractors
            if held_out
        ],
    )
    _write(options, scores)


def _load(options: Options, name: str, samples: Samples) -> ImageSet:
    return load_images(
        name,
        resolution=samples.resolution,
        channels=samples.channels,
        data_dir=options.data_dir or None,
        split=options.split or None,
        skip_bad_images=options.skip_bad_images,
    )


def _count(options: Options, samples: Samples) -> int:
    count = options.count or samples.count
    if samples.available is not None and count > samples.available:
        raise ValueError(
            f"--count must be at most the images in {options.samples}. "
            f"Received: {count}, there are {samples.available}."
        )
    return count


def _check_classes(options: Options, samples: Samples, real: ImageSet) -> None:
    of_classes = needing(options.metrics, "labels")
    if of_classes and samples.num_classes == 0:
        raise ValueError(
            f"{', '.join(of_classes)} need samples with labels. Received: "
            f"{options.samples}, which has none. Leave them out of --metrics."
        )
    if samples.num_classes is None:
        raise ValueError(
            f"{options.samples} takes labels, but does not say of how many "
            "classes. Give an export of the run instead."
        )
    by_class = needing(options.metrics, "classes")
    if by_class and samples.num_classes != real.num_classes:
        raise ValueError(
            f"{', '.join(by_class)} needs as many classes in the samples as "
            f"in the reference. Received: {samples.num_classes} and "
            f"{real.num_classes}."
        )


def _extractors(options: Options) -> list:
    extractors = [
        LITE[name](options.evaluation_resolution)
        for name in LITE
        if name in options.extractor
    ]
    if "inception" in options.extractor:
        extractors += [
            InceptionFeatures(
                protocol, weights_path=options.inception_weights or None
            )
            for protocol in options.inception_protocol or ("clean",)
        ]
    return extractors


def _reference(
    options: Options, dataset: str, real: ImageSet, extractor, by_class: bool
) -> Reference:
    count = min(options.reference_count or real.num_images, real.num_images)
    batches = real.evaluation_batches(extractor.batch_size, limit=count)
    return Reference.from_images(
        _shown(batches.as_numpy_iterator(), count),
        extractor,
        name=real.name,
        content_hash=real.content_hash(),
        split=split_of(dataset, options.split or None),
        count=count,
        by_class=by_class,
        cache_dir=options.cache_dir,
    )


def _shown(batches: Iterable, count: int) -> Iterator[tuple]:
    """Yields batches, as a progress bar on stderr shows."""
    bar, seen = keras.utils.Progbar(count, unit_name="image"), 0

    def show(final=False):
        # Keras writes to stdout, which belongs to the scores.
        with contextlib.redirect_stdout(sys.stderr):
            bar.update(min(seen, count), finalize=final)

    # What takes the last image does not ask for another.
    try:
        for batch in batches:
            images = batch[0] if isinstance(batch, tuple) else batch
            show()
            seen += len(images)
            yield batch
    finally:
        if seen:
            show(final=True)


def _write(options: Options, scores: list[Score]) -> None:
    if not options.json:
        print(table(scores))
        return
    text = json.dumps([score.to_json() for score in scores], indent=2)
    if options.json == "-":
        print(text)
        return
    files.write_text(options.json, f"{text}\n")
    print(table(scores))
    print(f"Scores and certificates: {options.json}")


def table(scores: list[Score]) -> str:
    """Returns a line for each score, with its 95 % interval if it has one."""
    width = max(len(score.name) for score in scores)
    lines = [f"{'metric':{width}}  {'value':>10}  95 % interval"]
    for score in scores:
        line = f"{score.name:{width}}  {score.value:>10.4f}"
        if score.low is not None:
            line += f"  {score.low:.4f} to {score.high:.4f}"
        lines.append(line)
    return "\n".join(lines)
