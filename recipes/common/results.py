"""What a run says, and the SavedModel that it leaves."""

import json
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from recipes.common.config import RunConfig
from recipes.common.plan import Ending, duration
from recipes.common.record import read_run_id
from recipes.common.run_directory import RunDirectory
from recipes.common.subject import Subject

if TYPE_CHECKING:
    import keras

    from keras_gans import GAN


def export(
    generator: "keras.Model",
    step: int,
    config: RunConfig,
    recipe: str,
    directory: RunDirectory,
    *,
    manifest: dict[str, Any],
    **options: Any,
) -> pathlib.Path:
    """Exports the generator of a step, unless it was exported before.

    `manifest` has further entries of the manifest; options are those of
    `keras_gans.serving.export_generator`. Returns the version's directory.
    """
    from keras_gans.serving import export_generator

    earlier = exported(config.export_dir, directory, step)
    if earlier:
        return earlier
    metrics = directory.read_metrics()
    details = {
        "recipe": recipe,
        "run": str(directory.path.resolve()),
        "run_id": read_run_id(directory),
        "step": step,
        "evaluation": metrics[-1] if metrics else None,
    }
    return export_generator(
        generator, config.export_dir, manifest=details | manifest, **options
    )


def exported(
    export_dir: str, directory: RunDirectory, step: int
) -> pathlib.Path | None:
    """Returns where this state of a run was exported before, if it was.

    A run is known by its id; one that began before there were ids, by its
    path.
    """
    run_id = read_run_id(directory)
    run = {"run_id": run_id, "step": step}
    if run_id is None:
        run["run"] = str(directory.path.resolve())
    for path in sorted(pathlib.Path(export_dir).glob("*/manifest.json")):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if all(manifest.get(name) == value for name, value in run.items()):
            return path.parent
    return None


def headline(
    gan: "GAN",
    config: RunConfig,
    subject: Subject,
    recipe: str,
    step: int,
    precision: str,
) -> str:
    """Returns what to say of a run before it trains, with `step` steps done.

    `precision` is what to say of that.
    """
    import keras

    lines = [
        f"{recipe} on {subject.description}; {keras.backend.backend()}, "
        f"{precision}.",
        f"Generator {gan.generator.count_params():,} parameters, "
        f"discriminator {gan.discriminator.count_params():,}; "
        f"{_extent(config)} of {subject.per_step} {subject.noun}.",
    ]
    if step >= config.steps and config.minutes is None:
        lines.append(
            f"The run in {config.run_dir} has its {step:,} steps already; "
            "raise --steps to train on, or name another --run_dir."
        )
    elif step:
        lines.append(f"Resuming {config.run_dir} after step {step:,}.")
    return "\n".join(lines)


def _extent(config):
    if config.minutes is None:
        return f"{config.steps:,} steps"
    most = "" if "minutes" in config.given else f"at most {config.steps:,} "
    return f"{duration(60 * config.minutes)} of training in {most}steps"


def evaluating(subject: Subject, samples: int, ending: Ending) -> str:
    """Returns what to say before so many samples are evaluated at the end."""
    text = f"Evaluating {samples:,} generated {subject.noun}"
    if not ending.evaluation:
        return f"{text} ..."
    return f"{text}: about {duration(ending.evaluation)}."


def best_line(subject: Subject, metrics: Sequence[dict[str, Any]]) -> str:
    """Returns what to say of the best evaluation, nothing if there is none."""
    name = subject.monitor
    # Training starts at step 0, screenings have no score, NaN is None.
    lines = [m for m in metrics if m["step"] and m.get(name) is not None]
    if not lines:
        return ""
    best = min(lines, key=lambda line: line[name])
    # Steps whose intervals overlap the best one's.
    tied = [
        f"{line['step']:,}"
        for line in lines
        if line is not best
        and f"{name}_low" in line
        and line[f"{name}_low"] <= best.get(f"{name}_high", best[name])
    ]
    return (
        f"{subject.verdict(best)} at step {best['step']:,}, after "
        f"{best['seconds'] / 60:.1f} minutes of training"
        + (f", tied with step {', '.join(tied)}" if tied else "")
    )


def summary(
    directory: RunDirectory, best: str, export_path: pathlib.Path
) -> str:
    """Returns where the results of a run are; `best` may be empty."""
    samples = sorted(directory.samples.glob("step_*"))
    lines = [
        "",
        f"Samples    {samples[-1] if samples else directory.samples}",
        f"Logs       {directory.logs}",
        f"           tensorboard --logdir {directory.logs}",
        *([f"Best       {best}: {directory.best}"] if best else []),
        f"Final      {directory.final}",
        f"SavedModel {export_path}",
    ]
    return "\n".join(lines)
