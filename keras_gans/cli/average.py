"""`keras-gans average`: averages of a run's generator, after training."""

import json
import pathlib
import sys
from collections.abc import Sequence
from typing import Any

import keras

from keras_gans import files
from keras_gans.callbacks import save_generator
from keras_gans.callbacks.reconstruction import Reconstruction
from keras_gans.cli.average_flags import (
    LENGTHS,
    AverageOptions,
    read_options,
)
from keras_gans.cli.average_scores import Judge, Row, table
from keras_gans.cli.recorded_run import RecordedRun
from keras_gans.cli.samples import samples_of
from keras_gans.serving import export_generator


def run(argv: Sequence[str]) -> int:
    """Runs the command with its flags and returns the exit status, 0.

    Raises:
        ValueError: Wrong flags, or as `average`.
        FileNotFoundError: As `average`.
    """
    options = read_options(argv)
    if options:
        average(options)
    return 0


def average(options: AverageOptions) -> None:
    """Makes averages of a run, scores them and writes the best.

    Raises:
        ValueError: The flags, the run and its data do not fit together, or
            its snapshots cannot be made into an average.
        FileNotFoundError: A path does not exist.
    """
    recorded = RecordedRun(options.run_dir)
    snapshots = _snapshots(recorded, options)
    combinations = snapshots.combinations(_lengths(options, snapshots))
    judge = Judge(recorded, options)
    print(
        f"Snapshots  {len(snapshots.snapshots)} up to step "
        f"{snapshots.step:,} in {snapshots.directory}\n"
        f"Reference  {judge.images.name}: {judge.references[0].count:,}",
        file=sys.stderr,
    )
    network = snapshots.network()
    generator = _of_largest_images(network)
    rows, best, kept = [], None, None
    for length, found in combinations.items():
        weights = snapshots.weights(found)
        network.set_weights(weights)
        details = {"length": length, "residual": found.residual}
        scores = judge.scores(generator, True)
        row = Row(f"{length:g}", scores, details, recorded.monitor)
        print(f"Length {length:g}: {row.monitored()}", file=sys.stderr)
        rows.append(row)
        if best is None or row.score.value < best.score.value:
            best, kept = row, weights
    network.set_weights(kept)
    rows += judge.final(snapshots.step)
    _report(options, judge, generator, snapshots, best, rows)


def _report(
    options: AverageOptions,
    judge: Judge,
    generator: keras.Model,
    snapshots: Reconstruction,
    best: Row,
    rows: Sequence[Row],
) -> None:
    """Writes the best average and all scores; prints where they are."""
    recorded = judge.recorded
    record = {
        "run_id": recorded.record.get("run_id"),
        "step": snapshots.step,
        "snapshots": len(snapshots.snapshots),
        "best": best.details["length"],
        "generators": [row.record(judge.one_certificate) for row in rows],
    }
    path = _written(recorded.path / "average.keras", generator, record)
    print(f"{table(rows)}\n\nBest       {best.verdict(rows)}")
    print(f"Average    {path}\nScores     {path.with_suffix('.json')}")
    if options.export_dir:
        path = _export(options.export_dir, generator, judge, record, best)
        print(f"SavedModel {path}")


def _snapshots(recorded, options):
    directory = recorded.path / "averages"
    if recorded.settings.get("class_splits", 1) > 1:
        raise ValueError(
            "Several models were trained, each with averages of its own. "
            f"Received: {options.run_dir}. Give the directory of one, for "
            f"example {recorded.path / 'split_00'}."
        )
    return Reconstruction(directory, options.step)


def _lengths(options, snapshots):
    """Returns the lengths that were asked for, or those that there are."""
    if options.lengths:
        return options.lengths
    found = {length: snapshots.combination(length) for length in LENGTHS}
    for length, one in found.items():
        if not one.holds:
            print(
                f"Without length {length:g}: the snapshots miss its profile "
                f"by {one.residual:.2f}.",
                file=sys.stderr,
            )
    # Where there are none, the first says why.
    return [n for n, one in found.items() if one.holds] or LENGTHS[:1]


def _of_largest_images(network: keras.Model) -> keras.Model:
    """Returns the generator to sample from, of the same weights."""
    if len(network.outputs) == 1:
        return network
    return keras.Model(network.input, network.outputs[-1], name=network.name)


def _written(
    path: pathlib.Path, generator: keras.Model, record: dict[str, Any]
) -> pathlib.Path:
    """Writes the best average and all scores; returns the path.

    That is the first of a.keras, a-2.keras, ... that is not there.
    """
    chosen, number = path, 2
    while chosen.exists() or chosen.with_suffix(".json").exists():
        chosen = path.with_stem(f"{path.stem}-{number}")
        number += 1
    save_generator(generator, chosen)
    text = json.dumps(record, indent=2)
    files.write_text(chosen.with_suffix(".json"), f"{text}\n")
    return chosen


def _export(
    directory: str,
    generator: keras.Model,
    judge: Judge,
    record: dict[str, Any],
    best: Row,
) -> pathlib.Path:
    """Exports the best with the manifest that recipes give their exports."""
    images, recorded = judge.images, judge.recorded
    samples = samples_of(generator, "", images.num_classes)
    names = list(images.class_names)
    own = {name: recorded.record.get(name) for name in ("recipe", "run_id")}
    scores = best.record(judge.one_certificate)
    return export_generator(
        generator,
        pathlib.Path(directory).expanduser(),
        latent_dim=generator.inputs[0].shape[-1],
        num_classes=samples.num_classes,
        manifest={
            **own,
            "run": str(recorded.path.resolve()),
            "step": record["step"],
            "average": best.details,
            "evaluation": {"step": record["step"], **scores},
            # Those of another reference may be others.
            "class_names": names if len(names) == samples.num_classes else [],
        },
    )
