"""Classes in the style of their time, run unchanged: each expectation is arithmetic done by numpy here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anykeras.compat import make_legacy_runtime
from anykeras.custom import source
from anykeras.document.model import Era, Writer

pytestmark = [pytest.mark.backend, pytest.mark.framework]
KERAS0 = Writer(Era.KERAS0, "keras", "0.3.3", "theano")
KERAS1 = Writer(Era.KERAS1, "keras", "1.2.2", "theano")
KERAS2 = Writer(Era.KERAS2, "keras", "2.2.4", "tensorflow")
TF1 = Writer(Era.TF2, "tf.keras", "2.2.4-tf", "tensorflow")
TF2 = Writer(Era.TF2, "tf.keras", "2.8.0", "tensorflow")
X = np.arange(12, dtype="float32").reshape(3, 4) / 7


def close(found: Any, wanted: Any, atol: float = 1e-8) -> bool:
    import keras

    a, b = (keras.ops.convert_to_numpy(value) for value in (found, wanted))
    return bool(np.allclose(a, b, atol=atol))


def objects(text: str, writer: Writer, tmp_path: Path) -> source.SourceFile:
    path = tmp_path / "their_layers.py"
    path.write_text(text, "utf8")
    return source.run_source(str(path), make_legacy_runtime(writer))


def made(text: str, writer: Writer, tmp_path: Path) -> dict[str, Any]:
    read = objects(text, writer, tmp_path)
    assert not read.failed
    return dict(read.objects)


def test_keras1_weights_are_what_was_assigned(tmp_path: Path) -> None:
    """K.zeros is a variable; `trainable_weights = [...]` decides what is trained; `initial_weights` are set in build."""
    text = """
from keras import backend as K
from keras.engine.topology import Layer
class Affine(Layer):
    def __init__(self, n, **kwargs):
        self.n = n
        super(Affine, self).__init__(**kwargs)
    def build(self, input_shape):
        self.W = K.variable([[0.5] * self.n] * input_shape[1], name='{}_W'.format(self.name))
        self.b = K.zeros((self.n,), name='{}_b'.format(self.name))
        self.unused = K.ones((2,))
        self.trainable_weights = [self.W, self.b]
        if self.initial_weights is not None:
            self.set_weights(self.initial_weights)
            del self.initial_weights
    def call(self, x, mask=None):
        return K.dot(x, self.W) + self.b
    def get_output_shape_for(self, s):
        return (s[0], self.n)
"""
    kind = made(text, KERAS1, tmp_path)["Affine"]
    layer = kind(2, input_shape=(4,))
    assert close(layer(X), X @ np.full((4, 2), 0.5))
    assert [tuple(w.shape) for w in layer.trainable_weights] == [(4, 2), (2,)]
    weights = [np.full((4, 2), 2.0), np.array([1.0, -1.0])]
    assert close(kind(2, weights=weights)(X), X @ weights[0] + weights[1])


def test_keras2_appends_to_hidden_lists_and_updates_in_training(tmp_path: Path) -> None:
    text = """
from keras import backend as K
from keras.layers import Layer
class Centre(Layer):
    def build(self, input_shape):
        self.mean = K.variable([0.0] * input_shape[-1])
        self._non_trainable_weights.append(self.mean)
        super(Centre, self).build(input_shape)
    def call(self, x, training=None):
        now = K.mean(x, axis=0)
        self.add_update([K.moving_average_update(self.mean, now, 0.5)], x)
        return K.in_train_phase(x - now, x - self.mean, training=training)
"""
    layer = made(text, KERAS2, tmp_path)["Centre"]()
    assert close(layer(X), X) and len(layer.non_trainable_weights) == 1
    assert close(layer(X, training=True), X - X.mean(0), atol=1e-6)
    assert close(layer(X), X - X.mean(0) / 2, atol=1e-6)


@pytest.mark.parametrize("writer", [TF1, TF2], ids=["tf1", "tf2"])
def test_shapes_and_variables_of_tensorflow(writer: Writer, tmp_path: Path) -> None:
    """Dimension.value, as_list, get_shape; a tf.Variable that is an attribute is a weight."""
    text = """
import tensorflow as tf
from tensorflow.keras.layers import Layer
class Scaled(Layer):
    def build(self, input_shape):
        n = input_shape[-1].value if hasattr(input_shape[-1], 'value') else input_shape[-1]
        assert input_shape.as_list()[1:] == [n]
        self.scale = tf.Variable([float(i) for i in range(n)], name='scale')
        self.shift = self.add_weight('shift', shape=[n], initializer='ones', trainable=False)
    def call(self, inputs):
        assert inputs.get_shape().as_list()[-1] == 4
        rows = tf.shape(inputs)[0]
        flat = tf.reshape(inputs, [rows, -1])
        return tf.nn.relu(tf.multiply(flat, self.scale) + self.shift - 3.0)
