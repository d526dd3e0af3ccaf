"""An exported generator, in a process that has TensorFlow alone.

    python -m benchmarks.serving

SAGAN's for 32 px (`sagan_cifar10_32`), in float32, of which GFLOP and GB are
counted from its graph.
"""

import pathlib
import subprocess
import sys
import tempfile

from benchmarks.counting import count_call
from benchmarks.machine import matrix_product_rate, table

HEADER = (
    "batch",
    "latency",
    "images/s",
    "share of the peak",
    "GFLOP",
    "GB moved",
    "MiB of the process",
)
CLIENT = """
import statistics, sys, time
import tensorflow as tf
from benchmarks.machine import peak_memory
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
    print(batch, statistics.median(times), peak_memory(), sep=",")
"""


def main() -> str:
    """Prints the table and returns it."""
    from keras import ops

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
    rows, peak = [], matrix_product_rate()
    for line in answer.splitlines():
        batch, seconds, memory = map(float, line.split(","))
        latents = ops.zeros((int(batch), gan.latent_dim))
        labels = ops.zeros((int(batch),), "int32")
        flops, moved = count_call(gan.sampling_generator, [latents, labels])
        rows.append(
            (
                f"{batch:.0f}",
                f"{1000 * seconds:.1f} ms",
                f"{batch / seconds:.0f}",
                f"{100 * flops / seconds / peak:.0f} %",
                f"{flops / 1e9:.2f}",
                f"{moved / 1e9:.2f}",
                f"{memory / 2**20:.0f}",
            )
        )
    text = table(HEADER, rows)
    print(text)
    return text


if __name__ == "__main__":
    main()
