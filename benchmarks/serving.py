"""An exported generator, in a process that has TensorFlow alone.

python -m benchmarks.serving
"""

import pathlib
import subprocess
import sys
import tempfile

from benchmarks.machine import table

CLIENT = """
import statistics, sys, time
import tensorflow as tf
assert "keras_gans" not in sys.modules
served = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
for batch in (1, 64):
    inputs = {
        "latents": tf.random.normal((batch, 128)),
        "labels": tf.zeros((batch,), tf.int32),
    }
    served(**inputs)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        served(**inputs)["images"].numpy()
        times.append(time.perf_counter() - start)
    print(batch, statistics.median(times))
"""


def main() -> str:
    """Prints the table and returns it."""
    from keras_gans import SAGAN
    from keras_gans.serving import export_generator

    gan = SAGAN.from_preset("sagan_cifar10_32")
    with tempfile.TemporaryDirectory() as directory:
        version = export_generator(
            gan.sampling_generator,
            pathlib.Path(directory),
            latent_dim=gan.latent_dim,
            num_classes=gan.num_classes,
        )
        answer = subprocess.run(
            [sys.executable, "-c", CLIENT, str(version)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    rows = []
    for line in answer.splitlines():
        batch, seconds = line.split()
        rows.append(
            (
                batch,
                f"{1000 * float(seconds):.1f} ms",
                f"{int(batch) / float(seconds):.0f}",
            )
        )
    text = table(("batch", "latency", "images/s"), rows)
    print(text)
    return text


if __name__ == "__main__":
    main()
