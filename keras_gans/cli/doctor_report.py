"""What `keras-gans doctor` prints; needs no Keras."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from keras_gans.cli.installation import Installation
from keras_gans.cli.machine import INSTRUCTIONS, Machine

if TYPE_CHECKING:
    from keras_gans.data.inspection import Inspection

WIDTH = 78
_GIB = 2**30


def duration(seconds: float) -> str:
    """Returns a duration in the unit in which one would say it.

    Example:
    >>> duration(45.2), duration(252), duration(6300)
    ('45 s', '4.2 min', '1.8 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.1f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Returns rows as columns: the first to the left, others to the right.

    Example:
    >>> print(table([("recipe", "steps"), ("lga", "7,000")]))
      recipe  steps
      lga     7,000
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [first.ljust(widths[0])]
        cells += [c.rjust(w) for c, w in zip(others, widths[1:], strict=True)]
        lines.append(f"  {'  '.join(cells)}".rstrip())
    return "\n".join(lines)


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Returns names and what there is to say of each, in two columns."""
    lines = []
    for name, text in pairs:
        wrapped = textwrap.wrap(text, WIDTH - 16) or [""]
        lines.append(f"  {name:<14}{wrapped[0]}")
        lines += [" " * 16 + line for line in wrapped[1:]]
    return "\n".join(lines)


def items(texts: Iterable[str]) -> str:
    """Returns sentences as a list."""
    return "\n".join(
        textwrap.fill(
            text, WIDTH, initial_indent="  - ", subsequent_indent="    "
        )
        for text in texts
    )


def machine_text(machine: Machine, installation: Installation) -> str:
    """Returns what the machine is."""
    devices = [
        f"{backend.name}: {', '.join(backend.devices)}"
        for backend in installation.backends.values()
        if backend.devices
    ]
    unused = ", ".join(machine.nvidia)
    if not devices and unused:
        devices = [f"{unused}, which no backend sees"]
    free = (
        ""
        if machine.free_memory is None
        else (f", {machine.free_memory / _GIB:.1f} free")
    )
    pairs = [
        ("processor", f"{machine.processor}, {_counted(machine.cores)}"),
        ("instructions", _instructions(machine)),
        (
            "memory",
            "unknown"
            if machine.memory is None
            else f"{machine.memory / _GIB:.1f} GiB{free}",
        ),
        ("GPU, TPU", "; ".join(devices) or "none"),
        ("disk", f"{machine.free_disk / _GIB:.1f} GiB free in {machine.disk}"),
        ("system", f"{machine.system}, Python {machine.python}"),
    ]
    return f"Machine\n{facts(pairs)}"


def _counted(cores):
    return "1 core" if cores == 1 else f"{cores:g} cores"


def _instructions(machine):
    if machine.instructions is None:
        return "unknown"
    missing = [
        name for name in INSTRUCTIONS if name not in machine.instructions
    ]
    text = ", ".join(machine.instructions) or "none of these"
    return text + (f"; not {', '.join(missing)}" if missing else "")


def installation_text(
    installation: Installation, problems: Sequence[str], notes: Sequence[str]
) -> str:
    """Returns what is installed, what is wrong and what is worth knowing."""
    backends = ", ".join(
        f"{backend.name} {backend.version or '(not installed)'}"
        for backend in installation.backends.values()
    )
    as_required = sum(
        version == required
        for version, required in installation.packages.values()
    )
    packages = (
        f"{as_required} of {len(installation.packages)} in the required version"
    )
    pairs = [("backends", backends), ("packages", packages)]
    lines = ["", "Installation", facts(pairs)]
    if notes:
        lines.append(items(notes))
    lines.append(_wrong(problems))
    return "\n".join(lines)


def steps_text(steps: Sequence[dict], best: dict | None) -> str:
    """Returns the table of the quickstart's step, and what to use."""
    rows = [("backend", "precision", "ms a step", "first step", "memory")]
    for step in steps:
        cells = (step["backend"], step["precision"])
        if "error" in step:
            rows.append((*cells, "failed", "", ""))
            continue
        rows.append(
            (
                *cells,
                f"{step['milliseconds']:.1f}",
                duration(step["tracing"]),
                f"{step['memory'] / _GIB:.1f} GiB",
            )
        )
    text = f"\nA step of the quickstart\n{table(rows)}{_failures(steps)}"
    if best is None:
        return f"{text}\n\nRecommended: nothing, for no backend works."
    return (
        f"{text}\n\nRecommended: {best['backend']}, {best['precision']}\n"
        f"  {_command('quickstart', best)}"
    )


def _command(recipe, best):
    return (
        f"KERAS_BACKEND={best['backend']} python -m recipes.{recipe} "
        f"--precision={best['precision']}"
    )


def forecasts_text(
    forecasts: Sequence[dict], best: dict, machine: Machine
) -> str:
    """Returns the table of the recipes."""
    rows = [("recipe", "precision", "steps", "ms a step", "command", "memory")]
    large = []
    for one in forecasts:
        if "error" in one:
            rows.append((one["recipe"], "", "failed", "", "", ""))
            continue
        rows.append(
            (
                one["recipe"],
                one["precision"],
                f"{one['steps']:,}",
                f"{one['milliseconds']:.1f}",
                duration(one["total"]),
                f"{one['memory'] / _GIB:.1f} GiB",
            )
        )
        if machine.free_memory and one["memory"] > machine.free_memory:
            large.append(one["recipe"])
    text = (
        f"\nThe preset cpu of each recipe on {best['backend']}, with all that "
        f"its command does\n{table(rows)}{_failures(forecasts)}"
    )
    if large:
        text += f"\n  More memory than is free: {', '.join(large)}."
    return text


def _failures(measured):
    texts = [
        f"{one.get('recipe') or one['backend']} failed: {one['error']}"
        for one in measured
        if "error" in one
    ]
    return f"\n{items(texts)}" if texts else ""


def dataset_text(
    found: "Inspection",
    problems: Sequence[str],
    advice: Sequence[str],
    command: str,
) -> str:
    """Returns what a data set is like, and how to train on it."""
    lines = [f"Data set {found.name}", facts(_dataset_facts(found))]
    lines.append(_wrong(problems))
    if advice:
        lines += ["\nWorth knowing", items(advice)]
    lines += ["\nRecommended", f"  {command}"]
    return "\n".join(lines)


def _dataset_facts(found):
    yield "images", f"{found.num_images:,}"
    if found.num_bad:
        yield "unreadable", f"{found.num_bad:,}"
    counts = sorted(found.class_counts.items(), key=lambda pair: pair[1])
    if counts:
        (least, low), (most, high) = counts[0], counts[-1]
        range_ = f"{low:,} ({least}) to {high:,} ({most})"
        yield (
            "classes",
            f"{len(counts):,}, images a class: {range_}",
        )
    else:
        yield "classes", "none"
    if not found.num_images:
        return
    (width, height), count = next(iter(found.sizes.items()))
    smallest, largest = (f(found.sizes, key=_area) for f in (min, max))
    yield (
        "sizes",
        f"{_by(smallest)} to {_by(largest)}, most often {width}x{height} "
        f"({100 * count / found.num_images:.0f} %)",
    )
    yield "cropped away", f"{100 * found.cropped:.0f} % of an image on average"
    grey = found.grey
    yield "colours", f"{found.num_images - grey:,} coloured, {grey:,} grey"
    stored = {
        "transparent": found.transparent,
        "palette": found.palette,
        "CMYK": found.cmyk,
        "16 bits": found.deep,
        "animated": found.animated,
    }
    stored = [f"{name} {count:,}" for name, count in stored.items() if count]
    if stored:
        yield "stored", ", ".join(stored)
    near = (
        "" if found.near_copies is None else f", {found.near_copies:,} probable"
    )
    yield "copies", f"{found.copies:,} exact{near}"


def _area(size):
    return size[0] * size[1]


def _by(size):
    return f"{size[0]}x{size[1]}"


def _wrong(problems):
    if not problems:
        return "\nWrong: nothing."
    return f"\nWrong\n{items(problems)}"
