"""The data and the scores of a run, as its config.json has them."""

import functools
import json
import pathlib
from typing import Any

from keras_gans.data import ImageSet, load_images
from keras_gans.metrics import Reference, extractors_of_run
from keras_gans.metrics.evaluation.reference import suffix_of

# Settings of a run by which its extractors are chosen.
_JUDGES = (
    "evaluation_resolution",
    "extractor",
    "inception_weights",
    "inception_protocol",
    "projected_discriminator",
)


class RecordedRun:
    """A directory that an image recipe has left.

    Args:
        path: Of the directory.

    Attributes:
        path: Of the directory.
        record: Content of config.json.
        settings: Those of the run, by name.

    Raises:
        FileNotFoundError: There is no such directory, or no run in it.
        ValueError: It is no run of images.
    """

    def __init__(self, path: str):
        self.path = pathlib.Path(path).expanduser()
        config = self.path / "config.json"
        if not config.is_file():
            raise FileNotFoundError(
                "RUN_DIR must be the directory of a run, with a config.json. "
                f"Received: {path}, where there is none. Give, for example, "
                "runs/quickstart-cpu."
            )
        try:
            self.record = json.loads(config.read_text(encoding="utf-8"))
            self.settings = dict(self.record["settings"])
        except (ValueError, KeyError, TypeError):
            raise ValueError(
                f"{config} must hold the record of a run, and does not. "
                "Restore it."
            ) from None
        if "resolution" not in self.settings:
            raise ValueError(
                "Averages are scored as images. Received: a run of "
                f"{self.record.get('recipe')}, which makes none."
            )

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the run's scores."""
        if self.settings.get("metrics") is not None:
            return tuple(self.settings["metrics"])
        added = ("inception_score",) if self._inception else ()
        return ("fid", "kid", *added)

    @property
    def averaged(self) -> bool:
        """Whether the generators that the run has left are averages."""
        return self.settings.get("ema_decay") is not None

    @property
    def _inception(self):
        return self.settings.get("inception_weights")

    def load(self, dataset: str | None, data_dir: str | None) -> ImageSet:
        """Returns real images, in the size of the run's.

        Args:
            dataset: None for what the run was trained on.
            data_dir: Where TFDS keeps its sets; as in the run by default.
        """
        own = self.settings
        images = load_images(
            dataset or own["dataset"],
            data_dir=data_dir or own.get("data_dir") or None,
            resolution=own["resolution"],
            channels=own["channels"],
            skip_bad_images=own.get("skip_bad_images", False),
        )
        if own.get("classes") and not dataset:
            return images.subset_of_classes(*own["classes"])
        return images

    @functools.cached_property
    def extractors(self) -> list[Any]:
        """The networks whose features the run compared."""
        own = self.settings
        return extractors_of_run(**{k: own[k] for k in _JUDGES if k in own})

    @property
    def monitor(self) -> str:
        """The score by which the run chose its best generator."""
        return f"fid_{suffix_of(self.extractors[0])}"

    def references(
        self, images: ImageSet, by_class: bool, cache_dir: str
    ) -> list[Reference]:
        """Returns what scores need of real images, one for each extractor."""
        count = min(self.settings["reference_samples"], images.num_images)
        return [
            Reference.from_images(
                images.evaluation_batches(extractor.batch_size, limit=count),
                extractor,
                name=images.name,
                content_hash=images.content_hash(),
                count=count,
                by_class=by_class,
                cache_dir=cache_dir,
            )
            for extractor in self.extractors
        ]