"""
    layer = made(text, writer, tmp_path)["Scaled"]()
    assert close(layer(X), np.maximum(X * np.arange(4) + 1 - 3, 0), atol=1e-6)
    assert len(layer.trainable_weights) == 1 and len(layer.non_trainable_weights) == 1


def test_python2_source_runs_as_then(tmp_path: Path) -> None:
    """print statements, backquotes, xrange, iteritems, and whole numbers that divide to whole numbers."""
    text = """
from keras import backend as K
from keras.layers.core import Layer
print 'loading', 3
SIZES = {'a': 7}
try:
    raise ValueError, 'x'
except ValueError, e:
    name = `e`
class Half(Layer):
    def build(self):
        pass
    def get_output(self, train=False):
        return self.get_input(train)
def half_of(x):
    n = sum(v for _, v in SIZES.iteritems()) / 2
    for i in xrange(2):
        n = n + i * 0
    return x * n
"""
    half = made(text, KERAS0, tmp_path)["half_of"]
    assert close(half(X), X * 3)


def test_masks_reach_the_layer(tmp_path: Path) -> None:
    text = """
from keras import backend as K
from keras.layers import Layer
class MaskedMean(Layer):
    def __init__(self, **kwargs):
        super(MaskedMean, self).__init__(**kwargs)
        self.supports_masking = True
    def call(self, x, mask=None):
        m = K.cast(mask, 'float32')
        return K.sum(x * K.expand_dims(m, -1), axis=1) / K.sum(m, axis=1, keepdims=True)
    def compute_mask(self, inputs, mask=None):
        return None
    def compute_output_shape(self, s):
        return (s[0], s[2])
"""
    import keras

    kind = made(text, KERAS2, tmp_path)["MaskedMean"]
    model = keras.Sequential([keras.Input((4, 2)), keras.layers.Masking(), kind()])
    x = np.ones((1, 4, 2), "float32") * np.array([1, 2, 0, 0], "float32")[None, :, None]
    assert close(model.predict(x, verbose=0), [[1.5, 1.5]])


def test_built_in_bases_keep_their_old_defaults(tmp_path: Path) -> None:
    """hard_sigmoid of Keras 2 is clip(0.2 x + 0.5); an LSTM that derives from the built-in one has it."""
    text = """
from keras.layers import LSTM
class MyLSTM(LSTM):
    pass
"""
    import keras

    mine = made(text, KERAS2, tmp_path)["MyLSTM"](2)
    plain = keras.layers.LSTM(2, recurrent_activation=lambda x: keras.ops.clip(0.2 * x + 0.5, 0, 1))
    x = X.reshape(1, 3, 4)
    mine.build(x.shape), plain.build(x.shape)
    mine.set_weights([w + 0.7 for w in plain.get_weights()])
    plain.set_weights([w + 0.7 for w in plain.get_weights()])
    assert close(mine(x), plain(x), atol=1e-6)
    assert not close(mine(x), keras.layers.LSTM.from_config({"units": 2, "recurrent_activation": "sigmoid"})(x))


def test_nothing_stays_in_the_process(tmp_path: Path) -> None:
    before = set(sys.modules)
    made("import tensorflow as tf\nimport theano\nfrom keras.engine.topology import Layer\n", KERAS1, tmp_path)
    new = {name for name in set(sys.modules) - before if name.split(".")[0] in ("theano", "their_layers", "tensorflow")}
    assert not new


def test_one_bad_statement_does_not_take_the_classes_with_it(tmp_path: Path) -> None:
    text = """
import a_package_of_nobody
WEIGHTS = a_package_of_nobody.download()
def doubled(x):
    return x * 2
if __name__ == '__main__':
    raise SystemExit
"""
    read = objects(text, KERAS2, tmp_path)
    assert set(read.failed) == {"a_package_of_nobody", "WEIGHTS"}
    assert close(read.objects["doubled"](X), X * 2)


def test_modules_beside_the_file_are_found(tmp_path: Path) -> None:
    (tmp_path / "helpers_of_theirs.py").write_text("from keras import backend as K\ndef half(x):\n    return K.sum(x) / 2\n")
    text = "from helpers_of_theirs import half\ndef both(x):\n    return half(x) + 1\n"
    assert close(made(text, KERAS2, tmp_path)["both"](X), X.sum() / 2 + 1)
    assert "helpers_of_theirs" not in sys.modules


def test_indented_copies_and_unusual_names(tmp_path: Path) -> None:
    text = "B = 2.0\n\n    def inner(x):\n        return K.square(x) * B\n"
    assert close(made(text, KERAS2, tmp_path)["inner"](X), X**2 * 2)


def test_the_public_door() -> None:
    from anykeras.compat import Layer
    from anykeras.compat import backend as K

    class Square(Layer):
        def call(self, x):
            return K.square(x)

    assert close(Square()(X), X**2)
    assert K.int_shape(K.constant(X)) == (3, 4)
