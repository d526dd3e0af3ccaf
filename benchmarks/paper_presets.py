"""Time and memory of one training step of the published configurations.

Every preset of the library, or those named, is built at full size and takes
two training steps on noise, each in a process of its own. The batch is small,
because memory grows with it: the parameters', gradients' and optimizers'
share does not.

    python -m benchmarks.paper_presets
    python -m benchmarks.paper_presets --batch_size=4 sagan_imagenet_128
    python -m benchmarks.paper_presets --remat msg_gan_celebahq_1024
"""

import argparse
import multiprocessing
import time

import numpy as np

from benchmarks.device import peak_memory
from benchmarks.machine import line, table
from keras_gans import ACGAN, LGAGAN, MSGGAN, R3GAN, SAGAN, WGANGP, ProGAN

# A step after which no model grows.
LATE = 10_000_000
MODELS = {
    name: model
    for model in (SAGAN, MSGGAN, ACGAN, WGANGP, LGAGAN, R3GAN, ProGAN)
    for name in model.SETTINGS.preset_names()
}


def measure(name: str, batch_size: int, remat: bool = False) -> dict:
    """Builds a preset and takes one step; returns what it cost."""
    start = time.perf_counter()
    gan = MODELS[name].from_preset(name, remat=remat)
    built = time.perf_counter()
    size = batch_size * gan.n_critic
    random = np.random.default_rng(0)
    shape = (size, *gan.sampling_generator.output_shape[1:])
    data = [random.uniform(-1.0, 1.0, shape).astype("float32")]
    if gan.num_classes:
        data.append(random.integers(0, gan.num_classes, size).astype("int32"))
    options = {"batch_size": size, "shuffle": False, "verbose": 0}
    # Of a model that grows, the largest step.
    with gan.in_phase(gan.phases(LATE)[-1][0]):
        gan.fit(*data, **options)
        first = time.perf_counter()
        history = gan.fit(*data, **options).history
    losses = [history[key][-1] for key in sorted(history)]
    models = (gan.generator, gan.discriminator)
    return {
        "preset": name,
        "parameters": f"{sum(model.count_params() for model in models):,}",
        "build s": f"{built - start:.0f}",
        "first step s": f"{first - built:.0f}",
        "step s": f"{time.perf_counter() - first:.1f}",
        "peak GiB": f"{peak_memory() / 2**30:.1f}",
        "finite": bool(np.isfinite(losses).all()),
    }


def main() -> None:
    """Prints a line for each preset."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="presets; all by default")
    parser.add_argument("--batch_size", type=int, default=2)
    parser.add_argument("--remat", action="store_true")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(MODELS))
    if unknown:
        parser.error(f"unknown presets {unknown}; known: {sorted(MODELS)}")
    print(f"batch {options.batch_size}; the first step with its compilation")
    context = multiprocessing.get_context("spawn")
    for number, name in enumerate(options.names or MODELS):
        with context.Pool(1) as pool:
            row = pool.apply(measure, (name, options.batch_size, options.remat))
        if not number:
            print(table(row, []))
        print(line(row.values()), flush=True)


if __name__ == "__main__":
    main()
