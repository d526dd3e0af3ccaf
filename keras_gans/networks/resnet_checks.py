"""What the ResNets of SNGAN and SAGAN refuse."""

from collections.abc import Sequence


def check_attention(
    resolution: int, sizes: Sequence[int], network: str
) -> None:
    """Refuses a resolution that no feature map of the network has."""
    if resolution and resolution not in sizes:
        raise ValueError(
            f"Self-attention needs a feature map of the {network}, whose "
            f"heights are {sorted(set(sizes))}, or 0 for none. Received: "
            f"attention_resolution={resolution}."
        )


def check_map(resolution: int, size: int, num_classes: int) -> None:
    """Refuses a map of scores that cannot be pooled from the last features."""
    if not resolution:
        return
    if resolution < 0 or size % resolution:
        raise ValueError(
            "A map of scores is pooled from the last feature map, whose "
            f"height is {size}, so its height must divide that; 0 is one "
            f"score an image. Received: map_resolution={resolution}."
        )
    if num_classes:
        raise ValueError(
            "A map of scores takes no classes: there is no projection on a "
            f"map. Received: map_resolution={resolution}, num_classes="
            f"{num_classes}. Use num_classes=0."
        )
