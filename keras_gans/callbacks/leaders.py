"""The best generators of a run so far."""

import math
import pathlib
import warnings
from collections.abc import Sequence

import keras

from keras_gans import files
from keras_gans.checks import integer
from keras_gans.metrics.evaluation.certificate import differences
from keras_gans.metrics.statistics.intervals import compare_intervals


class Leaders:
    """Keeps the generators with the lowest scores.

    The lower value leads, whatever the intervals; the verdict says when they
    overlap, that is when another draw of samples might decide otherwise.
    Scores are compared if their certificates agree, or one has none; at the
    first that was computed otherwise the search begins anew, with a warning.
    Files in `top` that belong to no leader are removed when a run resumes.

    Args:
        best: File of the leader, or None to keep no files.
        keep: How many are kept, at least 1. More than one are also in the
            folder `top` beside `best`, as `step_00001000.keras`.
        entries: What `entries` was when the run was interrupted.
        best_score: Lowest score so far where `entries` is not known.

    Attributes:
        entries: The leaders, the best first, ready for JSON: `step`, `score`
            (`value`; `low` and `high` if there is an interval; `certificate`
            if it is known) and `screening`, the score of fewer samples, or
            None.
    """

    def __init__(
        self,
        best: str | pathlib.Path | None,
        keep: int = 1,
        entries: Sequence[dict] = (),
        best_score: float = math.inf,
    ):
        self._best = None if best is None else pathlib.Path(best)
        self._keep = integer("keep", keep)
        self.entries = list(entries)[:keep]
        self._best_score = best_score
        if self.entries:
            self.clean()

    @property
    def best_score(self) -> float:
        """The lowest score so far, infinity before the first."""
        if self.entries:
            return self.entries[0]["score"]["value"]
        return self._best_score

    def admits(self, screening: dict) -> bool:
        """Returns whether a screened generator may be the best.

        It may unless its interval lies above that of the leader, screened
        in the same way.

        Args:
            screening: Its score, as in `entries`.
        """
        leader = self.entries[0]["screening"] if self.entries else None
        if not leader or _differing(screening, leader):
            return True
        return _compared(screening, leader) != "higher"

    def offer(
        self,
        generator: keras.Model,
        step: int,
        score: dict,
        screening: dict | None = None,
    ) -> str:
        """Saves a generator if it is among the best; returns the verdict.

        Args:
            generator: The model that was evaluated.
            step: Training steps it has seen.
            score: Its score, as in `entries`.
            screening: Likewise, of fewer samples.
        """
        anew = self._begin_anew(score)
        # A finished run that is resumed evaluates its last step once more.
        if any(entry["step"] == step for entry in self.entries):
            return "evaluated before"
        leads = score["value"] < self.best_score
        verdict = self._verdict(score, leads)
        entry = {"step": step, "score": score, "screening": screening}
        if leads or self.entries:
            self.entries.append(entry)
            # Of equals the earlier stays ahead.
            self.entries.sort(key=lambda entry: entry["score"]["value"])
            del self.entries[self._keep :]
            self._save(generator, entry, leads)
        return f"{verdict}, begun anew" if anew else verdict

    def _begin_anew(self, score):
        """Forgets leaders that were scored otherwise; returns whether."""
        for entry in self.entries:
            if differing := _differing(score, entry["score"]):
                warnings.warn(
                    "The leaders so far were scored otherwise: "
                    f"{'; '.join(differing)}. The best generator is sought "
                    "anew.",
                    stacklevel=2,
                )
                self.entries, self._best_score = [], math.inf
                self.clean()
                return True
        return False

    def clean(self) -> None:
        """Removes the files in `top` that belong to no leader."""
        if self._best is None:
            return
        in_top = self.entries if self._keep > 1 else ()
        kept = {self._place(entry) for entry in in_top}
        for path in self._best.parent.glob("top/step_*.keras"):
            if path not in kept:
                path.unlink()

    def _verdict(self, score, leads):
        if not self.entries:
            return "best" if leads else "worse than an earlier step"
        leader = self.entries[0]
        step = f"step {leader['step']:,}"
        tied = _compared(score, leader["score"]) == "tied"
        if leads:
            return f"best, tied with {step}" if tied else "best"
        return (
            f"tied with {step}, which stays" if tied else f"worse than {step}"
        )

    def _place(self, entry):
        return self._best.parent / "top" / f"step_{entry['step']:08d}.keras"

    def _save(self, generator, entry, leads):
        if self._best is None:
            return
        if leads:
            save_generator(generator, self._best)
        if self._keep > 1 and entry in self.entries:
            save_generator(generator, self._place(entry))
        self.clean()


def _differing(a, b):
    """Returns how the certificates of two scores differ, if both have one."""
    if "certificate" not in a or "certificate" not in b:
        return []
    return differences(a["certificate"], b["certificate"])


def _compared(a, b):
    """Returns `lower`, `higher` or `tied`; a score may lack an interval."""
    ends = [
        (score.get("low", score["value"]), score.get("high", score["value"]))
        for score in (a, b)
    ]
    return compare_intervals(*ends)


def save_generator(generator: keras.Model, path: pathlib.Path) -> None:
    """Saves a generator as a `.keras` file, whole or not at all."""
    with files.replacing(path) as temporary:
        generator.save(temporary)
