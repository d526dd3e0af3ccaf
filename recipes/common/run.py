"""One run: data, model and directory made ready, then trained and exported."""

import contextlib
import dataclasses
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from recipes.common.announce import announce, announce_import, first_step
from recipes.common.choice import build_chosen
from recipes.common.config import RunConfig
from recipes.common.initial import initialize
from recipes.common.light import without_keras
from recipes.common.plan import (
    Ending,
    Plan,
    duration,
    forecast,
    make_plan,
    occurrences,
)
from recipes.common.precision import described
from recipes.common.record import (
    earlier_record,
    open_run,
    with_plan,
    write_plan,
)
from recipes.common.results import (
    best_line,
    evaluating,
    export,
    headline,
    summary,
)
from recipes.common.run_directory import RunDirectory
from recipes.common.subject import Subject
from recipes.common.threads import set_threads
from recipes.common.timing import (
    Timing,
    time_interruptions,
    time_snapshots,
)
from recipes.common.training import averages, fit

with without_keras():
    from keras_gans.cli.quiet import import_keras
    from keras_gans.precision import Decision

if TYPE_CHECKING:
    from keras_gans import GAN

# So few steps are not measured: they are soon over.
SHORT = 50
# Settings of a plan that a compiled model can be told.
SCHEDULES = ("ema_start", "burn_in", "fade_steps", "stable_steps")


def prepare(
    config: RunConfig,
    recipe: str,
    make_subject: Callable[[RunConfig], Subject],
    precision: Decision | None = None,
    timing: Timing | None = None,
) -> Callable[[], None]:
    """Loads the data, builds the model and opens the run directory.

    Whatever can be wrong with a command is found here, before training.

    Args:
        config: Settings, with directories resolved.
        recipe: Name of the recipe.
        make_subject: Function from the settings to what is trained on.
        precision: What `decide` returned, if it was called before.
        timing: What measures the run before it trains; as usual if None.

    Returns:
        A function that trains, evaluates, samples and exports.

    Raises:
        ValueError: When settings, data and model do not fit together.
        FileNotFoundError: When a path does not exist.
    """
    set_threads(config)
    announce_import()
    import_keras()
    from keras_gans.distribution import distribute, virtual_cpu_devices

    if config.virtual_devices:
        virtual_cpu_devices(config.virtual_devices)
    # The machines of a cluster meet before anything is computed.
    devices = distribute(config.distribution)
    asked, (config, plan) = config, with_plan(config)
    subject = make_subject(config)
    record, timing = earlier_record(config), timing or Timing()
    gan, scope, precision, timing.known = build_chosen(
        config, subject, devices, record, precision
    )
    notes = {**subject.notes, **initialize(gan, config)}
    directory = open_run(asked, recipe, precision, notes)
    return Run(
        config,
        recipe,
        subject,
        gan,
        directory,
        scope,
        precision,
        timing,
        plan,
    ).work


