"""Fetches and reads the weights of the Inception network of 2015-12-05."""

import dataclasses
from pathlib import Path

import keras
import numpy as np

from keras_gans.metrics.extractors.inception_network import (
    CLASSES,
    DIMENSION,
    build_network,
)
from keras_gans.pretrained.folding import fold_normalization
from keras_gans.pretrained.torch_weights import load_torch_weights

URL = (
    "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
    "pt_inception-2015-12-05-6726825d.pth"
)
PUBLISHED_HASH = (
    "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
)
_NORMALIZATION_EPSILON = 1e-3
_NORMALIZATION = ("weight", "bias", "running_mean", "running_var")
# What a state dict may hold besides: counters of training, and the classifier
# of the middle, which has no part in the features.
_IGNORED = ("num_batches_tracked", "AuxLogits")
# Keys that an error names of each kind.
_NAMED = 5


@dataclasses.dataclass(frozen=True, eq=False)
class InceptionWeights:
    """The network with its weights, and its last layer.

    Attributes:
        network: See `build_network`.
        kernel: Of the layer after the features, float32 `(2048, 1008)`.
        bias: Likewise, `(1008,)`.
    """

    network: keras.Model
    kernel: np.ndarray
    bias: np.ndarray


def fetched_weights() -> Path:
    """Returns the file of the published weights, downloaded when needed.

    Raises:
        FileNotFoundError: It cannot be downloaded, or arrives damaged.
    """
    try:
        return Path(
            keras.utils.get_file(
                origin=URL,
                file_hash=PUBLISHED_HASH,
                hash_algorithm="sha256",
                cache_subdir="models",
            )
        )
    # Keras raises plain exceptions when a download fails.
    except Exception as error:
        raise FileNotFoundError(
            "The weights of the Inception network could not be fetched from "
            f"{URL} ({error}). Fetch the file on another machine and name it: "
            "weights_path=PATH, or --inception_weights=PATH of a recipe."
        ) from error


def read_weights(path: Path) -> InceptionWeights:
    """Returns the network with the weights of a PyTorch state dict.

    Every normalization is folded into its convolution.

    Raises:
        ValueError: The file holds other tensors; the error says which.
    """
    state = load_torch_weights(path)
    network = build_network()
    _require_tensors(state, _expected_shapes(network), path)
    for layer in network.layers:
        if layer.weights:
            layer.set_weights(_folded(layer, state))
    kernel = np.ascontiguousarray(state["fc.weight"].T, np.float32)
    return InceptionWeights(network, kernel, state["fc.bias"].astype("float32"))


def _module(layer):
    return layer.name.replace("-", ".")


def _folded(layer, state):
    module = _module(layer)
    normalization = [state[f"{module}.bn.{key}"] for key in _NORMALIZATION]
    kernel = state[f"{module}.conv.weight"]
    return fold_normalization(kernel, *normalization, _NORMALIZATION_EPSILON)


def _expected_shapes(network):
    """Returns the shape of every tensor, by its key in the file."""
    shapes = {"fc.weight": (CLASSES, DIMENSION), "fc.bias": (CLASSES,)}
    for layer in network.layers:
        if layer.weights:
            module = _module(layer)
            height, width, inputs, outputs = layer.kernel.shape
            shapes[f"{module}.conv.weight"] = (outputs, inputs, height, width)
            for key in _NORMALIZATION:
                shapes[f"{module}.bn.{key}"] = (outputs,)
    return shapes


def _require_tensors(state, expected, path):
    found = {
        key: np.shape(value)
        for key, value in (state.items() if isinstance(state, dict) else ())
        if not any(part in str(key) for part in _IGNORED)
    }
    fitting = {key for key in found if found[key] == expected.get(key)}
    problems = {
        "missing": [key for key in expected if key not in found],
        "unexpected": [key for key in found if key not in expected],
        "of another shape": [
            f"{key} {found[key]} instead of {expected[key]}"
            for key in expected
            if key in found and key not in fitting
        ],
        "not finite": [
            key
            for key in fitting
            if not np.isfinite(np.asarray(state[key], np.float64)).all()
        ],
    }
    if any(problems.values()):
        raise ValueError(
            "The weights must be the state dict of FID's Inception network, as "
            f"pytorch-fid publishes it ({URL}). Received: '{path}', in which "
            + "; ".join(
                f"{len(keys)} {_plural(keys)} {problem}: {_listed(keys)}"
                for problem, keys in problems.items()
                if keys
            )
            + "."
        )


def _plural(keys):
    return "key is" if len(keys) == 1 else "keys are"


def _listed(keys):
    rest = len(keys) - _NAMED
    named = ", ".join(map(str, keys[:_NAMED]))
    return named + (f" and {rest} more" if rest > 0 else "")
