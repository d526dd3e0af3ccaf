"""Towers of one latent's images at every scale."""

import pathlib

import numpy as np

from keras_gans.callbacks.at_steps import AtSteps
from keras_gans.callbacks.summary import SummaryWriter
from keras_gans.images import image_grid, save_png, to_uint8


class MultiScaleGrid(AtSteps):
    """Draws the images of all scales, one tower a latent, every so many steps.

    Columns are latents, rows are scales: the largest image on top, the
    smallest, usually 4x4, at the bottom, each enlarged to the size of the
    largest by repeating its pixels. Scales that are synchronized show the
    same picture. The images are those of `multi_scale_generator`.

    Args:
        directory: Where `step_00001000.png` and its like are written.
        every: Steps between grids; 0 at the end only.
        columns: Latents shown.
        seed: Seed of the latents.
        log_dir: TensorBoard directory that gets the grids too, or None.

    Raises:
        ValueError: When `columns` is not positive, or the model that is
            trained has no `multi_scale_generator`.

    Reference: [Karnewar & Iyengar,
    2019](https://arxiv.org/abs/1903.06048v1), figures 1 and 6.
    """

    def __init__(
        self,
        directory,
        every: int = 0,
        columns: int = 10,
        seed: int = 0,
        log_dir=None,
    ):
        super().__init__(every)
        if columns < 1:
            raise ValueError(
                f"`columns` must be positive. Received: columns={columns}."
            )
        self.directory = pathlib.Path(directory)
        self.columns = columns
        self.seed = seed
        self.writer = SummaryWriter(log_dir) if log_dir else None

    def set_model(self, model):
        super().set_model(model)
        if getattr(model, "multi_scale_generator", None) is None:
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
        rows = [
            _enlarged(to_uint8(images), height // images.shape[1])
            for images in reversed(scales)
        ]
        return image_grid(np.concatenate(rows), self.columns)

    def at_step(self, step, logs):
        grid = self.images()
        save_png(self.directory / f"step_{step:08d}.png", grid)
        if self.writer:
            self.writer.image("scales", grid, step)
            self.writer.flush()


def _enlarged(images, factor):
    return images.repeat(factor, axis=1).repeat(factor, axis=2)
