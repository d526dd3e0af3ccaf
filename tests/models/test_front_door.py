"""What Keras users do with a GAN: it works, or says why not and what to do."""

import pathlib
import re
import runpy
import warnings

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans import GAN
from keras_gans.images import to_uint8
from keras_gans.layers import BatchNormalization, MinibatchStdDev
from keras_gans.losses import Functions, Hinge
from keras_gans.models.auxiliary import AuxiliaryClassifierGAN
from keras_gans.serving import export_generator
from keras_gans.serving.load import ExportedGenerator
from tests.callbacks.tiny import real_images, tiny_gan


def weights_of(gan):
    return [ops.convert_to_numpy(v) for v in gan.variables]


@pytest.fixture
def untouched():
    """Returns a function that checks that data is refused before training."""

    def check(gan, sentence, *data, **options):
        before = weights_of(gan)
        with pytest.raises(ValueError, match=sentence):
            gan.fit(*data, verbose=0, **{"batch_size": 8} | options)
        for old, new in zip(before, weights_of(gan), strict=True):
            assert_array_equal(old, new)

    return check


def trained(gan, *data, **options):
    """The losses of two steps, without shuffling."""
    options = {"batch_size": 8, "shuffle": False, "verbose": 0} | options
    history = gan.fit(*data, **options).history
    return history["discriminator_loss"], history["generator_loss"]


class TestCompile:
    def test_an_unknown_argument_is_answered_by_the_nearest(self):
        with pytest.raises(
            TypeError, match="Received: step_per_execution. .*'steps_per_execu"
        ):
            tiny_gan().compile(step_per_execution=2)

    @pytest.mark.parametrize(
        "options, sentence",
        [
            ({"optimizer": "adam"}, "Give generator_optimizer and discrimin"),
            ({"metrics": ["mse"]}, "keras_gans.callbacks.Evaluation"),
            ({"weighted_metrics": []}, "keras_gans.callbacks.Evaluation"),
            ({"loss_weights": [1.0]}, "Each player has one loss"),
            ({"auto_scale_loss": True}, "Use the dtype policy mixed_bfloat16"),
        ],
    )
    def test_what_keras_has_and_a_gan_has_not(self, options, sentence):
        with pytest.raises(TypeError, match=sentence):
            tiny_gan().compile(**options)

    def test_its_loss_comes_before_the_constructors(self, tmp_path):
        gan = tiny_gan(loss="wasserstein")
        gan.compile("sgd", "sgd", loss="hinge")
        assert isinstance(gan.adversarial_loss, Hinge)
        gan.save(tmp_path / "gan.keras")
        loaded = keras.saving.load_model(tmp_path / "gan.keras")
        assert isinstance(loaded.adversarial_loss, Hinge)
        loaded.compile("sgd", "sgd")
        assert isinstance(loaded.adversarial_loss, Hinge)

    def test_a_loss_of_its_is_what_is_trained(self):
        other, gan = tiny_gan(loss="hinge"), tiny_gan()
        gan.set_weights(other.get_weights())
        for model in (gan, other):
            model.compile("sgd", "sgd", loss="hinge" if model is gan else None)
        data = real_images(16)
        assert trained(gan, data) == trained(other, data)

    def test_steps_run_eagerly_without_a_warning(self):
        gan = tiny_gan()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            gan.compile("sgd", "sgd", run_eagerly=True)
        losses = trained(gan, real_images(16))
        other = tiny_gan()
        other.set_weights(tiny_gan().get_weights())
        assert np.isfinite(losses).all() and gan.run_eagerly

    def test_a_misspelt_loss_is_answered_by_the_nearest(self):
        with pytest.raises(ValueError, match="Did you mean 'wasserstein'"):
            tiny_gan().compile(loss="wasserstien")


def generator_loss(fake):
    return -ops.mean(fake)


def discriminator_loss(real, fake):
    return ops.mean(ops.relu(1.0 - real) + ops.relu(1.0 + fake))


TWO_FUNCTIONS = {
    "generator": generator_loss,
    "discriminator": discriminator_loss,
}


