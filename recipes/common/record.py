"""The record of a run: its settings and everything that made its result."""

import dataclasses
import datetime
import importlib.metadata
import json
import pathlib
import subprocess
import sys
import types
import uuid
from collections.abc import Mapping
from typing import Any

from recipes.common.backend import keras_backend
from recipes.common.config import RunConfig, recorded_settings
from recipes.common.light import without_keras
from recipes.common.plan import Config, Plan
from recipes.common.precision import may_go_on, recorded_policy
from recipes.common.run_directory import RunDirectory, plain

with without_keras():
    from keras_gans import files
    from keras_gans.precision import Decision

# Entries on how a run began, which stay when it is resumed without them.
NOTES = ("auto", "initialized")
ROOT = pathlib.Path(__file__).parents[2]


def open_run(
    config: RunConfig,
    recipe: str,
    precision: Decision | None = None,
    notes: Mapping[str, Any] = types.MappingProxyType({}),
) -> RunDirectory:
    """Returns the directory of a run, ready to be written to.

    Makes the directory and writes its config.json. When a run is resumed, its
    id and its plan stay, and what the record said of earlier starts is kept
    under `earlier_starts`. Where several processes train one model, the chief
    does this.

    Args:
        config: Settings, with `run_dir` resolved.
        recipe: Name of the recipe.
        precision: In which the run computes, to be recorded.
        notes: Further entries of the record, which stay when the run is
            resumed without them.

    Raises:
        ValueError: As `check_run_directory`.
    """
    from keras_gans.distribution import is_chief

    directory = RunDirectory(config.run_dir)
    if not is_chief():
        return directory
    check_run_directory(config, recipe)
    record = run_record(config, recipe)
    if precision is not None:
        record["precision"] = dataclasses.asdict(precision)
    record |= plain(notes)
    if directory.config.exists():
        earlier = read_record(directory)
        starts = earlier.pop("earlier_starts", [])
        # Runs from before there were ids stay without one.
        record["run_id"] = earlier.get("run_id")
        record["earlier_starts"] = [*starts, earlier]
        if config.minutes is not None and "plan" in earlier:
            record["plan"] = earlier["plan"]
        kept = {name: earlier[name] for name in NOTES if name in earlier}
        record = kept | record
    directory.create()
    _write(directory, record)
    return directory


def check_run_directory(config: RunConfig, recipe: str) -> None:
    """Checks, without writing, that a run may use its directory.

    A directory that is missing or empty may be used. Another one only if it
    is to be resumed and holds a run of the same recipe, backend and settings;
    settings named in `may_change` may differ, and `steps` may be raised.

    Raises:
        ValueError: If it may not.
    """
    directory = RunDirectory(config.run_dir)
    path = directory.path
    if path.exists() and not path.is_dir():
        raise ValueError(
            f"--run_dir must be a directory. Received: {path}, a file. "
            f"Use, for example, --run_dir={_unused(path)}."
        )
    if not path.exists() or not any(path.iterdir()):
        return
    if not config.resume:
        raise ValueError(
            "With --resume=false the directory of the run must be empty, for "
            f"nothing is overwritten. Received: {path}, which is not. Use, "
            f"for example, --run_dir={_unused(path)}, or --resume=true to go "
            "on with the run it holds."
        )
    if not directory.config.exists():
        raise ValueError(
            "A run resumes in a directory with a config.json, and starts in "
            f"an empty one. Received: {path}, which is neither. Use, for "
            f"example, --run_dir={_unused(path)}."
        )
    record = read_record(directory)
    differing = differences(config, recipe, record)
    if differing:
        plan = record.get("plan")
        by_steps = f"; of its plan, {plan['flags']}" if plan else ""
        raise ValueError(
            f"The run in {path} was made with other settings, so this one "
            f"cannot go on from it: {'; '.join(differing)}. Give the earlier "
            f"settings to resume that run{by_steps}; or begin a new one with "
            f"--resume=false --run_dir={_unused(path)}."
        )


