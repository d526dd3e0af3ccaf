"""Importing the package: what it costs, and where it cannot run."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
LAZY = ("keras_cv", "tensorflow_datasets", "scipy", "PIL")
IMPORT = """
import gc
import json
import sys
import time

import keras

# A collection of garbage would look through all that Keras has made: twice
# as long as the import takes, or never, as it happens.
gc.freeze()
before = set(sys.modules)
start = time.process_time()
import keras_gans
seconds = time.process_time() - start
packages = {name.split(".")[0] for name in before}
loaded = {name.split(".")[0] for name in sys.modules} - packages
print(json.dumps({"seconds": seconds, "loaded": sorted(loaded)}))
"""


def python(source, **environment):
    return subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | environment,
        timeout=240,
    )


def imported():
    """Returns what `import keras_gans` costs and loads after keras."""
    process = python(IMPORT)
    assert process.returncode == 0, process.stderr[-4000:]
    return json.loads(process.stdout.splitlines()[-1])


def test_importing_is_quick_and_loads_nothing_heavy():
    # The processor's time, which other programs lengthen somewhat: they may
    # disturb once, hardly three times.
    for _ in range(3):
        report = imported()
        assert not set(LAZY) & set(report["loaded"])
        # Keras loads its own backend; no other comes with the package.
        assert not {"tensorflow", "jax", "torch"} & set(report["loaded"])
        if report["seconds"] < 0.3:
            return
    pytest.fail(f"Importing took {report['seconds']:.2f} s beyond keras.")


@pytest.mark.once
def test_another_backend_is_refused():
    process = python("import keras_gans", KERAS_BACKEND="numpy")
    assert process.returncode != 0
    last = process.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: keras_gans trains on the backends")
    assert "Received: KERAS_BACKEND=numpy. Set the environment" in last
