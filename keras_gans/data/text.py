"""Lines of text as sequences of characters of one length."""

from __future__ import annotations

import gzip
import itertools
import os
import pathlib
import sys
from collections.abc import Iterable, Sequence

import numpy as np

from keras_gans.checks import integer
from keras_gans.data.order import stream, subset
from keras_gans.data.runtime import tf
from keras_gans.data.sources import ArraySource

PADDING = "`"
UNKNOWN = "unk"
MAX_VOCABULARY = 2048
MAX_LINES = 10_000_000
_FILE = pathlib.Path(__file__).with_name("king_james_bible.txt.gz")
# Lines that are converted at once.
_PART = 100_000
# Shown where a symbol of the vocabulary is no character.
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class TextSet:
    """Lines of text, cut or padded to one length, as tokens.

    The vocabulary is `unk` and the most frequent characters; other characters
    become `unk`. Some lines, spread over the text by a hash of their number,
    are held out to evaluate with.

    Args:
        name: What was loaded.
        lines: The lines, at least two.
        length: Characters a line; shorter ones are padded with a backquote.
        max_vocabulary: Symbols at most, 2 to 2048.
        held_out: Lines held out, at most half of all.

    Attributes:
        name: See above.
        vocabulary: The symbols; token i stands for `vocabulary[i]`.
        num_lines: Number of training lines.
        length: See above.
        training: Tokens of the training lines, uint16 `(num_lines, length)`.
        held_out: Tokens of the others, `(lines held out, length)`.

    Raises:
        ValueError: When a number is out of range or there are too few lines.

    Example:
    >>> text = TextSet("two lines", ["abba", "b"], length=3, held_out=1)
    >>> text.vocabulary
    ('unk', 'b', '`', 'a')
    >>> text.encode(["ab"]).tolist(), text.decode([[3, 1, 2]])
    ([[3, 1, 2]], ['ab`'])

    Reference: [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028),
    §5.5; the released code's language experiment.
    """

    def __init__(
        self,
        name: str,
        lines: Iterable[str],
        *,
        length: int = 32,
        max_vocabulary: int = MAX_VOCABULARY,
        held_out: int = 640,
    ):
        self.name = name
        self.length = integer("length", length, minimum=1)
        integer(
            "max_vocabulary", max_vocabulary, minimum=2, maximum=MAX_VOCABULARY
        )
        lines = [self._fit(line) for line in lines]
        if len(lines) < 2:
            raise ValueError(
                "A text needs at least two lines that are not empty. "
                f"Received: {len(lines)} in {name}."
            )
        integer("held_out", held_out, minimum=1)
        held_out = min(held_out, len(lines) // 2)
        self.vocabulary = _vocabulary(lines, max_vocabulary)
        # Tokens by code point; those of other characters are 0, `unk`.
        self._table = np.zeros(sys.maxunicode + 1, np.uint16)
        for token, symbol in enumerate(self.vocabulary[1:], 1):
            self._table[ord(symbol)] = token
        tokens = self.encode(lines)
        chosen = np.zeros(len(lines), bool)
        chosen[subset(len(lines), held_out)] = True
        self.training, self.held_out = tokens[~chosen], tokens[chosen]
        self.num_lines = len(self.training)

    def _fit(self, line):
        return line[: self.length].ljust(self.length, PADDING)

    def encode(self, lines: Sequence[str]) -> np.ndarray:
        """Returns the tokens of lines, uint16 `(len(lines), length)`."""
        fitted = [self._fit(line) for line in lines]
        return np.concatenate([self._table[part] for part in _codes(fitted)])

    def decode(self, tokens: np.ndarray) -> list[str]:
        """Returns tokens as text, padding included.

        Args:
            tokens: Integers `(N, length)` from 0 to the vocabulary's size.
        """
        symbols = [s if len(s) == 1 else _REPLACEMENT for s in self.vocabulary]
        return ["".join(symbols[token] for token in line) for line in tokens]

    def training_batches(
        self, batch_size: int, *, seed: int, start_step: int = 0
    ) -> tf.data.Dataset:
        """Returns shuffled batches for ever.

        Batch k is a pure function of (seed, k), as for `ImageSet`: every epoch
        is a permutation of the lines, and batches run across its borders.

        Args:
            batch_size: Lines a batch, positive.
            seed: Integer of [0, 2^63).
            start_step: Number of the first batch.

        Returns:
            Prefetched one-hot elements, float32 `(batch_size, length, V)`.

        Raises:
            ValueError: If a number is out of range.
        """
        batch_size = integer("batch_size", batch_size, minimum=1)
        seed = integer("seed", seed, minimum=0)
        start_step = integer("start_step", start_step, minimum=0)
        batches = ArraySource(self.training).training(
            batch_size, seed=seed, start_step=start_step
        )
        size = len(self.vocabulary)
        one_hot = stream(
            batches, lambda tokens: tf.one_hot(tf.cast(tokens, tf.int32), size)
        )
        return one_hot.prefetch(2)


def load_text(
    path: str | os.PathLike | None = None, *, max_lines: int = MAX_LINES, **size
) -> TextSet:
    """Loads a text file, or the embedded text.

    The embedded text is the King James Bible, a verse a line: 31,102 verses.

    Args:
        path: UTF-8 file of one sentence a line, which may be gzipped
            (`.gz`); None for the embedded text. Empty lines are left out, and
            so is white space at the ends of lines.
        max_lines: Lines that are read at most, positive.
        **size: `length`, `max_vocabulary` and `held_out` of `TextSet`.

    Raises:
        ValueError: When the file is no UTF-8 text, or as `TextSet`.
        FileNotFoundError: When there is no such file.

    Example:
    >>> text = load_text()
    >>> text.num_lines + len(text.held_out), text.length
    (31102, 32)
    """
    integer("max_lines", max_lines, minimum=1)
    place = pathlib.Path(path).expanduser() if path else _FILE
    name = str(path) if path else "the King James Bible"
    if not place.is_file():
        raise FileNotFoundError(
            f"A text is one file. Received: {str(path)!r}, which is "
            f"{'a directory' if place.is_dir() else 'not there'}."
        )
    read = gzip.open if place.suffix == ".gz" else open
    try:
        with read(place, "rt", encoding="utf-8") as file:
            stripped = (line.strip() for line in file)
            lines = list(itertools.islice(filter(None, stripped), max_lines))
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError) as error:
        raise ValueError(
            f"A text file must be UTF-8, gzipped if its name ends in .gz. "
            f"Received: {str(path)!r} ({error}). Convert it first."
        ) from error
    return TextSet(name, lines, **size)


def _codes(lines):
    """Yields the code points of lines of one length, `(N, length)`, in parts.

    A part at a time, for the code points take four times the tokens' memory.
    """
    for start in range(0, len(lines), _PART):
        part = lines[start : start + _PART]
        codes = np.frombuffer("".join(part).encode("utf-32-le"), "<u4")
        yield codes.reshape(len(part), -1)


def _vocabulary(lines, size):
    counts = np.zeros(sys.maxunicode + 1, np.int64)
    for codes in _codes(lines):
        counts += np.bincount(codes.ravel(), minlength=len(counts))
    # The more frequent first; characters as frequent in their own order.
    ranked = np.argsort(-counts, kind="stable")[: size - 1]
    symbols = [chr(code) for code in ranked if counts[code]]
    return (UNKNOWN, *symbols)
