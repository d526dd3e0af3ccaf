"""Models with a projected discriminator."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans.callbacks import Checkpoint, Evaluation, restore
from keras_gans.layers.fixed import is_fixed
from keras_gans.models import ACGAN, LGAGAN, MSGGAN, R3GAN, SAGAN, WGANGP
from keras_gans.serving import export_generator

PROJECTED = {
    "resolution": 32,
    "channels": 1,
    "latent_dim": 4,
    "generator_width": 8,
    "projected_discriminator": True,
    "projected_resolution": 32,
    "projected_width": 2,
}
SMALL = {"discriminator_width": 8, "attention_resolution": 0}


def as_numpy(tensor):
    return ops.convert_to_numpy(tensor)


def images_of(count):
    random = np.random.default_rng(0)
    return random.uniform(-1, 1, (count, 32, 32, 1)).astype("float32")


def fit(gan, steps, callbacks=()):
    images, labels = images_of(4 * steps), np.arange(4 * steps) % 3
    return gan.fit(
        images,
        labels,
        batch_size=4,
        shuffle=False,
        verbose=0,
        callbacks=list(callbacks),
    ).history


def sagan(**changes):
    keras.utils.set_random_seed(0)
    settings = PROJECTED | SMALL | {"num_classes": 3} | changes
    return SAGAN.from_settings(**settings)


def step(gan, images, *labels):
    """Takes a step untraced, since tracing takes ten times as long."""
    gan.run_eagerly, gan.jit_compile = True, False
    logs = gan.train_on_batch(images, *labels, return_dict=True)
    return {name: float(value) for name, value in logs.items()}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model after two steps, its checkpoint and its first weights."""
    folder = tmp_path_factory.mktemp("projected")
    gan = sagan(diffaugment=("translation", "cutout"))
    before = {w.path: as_numpy(w) for w in gan.weights}
    history = fit(gan, 2, [Checkpoint(folder)])
    return gan, before, history, folder


def test_steps_move_all_but_the_features(trained):
    gan, before, history, _ = trained
    assert all(np.isfinite(values).all() for values in history.values())
    fixed = [w for w in gan.weights if is_fixed(w)]
    # 15 blocks of three convolutions, one of two, the stem; eight mixtures.
    assert len(fixed) == 2 * (3 * 15 + 2 + 1 + 8)
    for weight in gan.weights:
        same = np.array_equal(as_numpy(weight), before[weight.path])
        assert same == is_fixed(weight), weight.path


def test_no_optimizer_has_the_features(trained):
    gan, *_ = trained
    trainable = gan.discriminator.trainable_variables
    assert not any(is_fixed(variable) for variable in trainable)
    moments = gan.optimizer.discriminator.variables
    # Adam's two of each, a count and a step size.
    assert len(moments) == 2 * len(trainable) + 2


def test_a_checkpoint_is_without_them_and_training_goes_on(trained):
    gan, _, _, folder = trained
    (path,) = folder.glob("step_*/gan.weights.h5")
    floats = sum(np.prod(w.shape) for w in gan.weights if is_fixed(w))
    assert path.stat().st_size < 4 * floats / 2
    copy = sagan(diffaugment=("translation", "cutout"))
    assert restore(copy, folder) == {"step": 2}
    for ours, theirs in zip(copy.weights, gan.weights, strict=True):
        assert_array_equal(as_numpy(ours), as_numpy(theirs))
    for ours, theirs in zip(copy.variables, gan.variables, strict=True):
        assert_array_equal(as_numpy(ours), as_numpy(theirs))


@pytest.mark.once
def test_a_saved_model_has_the_same_discriminator(trained, tmp_path):
    gan, *_ = trained
    gan.save(tmp_path / "gan.keras")
    copy = keras.saving.load_model(tmp_path / "gan.keras")
    inputs = [images_of(2), np.array([0, 2], "int32")]
    scores = [as_numpy(each.discriminator(inputs)) for each in (gan, copy)]
    assert_allclose(*scores, atol=1e-6)
    assert not copy.joint_scoring


@pytest.mark.once
def test_an_export_has_the_generator_alone(trained, tmp_path):
    gan, *_ = trained
    path = export_generator(
        gan.generator, tmp_path / "gan", latent_dim=4, num_classes=3
    )
    floats = sum(np.prod(w.shape) for w in gan.generator.weights)
    size = sum(f.stat().st_size for f in (path / "variables").iterdir())
    assert size < 8 * floats + 100_000


