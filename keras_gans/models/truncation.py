"""BigGAN's truncation trick, for latents that are drawn already."""

import math
from typing import Any

from keras import ops


def truncated(latents: Any, truncation: float) -> Any:
    """Returns normal latents drawn in towards 0: fidelity for variety.

    With Φ the normal distribution function,

        z' = Φ⁻¹(1/2 + ψ (Φ(z) - 1/2)).

    Where z is of N(0, 1), z' is of N(0, 1) given |z'| <= t with
    t = Φ⁻¹((1 + ψ) / 2): what drawing again whatever lies beyond the threshold
    t gives. ψ = 0.9545 is t = 2, 0.6827 is t = 1, 0.3829 is t = 1/2. An image
    changes continuously with ψ. Exports have the same `truncation` in their
    signature `sample`.

    Args:
        latents: Float array or tensor of N(0, 1), of any shape.
        truncation: Float ψ in (0, 1]; 1 returns the latents as they are.

    Returns:
        Float32 tensor of the same shape.

    Raises:
        ValueError: For a truncation out of range.

    Example:
    >>> round(float(truncated([2.0], 0.6827)[0]), 3)
    0.938

    Reference: [Brock et al., 2018](https://arxiv.org/abs/1809.11096), §3.1.
    """
    if not 0.0 < truncation <= 1.0:
        raise ValueError(
            "Truncation is the share of the normal distribution that is kept, "
            f"above 0 and at most 1. Received: truncation={truncation}. 1 "
            "keeps all of it."
        )
    latents = ops.convert_to_tensor(latents, "float32")
    if truncation == 1.0:
        return latents
    # Φ(z) - 1/2 = erf(z / √2) / 2, exact near 0. In the tails erf rounds to 1.
    kept = truncation * ops.erf(latents / math.sqrt(2.0))
    largest = 1.0 - 2.0**-24
    return math.sqrt(2.0) * ops.erfinv(ops.clip(kept, -largest, largest))
