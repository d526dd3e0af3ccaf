"""Runs the benchmarks, one after the other, and writes RESULTS.md.

    python -m benchmarks.report

Each runs in a process of its own; the machine should have nothing else to do.
"""

import datetime
import pathlib

from benchmarks.machine import describe, device_of, output_of

RESULTS = pathlib.Path(__file__).with_name("RESULTS.md")
BACKENDS = ("tensorflow", "jax", "torch")
# Title, module, and the backends that it runs on.
BENCHMARKS = (
    ("A training step", "training_step", BACKENDS[:1]),
    ("Over a hand-written loop", "step_overhead", BACKENDS),
    ("Growing batches", "scaling", BACKENDS),
    ("The input pipeline", "pipeline", BACKENDS[:1]),
    ("Evaluation", "evaluation", BACKENDS[:1]),
    ("Serving", "serving", BACKENDS[:1]),
)


def section(title: str, module: str, backends: tuple[str, ...]) -> str:
    """Returns the text of one benchmark on all its backends."""
    doc = (RESULTS.parent / f"{module}.py").read_text(encoding="utf-8")
    about = doc.split('"""')[1].strip()
    texts = [f"## {title}", about]
    for backend in backends:
        print(f"{module} on {backend}", flush=True)
        texts.append(output_of("-m", f"benchmarks.{module}", backend=backend))
    return "\n\n".join(texts)


def main() -> None:
    """Writes the results of every benchmark."""
    devices = {name: device_of(name) for name in BACKENDS}
    if set(devices.values()) == {"cpu"}:
        devices = {}
    where = "".join(f" {name} on {of}." for name, of in devices.items())
    head = (
        "# Measured\n\nWritten by `make bench` on "
        f"{datetime.date.today().isoformat()}. {describe()}{where}\n\nTimes "
        "are of a shared machine: compare within a table, by the ratios."
    )
    sections = []
    for benchmark in BENCHMARKS:
        sections.append(section(*benchmark))
        # What has been measured outlasts what fails after it.
        text = "\n\n".join([head, *sections, ""])
        RESULTS.write_text(text, encoding="utf-8")
    print(f"Written to {RESULTS}.")


if __name__ == "__main__":
    main()
