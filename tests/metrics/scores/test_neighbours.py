"""Neighbours against loops over pairs, and their order."""

import math

import keras
import numpy as np
import pytest

from keras_gans.metrics import nearest_neighbours


def by_loops(queries, references, k, distance):
    """Sorts (distance, index) of every pair, with exact sums."""
    indices, distances = [], []
    for query in np.asarray(queries, float).reshape(len(queries), -1):
        pairs = []
        for index, reference in enumerate(
            np.asarray(references, float).reshape(len(references), -1)
        ):
            gaps = [abs(a - b) for a, b in zip(query, reference, strict=True)]
            if distance == "l1":
                pairs.append((math.fsum(gaps), index))
            else:
                squares = math.fsum(gap * gap for gap in gaps)
                pairs.append((math.sqrt(squares), index))
        pairs.sort()
        distances.append([pair[0] for pair in pairs[:k]])
        indices.append([pair[1] for pair in pairs[:k]])
    return np.array(indices), np.array(distances)


def images(count, seed):
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)


def vectors(count, seed, dimension=5):
    return np.random.default_rng(seed).normal(size=(count, dimension))


@pytest.mark.once
@pytest.mark.parametrize("distance", ["l1", "l2"])
@pytest.mark.parametrize("make", [images, vectors])
@pytest.mark.parametrize("k", [1, 4])
def test_neighbours_are_those_of_the_sorted_pairs(make, k, distance):
    queries, references = make(7, seed=0), make(50, seed=1)
    found = nearest_neighbours(queries, references, k, distance, block=13)
    expected = by_loops(queries, references, k, distance)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-14)


@pytest.mark.once
@pytest.mark.parametrize("distance", ["l1", "l2"])
def test_large_items_and_many_queries_are_split_without_a_trace(distance):
    # More numbers an item than are differenced at once, and more queries
    # than are compared at once.
    wide = vectors(3, seed=0, dimension=70_000)
    found = nearest_neighbours(wide[:2] + 1e-3, wide, distance=distance)
    assert found[0].tolist() == [[0], [1]]
    size = 70_000 if distance == "l1" else math.sqrt(70_000)
    np.testing.assert_allclose(found[1], 1e-3 * size, rtol=1e-9)
    many = np.arange(600.0)[:, None]
    indices, distances = nearest_neighbours(
        many + 0.25, many[::-1], distance=distance
    )
    assert indices[:, 0].tolist() == list(range(599, -1, -1))
    assert (distances == 0.25).all()


@pytest.mark.once
def test_bytes_do_not_wrap_around():
    black, white = (
        np.zeros((1, 300), np.uint8),
        np.full((1, 300), 255, np.uint8),
    )
    for a, b in [(black, white), (white, black)]:
        assert nearest_neighbours(a, b, distance="l1")[1] == 300 * 255
        assert nearest_neighbours(a, b)[1] == pytest.approx(255 * 300**0.5)


@pytest.mark.once
@pytest.mark.parametrize("distance", ["l1", "l2"])
def test_a_copy_far_from_the_origin_is_at_zero(distance):
    references = vectors(40, seed=0) * 1e-6 + 1e6
    indices, distances = nearest_neighbours(
        references[::-1], references, distance=distance
    )
    assert indices[:, 0].tolist() == list(range(39, -1, -1))
    assert (distances == 0).all()


@pytest.mark.once
@pytest.mark.parametrize("distance", ["l1", "l2"])
@pytest.mark.parametrize("block", [1, 2, 3, 100])
def test_of_equal_distances_the_lower_index_comes_first(block, distance):
    references = [[2.0], [1.0], [-1.0], [1.0], [-1.0], [1.0]]
    indices, distances = nearest_neighbours(
        [[0.0]], references, 4, distance, block
    )
    assert indices.tolist() == [[1, 2, 3, 4]]
    assert distances.tolist() == [[1.0] * 4]


@pytest.mark.once
@pytest.mark.parametrize("distance", ["l1", "l2"])
@pytest.mark.parametrize("block", [1, 7, 30])
def test_blocks_leave_no_trace(block, distance):
    queries, references = vectors(9, seed=0), vectors(60, seed=1)
    # Copies, so that ties cross the borders.
    references[40:50] = references[:10]
    whole = nearest_neighbours(queries, references, 5, distance)
    parts = nearest_neighbours(queries, references, 5, distance, block)
    for found, expected in zip(parts, whole, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_tensors_are_compared_as_arrays_are():
    queries, references = vectors(3, seed=0), vectors(8, seed=1)
    queries, references = (x.astype("float32") for x in (queries, references))
    expected = nearest_neighbours(queries, references, 2)
    tensors = map(keras.ops.convert_to_tensor, (queries, references))
    for found, array in zip(
        nearest_neighbours(*tensors, 2, block=3), expected, strict=True
    ):
        np.testing.assert_array_equal(found, array)


@pytest.mark.once
@pytest.mark.parametrize(
    ("queries", "references", "settings", "message"),
    [
        ([[0.0]], [[1.0]], {"k": 2}, "2 neighbours .* Received: 1"),
        ([[0.0]], [[1.0]], {"k": 0}, "k=0"),
        ([[0.0]], [[1.0]], {"block": 0}, "block=0"),
        ([[0.0]], [[1.0]], {"distance": "cosine"}, "distance='cosine'"),
        ([[0.0]], np.empty((0, 1)), {}, "Received: 0"),
        (np.empty((0, 1)), [[0.0]], {}, r"shape \(0, 1\)"),
        (np.empty((2, 0)), np.empty((2, 0)), {}, r"shape=\(2, 0\)"),
        ([0.0], [[0.0]], {}, r"queries .* shape=\(1,\)"),
        ([[0.0]], [[0.0, 1.0]], {}, r"references float64\(1, 2\)"),
        ([[0.0]], np.zeros((1, 1), np.uint8), {}, r"references uint8\(1, 1\)"),
        ([[0.0]], [[0.0], [np.nan]], {}, "references .* 1 of 2 .* index 1"),
        ([[np.inf], [0.0]], [[0.0]], {}, "queries .* 1 of 2 .* index 0"),
        ([[0.0]], [[1e200]], {}, "at most 1e\\+150"),
    ],
)
def test_inputs_without_neighbours_are_refused(
    queries, references, settings, message
):
    with pytest.raises(ValueError, match=message):
        nearest_neighbours(queries, references, **settings)