class TestTwoFunctions:
    def test_train_as_the_class_of_the_same_game(self):
        losses = []
        for loss in (TWO_FUNCTIONS, "hinge"):
            keras.utils.set_random_seed(0)
            gan = tiny_gan()
            gan.compile("sgd", "sgd", loss=loss)
            losses.append(trained(gan, real_images(16)))
        assert_allclose(losses[0], losses[1], rtol=1e-5)

    def test_see_the_real_scores_where_they_ask_for_them(self):
        game = Functions(
            generator=lambda fake, real: ops.mean(real - fake),
            discriminator=discriminator_loss,
        )
        assert game.relativistic
        scores = ops.array([[1.0], [3.0]])
        assert_allclose(float(game.generator(scores, 2 * scores)), 2.0)
        losses = trained(tiny_gan(loss=game), real_images(16))
        assert np.isfinite(losses).all()

    @pytest.mark.parametrize(
        "changes, sentence",
        [
            ({"generator": lambda: 0}, r"generator's takes \(fake\), or"),
            (
                {"discriminator": generator_loss},
                r"discriminator's \(real, fake\)",
            ),
        ],
    )
    def test_take_the_scores(self, changes, sentence):
        with pytest.raises(ValueError, match=sentence):
            tiny_gan(loss=TWO_FUNCTIONS | changes)

    def test_give_scalars(self):
        with pytest.raises(
            ValueError, match=r"generator's loss must be a scalar.*\(2, 1\)"
        ):
            tiny_gan().compile(
                loss=TWO_FUNCTIONS | {"generator": lambda fake: -fake}
            )

    def test_are_named_by_player(self):
        with pytest.raises(ValueError, match='"generator": f, "discriminator"'):
            tiny_gan(loss=(generator_loss, discriminator_loss))

    def test_are_saved_by_their_registered_names(self, tmp_path):
        gan = tiny_gan(loss=TWO_FUNCTIONS)
        with pytest.raises(ValueError, match="generator_loss.*Decorate it"):
            gan.save(tmp_path / "gan.keras")
        register = keras.saving.register_keras_serializable
        for function in TWO_FUNCTIONS.values():
            register("tests_of_the_front_door")(function)
        gan.save(tmp_path / "gan.keras")
        loaded = keras.saving.load_model(tmp_path / "gan.keras")
        assert loaded.adversarial_loss.functions == TWO_FUNCTIONS


class TestImages:
    def test_of_bytes_are_refused_with_the_conversion(self, untouched):
        bytes_ = np.full((8, 4, 4, 1), 200, "uint8")
        sentence = r"dtype uint8.*astype\('float32'\) / 127.5 - 1"
        gan = tiny_gan()
        gan.image_range = None
        untouched(gan, sentence, bytes_)
        untouched(
            gan, sentence, batches(bytes_), batch_size=None, shuffle=False
        )

    def test_in_the_range_of_bytes_are_refused(self, untouched):
        images = 127.5 * (real_images(8) + 1.0)
        sentence = r"must be in \[-1, 1\].*in \[0.*x / 127.5 - 1"
        untouched(tiny_gan(), sentence, images)
        untouched(tiny_gan(), sentence, batches(images), batch_size=None)

    def test_of_a_sequence_of_batches_are_looked_at(self, untouched):
        class Batches(keras.utils.PyDataset):
            def __len__(self):
                return 1

            def __getitem__(self, index):
                return 300.0 * np.ones((8, 4, 4, 1), "float32")

        untouched(tiny_gan(), r"in \[300, 300\]", Batches(), batch_size=None)

    def test_that_are_not_numbers_are_refused(self, untouched):
        untouched(tiny_gan(), "images in .nan", real_images(8) * np.nan)

    def test_in_0_to_1_are_warned_of(self):
        with pytest.warns(
            UserWarning, match=r"Received: images in \[0.* 2 \* x - 1"
        ):
            trained(tiny_gan(), (real_images(8) + 1.0) / 2.0)

    def test_may_overshoot_as_resizing_makes_them(self):
        trained(tiny_gan(), real_images(8) * 1.09)

    def test_may_be_in_any_range_that_is_meant(self):
        gan = tiny_gan()
        gan.image_range = None
        trained(gan, 5.0 * real_images(8))

    def test_points_are_in_any_range(self):
        latents, points = keras.Input((3,)), keras.Input((2,))
        gan = GAN(
            keras.Model(latents, layers.Dense(2)(latents)),
            keras.Model(points, layers.Dense(1)(points)),
        )
        gan.compile("sgd", "sgd")
        trained(gan, np.linspace(5.0, 60.0, 16, dtype="f").reshape(8, 2))

    def test_of_another_shape_are_refused_with_both(self, untouched):
        untouched(
            tiny_gan(),
            r"real images \(.*, 5, 5, 1\), generated images \(None, 4, 4, 1\)",
            np.zeros((8, 5, 5, 1), "float32"),
        )

    def test_beside_others_are_refused(self, untouched):
        images = real_images(8)
        untouched(tiny_gan(), "images in a tuple", (images, images))

    def test_of_networks_that_do_not_fit_are_refused(self):
        latents, images = keras.Input((3,)), keras.Input((3,))
        with pytest.raises(
            ValueError, match=r"images \[\(2,\)\].*takes \[\(3,\)\]"
        ):
            GAN(
                keras.Model(latents, layers.Dense(2)(latents)),
                keras.Model(images, layers.Dense(1)(images)),
            )

    def test_are_not_weighted(self, untouched):
        images, ones = real_images(8), np.ones(8)
        sentence = "Sample weights and class weights are not supported"
        untouched(tiny_gan(), sentence, images, ones, sample_weight=ones)
        untouched(tiny_gan(3), sentence, images, ones, class_weight={1: 2.0})


