"""The layers of CapsNet-Keras, retyped, in two genuine old stacks.

    PYTHONPATH=keras-2.1.5 python make_capsules.py OUT keras2.1.5        # TensorFlow 1.8, branch master
    python make_capsules.py OUT tfkeras2.3                               # TensorFlow 2.3, branch tf2.2
"""

import sys

import numpy as np
import tensorflow as tf

OUT, TAG = sys.argv[1:3]
if TAG.startswith("tf"):
    keras, axis = tf.keras, {"axis": 1}
else:
    import keras

    axis = {"dim": 1}
K, L = keras.backend, keras.layers


class Length(L.Layer):
    def call(self, inputs, **kwargs):
        more = K.epsilon() if TAG.startswith("tf") else 0
        return K.sqrt(K.sum(K.square(inputs), -1) + more)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[:-1])


class Mask(L.Layer):
    def call(self, inputs, **kwargs):
        if type(inputs) is list:
            inputs, mask = inputs
        else:
            x = K.sqrt(K.sum(K.square(inputs), -1))
            mask = K.one_hot(indices=K.argmax(x, 1), num_classes=K.int_shape(x)[1])
        return K.batch_flatten(inputs * K.expand_dims(mask, -1))

    def compute_output_shape(self, input_shape):
        first = input_shape[0] if isinstance(input_shape[0], tuple) else input_shape
        return (None, first[1] * first[2])


def squash(vectors, axis=-1):
    s_squared_norm = K.sum(K.square(vectors), axis, keepdims=True)
    scale = s_squared_norm / (1 + s_squared_norm) / K.sqrt(s_squared_norm + K.epsilon())
    return scale * vectors


class CapsuleLayer(L.Layer):
    def __init__(self, num_capsule, dim_capsule, routings=3, kernel_initializer="glorot_uniform", **kwargs):
        super(CapsuleLayer, self).__init__(**kwargs)
        self.num_capsule, self.dim_capsule, self.routings = num_capsule, dim_capsule, routings
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        self.input_num_capsule, self.input_dim_capsule = int(input_shape[1]), int(input_shape[2])
        shape = [self.num_capsule, self.input_num_capsule, self.dim_capsule, self.input_dim_capsule]
        self.W = self.add_weight(shape=shape, initializer=self.kernel_initializer, name="W")
        self.built = True

    def call(self, inputs, training=None):
        tiled = K.tile(K.expand_dims(inputs, 1), [1, self.num_capsule, 1, 1])
        if TAG.startswith("tf"):
            inputs_hat = tf.squeeze(tf.map_fn(lambda x: tf.matmul(self.W, x), elems=tf.expand_dims(tiled, 4)), axis=-1)
        else:
            inputs_hat = K.map_fn(lambda x: K.batch_dot(x, self.W, [2, 3]), elems=tiled)
        b = tf.zeros(shape=[K.shape(inputs_hat)[0], self.num_capsule, self.input_num_capsule])
        for i in range(self.routings):
            c = tf.nn.softmax(b, **axis)
            if TAG.startswith("tf"):
                outputs = squash(tf.squeeze(tf.matmul(tf.expand_dims(c, 2), inputs_hat), axis=2))
            else:
                outputs = squash(K.batch_dot(c, inputs_hat, [2, 2]))
            if i < self.routings - 1:
                if TAG.startswith("tf"):
                    b += tf.squeeze(tf.matmul(tf.expand_dims(outputs, 2), inputs_hat, transpose_b=True), axis=2)
                else:
                    b += K.batch_dot(outputs, inputs_hat, [2, 3])
        return outputs

    def compute_output_shape(self, input_shape):
        return (None, self.num_capsule, self.dim_capsule)

    def get_config(self):
        return dict(super(CapsuleLayer, self).get_config(), num_capsule=self.num_capsule,
                    dim_capsule=self.dim_capsule, routings=self.routings)


def save(name, model, ins):
    draw = np.random.RandomState(7)
    model.set_weights([w + draw.uniform(-0.6, 0.6, w.shape).astype(w.dtype) for w in model.get_weights()])
    outs = model.predict(ins)
    model.compile("adam", ["mse"] * len(outs))
    model.save("%s/%s_%s.h5" % (OUT, TAG, name))
    held = {"in%d" % i: v for i, v in enumerate(ins)}
    held.update({"out%d" % i: v for i, v in enumerate(outs)})
    np.savez_compressed("%s/%s_%s.golden.npz" % (OUT, TAG, name), **held)


x = L.Input((7, 6, 1))
y = L.Conv2D(8, 3, activation="relu", name="conv1")(x)
y = L.Conv2D(8, 2, strides=2, name="primarycap_conv2d")(y)
y = L.Reshape((-1, 4), name="primarycap_reshape")(y)
primary = L.Lambda(squash, name="primarycap_squash")(y)
digits = CapsuleLayer(3, 5, routings=3, name="digitcaps")(primary)
out = Length(name="capsnet")(digits)
label = L.Input((3,))
draw = np.random.RandomState(1)
image = draw.normal(size=(4, 7, 6, 1)).astype("float32")
decoder = keras.models.Sequential(name="decoder")
decoder.add(L.Dense(6, activation="relu", input_dim=15))
decoder.add(L.Dense(4, activation="sigmoid"))
save("capsnet_train", keras.models.Model([x, label], [out, decoder(Mask()([digits, label]))]), [image, np.eye(3, dtype="float32")[[0, 2, 1, 0]]])
save("capsnet_eval", keras.models.Model(x, [out, decoder(Mask()(digits))]), [image])
