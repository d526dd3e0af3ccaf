"""Updates of a discriminator for penalties that are called alone."""

import numpy as np
from keras import ops

from keras_gans.penalties import DiscriminatorUpdate


def update_of(score, images, count=0, scores=None, state=(), **further):
    """Returns what a penalty is told of two sides' images."""
    images = {
        side: ops.convert_to_tensor(np.asarray(value, "float32"))
        for side, value in images.items()
    }
    if scores is None:
        scores = {side: score(images[side], None) for side in images}
    return DiscriminatorUpdate(
        images=images,
        labels=dict.fromkeys(images),
        scores=scores,
        score=score,
        score_again=lambda chosen: {
            side: score(value, None) for side, value in chosen.items()
        },
        state=list(state),
        seed=None,
        count=ops.convert_to_tensor(count),
        **further,
    )


def as_float64(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")