def batches(*arrays):
    import tensorflow as tf

    data = arrays if len(arrays) > 1 else arrays[0]
    return tf.data.Dataset.from_tensor_slices(data).batch(8)


class TestLabels:
    def test_in_a_column_are_those_in_a_row(self):
        images, row = real_images(16), np.arange(16, dtype="int32") % 3
        column = row[:, None]
        results = []
        for data in (
            (images, row),
            (images, column.astype("uint8")),
            (images, column.astype("float32")),
            (batches(images, column.astype("int64")),),
        ):
            keras.utils.set_random_seed(0)
            gan = tiny_gan(3)
            size = 8 if len(data) > 1 else None
            losses = trained(gan, *data, batch_size=size)
            results.append([*losses, gan.get_weights()[0].tolist()])
        for result in results[1:]:
            assert result == results[0]

    def test_in_a_column_have_the_class_loss_of_those_in_a_row(self):
        # Logits that are 0 for all of 3 classes: C = ln 3, for any labels.
        latents, labels = keras.Input((3,)), keras.Input((), dtype="int32")
        images = keras.Input((2,))
        generated = layers.Dense(2)(latents)
        generated += 0.0 * layers.Embedding(3, 2)(labels)
        gan = AuxiliaryClassifierGAN(
            keras.Model([latents, labels], generated),
            keras.Model(
                images,
                [
                    layers.Dense(1, kernel_initializer="zeros")(images),
                    layers.Dense(3, kernel_initializer="zeros")(images),
                ],
            ),
            num_classes=3,
            loss="wasserstein",
            class_loss_on="real",
        )
        gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
        columns = np.array([[0], [-1], [2], [1]])
        losses = trained(gan, np.ones((4, 2), "f"), columns)
        assert_allclose(losses, np.log(3.0), rtol=1e-5)

    @pytest.mark.parametrize(
        "labels, sentence",
        [
            (np.eye(3)[[0, 1, 2, 0, 1, 2, 0, 1]], r"argmax\(labels, axis=-1\)"),
            (np.full(8, 3), "from 0 to 2. Received: 3"),
            (np.full((8, 1), -1), "from 0 to 2. Received: -1"),
            (np.full(8, 0.5), "from 0 to 2. Received: 0.5"),
        ],
    )
    def test_that_are_none_are_refused(self, untouched, labels, sentence):
        untouched(tiny_gan(3), sentence, real_images(8), labels)
        data = batches(real_images(8), labels)
        untouched(tiny_gan(3), sentence, data, batch_size=None)


