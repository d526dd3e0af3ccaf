"""Importing Keras and TensorFlow without their start-up log."""

import contextlib
import importlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator

from keras_gans import environment

# TensorFlow logs these before a program or TF_CPP_MIN_LOG_LEVEL can tell it
# not to. Error 303 says that there is no CUDA driver.
ROUTINE = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog|I\d{4} \d\d:|"
    rb"E\d{4} \d\d:.*cuInit.*\(303\)|"
    # The rest of a line of the log.
    rb"To enable the following instructions: "
)


def import_keras() -> None:
    """Imports Keras and TensorFlow, and shows of their log what matters.

    The environment is prepared for them before.

    Everything is shown with KERAS_GANS_TRACEBACK=1 in the environment.
    """
    environment.prepare()
    verbose = os.environ.get("KERAS_GANS_TRACEBACK") == "1"
    with contextlib.nullcontext() if verbose else startup_log_filtered():
        tensorflow = importlib.import_module("tensorflow")
        # Looks for devices, which it logs, without occupying them.
        tensorflow.config.list_physical_devices()
        importlib.import_module("keras")


@contextlib.contextmanager
def startup_log_filtered() -> Iterator[None]:
    """Holds back what is written to file descriptor 2 and drops routine lines.

    The other lines appear at the end, also when an exception ends it.
    """
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            log.seek(0)
            kept = [line for line in log if not ROUTINE.match(line)]
            os.write(2, b"".join(kept))
