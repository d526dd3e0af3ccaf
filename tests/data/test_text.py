"""Lines of text as tokens."""

import collections
import gzip

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from keras_gans.data.text import TextSet, load_text

LINES = ["the cat", "a dog", "the end of it all", "no", "on and on", "zzz"]


def text_set(lines=LINES, **options):
    options = {"length": 8, "held_out": 2} | options
    return TextSet("test", lines, **options)


def test_lines_are_cut_or_padded_to_the_length():
    text = text_set()
    everything = np.concatenate([text.training, text.held_out])
    assert sorted(text.decode(everything)) == sorted(
        ["the cat`", "a dog```", "the end ", "no``````", "on and o", "zzz`````"]
    )


def test_the_vocabulary_is_unk_and_the_most_frequent_characters():
    text = text_set(["aaab", "bbcc", "aaad"], length=4, held_out=1)
    # Six a, three b, two c, one d.
    assert text.vocabulary == ("unk", "a", "b", "c", "d")
    smaller = text_set(["aaab", "bbcc", "aaad"], length=4, max_vocabulary=3)
    assert smaller.vocabulary == ("unk", "a", "b")
    assert_array_equal(smaller.encode(["abcd"]), [[1, 2, 0, 0]])
    assert smaller.decode([[1, 2, 0, 0]]) == ["ab\ufffd\ufffd"]


def test_characters_beyond_ascii_are_characters():
    text = text_set(["žluťoučký kůň", "\N{GRINNING FACE} smile"], length=13)
    assert text.decode(text.encode(["kůň \N{GRINNING FACE}"])) == [
        "kůň \N{GRINNING FACE}````````"
    ]


def test_each_line_is_in_one_part():
    lines = [f"line {number:05d}" for number in range(1000)]
    text = text_set(lines, length=10, held_out=100)
    training, held_out = text.decode(text.training), text.decode(text.held_out)
    assert text.num_lines == len(training) == 900
    assert sorted(training + held_out) == lines
    # Spread over the whole text.
    numbers = [int(line.split()[1]) for line in held_out]
    assert np.histogram(numbers, bins=4, range=(0, 1000))[0].min() > 10


def test_at_most_half_of_the_lines_are_held_out():
    text = text_set(held_out=640)
    assert len(text.held_out) == len(text.training) == 3


def test_training_batches_are_one_hot_and_permute_the_lines():
    text = text_set()
    batches = text.training_batches(2, seed=3).take(4).as_numpy_iterator()
    batches = np.stack(list(batches))
    assert batches.dtype == np.float32
    assert batches.shape == (4, 2, 8, len(text.vocabulary))
    assert_array_equal(batches.sum(-1), 1.0)
    tokens = batches.argmax(-1).reshape(2, 4, 8)
    for epoch in tokens:
        assert sorted(map(tuple, epoch)) == sorted(map(tuple, text.training))


def test_a_batch_follows_from_seed_and_step_alone():
    text = text_set()

    def read(count, **options):
        batches = text.training_batches(3, **options).take(count)
        return np.stack(list(batches.as_numpy_iterator()))

    from_start = read(5, seed=1)
    assert_array_equal(from_start[3:], read(2, seed=1, start_step=3))
    assert not np.array_equal(from_start, read(5, seed=2))


def test_the_embedded_text_is_english_sentences():
    text = load_text()
    assert text.num_lines + len(text.held_out) == 31_102
    assert len(text.held_out) == 640
    tokens = text.decode(text.training)
    frequencies = collections.Counter("".join(tokens))
    letters = [s for s, _ in frequencies.most_common(11) if s not in " `"]
    # The ten most frequent letters of the Bible.
    assert set(letters) == set("ethaonsidr")
    assert sum("`" not in line for line in tokens) > 20_000
    assert frequencies["\ufffd"] == 0


def test_any_text_file_is_read(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("first line  \n\n  second line\nthird\n", encoding="utf-8")
    text = load_text(path, length=12, held_out=1)
    lines = text.decode(np.concatenate([text.training, text.held_out]))
    assert sorted(lines) == ["first line``", "second line`", "third```````"]
    assert text.name == str(path)
    fewer = load_text(path, max_lines=2, held_out=1)
    assert fewer.num_lines == 1
    compressed = tmp_path / "text.txt.gz"
    compressed.write_bytes(gzip.compress(path.read_bytes()))
    again = load_text(compressed, length=12, held_out=1)
    assert_array_equal(again.training, text.training)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("latin.txt", b"caf\xe9 cr\xe8me\nth\xe9\n", "must be UTF-8"),
        ("fake.gz", b"no gzip", "must be UTF-8, gzipped"),
        ("one.txt", b"a single line\n", "at least two lines.* 1 in"),
    ],
)
def test_files_that_are_no_text_are_refused(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load_text(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing.txt', which is not"):
        load_text(tmp_path / "missing.txt")
    with pytest.raises(FileNotFoundError, match="a directory"):
        load_text(tmp_path)


@pytest.mark.parametrize(
    "change", [{"length": 0}, {"max_vocabulary": 3000}, {"held_out": 0}]
)
def test_numbers_out_of_range_are_refused(change):
    [name] = change
    with pytest.raises(ValueError, match=f"`{name}` must be"):
        text_set(**change)
