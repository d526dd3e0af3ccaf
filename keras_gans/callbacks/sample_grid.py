"""Grids of generated images from fixed latents."""

import pathlib

import numpy as np

from keras_gans.callbacks.at_steps import AtSteps
from keras_gans.callbacks.summary import SummaryWriter
from keras_gans.images import image_grid, save_png, to_uint8


class SampleGrid(AtSteps):
    """Draws the same latents every so many steps.

    One row a class for a conditional model, each column one latent vector;
    otherwise a square of different latents. Images come from the averaged
    generator if there is one.

    Args:
        directory: Where `step_00001000.png` and its like are written.
        every: Steps between grids; 0 at the end only.
        columns: Images a row.
        rows: Rows of an unconditional model's grid; at most so many classes
            are shown of a conditional one.
        seed: Seed of the latents.
        log_dir: TensorBoard directory that gets the grids too, or None.
    """

    def __init__(
        self,
        directory,
        every: int = 0,
        columns: int = 10,
        rows: int = 10,
        seed: int = 0,
        log_dir=None,
    ):
        super().__init__(every)
        self.directory = pathlib.Path(directory)
        self.columns = columns
        self.rows = rows
        self.seed = seed
        self.writer = SummaryWriter(log_dir) if log_dir else None

    def images(self) -> np.ndarray:
        """Returns the grid of the model as it is, uint8 HWC."""
        gan = self.model
        generator = np.random.default_rng(self.seed)
        if gan.num_classes:
            rows = min(self.rows, gan.num_classes)
            latents = gan.fixed_latents(self.columns, generator)
            latents = np.tile(latents, (rows, 1))
            labels = np.repeat(np.arange(rows, dtype="int32"), self.columns)
            inputs = [latents, labels]
        else:
            inputs = gan.fixed_latents(self.rows * self.columns, generator)
        images = gan.sampling_generator.predict(
            inputs, batch_size=self.columns, verbose=0
        )
        return image_grid(to_uint8(images), self.columns)

    def at_step(self, step, logs):
        grid = self.images()
        save_png(self.directory / f"step_{step:08d}.png", grid)
        if self.writer:
            self.writer.image("samples", grid, step)
            self.writer.flush()