class TestNetworks:
    @pytest.mark.parametrize(
        "layer, kind",
        [
            (
                lambda: layers.Dense(2, activity_regularizer="l2", name="a"),
                "layer 'a' of the {}, with an activity_regularizer",
            ),
            (lambda: Penalized(name="p"), "layer 'p' of the {}, with a call"),
        ],
    )
    @pytest.mark.parametrize("player", ["generator", "discriminator"])
    def test_with_losses_of_layers_are_refused(self, layer, kind, player):
        networks = {}
        for name in ("generator", "discriminator"):
            inputs = keras.Input((2,))
            inner = layer() if name == player else layers.Dense(2)
            networks[name] = keras.Sequential([inputs, Wrapping(inner)])
        with pytest.raises(ValueError, match=kind.format(player)):
            GAN(**networks)

    def test_that_are_no_models_are_refused(self):
        with pytest.raises(ValueError, match="generator must be a keras.Model"):
            GAN(layers.Dense(2), keras.Sequential([layers.Dense(1)]))

    @pytest.mark.parametrize("inside", [False, True])
    @pytest.mark.parametrize(
        "layer, joint",
        [
            (keras.layers.BatchNormalization, False),
            (BatchNormalization, False),
            (MinibatchStdDev, False),
            (keras.layers.LayerNormalization, True),
        ],
    )
    def test_with_batch_statistics_score_real_and_fake_apart(
        self, layer, joint, inside
    ):
        score = [layer(), layers.Flatten(), layers.Dense(1)]
        if inside:
            score = [keras.Sequential([keras.Sequential(score)])]
        generate = [layers.Dense(16), layers.Reshape((4, 4, 1))]
        networks = keras.Sequential(generate), keras.Sequential(score)
        gan = GAN(*networks, latent_dim=2)
        assert gan.joint_scoring is joint
        assert GAN(*networks, joint_scoring=not joint).joint_scoring != joint

    def test_of_every_form_train_sample_and_are_saved(self, tmp_path):
        networks = Subclassed(16), keras.Sequential([layers.Flatten(), Score()])
        gan = GAN(
            *networks, latent_dim=3, ema_decay=0.5, remat=True, n_critic=2
        )
        gan.compile("sgd", "sgd")
        assert gan.latent_dim == 3
        assert gan.discriminator is networks[1]
        before = networks[0].get_weights()[0]
        losses = trained(gan, real_images(16))
        assert np.isfinite(losses).all()
        # The user's own object is what has been trained.
        assert not np.array_equal(networks[0].get_weights()[0], before)
        assert_array_equal(
            networks[0].get_weights()[0], gan.generator.get_weights()[0]
        )
        latents = np.ones((2, 3), "float32")
        images = gan.predict(latents, verbose=0)
        assert images.shape == (2, 4, 4, 1)
        gan.save(tmp_path / "gan.keras")
        loaded = keras.saving.load_model(tmp_path / "gan.keras")
        assert_allclose(loaded.predict(latents, verbose=0), images, rtol=1e-5)

    @pytest.mark.once
    def test_subclassed_are_exported(self, tmp_path):
        score = keras.Sequential([layers.Flatten(), layers.Dense(1)])
        gan = GAN(Subclassed(16), score, latent_dim=3, ema_decay=0.5)
        path = export_generator(gan.sampling_generator, tmp_path, latent_dim=3)
        latents = np.ones((2, 3), "float32")
        served = ExportedGenerator(path)(latents)
        expected = to_uint8(gan.predict(latents, verbose=0))
        assert np.abs(served.astype(int) - expected).max() <= 1

    def test_subclassed_take_labels_beside_their_inputs(self):
        gan = GAN(
            Subclassed(16, 3), Labelled(), latent_dim=3, num_classes=3, seed=1
        )
        gan.compile("sgd", "sgd")
        losses = trained(gan, real_images(16), np.arange(16) % 3)
        assert np.isfinite(losses).all()

    def test_without_inputs_need_a_length_of_latents(self):
        with pytest.raises(ValueError, match="needs `latent_dim`"):
            GAN(Subclassed(16), Score())

    def test_have_one_length_of_latents(self):
        gan = tiny_gan()
        with pytest.raises(ValueError, match="generator takes, 3.*dim=4"):
            GAN(gan.generator, gan.discriminator, latent_dim=4)

    def test_that_cannot_be_called_on_images_are_refused(self):
        wrong = keras.Sequential([layers.Conv2D(1, 3), layers.Dense(1)])
        with pytest.raises(
            ValueError, match=r"discriminator cannot be called.*\[\(16,\)\]"
        ):
            GAN(keras.Sequential([layers.Dense(16)]), wrong, latent_dim=3)

    def test_that_cannot_be_copied_are_refused_for_an_average(self):
        with pytest.raises(ValueError, match="get_config.*'closed'"):
            GAN(Closed(5), Score(), latent_dim=3, ema_decay=0.9)


