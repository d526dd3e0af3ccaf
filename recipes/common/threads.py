"""How TensorFlow shares the cores between and within operations."""

import os

from recipes.common.config import RunConfig
from recipes.common.light import without_keras
from recipes.common.precision import layer_size

with without_keras():
    from keras_gans.cli.machine import cores

_WITHIN, _BESIDE = "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"
# Multiplications of a 3x3 convolution. Measured on two cores: below, operations
# are best computed each by one core, two at a time; above, by all cores.
SMALL = 5e8


def set_threads(config: RunConfig) -> None:
    """Lets small operations be computed side by side, each by fewer threads.

    TensorFlow reads these variables when it first computes; what the user has
    set stays. Other backends do not read them.

    Args:
        config: Settings of the run, which say how much an operation computes.
    """
    if _WITHIN not in os.environ and _BESIDE not in os.environ:
        os.environ.update(threads(config))


def threads(config: RunConfig) -> dict[str, str]:
    """Returns the variables for a run, none where TensorFlow's own are right.

    To spread an operation of less than a millisecond over cores costs as much
    as it saves.
    """
    batch, side, width = layer_size(config)
    if 9 * batch * side**2 * width**2 > SMALL:
        return {}
    count = max(1, int(cores()))
    return {_WITHIN: str(max(1, count // 2)), _BESIDE: str(count)}