def differences(
    config: RunConfig, recipe: str, record: Mapping[str, Any]
) -> list[str]:
    """Returns what hinders a configuration from resuming a recorded run.

    A run that was planned by minutes resumes by the same minutes, or in steps
    by the flags of its plan.
    """
    settings = recorded_settings(type(config), record["settings"])
    if record.get("plan") and config.minutes is None:
        planned = Plan.of_record(record["plan"]).settings
        settings |= {**planned, "minutes": None}
    earlier = plain({**record, **settings})
    now = {"recipe": recipe, "backend": keras_backend()}
    now |= plain(config.settings())
    differing = []
    for name, value in now.items():
        before = earlier.get(name, "absent")
        if name == "precision":
            if may_go_on(config, record):
                continue
            before = recorded_policy(config, record)
        if name in config.may_change or before == value:
            continue
        if name == "steps" and isinstance(before, int) and value > before:
            continue
        rule = {
            "steps": " (may be raised, not lowered)",
            "minutes": " (a plan stays as it was made)",
        }.get(name, "")
        differing.append(f"{name} was {before!r}, now {value!r}{rule}")
    return differing


def earlier_record(config: RunConfig) -> dict[str, Any] | None:
    """Returns the record of the run that is resumed, None if none is."""
    directory = RunDirectory(config.run_dir)
    return read_record(directory) if directory.config.exists() else None


def read_record(directory: RunDirectory) -> dict[str, Any]:
    """Returns the content of a run's config.json.

    Raises:
        ValueError: If it is no record of a run.
    """
    try:
        record = json.loads(directory.config.read_text(encoding="utf-8"))
    except ValueError:
        record = None
    if not isinstance(record, dict) or "settings" not in record:
        raise ValueError(
            f"{directory.config} must hold the record of a run, and does not. "
            "Restore it, or begin a new run with "
            f"--run_dir={_unused(directory.path)}."
        )
    return record


def with_plan(config: Config) -> tuple[Config, Plan | None]:
    """Returns the settings of a run in steps, and the plan they are from.

    That is the recorded plan of a run by minutes; a run that has none is
    returned as it is, with None.

    Raises:
        ValueError: If the directory's config.json is no record of a run.
    """
    directory = RunDirectory(config.run_dir)
    if config.minutes is None or not directory.config.exists():
        return config, None
    record = read_record(directory).get("plan")
    if not record:
        return config, None
    plan = Plan.of_record(record)
    return plan.apply(config), plan


def write_plan(directory: RunDirectory, plan: Plan) -> None:
    """Adds the plan to a run's config.json."""
    _write(directory, read_record(directory) | {"plan": plan.record()})


def _write(directory, record):
    text = json.dumps(record, indent=2, allow_nan=False)
    files.write_text(directory.config, f"{text}\n")


def read_run_id(directory: RunDirectory) -> str | None:
    """Returns the id of a run, None before ids or without a record."""
    if not directory.config.exists():
        return None
    return read_record(directory).get("run_id")


def run_record(config: RunConfig, recipe: str) -> dict[str, Any]:
    """Returns id, settings, versions, backend, git commit, command of a run.

    `git_commit` is None outside a checkout; `git_changed` says whether tracked
    files differ from it.
    """
    # Imported here, since it imports Keras.
    import keras_gans

    backend = keras_backend()
    packages = ("keras", "tensorflow", "numpy", backend)
    started = datetime.datetime.now(datetime.UTC)
    return {
        "recipe": recipe,
        "run_id": uuid.uuid4().hex,
        "settings": plain(config.settings()),
        "backend": backend,
        "versions": {
            "keras_gans": keras_gans.__version__,
            "python": sys.version.split()[0],
            **{name: _version(name) for name in packages},
        },
        **git_state(ROOT),
        "command": sys.orig_argv,
        "started": started.isoformat(timespec="seconds"),
    }


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def git_state(root: pathlib.Path) -> dict[str, Any]:
    """Returns the commit of a checkout and whether its files were changed.

    Both are None where `root` is not the top of a checkout.
    """
    unknown = {"git_commit": None, "git_changed": None}
    try:
        top = _git(root, "rev-parse", "--show-toplevel")
        if pathlib.Path(top) != root.resolve():
            return unknown
        commit = _git(root, "rev-parse", "HEAD")
        changes = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return unknown
    return {"git_commit": commit, "git_changed": bool(changes)}


def _git(root: pathlib.Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    output = subprocess.run(command, check=True, capture_output=True, text=True)
    return output.stdout.strip()


def _unused(path: pathlib.Path) -> str:
    """Returns the first of path-2, path-3, ... that does not exist."""
    number = 2
    while pathlib.Path(f"{path}-{number}").exists():
        number += 1
    return f"{path}-{number}"