class Wrapping(layers.Layer):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, inputs):
        return self.inner(inputs)


class Penalized(layers.Layer):
    def call(self, inputs):
        self.add_loss(ops.sum(inputs))
        return inputs


@keras.saving.register_keras_serializable("tests_of_the_front_door")
class Subclassed(keras.Model):
    """From latents, and labels if there are classes, to images."""

    def __init__(self, pixels, classes=0, **kwargs):
        super().__init__(**kwargs)
        self.pixels = pixels
        self.classes = classes
        self.dense = layers.Dense(pixels, "tanh")
        self.normalize = keras.layers.BatchNormalization()
        self.shape = layers.Reshape((4, pixels // 4, 1))
        self.embed = layers.Embedding(classes, pixels) if classes else None

    def call(self, inputs, training=False):
        latents, labels = inputs if self.classes else (inputs, None)
        features = self.normalize(self.dense(latents), training=training)
        if self.classes:
            features += self.embed(labels)
        return self.shape(features)

    def get_config(self):
        config = {"pixels": self.pixels, "classes": self.classes}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("tests_of_the_front_door")
class Score(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(1)

    def call(self, inputs):
        return self.dense(inputs)


class Labelled(Score):
    def call(self, inputs):
        images, labels = inputs
        features = ops.reshape(images, (-1, 16))
        return self.dense(features) + ops.cast(labels, "float32")[:, None]


class Closed(Score):
    def __init__(self, units):
        super().__init__(name="closed")
        self.units = units

    def get_config(self):
        raise NotImplementedError


class TestEvaluation:
    @pytest.mark.parametrize("name", ["evaluate", "test_on_batch"])
    def test_is_of_samples(self, name):
        with pytest.raises(NotImplementedError, match="callbacks.Evaluation"):
            getattr(tiny_gan(), name)(real_images(8))

    def test_is_not_of_validation_data(self, untouched):
        images = real_images(8)
        for options in (
            {"validation_data": images},
            {"validation_data": (images, None)},
            {"validation_split": 0.5},
        ):
            untouched(tiny_gan(), "keras-gans evaluate", images, **options)

    def test_leaves_training_on_a_batch(self):
        gan = tiny_gan()
        logs = gan.train_on_batch(real_images(8), return_dict=True)
        assert np.isfinite(logs["generator_loss"])
        assert gan.step == 1


class TestBatches:
    def test_that_cannot_be_split_are_refused_at_once(self, untouched):
        gan = tiny_gan(n_critic=3)
        untouched(
            gan, "batch size 32, .*, 33", real_images(64), batch_size=None
        )
        untouched(gan, "batch size 8, n_critic=3.* 9", real_images(64))

    def test_of_what_is_left_keep_their_equal_parts(self):
        # 21 images: batches of 8 and 8, and 4 of 5 for n_critic=2.
        seen = []

        class Counting(GAN):
            def discriminator_objective(self, real, *others):
                seen.append(real.shape[0])
                return super().discriminator_objective(real, *others)

        for options in ({"n_critic": 2}, {"accumulate": 2}):
            gan = tiny_gan(**options)
            gan = Counting(gan.generator, gan.discriminator, **options)
            gan.compile("sgd", "sgd", run_eagerly=True)
            gan.fit(real_images(21), batch_size=8, verbose=0)
            assert gan.step == 3
        assert seen[:6] == [4, 4, 4, 4, 2, 2]

    def test_of_arrays_in_graphs_too(self):
        gan = tiny_gan(3, n_critic=2)
        trained(gan, real_images(21), np.arange(21) % 3)
        assert gan.step == 3

    def test_of_fewer_images_than_parts_are_refused(self, untouched):
        gan = tiny_gan(n_critic=4)
        untouched(
            gan, "at least 4 images. Received: 3, n_critic=4", real_images(3)
        )


class TestCallbacksOfKeras:
    def fit(self, gan, *callbacks, epochs=3, images=None):
        images = real_images(16) if images is None else images
        return gan.fit(
            images,
            batch_size=8,
            epochs=epochs,
            shuffle=False,
            verbose=0,
            callbacks=list(callbacks),
        )

    def test_early_stopping_restores_the_best_weights(self):
        gan = tiny_gan()
        seen = []
        stop = keras.callbacks.EarlyStopping(
            "discriminator_loss",
            mode="max",  # Falls, so that the first epoch is the best.
            patience=1,
            restore_best_weights=True,
        )
        note = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: seen.append(gan.get_weights())
        )
        gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.1))
        history = self.fit(gan, note, stop, epochs=9)
        assert len(history.epoch) < 9
        best = int(np.argmax(history.history["discriminator_loss"]))
        for kept, saved in zip(gan.get_weights(), seen[best], strict=True):
            assert_array_equal(kept, saved)

    @pytest.mark.parametrize("weights", [True, False])
    def test_checkpoints_of_the_best_epoch_go_on(self, tmp_path, weights):
        path = tmp_path / ("gan.weights.h5" if weights else "gan.keras")
        gan = tiny_gan(ema_decay=0.5)
        history = self.fit(
            gan,
            keras.callbacks.ModelCheckpoint(
                path,
                monitor="discriminator_loss",
                save_best_only=True,
                save_weights_only=weights,
            ),
        )
        losses = history.history["discriminator_loss"]
        if weights:
            loaded = tiny_gan(ema_decay=0.5)
            loaded.load_weights(path)
        else:
            loaded = keras.saving.load_model(path)
        assert loaded.step == 2 * (1 + np.argmin(losses))
        assert np.isfinite(trained(loaded, real_images(16))).all()

    def test_logs_are_a_table_of_both_losses(self, tmp_path):
        history = self.fit(
            tiny_gan(), keras.callbacks.CSVLogger(tmp_path / "log.csv")
        )
        table = np.genfromtxt(tmp_path / "log.csv", delimiter=",", names=True)
        assert_array_equal(table["epoch"], [0, 1, 2])
        for name in ("generator_loss", "discriminator_loss"):
            assert_allclose(table[name], history.history[name], rtol=1e-6)

    def test_an_interrupted_run_goes_on_as_if_it_had_not_been(self, tmp_path):
        def interrupt(epoch, logs):
            if epoch == 2:
                raise InterruptedError

        whole, first, second = (
            tiny_gan(ema_decay=0.5, seed=4) for _ in range(3)
        )
        for gan in (first, second):
            gan.set_weights(whole.get_weights())
        self.fit(whole, epochs=4)
        backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
        with pytest.raises(InterruptedError):
            self.fit(
                first,
                backup,
                keras.callbacks.LambdaCallback(on_epoch_begin=interrupt),
                epochs=4,
            )
        history = self.fit(second, backup, epochs=4)
        assert history.epoch == [2, 3]
        for ours, theirs in (
            (second.variables, whole.variables),
            (second.optimizer.variables, whole.optimizer.variables),
        ):
            for a, b in zip(ours, theirs, strict=True):
                assert_allclose(
                    ops.convert_to_numpy(a),
                    ops.convert_to_numpy(b),
                    rtol=1e-5,
                    atol=1e-7,
                )

    def test_training_ends_at_a_loss_that_is_no_number(self):
        gan = tiny_gan()
        gan.image_range = None
        images = real_images(16)
        images[8:] = np.nan
        self.fit(gan, keras.callbacks.TerminateOnNaN(), images=images)
        assert gan.step == 2
        with pytest.raises(RuntimeError, match="Loss value: nan"):
            self.fit(gan, keras.callbacks.TerminateOnNaN(raise_error=True))


def test_a_script_of_30_lines_trains_a_gan_of_ones_own(capsys):
    path = pathlib.Path(__file__).with_name("own_gan.py")
    names = runpy.run_path(str(path))
    assert len(path.read_text().splitlines()) <= 30
    gan = names["gan"]
    assert gan.step == 8
    images = gan.predict(np.ones((9, 5)), verbose=0)
    assert images.shape == (9, 8, 8, 1) and np.isfinite(images).all()
    assert len(re.findall("generator_loss", capsys.readouterr().out)) >= 2
