"""An exported generator, in a process that has TensorFlow alone.

    python -m benchmarks.serving

SAGAN's for 32 px (`sagan_cifar10_32`), in float32, of which GFLOP and GB are
counted from its graph.
"""

import pathlib
import tempfile

from keras import ops

from benchmarks.counting import count_call
from benchmarks.machine import (
    matrix_product_rate,
    mebibytes,
    output_of,
    table,
)
from keras_gans import SAGAN
from keras_gans.serving import export_generator

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
import statistics, sys
import tensorflow as tf
from benchmarks.machine import peak_memory, seconds
assert "keras_gans" not in sys.modules
served = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
for batch in (1, 64):
    inputs = {
        "latents": tf.random.normal((batch, 128)),
        "labels": tf.zeros((batch,), tf.int32),
    }
    served(**inputs)
    serve = lambda: served(**inputs)["images"].numpy()
    times = [seconds(serve) for _ in range(20)]
    print(batch, statistics.median(times), peak_memory(), sep=",")
"""


def main() -> None:
    """Prints the table."""
    gan = SAGAN.from_preset("sagan_cifar10_32")
    with tempfile.TemporaryDirectory() as directory:
        version = export_generator(
            gan.sampling_generator,
            pathlib.Path(directory),
            latent_dim=gan.latent_dim,
            num_classes=gan.num_classes,
        )
        answer = output_of("-c", CLIENT, str(version))
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
                mebibytes(memory),
            )
        )
    print(table(HEADER, rows))


if __name__ == "__main__":
    main()
