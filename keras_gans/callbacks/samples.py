"""What a model makes, written every so many steps."""

import os
import pathlib
from collections.abc import Callable

import keras
import numpy as np

from keras_gans import distribution, files
from keras_gans.callbacks.at_steps import AtSteps, Logs
from keras_gans.callbacks.summary import SummaryWriter
from keras_gans.checks import integer
from keras_gans.images import image_grid, save_png, to_uint8


class Samples(AtSteps):
    """Writes a picture or a text that a function makes of the model.

    Args:
        show: Function from the model to a uint8 picture HWC, or to text.
        directory: Where `step_00001000.png` and its like are written, `.txt`
            for text.
        every: Steps between samples; 0 at the end only.
        log_dir: TensorBoard directory that gets pictures too, or None.
    """

    tag = "samples"

    def __init__(
        self,
        show: Callable[[keras.Model], np.ndarray | str],
        directory: str | os.PathLike,
        every: int = 0,
        log_dir: str | os.PathLike | None = None,
    ):
        super().__init__(every)
        self.show = show
        self.directory = pathlib.Path(directory)
        self.writer = SummaryWriter(log_dir)

    def at_step(self, step: int, logs: Logs) -> None:
        shown = self.show(self.model)
        path = self.directory / f"step_{step:08d}.png"
        if not distribution.is_chief():
            return
        if isinstance(shown, str):
            files.write_text(path.with_suffix(".txt"), shown)
            return
        save_png(path, shown)
        self.writer.image(self.tag, shown, step)


class SampleGrid(Samples):
    """Draws the same latents every so many steps.

    One row a class for a conditional model, each column one latent vector;
    otherwise a square of different latents. Images come from the averaged
    generator if there is one.

    Args:
        directory: See `Samples`, as `every` and `log_dir`.
        columns: Images a row.
        rows: Rows of an unconditional model's grid; at most so many classes
            are shown of a conditional one.
        seed: Seed of the latents.
    """

    def __init__(
        self,
        directory: str | os.PathLike,
        every: int = 0,
        columns: int = 10,
        rows: int = 10,
        seed: int = 0,
        log_dir: str | os.PathLike | None = None,
    ):
        super().__init__(lambda gan: self.images(), directory, every, log_dir)
        self.columns = columns
        self.rows = rows
        self.seed = seed

    def images(self) -> np.ndarray:
        """Returns the grid of the model as it is, uint8 HWC."""
        gan = self.model
        random = np.random.default_rng(self.seed)
        if gan.num_classes:
            rows = min(self.rows, gan.num_classes)
            latents = gan.fixed_latents(self.columns, random)
            latents = np.tile(latents, (rows, 1))
            labels = np.repeat(np.arange(rows, dtype="int32"), self.columns)
            inputs = [latents, labels]
        else:
            inputs = gan.fixed_latents(self.rows * self.columns, random)
        images = gan.sampling_generator.predict(
            inputs, batch_size=self.columns, verbose=0
        )
        return image_grid(to_uint8(images), self.columns)


class MultiScaleGrid(Samples):
    """Draws the images of all scales, one tower a latent, every so many steps.

    Columns are latents, rows are scales: the largest image on top, the
    smallest, usually 4x4, at the bottom, each enlarged to the size of the
    largest by repeating its pixels. Scales that are synchronized show the
    same picture. The images are those of `multi_scale_generator`.

    Args:
        directory: See `Samples`, as `every` and `log_dir`.
        columns: Latents shown.
        seed: Seed of the latents.

    Raises:
        ValueError: When `columns` is not positive, or the model that is
            trained has no `multi_scale_generator`.

    Reference: [Karnewar & Iyengar,
    2019](https://arxiv.org/abs/1903.06048v1), figures 1 and 6.
    """

    tag = "scales"

    def __init__(
        self,
        directory: str | os.PathLike,
        every: int = 0,
        columns: int = 10,
        seed: int = 0,
        log_dir: str | os.PathLike | None = None,
    ):
        super().__init__(lambda gan: self.images(), directory, every, log_dir)
        self.columns = integer("columns", columns)
        self.seed = seed

    def set_model(self, model: keras.Model) -> None:
        super().set_model(model)
        if model.multi_scale_generator is None:
            raise ValueError(
                "Towers of images need a model with a "
                "`multi_scale_generator`, such as MSGGAN. Received: "
                f"{type(model).__name__}. Use SampleGrid."
            )

    def images(self) -> np.ndarray:
        """Returns the grid of the model as it is, uint8 HWC."""
        random = np.random.default_rng(self.seed)
        latents = self.model.fixed_latents(self.columns, random)
        scales = self.model.multi_scale_generator.predict(
            latents, batch_size=self.columns, verbose=0
        )
        height = scales[-1].shape[1]
        rows = []
        for images in reversed(scales):
            factor = height // images.shape[1]
            enlarged = to_uint8(images).repeat(factor, axis=1)
            rows.append(enlarged.repeat(factor, axis=2))
        return image_grid(np.concatenate(rows), self.columns)
