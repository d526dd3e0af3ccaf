"""The backend that Keras will use, known before Keras is imported."""

from recipes.common.light import without_keras

with without_keras():
    from keras_gans.checks import did_you_mean
    from keras_gans.environment import BACKENDS, configured_backend


def keras_backend() -> str:
    """Returns the backend, chosen as Keras does.

    That is KERAS_BACKEND, or else what keras.json in KERAS_HOME (~/.keras)
    says, or else tensorflow.

    Raises:
        ValueError: If it is none of tensorflow, jax and torch.
    """
    backend = configured_backend()
    if backend not in BACKENDS:
        raise ValueError(
            f"KERAS_BACKEND must be one of {', '.join(BACKENDS)}. Received: "
            f"{backend!r}.{did_you_mean(backend, BACKENDS)}"
        )
    return backend
