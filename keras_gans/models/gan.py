"""The base of every GAN: two networks, two optimizers, one training step."""

import inspect

import keras
import numpy as np
from keras import ops

from keras_gans import backend, losses, presets
from keras_gans.models.optimizers import PlayerOptimizers, make_optimizers
from keras_gans.models.random import ReplicaSeedGenerator
from keras_gans.models.rematerialization import Rematerialized
from keras_gans.models.step import AdversarialTrainer
from keras_gans.penalties import WeightClipping


@keras.saving.register_keras_serializable(package="keras_gans")
class GAN(AdversarialTrainer):
    """A generator and a discriminator trained against each other.

    A training step takes `n_critic` equal parts of its batch, and

    - for each part, updates the discriminator on real images x and generated
      images G(z) to lower L_D + penalty,
    - updates the generator, `generator_steps` times, to lower L_G,
    - updates the averaged generator, if there is one.

    Regularizers of the networks' weights are part of L_D and L_G.

    Each player's update changes that player alone: the opponent's batch
    statistics, spectral vectors and other buffers stay as they were.

    Args:
        generator: Model from `latents` (N, latent_dim), or
            `[latents, labels]`, to images in [-1, 1], NHWC.
        discriminator: Model from images, or `[images, labels]`, to scores.
        num_classes: Classes of the labels, 0 for a model without labels.
        loss: An `AdversarialLoss` or the name of one.
        penalty: A `GradientPenalty` on the discriminator, or None.
        weight_clipping: Positive float c: each discriminator update ends by
            clipping its weights to [-c, c]. None for no clipping.
        weight_clipping_exempt: Names of layers that are not clipped.
        n_critic: Positive int, discriminator updates a training step. The
            batch given to `fit` is `n_critic` discriminator batches.
        generator_steps: Positive int, generator updates a training step.
        generator_batch: Positive int, images of a generator update in units
            of a discriminator batch.
        joint_scoring: Whether real and generated images are scored in one
            discriminator pass. Discriminators with batch statistics or
            minibatch standard deviation want them apart.
        share_fakes: Whether the generator's update reuses the images of the
            discriminator's last one: a generator pass less a step. Papers
            draw afresh. It needs one generator update a step, of one
            discriminator batch.
        accumulate: Positive int, equal parts in which each update takes its
            batch, one after the other, to need less memory. The update is
            that of the whole batch, but for layers and losses in which
            images of a batch meet: batch normalization, minibatch standard
            deviation and relativistic averages see a part.
        remat: Whether features are computed again where gradients need them,
            rather than kept (rematerialization): less memory, about a third
            more time, the same update. A penalty's pass, which is
            differentiated twice, keeps its features.
        ema_decay: Float in [0, 1), decay of the averaged generator, or None
            for none.
        ema_start: Training step before which the average is a plain copy.
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

    # Name of the file of presets; None for a class without any.
    FAMILY = None
    # The generator with its images at every scale, where a model has them.
    multi_scale_generator = None
    # A paper's settings where they differ from the defaults here.
    TRAINING = {}

    def __init__(
        self,
        generator,
        discriminator,
        *,
        num_classes=0,
        loss="non_saturating",
        penalty=None,
        weight_clipping=None,
        weight_clipping_exempt=(),
        n_critic=1,
        generator_steps=1,
        generator_batch=1,
        joint_scoring=True,
        share_fakes=False,
        accumulate=1,
        remat=False,
        ema_decay=None,
        ema_start=0,
        seed=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        _check_counts(
            n_critic=n_critic,
            generator_steps=generator_steps,
            generator_batch=generator_batch,
            accumulate=accumulate,
        )
        _check_inputs(generator, "generator", 1, num_classes)
        _check_inputs(
            discriminator,
            "discriminator",
            len(generator.outputs),
            num_classes if self.discriminator_takes_labels else 0,
        )
        self.generator = generator
        self.discriminator = discriminator
        self.num_classes = num_classes
        self.adversarial_loss = losses.get(loss)
        self.penalty = penalty
        self.weight_clipping = weight_clipping
        self.weight_clipping_exempt = tuple(weight_clipping_exempt)
        self.n_critic = n_critic
        self.generator_steps = generator_steps
        self.generator_batch = generator_batch
        self.joint_scoring = joint_scoring
        self.share_fakes = share_fakes
        self.accumulate = accumulate
        self.remat = remat
        if remat:
            self._rematerialized_generator = Rematerialized(generator)
            self._rematerialized_discriminator = Rematerialized(discriminator)
        self.seed = seed
        self.ema_decay = None
        self.ema_start = 0
        self.averaged_generator = None
        self.seed_generator = ReplicaSeedGenerator(seed)
        self.generator_loss = keras.metrics.Mean("generator_loss")
        self.discriminator_loss = keras.metrics.Mean("discriminator_loss")
        if share_fakes:
            self._check_sharing()
        if weight_clipping is not None:
            self._clip_weights()
        if ema_decay is not None:
            self.average_generator(ema_decay, ema_start)
        self.built = True

    @classmethod
    def from_preset(cls, name: str, **changes):
        """Builds and compiles the model of a preset, without data or network.

        Args:
            name: One of `keras_gans.presets.names(cls.FAMILY)`.
            **changes: Settings of `from_settings` to use instead.

        Raises:
            ValueError: When there is no such preset.
            TypeError: When called on a class without presets, such as `GAN`.
        """
        if cls.FAMILY is None:
            raise TypeError(
                f"{cls.__name__} has no presets. Call from_preset of a "
                "paper's class, for example SAGAN."
            )
        settings = presets.load(name, cls.FAMILY) | changes
        data = ("batch_size", "steps", "dequantize")
        return cls.from_settings(
            **{k: v for k, v in settings.items() if k not in data}
        )

    @classmethod
    def assemble(cls, generator, discriminator, **training):
        """Builds and compiles a model by the settings of a paper's class.

        Args:
            generator: See the class.
            discriminator: See the class.
            **training: Arguments of the class and of `make_optimizers`;
                those not given are in `cls.TRAINING`, or have the defaults
                of the class and of `make_optimizers`.
        """
        settings = cls.TRAINING | training
        names = set(inspect.signature(make_optimizers).parameters)
        updates = {
            key: settings.pop(key)
            for key in names - {"n_critic", "generator_steps"}
            if key in settings
        }
        gan = cls(generator, discriminator, **settings)
        gan.compile(
            *make_optimizers(
                n_critic=gan.n_critic,
                generator_steps=gan.generator_steps,
                **updates,
            )
        )
        return gan

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

    def average_generator(self, decay: float, start: int = 0):
        """Keeps an exponential moving average of the generator from now on.

        After each training step t ≥ start, every float weight w, parameters
        and buffers (moving statistics, spectral vectors) alike, gives
        w̄ ← decay·w̄ + (1 - decay)·w; before, w̄ is a copy of w.

        Args:
            decay: Float in [0, 1).
            start: Non-negative int, the training step from which to average.

        Raises:
            ValueError: When `decay` or `start` is out of range.
        """
        if not 0.0 <= decay < 1.0 or start < 0:
            raise ValueError(
                "The average needs a decay in [0, 1) and a start step of 0 "
                f"or later. Received: decay={decay}, start={start}."
            )
        self.ema_decay = decay
        self.ema_start = start
        if self.averaged_generator is None:
            with backend.variable_scope(self):
                average = keras.models.clone_model(self.generator)
                average.set_weights(self.generator.get_weights())
            average.trainable = False
            self.averaged_generator = average

    def compile(
        self,
        generator_optimizer="adam",
        discriminator_optimizer="adam",
        *,
        jit_compile="auto",
        **kwargs,
    ):
        """Sets the two optimizers and creates their variables.

        Args:
            generator_optimizer: Optimizer, its name or its config.
            discriminator_optimizer: Another one.
            jit_compile: Whether to compile the step with XLA; `auto` is what
                is faster and works on the backend.
            **kwargs: Of `keras.Model.compile`: `run_eagerly`,
                `steps_per_execution`.

        Raises:
            ValueError: When both are the same optimizer, or one scales
                losses for float16.
        """
        _check_precision(self.generator, self.discriminator)
        optimizer = PlayerOptimizers(
            generator_optimizer, discriminator_optimizer
        )
        if jit_compile == "auto":
            jit_compile = backend.JIT_COMPILE
        super().compile(optimizer=optimizer, jit_compile=jit_compile, **kwargs)
        with backend.variable_scope(self):
            optimizer.build_players(
                self.generator.trainable_variables,
                self.discriminator.trainable_variables,
            )

    def get_compile_config(self):
        serialize = keras.optimizers.serialize
        return {
            "generator_optimizer": serialize(self.optimizer.generator),
            "discriminator_optimizer": serialize(self.optimizer.discriminator),
        }

    def compile_from_config(self, config):
        self.compile(**config)

    @property
    def metrics(self):
        return [self.generator_loss, self.discriminator_loss]

    def call(self, inputs, training=False):
        return self.sampling_generator(inputs, training=training)

    def draw_latents(self, count):
        """Returns `count` latents from N(0, I)."""
        shape = (count, self.latent_dim)
        return keras.random.normal(shape, seed=self.seed_generator)

    def fixed_latents(self, count: int, random) -> np.ndarray:
        """Returns latents drawn by a `numpy.random.Generator`, float32."""
        return random.normal(size=(count, self.latent_dim)).astype("float32")

    def draw_labels(self, count):
        """Returns `count` labels, uniform over classes, None without any."""
        if not self.num_classes:
            return None
        return keras.random.randint(
            (count,), 0, self.num_classes, seed=self.seed_generator
        )

    def save_own_variables(self, store):
        for index, variable in enumerate(self._random_states()):
            store[str(index)] = variable.numpy()

    def load_own_variables(self, store):
        for index, variable in enumerate(self._random_states()):
            variable.assign(store[str(index)])

    def _random_states(self):
        """Returns the states of all random number generators.

        Keras does not save them; a run that resumes must draw what it would
        have drawn.
        """
        weights = {id(weight) for weight in self.weights}
        return [v for v in self.variables if id(v) not in weights]

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            "name": self.name,
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "num_classes": self.num_classes,
            "loss": serialize(self.adversarial_loss),
            "penalty": self.penalty and serialize(self.penalty),
            "weight_clipping": self.weight_clipping,
            "weight_clipping_exempt": self.weight_clipping_exempt,
            "n_critic": self.n_critic,
            "generator_steps": self.generator_steps,
            "generator_batch": self.generator_batch,
            "joint_scoring": self.joint_scoring,
            "share_fakes": self.share_fakes,
            "accumulate": self.accumulate,
            "remat": self.remat,
            "ema_decay": self.ema_decay,
            "ema_start": self.ema_start,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        for key in ("generator", "discriminator", "penalty"):
            config[key] = config[key] and keras.saving.deserialize_keras_object(
                config[key], custom_objects
            )
        return cls(**config)

    def _clip_weights(self):
        constraint = WeightClipping(self.weight_clipping)
        names = {layer.name for layer in self.discriminator.layers}
        for name in self.weight_clipping_exempt:
            if name not in names:
                raise ValueError(
                    "`weight_clipping_exempt` names layers of the "
                    f"discriminator, which are {sorted(names)}. Received: "
                    f"{name!r}."
                )
        for layer in self.discriminator.layers:
            if layer.name not in self.weight_clipping_exempt:
                for variable in layer.trainable_variables:
                    variable.constraint = constraint

    def _check_sharing(self):
        if self.accumulate > 1:
            raise ValueError(
                "With share_fakes=True the images of the whole batch are kept "
                "with what the generator computed for them, so updates cannot "
                f"go by parts. Received: accumulate={self.accumulate}."
            )
        if self.generator_steps > 1 or self.generator_batch > 1:
            raise ValueError(
                "With share_fakes=True a generator update uses the images of "
                "the discriminator's, so there is one a step, of the same "
                f"size. Received: generator_steps={self.generator_steps}, "
                f"generator_batch={self.generator_batch}."
            )
        if any(v.regularizer for v in self.generator.trainable_variables):
            raise ValueError(
                "With share_fakes=True the generator's gradients come from "
                "the images alone: its weights cannot have regularizers."
            )


def _check_counts(**counts):
    for name, count in counts.items():
        if count < 1:
            raise ValueError(
                f"`{name}` must be a positive integer. Received: "
                f"{name}={count}."
            )


def _check_inputs(network, name, images, num_classes):
    expected = images + (1 if num_classes else 0)
    if len(network.inputs) != expected:
        raise ValueError(
            f"With num_classes={num_classes} the {name} must take {expected} "
            f"input{'s' * (expected > 1)}"
            f"{' (labels last)' if num_classes else ''}. Received a {name} "
            f"with inputs {[tensor.name for tensor in network.inputs]}."
        )


def _check_precision(*networks):
    for network in networks:
        for layer in network.layers:
            if layer.compute_dtype == "float16":
                raise ValueError(
                    "float16 training is not supported: neither player's "
                    "loss would be scaled. Received: layer "
                    f"{layer.name!r} with dtype policy "
                    f"{layer.dtype_policy.name}. Use mixed_bfloat16."
                )
