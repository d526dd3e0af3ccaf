"""Images that look alike, found by thumbnails."""

import numpy as np

# Levels, of 256, by which thumbnails of one picture differ after it has been
# resized or compressed again.
TOLERANCE = 2


def near_copies(thumbnails: np.ndarray) -> int:
    """Returns how many thumbnails have a like one.

    Two are alike where no number differs by more than `TOLERANCE`.

    Args:
        thumbnails: uint8 array `(N, D)`.

    Example:
    >>> near_copies(np.array([[0, 0], [2, 1], [9, 9]], "uint8"))
    2
    """
    from scipy.spatial import cKDTree

    if len(thumbnails) < 2:
        return 0
    # Thousands of equal points would make a deep tree.
    points, counts = np.unique(thumbnails, axis=0, return_counts=True)
    tree = cKDTree(points, compact_nodes=False, balanced_tree=False)
    near = np.zeros(len(points), bool)
    if len(points) > 1:
        # The nearest of the points is the point itself.
        distances, _ = tree.query(
            points, k=2, p=np.inf, distance_upper_bound=TOLERANCE + 0.5
        )
        near = np.isfinite(distances[:, 1])
    return int(counts[near | (counts > 1)].sum())
