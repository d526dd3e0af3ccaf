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
import importlib.util
import json
import multiprocessing
import pathlib
import resource
import time

CLASSES = {
    "sagan": "SAGAN",
    "msg_gan": "MSGGAN",
    "ac_gan": "ACGAN",
    "wgan_gp": "WGANGP",
    "lga": "LGAGAN",
}


def families() -> dict[str, str]:
    """Returns the name of its model's class for each preset."""
    package = importlib.util.find_spec("keras_gans")
    folder = pathlib.Path(package.submodule_search_locations[0]) / "presets"
    return {
        name: model
        for family, model in CLASSES.items()
        for name in json.loads((folder / f"{family}.json").read_text("utf-8"))
    }


def measure(name: str, batch_size: int, remat: bool = False) -> dict:
    """Builds a preset and takes one step; returns what it cost."""
    import numpy as np

    import keras_gans

    start = time.perf_counter()
    gan = getattr(keras_gans, families()[name]).from_preset(name, remat=remat)
    built = time.perf_counter()
    size = batch_size * gan.n_critic
    random = np.random.default_rng(0)
    shape = (size, *gan.sampling_generator.output_shape[1:])
    data = [random.uniform(-1.0, 1.0, shape).astype("float32")]
    if gan.num_classes:
        data.append(random.integers(0, gan.num_classes, size).astype("int32"))
    options = {"batch_size": size, "shuffle": False, "verbose": 0}
    gan.fit(*data, **options)
    first = time.perf_counter()
    history = gan.fit(*data, **options).history
    losses = [history[key][-1] for key in sorted(history)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "name": name,
        "parameters": gan.generator.count_params()
        + gan.discriminator.count_params(),
        "build_seconds": built - start,
        "first_step_seconds": first - built,
        "step_seconds": time.perf_counter() - first,
        "peak_gib": peak / 2**20,
        "finite": bool(np.isfinite(losses).all()),
    }


def main(argv: list[str] | None = None) -> list[dict]:
    """Prints a line for each preset and returns what was measured."""
    known = families()
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="presets; all by default")
    parser.add_argument("--batch_size", type=int, default=2)
    parser.add_argument("--remat", action="store_true")
    options = parser.parse_args(argv)
    unknown = sorted(set(options.names) - set(known))
    if unknown:
        parser.error(f"unknown presets {unknown}; known: {sorted(known)}")
    print(f"batch {options.batch_size}; the first step with its compilation")
    print(
        "| preset | parameters | build s | first step s | step s | peak GiB |"
    )
    print("|---|---|---|---|---|---|")
    results = []
    context = multiprocessing.get_context("spawn")
    for name in options.names or known:
        with context.Pool(1) as pool:
            row = pool.apply(measure, (name, options.batch_size, options.remat))
        results.append(row)
        print(
            f"| {name} | {row['parameters']:,} | {row['build_seconds']:.0f} | "
            f"{row['first_step_seconds']:.0f} | {row['step_seconds']:.1f} | "
            f"{row['peak_gib']:.1f} |"
            + ("" if row["finite"] else " a loss is not finite"),
            flush=True,
        )
    return results


if __name__ == "__main__":
    main()