@pytest.mark.once
def test_parts_of_a_batch_leave_the_features_to_the_bit():
    # A mean of three equal numbers need not be that number.
    gan = sagan(accumulate=3)
    fixed = [w for w in gan.weights if is_fixed(w)]
    before = list(map(as_numpy, fixed))
    batch = images_of(6), np.arange(6, dtype="int32") % 3
    step(gan, *batch)
    for weight, value in zip(fixed, before, strict=True):
        assert_array_equal(as_numpy(weight), value)


@pytest.mark.once
def test_the_generator_learns_through_the_features():
    gan = sagan(discriminator_learning_rate=1e-12)
    before = gan.generator.get_weights()
    step(gan, images_of(4), np.zeros(4, "int32"))
    moved = [
        not np.array_equal(old, new)
        for old, new in zip(before, gan.generator.get_weights(), strict=True)
    ]
    assert all(moved)


@pytest.mark.once
@pytest.mark.parametrize(
    ("model", "settings", "classes"),
    [
        (ACGAN, {}, 3),
        (WGANGP, {"method": "lsgan", "channels": 3}, 3),
        (LGAGAN, {"penalty_weight": 0.0, "n_critic": 1}, 0),
        (R3GAN, {"blocks": 1, "burn_in": 2}, 3),
    ],
)
def test_other_systems_train_with_it(model, settings, classes):
    gan = model.from_settings(
        **PROJECTED | settings,
        num_classes=classes,
        discriminator_width=8,
        r1_weight=0.1,
    )
    images = images_of(4).repeat(settings.get("channels", 1), axis=-1)
    labels = [np.arange(4, dtype="int32") % 3] if classes else []
    logs = step(gan, images, *labels)
    assert all(map(np.isfinite, logs.values()))
    assert logs["r1"] > 0


@pytest.mark.once
def test_images_of_two_sides_are_seen_too():
    gan = sagan(resolution=(32, 64))
    assert gan.discriminator.inputs[0].shape == (None, 32, 64, 1)
    images = images_of(4).repeat(2, axis=2)
    logs = step(gan, images, np.arange(4, dtype="int32") % 3)
    assert all(map(np.isfinite, logs.values()))


@pytest.mark.once
@pytest.mark.parametrize(
    ("model", "settings", "words"),
    [
        (MSGGAN, {"resolution": 8}, "images at several scales"),
        (WGANGP, {}, "a gradient penalty. Use penalty_weight=0"),
        (LGAGAN, {}, "a gradient penalty"),
        (
            LGAGAN,
            {"penalty_weight": 0.0, "weight_clipping": 0.1},
            "weight clipping",
        ),
        (WGANGP, {"method": "wgan"}, "weight clipping"),
        (
            SAGAN,
            SMALL | {"loss": "wasserstein"},
            "the loss Wasserstein.*loss=hinge",
        ),
        (SAGAN, SMALL | {"channels": 4}, "channels=4. Leave"),
        (SAGAN, {"projected_resolution": 80}, "Received: 80. Use 96"),
        (SAGAN, {"projected_width": 0}, "at least 1"),
    ],
)
def test_what_does_not_go_with_it_is_refused(model, settings, words):
    given = {"max_channels": 4} if model is MSGGAN else {"generator_width": 8}
    options = {k: v for k, v in PROJECTED.items() if k != "generator_width"}
    with pytest.raises(ValueError, match=words):
        model.from_settings(**options | given | settings)


@pytest.mark.once
def test_its_own_features_do_not_judge_it(trained):
    gan, *_ = trained
    step = gan.step
    for monitor in ("fid_lite0", "kid_lite0"):
        evaluation = Evaluation(None, monitor=monitor)
        with pytest.raises(ValueError, match="cannot judge its generator"):
            fit(gan, 1, [evaluation])
    assert gan.step == step
    evaluation = Evaluation(None, monitor="fid_lite1")
    evaluation.set_model(gan)
    evaluation.on_train_begin()


@pytest.mark.once
def test_off_it_changes_nothing():
    off = {"projected_discriminator": False}
    gan = sagan(**off)
    assert gan.joint_scoring
    assert not any(is_fixed(weight) for weight in gan.weights)
