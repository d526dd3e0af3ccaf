"""The base of every GAN: two networks, two optimizers, one training step."""

import contextlib
from functools import partial

import keras
from keras import ops

from keras_gans import backend, losses
from keras_gans.models.optimizers import PlayerOptimizers
from keras_gans.models.random import ReplicaSeedGenerator


@keras.saving.register_keras_serializable(package="keras_gans")
class GAN(backend.BackendTrainer):
    """A generator and a discriminator trained against each other.

    A training step takes `n_critic` equal parts of its batch, and

    - for each part, updates the discriminator on real images x and generated
      images G(z) to lower L_D + penalty,
    - updates the generator once to lower L_G,
    - updates the averaged generator, if there is one.

    Each player's update changes that player alone: the opponent's batch
    statistics, spectral vectors and other buffers stay as they were.

    Args:
        generator: Model from `latents` (N, latent_dim), or
            `[latents, labels]`, to images in [-1, 1], NHWC.
        discriminator: Model from images, or `[images, labels]`, to scores.
        num_classes: Classes of the labels, 0 for a model without labels.
        loss: An `AdversarialLoss` or the name of one.
        penalty: A `GradientPenalty` on the discriminator, or None.
        n_critic: Positive int, discriminator updates for each generator
            update. The batch given to `fit` is `n_critic` discriminator
            batches.
        share_fakes: Whether the generator's update reuses the images of the
            discriminator's last one: a generator pass less a step. Papers
            draw afresh.
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

    def __init__(
        self,
        generator,
        discriminator,
        *,
        num_classes=0,
        loss="non_saturating",
        penalty=None,
        n_critic=1,
        share_fakes=False,
        ema_decay=None,
        ema_start=0,
        seed=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if n_critic < 1:
            raise ValueError(
                "`n_critic` must be a positive integer. Received: "
                f"n_critic={n_critic}."
            )
        _check_inputs(generator, "generator", num_classes)
        _check_inputs(discriminator, "discriminator", num_classes)
        self.generator = generator
        self.discriminator = discriminator
        self.num_classes = num_classes
        self.adversarial_loss = losses.get(loss)
        self.penalty = penalty
        self.n_critic = n_critic
        self.share_fakes = share_fakes
        self.seed = seed
        self.ema_decay = None
        self.ema_start = 0
        self.averaged_generator = None
        self.seed_generator = ReplicaSeedGenerator(seed)
        self.generator_loss = keras.metrics.Mean("generator_loss")
        self.discriminator_loss = keras.metrics.Mean("discriminator_loss")
        if ema_decay is not None:
            self.average_generator(ema_decay, ema_start)
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

    def adversarial_step(self, data):
        """Trains both players on one batch and returns the mean losses.

        Args:
            data: Images, `(n_critic * batch, height, width, channels)` in
                [-1, 1], or a pair of images and integer labels.
        """
        *others, (images, labels) = self._parts(data)
        for part in others:
            self._train_discriminator(*part, *self._generated(part[0]))
        if self.share_fakes:
            self._train_on_shared_fakes(images, labels)
        else:
            self._train_discriminator(images, labels, *self._generated(images))
            self._train_generator(*self._drawn(images))
        if self.averaged_generator is not None:
            self._update_average()
        self.optimizer.iterations.assign_add(1)
        return self.get_metrics_result()

    def discriminator_objective(self, real, labels, fake, fake_labels):
        """Returns L_D and the penalty on one batch, a float32 scalar.

        Real and generated images are scored in one pass, so that spectral
        vectors move once an update.
        """
        images = ops.concatenate([real, ops.cast(fake, real.dtype)])
        joined = None
        if labels is not None:
            joined = ops.concatenate([labels, fake_labels])
        scores = self.score(images, joined, training=True)
        real_scores, fake_scores = ops.split(scores, 2)
        loss = self.adversarial_loss.discriminator(real_scores, fake_scores)
        if self.penalty is not None:
            loss += self.penalty(
                lambda between: self.score(between, labels, training=True),
                real,
                ops.cast(fake, real.dtype),
                state=self.discriminator.variables,
                seed=self.seed_generator,
            )
        return loss

    def generator_objective(self, fake, labels):
        """Returns L_G for generated images, a float32 scalar."""
        with self._frozen(self.discriminator):
            scores = self.score(fake, labels, training=True)
        return self.adversarial_loss.generator(scores)

    def generate(self, latents, labels, training=False):
        """Returns images of the trained, not the averaged, generator."""
        inputs = latents if labels is None else [latents, labels]
        return self.generator(inputs, training=training)

    def score(self, images, labels, training=False):
        """Returns the discriminator's scores of images."""
        inputs = images if labels is None else [images, labels]
        return self.discriminator(inputs, training=training)

    def draw_latents(self, count):
        """Returns `count` latents from N(0, I)."""
        return keras.random.normal(
            (count, self.latent_dim), seed=self.seed_generator
        )

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
            "n_critic": self.n_critic,
            "share_fakes": self.share_fakes,
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

    def _parts(self, data):
        """Returns the batch as `n_critic` pairs of images and labels."""
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        if self.num_classes and labels is None:
            raise ValueError(
                "This model is conditional and needs a label for each image. "
                "Received: data without labels, num_classes="
                f"{self.num_classes}. Give labelled data, or build the model "
                "with num_classes=0."
            )
        size = images.shape[0]
        if size is not None and size % self.n_critic:
            raise ValueError(
                "A batch is split into `n_critic` equal parts, so its size "
                "must be a multiple of `n_critic`. Received: batch size "
                f"{size}, n_critic={self.n_critic}. Use, for example, "
                f"{self.n_critic * (size // self.n_critic + 1)}."
            )
        parts = ops.split(images, self.n_critic)
        if not self.num_classes:
            return [(part, None) for part in parts]
        labels = ops.split(ops.cast(labels, "int32"), self.n_critic)
        return list(zip(parts, labels, strict=True))

    def _drawn(self, images):
        """Returns latents and labels, one for each of the images."""
        count = ops.shape(images)[0]
        return self.draw_latents(count), self.draw_labels(count)

    def _generated(self, images):
        """Returns images for a discriminator update, and their labels."""
        latents, labels = self._drawn(images)
        with backend.no_gradient(), self._frozen(self.generator):
            return self.generate(latents, labels, training=True), labels

    def _train_discriminator(self, images, labels, fake, fake_labels):
        variables = self.discriminator.trainable_variables
        loss, gradients = backend.value_and_gradients(
            partial(
                self.discriminator_objective, images, labels, fake, fake_labels
            ),
            variables,
            self.variables,
        )
        self.optimizer.discriminator.apply(gradients, variables)
        self.discriminator_loss.update_state(loss)

    def _train_generator(self, latents, labels):
        def objective():
            fake = self.generate(latents, labels, training=True)
            return self.generator_objective(fake, labels)

        variables = self.generator.trainable_variables
        loss, gradients = backend.value_and_gradients(
            objective, variables, self.variables
        )
        self.optimizer.generator.apply(gradients, variables)
        self.generator_loss.update_state(loss)

    def _train_on_shared_fakes(self, images, labels):
        """Trains both players on one pass of the generator.

        The generator has not changed since it made the images, so they give
        its exact gradients against the updated discriminator.
        """
        latents, fake_labels = self._drawn(images)
        variables = self.generator.trainable_variables
        fake, pullback = backend.value_and_pullback(
            partial(self.generate, latents, fake_labels, training=True),
            variables,
            self.variables,
        )
        fake = ops.stop_gradient(fake)
        self._train_discriminator(images, labels, fake, fake_labels)
        loss, gradients = backend.value_and_input_gradients(
            partial(self.generator_objective, labels=fake_labels),
            fake,
            self.variables,
        )
        self.optimizer.generator.apply(pullback(gradients), variables)
        self.generator_loss.update_state(ops.stop_gradient(loss))

    @contextlib.contextmanager
    def _frozen(self, network):
        """Drops what calls of `network` assign, but for its random seeds."""
        mapping = [(variable, variable) for variable in network.variables]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            yield
        weights = {id(weight) for weight in network.weights}
        for variable in network.variables:
            if id(variable) not in weights:
                variable.assign(scope.get_current_value(variable))

    def _update_average(self):
        averaging = self.optimizer.iterations >= self.ema_start
        decay = ops.where(averaging, self.ema_decay, 0.0)
        pairs = zip(
            self.averaged_generator.weights,
            self.generator.weights,
            strict=True,
        )
        backend.update_averages(list(pairs), decay)


def _check_inputs(network, name, num_classes):
    expected = 2 if num_classes else 1
    if len(network.inputs) != expected:
        raise ValueError(
            f"With num_classes={num_classes} the {name} must take {expected} "
            f"input{'s' * (expected - 1)}"
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
