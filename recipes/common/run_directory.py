"""The directory of a run: where each of its files lies, and its metrics."""

import json
import math
import os
import pathlib
from collections.abc import Mapping
from typing import Any

from recipes.common.light import without_keras

with without_keras():
    from keras_gans import files


class RunDirectory:
    """Paths of a run's files, and the log of its evaluations.

        config       config.json: settings, versions, backend, git commit
        logs         logs/: what TensorBoard reads
        samples      samples/: grids, one step_00001000.png a step
        metrics      metrics.jsonl: one JSON object an evaluation
        checkpoints  checkpoints/: what resuming needs
        averages     averages/: snapshots of averages, where a run keeps any
        best         best.keras: the generator with the best score
        final        final.keras: the generator at the end

    Args:
        path: The directory; nothing is created before `create()`.

    Attributes:
        path: The directory; the others are the files and folders above.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = pathlib.Path(path)
        self.config = self.path / "config.json"
        self.logs = self.path / "logs"
        self.samples = self.path / "samples"
        self.metrics = self.path / "metrics.jsonl"
        self.checkpoints = self.path / "checkpoints"
        self.averages = self.path / "averages"
        self.best = self.path / "best.keras"
        self.final = self.path / "final.keras"

    def sample(self, step: int) -> pathlib.Path:
        """Returns the path of the sample grid of a step."""
        return self.samples / f"step_{step:08d}.png"

    def create(self) -> None:
        """Makes the directory and its folders where they are missing."""
        for folder in (self.logs, self.samples, self.checkpoints):
            folder.mkdir(parents=True, exist_ok=True)

    def append_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Adds one line to the metrics and waits until it is on the disk.

        A line that a killed process left unfinished is removed first. NaN and
        infinities, which JSON has not, become null.
        """
        line = json.dumps(plain(metrics), allow_nan=False)
        with open(self.metrics, "ab+") as file:
            file.seek(0)
            content = file.read()
            file.truncate(content.rfind(b"\n") + 1)
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def read_metrics(self) -> list[dict[str, Any]]:
        """Returns the metrics so far, without an unfinished last line.

        Raises:
            ValueError: If another line is no JSON object.
        """
        if not self.metrics.exists():
            return []
        lines = self.metrics.read_text(encoding="utf-8").split("\n")[:-1]
        values = []
        for number, line in enumerate(lines, 1):
            try:
                values.append(json.loads(line))
            except json.JSONDecodeError:
                values.append(None)
            if not isinstance(values[-1], dict):
                raise ValueError(
                    f"Every line of {self.metrics} must be a JSON object. "
                    f"Received on line {number}: {line[:60]!r}. "
                    "Remove or mend that line."
                )
        return values

    def rewind_metrics(self, step: int) -> None:
        """Removes the metrics of later steps, which are to be computed again.

        A run that was killed between an evaluation and the next checkpoint
        resumes from before that evaluation.
        """
        kept = [line for line in self.read_metrics() if line["step"] <= step]
        if self.metrics.exists():
            text = "".join(f"{json.dumps(line)}\n" for line in kept)
            files.write_text(self.metrics, text)


def plain(value: Any) -> Any:
    """Returns a value as JSON can hold it.

    Arrays and scalars of numpy become lists and numbers, paths strings, tuples
    lists, and numbers that are not finite None.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
