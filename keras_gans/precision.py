"""Which precision is the faster one here, by measurement.

What bfloat16 gains depends on processor, backend and the size of the networks:
it may halve the time of a step or make it eighteen times as long. Needs no
Keras until something is timed.
"""

import dataclasses
import math
import time
from collections.abc import Callable

POLICIES = ("float32", "mixed_bfloat16")
# A step has parts that gain nothing. Below this gain of a layer, float32 is
# as good.
MINIMUM_GAIN = 1.15
# Of a step itself, what is not worth the coarser numbers.
MINIMUM_GAIN_OF_STEP = 1.05
# Gains of a layer from which those of a step follow. Between them both orders
# occur: with layers 1.25 to 1.45 times as fast, a step of the same networks
# was 0.89 (JAX) to 1.24 times as fast (TensorFlow, PyTorch; AMD EPYC).
CLEAR_LOSS, CLEAR_GAIN = 0.8, 2.0
# Of the times of one precision the least counts: what else the machine does
# can only add to them.
TURNS = 20
BUDGET = 0.4  # seconds of timed turns together
# After two turns at the least: bfloat16 so many times as slow as float32.
HOPELESS = 2
# Operations of the parts of a batch that are timed, at first and at most, and
# the seconds below which a device is fast enough for the larger one.
FIRST_WORK, WORK, FAST = 2**29, 2**34, 1e-3


@dataclasses.dataclass(frozen=True)
class Decision:
    """A precision, and what it was chosen by.

    Attributes:
        policy: `float32` or `mixed_bfloat16`, as Keras names them.
        float32_ms: Milliseconds of the timed layer, or training step, in
            float32; None if nothing was timed.
        mixed_bfloat16_ms: Those in mixed_bfloat16.
        ratio: How many times as fast mixed_bfloat16 is.
        reason: What to say of it, in a few words.
    """

    policy: str
    float32_ms: float | None = None
    mixed_bfloat16_ms: float | None = None
    ratio: float | None = None
    reason: str = ""


# Seconds in float32 and in mixed_bfloat16 of a layer, by images in a batch,
# their side in pixels, and channels. Infinite: it does not run.
Timer = Callable[[int, int, int], tuple[float, float]]


def choose(
    batch_size: int,
    resolution: int,
    width: int,
    *,
    timer: Timer | None = None,
) -> Decision:
    """Returns the faster precision for networks of a size, on this device.

    mixed_bfloat16 is chosen where it is at least 1.15 times as fast.

    Args:
        batch_size: Images in a batch.
        resolution: Side in pixels of the features that are timed, half of
            the images' being typical.
        width: Channels of the networks.
        timer: Replaces `layer_seconds`, which is timed by default.
    """
    times = (timer or layer_seconds)(batch_size, resolution, width)
    if math.isinf(times[1]):
        return Decision(
            POLICIES[0],
            float32_ms=_rounded(1e3 * times[0]),
            reason="a convolution does not run in bfloat16",
        )
    return _faster("a convolution", *times, MINIMUM_GAIN)


def choose_by_step(float32: float, bfloat16: float) -> Decision:
    """Returns the faster precision by what a training step takes.

    mixed_bfloat16 is chosen where it is at least 1.05 times as fast.

    Args:
        float32: Seconds of a step in float32.
        bfloat16: Those in mixed_bfloat16.
    """
    return _faster("a step", float32, bfloat16, MINIMUM_GAIN_OF_STEP)


def is_clear(decision: Decision) -> bool:
    """Returns whether the gain of a layer tells which steps are faster."""
    ratio = decision.ratio
    return ratio is None or not CLEAR_LOSS < ratio < CLEAR_GAIN


def _faster(what, float32, bfloat16, minimum_gain):
    ratio = float32 / bfloat16
    policy = POLICIES[ratio >= minimum_gain]
    figures = {POLICIES[0]: 1e3 * float32, POLICIES[1]: 1e3 * bfloat16}
    float32_ms, bfloat16_ms = map(_rounded, figures.values())
    chosen = figures.pop(policy)
    ((other, figure),) = figures.items()
    return Decision(
        policy,
        float32_ms=float32_ms,
        mixed_bfloat16_ms=bfloat16_ms,
        ratio=_rounded(ratio),
        reason=f"{what} takes {_ms(chosen)}, {_ms(figure)} in {other}",
    )


def _rounded(number: float) -> float:
    return float(f"{number:.4g}")


def _ms(milliseconds: float) -> str:
    text = f"{milliseconds:{',.0f' if milliseconds >= 9.95 else '#.2g'}}"
    return f"{text} ms"


def layer_seconds(
    batch_size: int, resolution: int, width: int
) -> tuple[float, float]:
    """Returns a layer's seconds in float32 and in mixed_bfloat16.

    The layer is a 3x3 convolution with ReLU: values, gradients of images and
    of weights, compiled as the backend compiles a training step, on its
    default device. Both precisions take turns, and the least time of each
    counts. It is given a part of a large batch, and all of it where that part
    is over in no time.
    """
    one = 6 * 9 * (resolution * width) ** 2
    for work in (FIRST_WORK, WORK):
        count = max(1, min(batch_size, work // one))
        times = _alternating(count, resolution, width)
        if count == batch_size or times[0] > FAST:
            break
    return times


def _alternating(count, resolution, width):
    """Returns the least seconds of float32 and of bfloat16, in turns."""
    size = (count, resolution, width)
    layers = [_layer(dtype, *size) for dtype in ("float32", "bfloat16")]
    best = [math.inf] * len(layers)
    layers[0]()  # Is compiled.
    try:
        layers[1]()
    except Exception:
        # Kernels for it may be missing, each backend has its own error then.
        layers.pop()
    start = time.perf_counter()
    for turn in range(TURNS):
        for index, layer in enumerate(layers):
            begin = time.perf_counter()
            layer()
            best[index] = min(best[index], time.perf_counter() - begin)
        hopeless = turn > 0 and best[1] > HOPELESS * best[0]
        if hopeless or time.perf_counter() - start > BUDGET:
            break
    return tuple(best)


def _layer(dtype, count, resolution, width):
    """Returns a function that computes the layer and its gradients."""
    from keras import ops

    # Imported late, as Keras is.
    from keras_gans import backend

    def objective(inputs):
        images, kernel = (ops.cast(tensor, dtype) for tensor in inputs)
        features = ops.relu(backend.convolve(images, kernel))
        return ops.sum(ops.cast(features, "float32"))

    def gradients(*inputs):
        return backend.value_and_input_gradients(objective, list(inputs), [])

    # Numbers of an ordinary size, half of which are negative: some processors
    # are slow with the least that there are.
    def numbers(*shape):
        indices = ops.arange(math.prod(shape), dtype="float32")
        return ops.reshape(ops.sin(indices), shape)

    images = numbers(count, resolution, resolution, width)
    kernel = numbers(3, 3, width, width)
    layer = backend.compiled(gradients)
    return lambda: backend.wait_for(layer(images, kernel))
