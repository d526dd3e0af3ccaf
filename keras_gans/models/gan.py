"""The base of every GAN: two networks, two optimizers, one training step."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_gans import backend, losses
from keras_gans.augmentation import Augmentation
from keras_gans.checks import integer, one_of
from keras_gans.layers.random import ReplicaSeedGenerator
from keras_gans.losses.top_k import as_top_k
from keras_gans.models import network_checks
from keras_gans.models.declared import DeclaredModel
from keras_gans.models.freezing import freeze
from keras_gans.models.front_door import GuardedTrainer, check_compile
from keras_gans.models.optimizers import PlayerOptimizers
from keras_gans.models.orthogonality import regularize_kernels
from keras_gans.models.player import Player
from keras_gans.models.power_averages import PowerAverages
from keras_gans.models.rematerialization import Rematerialized
from keras_gans.penalties import WeightClipping
from keras_gans.presets.training import TrainerSettings


@keras.saving.register_keras_serializable(package="keras_gans")
class GAN(DeclaredModel, GuardedTrainer):
    """A generator and a discriminator trained against each other.

    A training step takes `n_critic` equal parts of its batch, and

    - for each part, updates the discriminator on real images x and generated
      images G(z) to lower L_D + penalty,
    - updates the generator, `generator_steps` times, to lower L_G,
    - updates the averaged generator and the `averages`, if there are any.

    Regularizers of the networks' weights are part of L_D and L_G.

    Each player's update changes that player alone: the opponent's batch
    statistics, spectral vectors and other buffers stay as they were.

    Args:
        generator: Model from `latents` (N, latent_dim), or
            `[latents, labels]`, to images in [-1, 1], NHWC: functional,
            Sequential or subclassed. `gan.generator` of a subclassed one is a
            functional model around it, with its weights.
        discriminator: Model from images, or `[images, labels]`, to scores.
        latent_dim: Positive int, for a generator without symbolic inputs.
        num_classes: Classes of the labels, 0 for a model without labels.
        loss: An `AdversarialLoss`, the name of one, or two functions, see
            `keras_gans.losses.get`. `compile` takes another.
        penalty: A penalty of the discriminator, such as `GradientPenalty` or
            `R1`, or a list of such, see `keras_gans.penalties`; None for
            none. A penalty that keeps averages belongs to one model.
        top_k: A `keras_gans.losses.TopK`, or its share: the generator learns
            from those of its images that are scored highest. None for all.
        weight_clipping: Positive float c: each discriminator update ends by
            clipping its weights to [-c, c]. None for no clipping.
        weight_clipping_exempt: Names of layers that are not clipped.
        orthogonal_regularization: Non-negative float, weight of an
            `OrthogonalRegularization` of each kernel of the generator; 0 for
            none.
        n_critic: Positive int, discriminator updates a training step. The
            batch given to `fit` is `n_critic` discriminator batches.
        generator_steps: Positive int, generator updates a training step.
        generator_batch: Positive int, images of a generator update in units
            of a discriminator batch.
        joint_scoring: Whether real and generated images are scored in one
            discriminator pass. Discriminators with batch statistics or
            minibatch standard deviation want them apart, as None has it.
        share_fakes: Whether the generator's update reuses the images of the
            discriminator's last one: a generator pass less a step. Papers
            draw afresh. It needs one generator update a step, of one
            discriminator batch.
        accumulate: Positive int, equal parts in which each update takes its
            batch, one after the other, to need less memory. The update is
            that of the whole batch, but for layers and losses in which
            images of a batch meet: batch normalization, minibatch standard
            deviation and relativistic averages see a part.
        augmentation: Keras layer that the images pass on their way into the
            discriminator, real and generated ones, in both players' updates;
            None for none. Called with what the discriminator receives, a
            batch or a list of its scales, and `training=True`, it returns
            images of the same shapes, scales alike, through which gradients
            flow. It draws from seed generators of its own, whose state is
            saved, and a call assigns nothing else. `keras_gans.augmentation`
            has some.
        remat: Whether features are computed again where gradients need them,
            rather than kept (rematerialization): less memory, about a third
            more time, the same update. A penalty's pass, which is
            differentiated twice, keeps its features.
        ema_decay: Float in [0, 1), decay of the averaged generator, or None
            for none.
        ema_start: Training step before which the average is a plain copy.
        freeze_discriminator: Non-negative int N: the first N blocks of the
            discriminator, from the images on, are not trained, and their
            buffers stay (see `keras_gans.models.freezing`). For a model that
            `keras_gans.transfer.initialize_from` gives trained weights.
        averages: Relative lengths of `PowerAverages` of the generator, two as
            0.05 and 0.10, which samples are not from: `callbacks.Averages`
            keeps them in files, of which `keras-gans average` makes averages
            of any length after training. Empty for none.
        seed: Int, seed of latents and labels.
        **kwargs: Of `keras.Model`.

    Call arguments:
        inputs: Latents, or `[latents, labels]`.

    Calling the model, `predict` included, gives images of
    `sampling_generator`: the averaged generator if there is one.

    Raises:
        ValueError: For values out of range, or networks whose inputs do not
            fit the number of classes.
    """

    # The generator with its images at every scale, where a model has them.
    multi_scale_generator = None

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        latent_dim: int | None = None,
        num_classes: int = 0,
        loss: Any = "non_saturating",
        penalty: Any = None,
        top_k: losses.TopK | float | None = None,
        weight_clipping: float | None = None,
        weight_clipping_exempt: Sequence[str] = (),
        orthogonal_regularization: float = 0.0,
        n_critic: int = 1,
        generator_steps: int = 1,
        generator_batch: int = 1,
        joint_scoring: bool | None = None,
        share_fakes: bool = False,
        accumulate: int = 1,
        augmentation: keras.layers.Layer | None = None,
        remat: bool = False,
        ema_decay: float | None = None,
        ema_start: int = 0,
        freeze_discriminator: int = 0,
        averages: Sequence[float] = (),
        seed: int = 0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        labels = num_classes if self.discriminator_takes_labels else 0
        generator, discriminator = network_checks.checked(
            generator, discriminator, latent_dim, (num_classes, labels)
        )
        if joint_scoring is None:
            joint_scoring = network_checks.scores_images_by_themselves(
                discriminator
            )
        self.generator = generator
        self.discriminator = discriminator
        self.num_classes = num_classes
        self.freeze_discriminator = integer(
            "freeze_discriminator", freeze_discriminator, minimum=0
        )
        freeze(discriminator, self.freeze_discriminator)
        self.adversarial_loss = losses.get(loss)
        self.penalty = penalty
        self.top_k = as_top_k(top_k)
        network_checks.check_top_k(self.top_k, self.adversarial_loss)
        self.weight_clipping = weight_clipping
        self.weight_clipping_exempt = tuple(weight_clipping_exempt)
        self.orthogonal_regularization = orthogonal_regularization
        regularize_kernels(generator, orthogonal_regularization)
        self.n_critic = integer("n_critic", n_critic)
        self.generator_steps = integer("generator_steps", generator_steps)
        self.generator_batch = integer("generator_batch", generator_batch)
        self.joint_scoring = joint_scoring
        # What is computed again for gradients cannot share kernels.
        self._halves = (
            joint_scoring
            and not remat
            and type(self).score is GAN.score
            and network_checks.may_be_halved(discriminator)
        )
        self.share_fakes = share_fakes
        self.accumulate = integer("accumulate", accumulate)
        self.augmentation = augmentation
        self.remat = remat
        if remat:
            self._rematerialized_generator = Rematerialized(generator)
            self._rematerialized_discriminator = Rematerialized(discriminator)
        self.seed = seed
        self.ema_decay = None
        self.ema_start = 0
        self.averaged_generator = None
        self.seed_generator = ReplicaSeedGenerator(seed)
        # Built before a step is traced, and before `fit` would build it.
        images = [keras.KerasTensor(t.shape) for t in generator.outputs]
        images = images if len(images) > 1 else images[0]
        if augmentation is not None:
            augmentation(images, training=True)
        kept = self._build_penalties(images)
        if kept:
            self.penalty_state = kept
        self.generator_loss = keras.metrics.Mean("generator_loss")
        self.discriminator_loss = keras.metrics.Mean("discriminator_loss")
        logs = self._regularizer_logs()
        if isinstance(augmentation, Augmentation):
            logs[1].extend(augmentation.LOGS)
        self.generator_player = Player(
            generator,
            self.generator_loss,
            {name: keras.metrics.Mean(name) for name in logs[0]},
        )
        self.discriminator_player = Player(
            discriminator,
            self.discriminator_loss,
            {
                name: keras.metrics.Mean(name)
                for name in ("real_score", "fake_score", *logs[1])
            },
            [w for each in kept for w in getattr(each, "weights", ())],
        )
        if share_fakes:
            network_checks.check_sharing(self)
        if weight_clipping is not None:
            self._clip_weights()
        if ema_decay is not None:
            self.average_generator(ema_decay, ema_start)
        self.averages = tuple(averages)
        self.power_averages = None
        if self.averages:
            with backend.variable_scope(self):
                self.power_averages = PowerAverages(generator, self.averages)
        self.built = True

    @property
    def latent_dim(self) -> int:
        """Length of the latent vectors."""
        return self.generator.inputs[0].shape[-1]

    @property
    def step(self) -> int:
        """Training steps done, that is generator updates.

        During an epoch on JAX, that of the last `synchronize()`.
        """
        return int(ops.convert_to_numpy(self.optimizer.iterations))

    @property
    def sampling_generator(self) -> keras.Model:
        """The generator to sample from: the averaged one, if there is one."""
        if self.averaged_generator is None:
            return self.generator
        return self.averaged_generator

    def average_generator(self, decay: float, start: int = 0) -> None:
        """Keeps an exponential moving average of the generator from now on.

        After each training step t ≥ start, every float weight w, parameters
        and buffers (moving statistics, spectral vectors) alike, gives
        w̄ ← decay·w̄ + (1 - decay)·w; before, w̄ is a copy of w. An average
        that there is goes on, by this decay and start.

        Args:
            decay: Float in [0, 1).
            start: Non-negative int, the training step from which to average.

        Raises:
            ValueError: When `decay` or `start` is out of range.
        """
        network_checks.check_average(decay, start)
        if decay != self.ema_decay:
            # It is a constant of a step that was traced.
            self.train_function = None
        self.ema_decay = decay
        self._start_averaging_at(start)
        if self.averaged_generator is None:
            with backend.variable_scope(self):
                self.averaged_generator = network_checks.averaging_copy(
                    self.generator
                )

    def set_schedule(
        self,
        steps: int,
        ema_start: int | None = None,
        **lengths: int | None,
    ) -> None:
        """Fits the schedule of a compiled model to a length of training.

        A training step reads both numbers from variables, so that one that
        was traced is not traced anew. Call it outside of `fit`.

        Args:
            steps: Positive int, the training steps after which learning rates
                that follow a `LinearDecay` are 0; others stay as they are.
            ema_start: Non-negative int, the training step from which to
                average; None leaves it.
            **lengths: Of phases that a model has, in steps; None leaves one:
                `burn_in` (`R3GAN`), `fade_steps` and `stable_steps`
                (`ProGAN`).

        Raises:
            ValueError: When one is no such number.
        """
        del lengths
        steps = integer("steps", steps)
        if ema_start is not None:
            start = integer("ema_start", ema_start, minimum=0)
            self._start_averaging_at(start)
        self.optimizer.set_updates(
            steps * self.generator_steps, steps * self.n_critic
        )
        for penalty in self.penalties:
            for schedule in getattr(penalty, "schedules", ()):
                schedule.set_updates(steps * self.n_critic)

    def _start_averaging_at(self, step):
        self.ema_start = step
        if self.compiled:
            self.optimizer.average_start.assign(step)

    def compile(
        self,
        generator_optimizer: Any = "adam",
        discriminator_optimizer: Any = "adam",
        *,
        loss: Any = None,
        jit_compile: bool | str = "auto",
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        **unknown: Any,
    ) -> None:
        """Sets the two optimizers and creates their variables.

        Args:
            generator_optimizer: Optimizer, its name or its config.
            discriminator_optimizer: Another one.
            loss: Instead of the constructor's, see there; None keeps it.
            jit_compile: Whether to compile the step with XLA; `auto` is what
                is faster and works on the backend.
            run_eagerly: Whether steps run without being compiled.
            steps_per_execution: Positive int, training steps from one call of
                callbacks to the next. 1 on PyTorch.
            **unknown: Refused, with what to give instead.

        Raises:
            TypeError: For an argument that there is not.
            ValueError: When both are the same optimizer, or one scales
                losses for float16.
        """
        check_compile(unknown, self.compile)
        network_checks.check_precision(self.generator, self.discriminator)
        if loss is not None:
            self.adversarial_loss = losses.get(loss)
            network_checks.check_top_k(self.top_k, self.adversarial_loss)
        if isinstance(self.adversarial_loss, losses.Functions):
            # Both are tried before the first update.
            shape = self.discriminator.outputs[0].shape[1:]
            scores = ops.zeros((2, *(size or 1 for size in shape)))
            self.adversarial_loss.discriminator(scores, scores)
            self.adversarial_loss.generator(scores, scores)
        optimizer = PlayerOptimizers(
            generator_optimizer, discriminator_optimizer
        )
        self._jit_compile_argument = jit_compile
        if jit_compile == "auto":
            jit_compile = backend.JIT_COMPILE and not run_eagerly
        super().compile(
            optimizer=optimizer,
            jit_compile=jit_compile,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
        )
        self.generator_player.optimizer = optimizer.generator
        self.discriminator_player.optimizer = optimizer.discriminator
        with backend.variable_scope(self):
            optimizer.build_players(
                self.generator.trainable_variables,
                self.discriminator.trainable_variables,
            )
            optimizer.average_start.assign(self.ema_start)

    def get_compile_config(self) -> dict[str, Any]:
        serialize = keras.optimizers.serialize
        return {
            "generator_optimizer": serialize(self.optimizer.generator),
            "discriminator_optimizer": serialize(self.optimizer.discriminator),
            "jit_compile": self._jit_compile_argument,
            "run_eagerly": self.run_eagerly,
            "steps_per_execution": self.steps_per_execution,
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        self.compile(**config)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        players = (self.discriminator_player, self.generator_player)
        logs = [log for player in players for log in player.logs.values()]
        return [self.generator_loss, self.discriminator_loss, *logs]

    def call(self, inputs: Any, training: bool = False) -> Any:
        return self.sampling_generator(inputs, training=training)

    def draw_latents(self, count: Any) -> Any:
        """Returns `count` latents from N(0, I)."""
        shape = (count, self.latent_dim)
        return keras.random.normal(shape, seed=self.seed_generator)

    def fixed_latents(
        self, count: int, random: np.random.Generator
    ) -> np.ndarray:
        """Returns latents drawn by a `numpy.random.Generator`, float32."""
        return random.normal(size=(count, self.latent_dim)).astype("float32")

    def draw_labels(self, count: Any) -> Any:
        """Returns `count` labels, uniform over classes, None without any."""
        if not self.num_classes:
            return None
        return keras.random.randint(
            (count,), 0, self.num_classes, seed=self.seed_generator
        )

    def save_own_variables(self, store: Any) -> None:
        for index, variable in enumerate(self._random_states()):
            store[str(index)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        for index, variable in enumerate(self._random_states()):
            variable.assign(store[str(index)])

    def get_config(self) -> dict[str, Any]:
        serialize = keras.saving.serialize_keras_object
        return {
            "name": self.name,
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "num_classes": self.num_classes,
            "loss": serialize(self.adversarial_loss),
            "penalty": serialize(self.penalty),
            "top_k": serialize(self.top_k),
            "weight_clipping": self.weight_clipping,
            "weight_clipping_exempt": self.weight_clipping_exempt,
            "orthogonal_regularization": self.orthogonal_regularization,
            "joint_scoring": self.joint_scoring,
            "augmentation": serialize(self.augmentation),
            **{name: getattr(self, name) for name in TrainerSettings.names()},
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict | None = None
    ) -> "GAN":
        config = dict(config)
        parts = ("generator", "discriminator", "penalty", "augmentation")
        for key in (*parts, "top_k"):
            if config.get(key):
                config[key] = keras.saving.deserialize_keras_object(
                    config[key], custom_objects
                )
        return cls(**config)

    def _clip_weights(self):
        constraint = WeightClipping(self.weight_clipping)
        layers = {
            layer.name: layer
            for layer in network_checks.layers_of(self.discriminator)
        }
        exempt = set()
        for name in self.weight_clipping_exempt:
            one_of("weight_clipping_exempt", name, layers)
            exempt.update(map(id, layers[name].trainable_variables))
        for variable in self.discriminator.trainable_variables:
            if id(variable) not in exempt:
                variable.constraint = constraint
