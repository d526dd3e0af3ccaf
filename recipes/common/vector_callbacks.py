"""Callbacks of runs whose samples are not images; needs Keras."""

from keras_gans import callbacks
from recipes.common.vector_run import generated


class ScoreEvaluation(callbacks.Evaluation):
    """Evaluates by a function of what the generator makes.

    Args:
        scores: Function from the generator's outputs to a dict of scores.
        gan: The model, which it may evaluate before training too.
        **options: Of `keras_gans.callbacks.Evaluation`.
    """

    def __init__(self, scores, gan, **options):
        # There are no features: the outputs themselves are compared.
        super().__init__(None, **options)
        self.scores = scores
        self.gan = gan

    def evaluate(self, samples=None):
        """Returns the scores of the model as it is."""
        return self.scores(
            generated(self.gan, samples or self.samples, self.seed)
        )


class Samples(callbacks.AtSteps):
    """Writes samples to the directory of the run.

    Args:
        show: See `recipes.common.vector_run.Subject.show`.
        directory: `RunDirectory`.
        every: Steps between samples; 0 at the end only.
    """

    def __init__(self, show, directory, every):
        super().__init__(every)
        self.show = show
        self.directory = directory

    def at_step(self, step, logs):
        path = self.directory.sample(step)
        self.show(self.model, path, self.directory.logs, step)