@dataclasses.dataclass(frozen=True)
class Run:
    """A prepared run, to be worked in the scope in which its model was built.

    Where several processes train one model, all compute the same, and only
    the chief writes. `config` has `minutes` as long as there is no `plan`.
    """

    config: RunConfig
    recipe: str
    subject: Subject
    gan: "GAN"
    directory: RunDirectory
    scope: contextlib.ExitStack
    precision: Decision
    timing: Timing
    plan: Plan | None = None

    def work(self) -> None:
        """Trains, evaluates, samples and exports; prints where things are."""
        from keras_gans.callbacks import restore, save_generator
        from keras_gans.callbacks.snapshots import remove_later
        from keras_gans.distribution import is_chief

        config, gan, subject = self.config, self.gan, self.subject
        with self.scope:
            state = restore(gan, self.directory.checkpoints) or {}
            step, chief = state.get("step", 0), is_chief()
            if chief:
                self.directory.rewind_metrics(step)
                remove_later(self.directory.averages, step)
            policy = described(config, self.precision)
            text = headline(gan, config, subject, self.recipe, step, policy)
            print(text, flush=True)
            if step < config.steps or config.minutes is not None:
                self._fit(state, chief)
            if not chief:
                return
            save_generator(gan.sampling_generator, self.directory.final)
            announce("Exporting the generator, some seconds ...")
            exported = export(
                gan.sampling_generator,
                gan.step,
                config,
                self.recipe,
                self.directory,
                latent_dim=gan.latent_dim,
                num_classes=gan.num_classes,
                outputs=subject.kind,
                manifest=subject.manifest(gan),
            )
        best = best_line(subject, self.directory.read_metrics())
        print(summary(self.directory, best, exported))

    def _fit(self, state, chief):
        from keras_gans.callbacks import InputMonitor

        evaluation = self._evaluation(state, chief)
        step = state.get("step", 0)
        if step == 0 and self.subject.scores_start:
            # What training starts from, to compare with.
            evaluation.set_model(self.gan)
            start = {"step": 0, "images_seen": 0, "seconds": 0.0}
            start |= evaluation.evaluate()
            # A run that ended before its first checkpoint has written it.
            if chief and not self.directory.read_metrics():
                self.directory.append_metrics(start)
        batches = self.subject.training_batches(self.gan, step)
        monitor = InputMonitor(batches, log_dir=self.directory.logs)
        config, ending = self._scheduled(evaluation, monitor.batches, step)
        run = dataclasses.replace(self, config=config)
        callbacks = [monitor, *run._callbacks(evaluation, ending)]
        fit(self.gan, monitor.batches, config, callbacks)

    def _scheduled(self, evaluation, batches, step):
        """Says how long the run takes; returns its settings and its end."""
        import keras

        config, steps = self.config, self.config.steps - step
        traced = keras.backend.backend() != "torch"
        if self.plan:
            print(self.plan.remaining(step), flush=True)
        # Processes that train one model would not take as many steps each.
        several = config.distribution == "multi_worker"
        short = config.minutes is None and steps < SHORT
        untimed = self.plan or several or short
        if not self.timing.known:
            print(first_step(traced, timed=not untimed), flush=True)
        if untimed:
            return config, Ending()
        first, seconds = self.timing.step(self.gan, batches, config)
        if traced:
            print(f"Traced in {duration(first)}.", flush=True)
        ending = self.timing.ending(self.gan, evaluation)
        if config.minutes is not None:
            return self._planned(evaluation, seconds, ending), ending
        count = occurrences(steps, config.evaluate_every) - 1
        text = forecast(steps, steps * seconds, 1000 * seconds)
        if count:
            each = duration(ending.evaluation)
            text += f" and {count:,} evaluations of about {each}"
        print(f"{text}{ending.told}", flush=True)
        return config, ending

    def _planned(self, evaluation, step_seconds, ending):
        """Makes the plan of a run by minutes; returns its settings."""
        gan, subject = self.gan, self.subject
        costs = time_interruptions(
            gan,
            self.config,
            evaluation,
            subject.samples(gan, self.directory),
            self.directory,
        )
        once = time_snapshots(gan, self.config, self.directory)
        plan = make_plan(self.config, step_seconds, costs, once)
        write_plan(self.directory, plan)
        config = plan.apply(self.config)
        lengths = {k: v for k, v in plan.settings.items() if k in SCHEDULES}
        gan.set_schedule(config.steps, **lengths)
        subject.config = config
        evaluation.every = config.evaluate_every
        shortage = plan.shortage(self.config)
        if shortage:
            print(shortage)
        text = forecast(plan.steps, plan.seconds, plan.ms_per_step)
        print(f"{text}{ending.told}", flush=True)
        return config

    def _evaluation(self, state, chief):
        score = state.get("best_score")
        return self.subject.evaluation(
            self.gan,
            every=self.config.evaluate_every,
            samples=self.config.evaluation_samples,
            record=self.directory.append_metrics if chief else None,
            best=self.directory.best if chief else None,
            monitor=self.subject.monitor,
            best_score=math.inf if score is None else score,
            leaders=state.get("leaders") or (),
            images_per_step=self.subject.per_step,
            earlier_seconds=state.get("seconds", 0.0),
            log_dir=self.directory.logs,
        )

    def _callbacks(self, evaluation, ending):
        import keras

        from keras_gans import callbacks

        config, subject, logs = self.config, self.subject, self.directory.logs

        def state():
            score = evaluation.best_score
            return {
                "seconds": evaluation.seconds,
                # JSON has no infinity, the score before the first evaluation.
                "best_score": score if math.isfinite(score) else None,
                "leaders": evaluation.leaders.entries,
            }

        def say_what_follows(logs=None):
            if not config.evaluate_every or evaluation.step % evaluation.every:
                announce(evaluating(subject, evaluation.samples, ending))

        return [
            keras.callbacks.LambdaCallback(on_train_end=say_what_follows),
            callbacks.Throughput(subject.per_step, subject.noun),
            callbacks.StopAt(config.steps),
            callbacks.TensorBoard(logs, config.log_every),
            callbacks.WeightHistograms(logs, config.evaluate_every),
            *subject.samples(self.gan, self.directory),
            *averages(self.gan, config, self.directory),
            # What reads the scores in the logs comes after it.
            evaluation,
            callbacks.Checkpoint(
                self.directory.checkpoints,
                config.checkpoint_every,
                state=state,
            ),
        ]
