"""Which form a resampling convolution takes, with a device that is made up."""

import json

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose

from keras_gans import backend
from keras_gans.layers import (
    Conv2DAveragePool,
    EqualizedUpsampleConv2D,
    UpsampleConv2D,
    form_choice,
)
from tests.layers.derivatives import as_float64, compiled, images_of

CASE = "upsample_convolve 2x4x6x3 3x3x3x5 float32"


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    """Nothing was measured before, here or in another process."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv(form_choice.VARIABLE, raising=False)
    monkeypatch.setattr(form_choice, "_chosen", {})
    return tmp_path / "keras_gans" / "forms.json"


@pytest.fixture
def gpu(monkeypatch):
    """The device is another than a CPU."""
    monkeypatch.setattr(backend, "timing_device", lambda inputs: "some GPU")


class Clock:
    """Gives seconds of each form, and remembers what it was asked."""

    def __init__(self, monkeypatch, folded, plain):
        self.times = {"folded": folded, "plain": plain}
        self.asked = []
        monkeypatch.setattr(form_choice, "times_of", self)

    def __call__(self, forms, *sizes):
        self.asked.append(sizes)
        return {name: self.times[name] for name in forms}


def forms_taken(monkeypatch, layer):
    """Records the forms that a layer of this type computes by from now on."""
    taken = []
    for name in ("_folded", "_plain"):
        form = getattr(layer, name)

        def recorded(*args, form=form, name=name):
            taken.append(name.removeprefix("_"))
            return form(*args)

        monkeypatch.setattr(type(layer), name, staticmethod(recorded))
    return taken


def built(layer, size=(4, 6)):
    layer.build((None, *size, 3))
    return layer


LAYERS = pytest.mark.parametrize(
    "make", [UpsampleConv2D, Conv2DAveragePool, EqualizedUpsampleConv2D]
)


@LAYERS
@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize(
    ("folded", "plain", "expected"), [(1.0, 2.0, "folded"), (3.0, 2.0, "plain")]
)
def test_the_faster_form_is_taken(monkeypatch, make, folded, plain, expected):
    Clock(monkeypatch, folded, plain)
    layer = built(make(5))
    taken = forms_taken(monkeypatch, layer)
    layer(images_of((4, 6)))
    assert taken == [expected]


@pytest.mark.usefixtures("gpu")
def test_each_shape_is_measured_once(monkeypatch):
    clock = Clock(monkeypatch, 1.0, 2.0)
    layer, same, other = (built(UpsampleConv2D(n)) for n in (5, 5, 4))
    bfloat16 = built(UpsampleConv2D(5, dtype="mixed_bfloat16"))
    pool = built(Conv2DAveragePool(5))
    for _ in range(2):
        for each in (layer, same, other, bfloat16, pool):
            each(images_of((4, 6)))
        layer(images_of((4, 6), count=3))
    inputs, kernel = (2, 4, 6, 3), (3, 3, 3, 5)
    assert clock.asked == [
        (inputs, kernel, "float32"),
        (inputs, (3, 3, 3, 4), "float32"),
        (inputs, kernel, "bfloat16"),
        (inputs, kernel, "float32"),  # Of the other function.
        ((3, 4, 6, 3), kernel, "float32"),
    ]


def test_nothing_is_measured_on_a_cpu(monkeypatch, clean):
    clock = Clock(monkeypatch, 2.0, 1.0)
    for layer in (built(UpsampleConv2D(5)), built(Conv2DAveragePool(5))):
        taken = forms_taken(monkeypatch, layer)
        layer(images_of((4, 6)))
        assert taken == ["folded"]
    assert clock.asked == [] and not clean.exists()
    assert backend.device_kind() == "cpu"
    assert backend.timing_device(ops.ones((1, 2, 2, 1))) is None


@pytest.mark.usefixtures("gpu")
def test_without_folding_the_form_is_plain(monkeypatch):
    clock = Clock(monkeypatch, 1.0, 2.0)
    layer = built(UpsampleConv2D(5, folding=False))
    taken = forms_taken(monkeypatch, layer)
    layer(images_of((4, 6)))
    assert taken == ["plain"] and clock.asked == []


@pytest.mark.usefixtures("gpu")
def test_another_process_measures_nothing_again(monkeypatch, clean):
    Clock(monkeypatch, 3.0, 2.0)
    built(UpsampleConv2D(5))(images_of((4, 6)))
    (cases,) = json.loads(clean.read_text()).values()
    assert cases == {CASE: {"folded": 3.0, "plain": 2.0}}
    monkeypatch.setattr(form_choice, "_chosen", {})
    clock = Clock(monkeypatch, 2.0, 3.0)
    layer = built(UpsampleConv2D(5))
    taken = forms_taken(monkeypatch, layer)
    layer(images_of((4, 6)))
    assert taken == ["plain"] and clock.asked == []


@pytest.mark.usefixtures("gpu")
def test_another_device_measures_again(monkeypatch, clean):
    clock = Clock(monkeypatch, 3.0, 2.0)
    built(UpsampleConv2D(5))(images_of((4, 6)))
    monkeypatch.setattr(backend, "timing_device", lambda inputs: "other GPU")
    built(UpsampleConv2D(5))(images_of((4, 6)))
    assert len(clock.asked) == 2
    assert len(json.loads(clean.read_text())) == 2


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize(
    "content",
    ["", "no JSON", "[1]", '{"MACHINE": 1}', '{"MACHINE": {"CASE": null}}']
    + ['{"MACHINE": {"CASE": {"folded": "a", "plain": 1}}}'],
)
def test_a_damaged_file_is_as_good_as_none(monkeypatch, clean, content):
    Clock(monkeypatch, 3.0, 2.0)
    machine = form_choice._machine("some GPU")
    content = content.replace("MACHINE", machine).replace("CASE", CASE)
    clean.parent.mkdir()
    clean.write_text(content)
    layer = built(UpsampleConv2D(5))
    taken = forms_taken(monkeypatch, layer)
    layer(images_of((4, 6)))
    assert taken == ["plain"]
    kept = json.loads(clean.read_text())[machine][CASE]
    assert kept == {"folded": 3.0, "plain": 2.0}


@pytest.mark.usefixtures("gpu")
def test_a_file_that_cannot_be_written_is_done_without(monkeypatch, clean):
    clock = Clock(monkeypatch, 3.0, 2.0)
    clean.parent.parent.joinpath("keras_gans").write_text("no folder")
    layer = built(UpsampleConv2D(5))
    taken = forms_taken(monkeypatch, layer)
    for _ in range(2):
        layer(images_of((4, 6)))
    assert taken == ["plain", "plain"] and len(clock.asked) == 1


@pytest.mark.usefixtures("gpu")
def test_a_form_that_fails_is_not_taken(monkeypatch, clean):
    def fails(*tensors):
        raise MemoryError

    def works(images, kernel, bias):
        return ops.mean(images) * kernel

    sizes = (2, 4, 6, 3), (3, 3, 3, 5)
    forms = {"folded": fails, "plain": works}
    tensors = [ops.ones(size) for size in sizes]
    assert form_choice.faster("some function", forms, *tensors) == "plain"
    # It may not fail where there is more memory.
    assert not clean.exists()
    times = form_choice.times_of(forms, *sizes, "float32")
    assert times["folded"] == float("inf") and 0 < times["plain"] < 60
    forms["plain"] = fails
    assert form_choice.faster("another", forms, *tensors) == "folded"


@pytest.mark.parametrize("named", ["folded", "plain"])
def test_the_environment_chooses_without_a_clock(monkeypatch, named):
    clock = Clock(monkeypatch, 2.0, 2.0)
    monkeypatch.setenv(form_choice.VARIABLE, named)
    layer = built(Conv2DAveragePool(5))
    taken = forms_taken(monkeypatch, layer)
    layer(images_of((4, 6)))
    assert taken == [named] and clock.asked == []


def test_the_environment_names_a_form(monkeypatch):
    monkeypatch.setenv(form_choice.VARIABLE, "fold")
    with pytest.raises(ValueError, match="folded, plain.*Did you mean"):
        built(UpsampleConv2D(5))(images_of((4, 6)))


@LAYERS
@pytest.mark.usefixtures("gpu")
def test_a_traced_layer_measures_and_stays_the_same_function(make, clean):
    images = images_of((4, 6))
    layer = built(make(5))
    exact = built(make(5, folding=False))
    exact.set_weights(layer.get_weights())

    def gradients():
        inputs = ops.convert_to_tensor(images)
        return layer(inputs), backend.input_gradients(layer, inputs, [])

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        outputs, by_inputs = tf.function(gradients)()
    else:
        outputs, by_inputs = compiled(gradients)()
    (cases,) = json.loads(clean.read_text()).values()
    ((case, times),) = cases.items()
    assert "2x4x6x3" in case and set(times) == {"folded", "plain"}
    assert all(0 < seconds < 60 for seconds in times.values())
    expected = exact(images)
    assert_allclose(as_float64(outputs), as_float64(expected), atol=1e-5)
    expected = backend.input_gradients(exact, ops.array(images), [])
    assert_allclose(as_float64(by_inputs), as_float64(expected), atol=1e-5)


@pytest.mark.usefixtures("gpu")
def test_an_unknown_size_is_not_measured(monkeypatch):
    clock = Clock(monkeypatch, 3.0, 2.0)
    kernel = ops.ones((3, 3, 3, 5))
    for shape in ((None, 4, 6, 3), (2, None, 6, 3)):
        inputs = keras.KerasTensor(shape)
        assert form_choice.faster("f", clock.times, inputs, kernel) == "folded"
    assert clock.asked == []


@pytest.mark.usefixtures("gpu")
def test_a_training_step_measures_its_layers(clean, monkeypatch):
    from keras_gans import GAN

    # As on a GPU, which takes a batch whole.
    monkeypatch.setattr(backend, "BRANCHES", False)
    latents = keras.Input((3,))
    x = keras.layers.Dense(2 * 2 * 2)(latents)
    x = keras.layers.Reshape((2, 2, 2))(x)
    generator = keras.Model(latents, UpsampleConv2D(1)(x))
    images = keras.Input((4, 4, 1))
    x = keras.layers.Flatten()(Conv2DAveragePool(2)(images))
    discriminator = keras.Model(images, keras.layers.Dense(1)(x))
    gan = GAN(generator, discriminator)
    gan.compile()
    gan.train_on_batch(np.zeros((2, 4, 4, 1), "float32"))
    (cases,) = json.loads(clean.read_text()).values()
    assert {case.split(" ")[0] for case in cases} == {
        "upsample_convolve",
        "convolve_pool",
    }
    # Real and generated images are scored in one pass, or alone.
    assert {case.split(" ")[1] for case in cases} == {
        "2x2x2x2",
        "4x4x4x1",
        "2x4x4x1",
    }
