"""Images as what a run trains on: any GAN of keras_gans, or a user's own."""

import types
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from recipes.common.announce import Announced
from recipes.common.gan_config import GANConfig
from recipes.common.light import without_keras
from recipes.common.run_directory import RunDirectory
from recipes.common.subject import Subject

with without_keras():
    from keras_gans import files
    from keras_gans.checks import sides

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from keras_gans import GAN
    from keras_gans.callbacks import Evaluation
    from keras_gans.data import ImageSet
    from keras_gans.metrics import Reference

# The name of a class of keras_gans, a class with `from_settings`, or a
# function from settings and the number of classes to a compiled model.
Model = str | type["GAN"] | Callable[[GANConfig, int], "GAN"]


class Images(Subject):
    """Images of a data set.

    Args:
        config: Settings, with directories resolved.
        model: See `Model`.
        load: Function from the settings to the real images.
        notes: See `Subject`.

    Raises:
        ValueError: When settings and data do not fit together.
        FileNotFoundError: When a path does not exist.
    """

    kind, noun, monitor = "images", "images", "fid_lite0"

    def __init__(
        self,
        config: GANConfig,
        model: "Model",
        load: Callable[[GANConfig], "ImageSet"],
        notes: Mapping[str, Any] = types.MappingProxyType({}),
    ):
        from keras_gans.metrics.evaluation.reference import suffix_of

        check_metrics(config)
        self.config, self.model, self.notes = config, model, notes
        self.per_step = config.images_per_step
        self.images = load(config)
        self.held_out = None
        if config.held_out:
            self.held_out = _load_images(config, config.held_out)
        self.extractors = _load_extractors(config)
        self.monitor = f"fid_{suffix_of(self.extractors[0])}"
        self.num_classes = self.images.num_classes if config.conditional else 0
        classes = f", {self.num_classes} classes" if self.num_classes else ""
        height, width = sides(config.resolution)
        shape = f"{height}x{width}x{config.channels}"
        self.description = (
            f"{self.images.name}: {self.images.num_images:,} images of "
            f"{shape}{classes}"
        )

    def build(self) -> "GAN":
        import keras_gans

        model = self.model
        if isinstance(model, str):
            model = getattr(keras_gans, model)
        if isinstance(model, type):
            return build_model(model, self.config, self.num_classes)
        return model(self.config, self.num_classes)

    def training_batches(
        self, gan: "GAN", start_step: int
    ) -> "tf.data.Dataset":
        batches = self.images.training_batches(
            self.per_step,
            start_step=start_step,
            **self.config.select("seed", "augment", "dequantize"),
        )
        if not gan.num_classes and self.images.num_classes:
            batches = batches.map(lambda images, labels: images)
        return batches

    def evaluation(self, gan: "GAN", **options: Any) -> "Evaluation":
        from keras_gans.callbacks import Evaluation

        config = self.config
        return Evaluation(
            self.references(self.images),
            # Held-out images add it by themselves.
            metrics=[m for m in config.scores if m != "memorization"],
            held_out=self.references(self.held_out),
            **config.select("screening_samples", "keep_best"),
            **options,
        )

    def references(self, images: "ImageSet | None") -> list["Reference"]:
        """Returns what scores need of real images, one for each extractor.

        They are cached on disk. There are none without images.
        """
        from keras_gans.metrics import Reference

        if images is None:
            return []
        config = self.config
        count = min(config.reference_samples, images.num_images)
        return [
            Reference.from_images(
                Announced(
                    images.evaluation_batches(
                        extractor.batch_size, limit=count
                    ),
                    count,
                    f"Computing features of {count:,} real images, once",
                ),
                extractor,
                name=images.name,
                content_hash=images.content_hash(),
                count=count,
                by_class="intra_fid" in config.scores,
                cache_dir=files.cache_path("references"),
            )
            for extractor in self.extractors
        ]

    def samples(
        self, gan: "GAN", directory: RunDirectory
    ) -> Sequence["keras.callbacks.Callback"]:
        from keras_gans import callbacks

        options = {"seed": self.config.seed, "log_dir": directory.logs}
        every = self.config.sample_every
        grids = [callbacks.SampleGrid(directory.samples, every, **options)]
        if gan.multi_scale_generator is not None:
            towers = directory.samples / "scales"
            grids.append(callbacks.MultiScaleGrid(towers, every, **options))
        return grids

    def manifest(self, gan: "GAN") -> dict[str, Any]:
        names = list(self.images.class_names) if gan.num_classes else []
        return {"class_names": names}

    def verdict(self, scores: dict[str, Any]) -> str:
        interval = ""
        name = self.monitor
        if f"{name}_low" in scores:
            low, high = scores[f"{name}_low"], scores[f"{name}_high"]
            interval = f" ({low:.1f} to {high:.1f})"
        title = f"FID-{name.removeprefix('fid_')}"
        return f"{title} {scores[name]:.1f}{interval}"


def build_model(
    model_class: type["GAN"], config: GANConfig, num_classes: int
) -> "GAN":
    """Returns the compiled model of a configuration.

    The configuration derives from the model's declaration of settings. No
    classes, 0, make an unconditional model.
    """
    return model_class.from_settings(
        num_classes=num_classes,
        decay_steps=config.steps if config.learning_rate_decay else None,
        **config.select(*model_class.SETTINGS.names()),
    )


def check_metrics(config: GANConfig) -> None:
    """Checks that a run's scores can be computed.

    Raises:
        ValueError: If one is unknown, lacks what it needs, or is missing.
    """
    from keras_gans.checks import one_of
    from keras_gans.metrics import METRICS

    metrics = config.scores
    for name in metrics:
        one_of("metrics", name, METRICS)
    if "fid" not in metrics:
        raise ValueError(
            "metrics must contain fid, by which the best generator is chosen. "
            f"Received: {','.join(metrics) or 'none'}."
        )
    needs = {
        "inception_score": "inception_weights=PATH",
        "memorization": "held_out=DATASET",
        "intra_fid": "conditional=true",
        "ms_ssim": "conditional=true",
    }
    for name in filter(needs.get, metrics):
        field = needs[name].partition("=")[0]
        if not getattr(config, field):
            raise ValueError(
                f"The metric {name} needs --{needs[name]}. Received: metrics="
                f"{','.join(metrics)}, {field}={getattr(config, field)!r}. "
                "Give it, or leave the metric out."
            )


def _load_images(config: GANConfig, dataset: str) -> "ImageSet":
    from keras_gans.data import load_images

    return load_images(
        dataset,
        data_dir=config.data_dir or None,
        **config.select("resolution", "channels", "skip_bad_images"),
    )


def load_data(config: GANConfig) -> "ImageSet":
    """Returns the images of a configuration.

    Raises:
        ValueError: When there are none such, or no labels where needed.
        FileNotFoundError: When a path does not exist.
    """
    images = _load_images(config, config.dataset)
    if images.bad_images:
        print(f"Skipped {len(images.bad_images)} files that are no images.")
    if config.conditional and not images.num_classes:
        raise ValueError(
            "A conditional model needs labelled images. Received: "
            f"--dataset={config.dataset}, which has no labels. Give labelled "
            "data, or train without classes: --conditional=false."
        )
    return images


def _load_extractors(config: GANConfig) -> list[Any]:
    """Made outside of a strategy, to run on one device."""
    from keras_gans.metrics import extractors_of_run

    return extractors_of_run(
        **config.select(
            "evaluation_resolution",
            "extractor",
            "inception_weights",
            "inception_protocol",
            "projected_discriminator",
        )
    )
