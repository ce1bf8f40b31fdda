"""Layers that were published as a file on GitHub, retyped and run in a genuine old stack.

    PYTHONPATH=keras-2.1.5 python make_vision.py OUT [NAME ...]      # TensorFlow 1.8, Python 3.6
    PYTHONPATH=keras-2.3.1 python make_vision.py OUT segnet          # TensorFlow 1.15
"""

import sys

import keras
import keras.backend as K
import numpy as np
import tensorflow as tf
from keras import initializers, layers as L

OUT, WANTED = sys.argv[1], sys.argv[2:]
TAG = "keras" + keras.__version__
Layer = L.Layer


class Scale(Layer):
    def __init__(self, weights=None, axis=-1, momentum=0.9, beta_init="zero", gamma_init="one", **kwargs):
        self.momentum, self.axis = momentum, axis
        self.beta_init, self.gamma_init = initializers.get(beta_init), initializers.get(gamma_init)
        super(Scale, self).__init__(**kwargs)

    def build(self, input_shape):
        shape = (int(input_shape[self.axis]),)
        self.held = input_shape
        self.gamma = K.variable(self.gamma_init(shape), name="{}_gamma".format(self.name))
        self.beta = K.variable(self.beta_init(shape), name="{}_beta".format(self.name))
        self.trainable_weights = [self.gamma, self.beta]
        super(Scale, self).build(input_shape)

    def call(self, x, mask=None):
        shape = [1] * len(self.held)
        shape[self.axis] = self.held[self.axis]
        return K.reshape(self.gamma, shape) * x + K.reshape(self.beta, shape)

    def get_config(self):
        return dict(super(Scale, self).get_config(), momentum=self.momentum, axis=self.axis)


class L2Normalization(Layer):
    def __init__(self, gamma_init=20, **kwargs):
        self.axis = 3 if K.image_data_format() == "channels_last" else 1
        self.gamma_init = gamma_init
        super(L2Normalization, self).__init__(**kwargs)

    def build(self, input_shape):
        gamma = self.gamma_init * np.ones((input_shape[self.axis],))
        self.gamma = K.variable(gamma, name="{}_gamma".format(self.name))
        self.trainable_weights = [self.gamma]
        super(L2Normalization, self).build(input_shape)

    def call(self, x, mask=None):
        return K.l2_normalize(x, self.axis) * self.gamma

    def get_config(self):
        return dict(super(L2Normalization, self).get_config(), gamma_init=self.gamma_init)


class Normalize(Layer):  # rykov8: the same without a configuration
    def __init__(self, scale, **kwargs):
        self.scale, self.axis = scale, 3
        super(Normalize, self).__init__(**kwargs)

    def build(self, input_shape):
        gamma = self.scale * np.ones((input_shape[self.axis],))
        self.gamma = K.variable(gamma, name="{}_gamma".format(self.name))
        self.trainable_weights = [self.gamma]

    def call(self, x, mask=None):
        return K.l2_normalize(x, self.axis) * self.gamma


def convert_coordinates(tensor, conversion):
    t = np.copy(tensor).astype(np.float64)
    if conversion == "centroids2corners":
        t[..., 0] = tensor[..., 0] - tensor[..., 2] / 2.0
        t[..., 1] = tensor[..., 1] - tensor[..., 3] / 2.0
        t[..., 2] = tensor[..., 0] + tensor[..., 2] / 2.0
        t[..., 3] = tensor[..., 1] + tensor[..., 3] / 2.0
    elif conversion == "corners2centroids":
        t[..., 0] = (tensor[..., 0] + tensor[..., 2]) / 2.0
        t[..., 1] = (tensor[..., 1] + tensor[..., 3]) / 2.0
        t[..., 2] = tensor[..., 2] - tensor[..., 0]
        t[..., 3] = tensor[..., 3] - tensor[..., 1]
    else:  # corners2minmax
        t[..., 1] = tensor[..., 2]
        t[..., 2] = tensor[..., 1]
    return t


class AnchorBoxes(Layer):
    def __init__(self, img_height, img_width, this_scale, next_scale, aspect_ratios=(0.5, 1.0, 2.0),
                 two_boxes_for_ar1=True, this_steps=None, this_offsets=None, clip_boxes=False,
                 variances=(0.1, 0.1, 0.2, 0.2), coords="centroids", normalize_coords=False, **kwargs):
        self.img_height, self.img_width = img_height, img_width
        self.this_scale, self.next_scale = this_scale, next_scale
        self.aspect_ratios, self.two_boxes_for_ar1 = aspect_ratios, two_boxes_for_ar1
        self.this_steps, self.this_offsets, self.clip_boxes = this_steps, this_offsets, clip_boxes
        self.variances, self.coords, self.normalize_coords = np.array(variances), coords, normalize_coords
        self.n_boxes = len(aspect_ratios) + (1 if 1 in aspect_ratios and two_boxes_for_ar1 else 0)
        super(AnchorBoxes, self).__init__(**kwargs)

    def call(self, x, mask=None):
        size = min(self.img_height, self.img_width)
        wh_list = []
        for ar in self.aspect_ratios:
            if ar == 1:
                wh_list.append((self.this_scale * size,) * 2)
                if self.two_boxes_for_ar1:
                    wh_list.append((np.sqrt(self.this_scale * self.next_scale) * size,) * 2)
            else:
                wh_list.append((self.this_scale * size * np.sqrt(ar), self.this_scale * size / np.sqrt(ar)))
        wh_list = np.array(wh_list)
        if K.image_data_format() == "channels_last":
            _, feature_h, feature_w, _ = x._keras_shape
        else:
            _, _, feature_h, feature_w = x._keras_shape
        if self.this_steps is None:
            step_height, step_width = self.img_height / feature_h, self.img_width / feature_w
        elif isinstance(self.this_steps, (list, tuple)):
            step_height, step_width = self.this_steps
        else:
            step_height = step_width = self.this_steps
        if self.this_offsets is None:
            offset_height = offset_width = 0.5
        elif isinstance(self.this_offsets, (list, tuple)):
            offset_height, offset_width = self.this_offsets
        else:
            offset_height = offset_width = self.this_offsets
        cy = np.linspace(offset_height * step_height, (offset_height + feature_h - 1) * step_height, feature_h)
        cx = np.linspace(offset_width * step_width, (offset_width + feature_w - 1) * step_width, feature_w)
        cx_grid, cy_grid = np.meshgrid(cx, cy)
        boxes = np.zeros((feature_h, feature_w, self.n_boxes, 4))
        boxes[..., 0] = np.tile(np.expand_dims(cx_grid, -1), (1, 1, self.n_boxes))
        boxes[..., 1] = np.tile(np.expand_dims(cy_grid, -1), (1, 1, self.n_boxes))
        boxes[..., 2], boxes[..., 3] = wh_list[:, 0], wh_list[:, 1]
        boxes = convert_coordinates(boxes, "centroids2corners")
        if self.clip_boxes:
            for axes, most in (([0, 2], self.img_width), ([1, 3], self.img_height)):
                coords = boxes[..., axes]
                coords[coords >= most] = most - 1
                coords[coords < 0] = 0
                boxes[..., axes] = coords
        if self.normalize_coords:
            boxes[..., [0, 2]] /= self.img_width
            boxes[..., [1, 3]] /= self.img_height
        if self.coords != "corners":
            boxes = convert_coordinates(boxes, "corners2" + self.coords)
        boxes = np.concatenate((boxes, np.zeros_like(boxes) + self.variances), axis=-1)
        return K.tile(K.constant(np.expand_dims(boxes, 0), dtype="float32"), (K.shape(x)[0], 1, 1, 1, 1))

    def compute_output_shape(self, input_shape):
        last = K.image_data_format() == "channels_last"
        return (input_shape[0],) + tuple(input_shape[1:3] if last else input_shape[2:4]) + (self.n_boxes, 8)

    def get_config(self):
        return dict(super(AnchorBoxes, self).get_config(), **{
            "img_height": self.img_height, "img_width": self.img_width, "this_scale": self.this_scale,
            "next_scale": self.next_scale, "aspect_ratios": list(self.aspect_ratios),
            "two_boxes_for_ar1": self.two_boxes_for_ar1, "this_steps": self.this_steps,
            "this_offsets": self.this_offsets, "clip_boxes": self.clip_boxes, "variances": list(self.variances),
            "coords": self.coords, "normalize_coords": self.normalize_coords})


class BilinearUpsampling(Layer):
    def __init__(self, upsampling=(2, 2), output_size=None, data_format=None, **kwargs):
        super(BilinearUpsampling, self).__init__(**kwargs)
        self.data_format = data_format or K.image_data_format()
        self.output_size = tuple(output_size) if output_size else None
        self.upsampling = None if output_size else tuple(upsampling)

    def compute_output_shape(self, s):
        if self.upsampling:
            return (s[0], self.upsampling[0] * s[1], self.upsampling[1] * s[2], s[3])
        return (s[0],) + self.output_size + (s[3],)

    def call(self, inputs):
        if self.upsampling:
            size = (inputs.shape[1] * self.upsampling[0], inputs.shape[2] * self.upsampling[1])
        else:
            size = self.output_size
        return tf.image.resize_bilinear(inputs, size, align_corners=True)

    def get_config(self):
        return dict(super(BilinearUpsampling, self).get_config(), upsampling=self.upsampling,
                    output_size=self.output_size, data_format=self.data_format)


class Interp(Layer):
    def __init__(self, new_size, **kwargs):
        self.new_size = new_size
        super(Interp, self).__init__(**kwargs)

    def call(self, inputs, **kwargs):
        return tf.image.resize_images(inputs, self.new_size, align_corners=True)

    def compute_output_shape(self, s):
        return (None, self.new_size[0], self.new_size[1], s[3])

    def get_config(self):
        return dict(super(Interp, self).get_config(), new_size=self.new_size)


class FixedBatchNormalization(Layer):
    def __init__(self, epsilon=1e-3, axis=-1, **kwargs):
        self.epsilon, self.axis = epsilon, axis
        super(FixedBatchNormalization, self).__init__(**kwargs)

    def build(self, input_shape):
        shape = (input_shape[self.axis],)
        for role, start in (("gamma", "one"), ("beta", "zero"), ("running_mean", "zero"), ("running_std", "one")):
            made = self.add_weight(shape=shape, initializer=start, name="{}_{}".format(self.name, role), trainable=False)
            setattr(self, role, made)
        self.built = True

    def call(self, x, mask=None):
        shape = [1] * K.ndim(x)
        shape[self.axis] = K.int_shape(x)[self.axis]
        parts = [K.reshape(w, shape) for w in (self.running_mean, self.running_std, self.beta, self.gamma)]
        return K.batch_normalization(x, *parts, epsilon=self.epsilon)

    def get_config(self):
        return dict(super(FixedBatchNormalization, self).get_config(), epsilon=self.epsilon, axis=self.axis,
                    gamma_regularizer=None, beta_regularizer=None)


def cyclegan():
    class ReflectionPadding2D(Layer):
        def __init__(self, padding=(1, 1), **kwargs):
            self.padding = tuple(padding)
            super(ReflectionPadding2D, self).__init__(**kwargs)

        def compute_output_shape(self, s):
            sizes = [None if n is None else n + 2 * p for n, p in zip(s[1:3], self.padding)]
            return (s[0], sizes[0], sizes[1], s[3])

        def call(self, x, mask=None):
            w, h = self.padding
            return tf.pad(x, [[0, 0], [h, h], [w, w], [0, 0]], "REFLECT")

        def get_config(self):
            return dict(super(ReflectionPadding2D, self).get_config(), padding=self.padding)

    return ReflectionPadding2D


class ReflectionPadding2D(Layer):  # faceswap
    def __init__(self, stride=2, kernel_size=5, **kwargs):
        self.stride, self.kernel_size = stride, kernel_size
        super(ReflectionPadding2D, self).__init__(**kwargs)

    def _border(self, size):
        rest = size % self.stride
        whole = max(self.kernel_size - (self.stride if rest == 0 else rest), 0)
        return [whole // 2, whole - whole // 2]

    def compute_output_shape(self, s):
        return (s[0], s[1] + sum(self._border(s[1])), s[2] + sum(self._border(s[2])), s[3])

    def call(self, x, mask=None):
        _, height, width, _ = K.int_shape(x)
        return tf.pad(x, [[0, 0], self._border(height), self._border(width), [0, 0]], "REFLECT")

    def get_config(self):
        return dict(super(ReflectionPadding2D, self).get_config(), stride=self.stride, kernel_size=self.kernel_size)


class PixelShuffler(Layer):
    def __init__(self, size=(2, 2), data_format=None, **kwargs):
        super(PixelShuffler, self).__init__(**kwargs)
        self.data_format, self.size = data_format or K.image_data_format(), tuple(size)

    def call(self, inputs):
        shape, (rh, rw) = K.int_shape(inputs), self.size
        if self.data_format == "channels_first":
            _, c, h, w = shape
            out = K.reshape(inputs, (-1, rh, rw, c // (rh * rw), h, w))
            return K.reshape(K.permute_dimensions(out, (0, 3, 4, 1, 5, 2)), (-1, c // (rh * rw), h * rh, w * rw))
        _, h, w, c = shape
        out = K.reshape(inputs, (-1, h, w, rh, rw, c // (rh * rw)))
        return K.reshape(K.permute_dimensions(out, (0, 1, 3, 2, 4, 5)), (-1, h * rh, w * rw, c // (rh * rw)))

    def compute_output_shape(self, s):
        if self.data_format == "channels_first":
            return (s[0], s[1] // (self.size[0] * self.size[1]), s[2] * self.size[0], s[3] * self.size[1])
        return (s[0], s[1] * self.size[0], s[2] * self.size[1], s[3] // (self.size[0] * self.size[1]))

    def get_config(self):
        return dict(super(PixelShuffler, self).get_config(), size=self.size, data_format=self.data_format)


class HardSwish(Layer):
    def call(self, x):
        return x * tf.nn.relu6(x + 3.0) / 6.0


class Mish(Layer):  # Ma-Dan/keras-yolo4
    def __init__(self, **kwargs):
        super(Mish, self).__init__(**kwargs)
        self.supports_masking = True

    def call(self, x):
        return x * K.tanh(K.softplus(x))


class ReLU6(Layer):
    def call(self, x):
        return K.relu(x, max_value=6)


class Swish(Layer):  # EfficientNet
    def call(self, x):
        return x * tf.nn.sigmoid(x)


class DropConnect(Layer):
    def __init__(self, drop_connect_rate=0.0, **kwargs):
        super(DropConnect, self).__init__(**kwargs)
        self.drop_connect_rate = drop_connect_rate

    def call(self, inputs, training=None):
        def dropped():
            kept = 1.0 - self.drop_connect_rate
            drawn = kept + tf.random_uniform([tf.shape(inputs)[0], 1, 1, 1], dtype=inputs.dtype)
            return tf.div(inputs, kept) * tf.floor(drawn)

        return K.in_train_phase(dropped, inputs, training=training)

    def get_config(self):
        return dict(super(DropConnect, self).get_config(), drop_connect_rate=self.drop_connect_rate)


class PixelNormalization(Layer):
    def call(self, inputs):
        return inputs / K.sqrt(K.mean(inputs ** 2.0, axis=-1, keepdims=True) + 1.0e-8)


class MinibatchStdev(Layer):
    def call(self, inputs):
        mean = K.mean(inputs, axis=0, keepdims=True)
        stdev = K.sqrt(K.mean(K.square(inputs - mean), axis=0, keepdims=True) + 1e-8)
        shape = K.shape(inputs)
        output = K.tile(K.mean(stdev, keepdims=True), (shape[0], shape[1], shape[2], 1))
        return K.concatenate([inputs, output], axis=-1)

    def compute_output_shape(self, s):
        return tuple(s[:-1]) + (s[-1] + 1,)


class MaxPoolingWithArgmax2D(Layer):
    def __init__(self, pool_size=(2, 2), strides=(2, 2), padding="same", **kwargs):
        super(MaxPoolingWithArgmax2D, self).__init__(**kwargs)
        self.padding, self.pool_size, self.strides = padding, pool_size, strides

    def call(self, inputs, **kwargs):
        window, strides = [1] + list(self.pool_size) + [1], [1] + list(self.strides) + [1]
        output, argmax = tf.nn.max_pool_with_argmax(inputs, window, strides, self.padding.upper())
        return [output, K.cast(argmax, K.floatx())]

    def compute_output_shape(self, s):
        return [(s[0], s[1] // 2, s[2] // 2, s[3])] * 2

    def compute_mask(self, inputs, mask=None):
        return 2 * [None]


class MaxUnpooling2D(Layer):
    def __init__(self, size=(2, 2), **kwargs):
        super(MaxUnpooling2D, self).__init__(**kwargs)
        self.size = size

    def call(self, inputs):
        updates, mask = inputs[0], K.cast(inputs[1], "int32")
        s = tf.shape(updates, out_type="int32")
        out = (s[0], s[1] * self.size[0], s[2] * self.size[1], s[3])
        ones = K.ones_like(mask, dtype="int32")
        b = ones * K.reshape(tf.range(out[0], dtype="int32"), K.concatenate([[s[0]], [1], [1], [1]], axis=0))
        y, x = mask // (out[2] * out[3]), (mask // out[3]) % out[2]
        f = ones * tf.range(out[3], dtype="int32")
        size = tf.size(updates)
        indices = K.transpose(K.reshape(K.stack([b, y, x, f]), [4, size]))
        return tf.scatter_nd(indices, K.reshape(updates, [size]), out)

    def compute_output_shape(self, s):
        return (s[1][0], s[1][1] * self.size[0], s[1][2] * self.size[1], s[1][3])


def segnet(x):
    y, first = MaxPoolingWithArgmax2D()(L.Conv2D(3, 3, padding="same", activation="relu")(x))
    z, second = MaxPoolingWithArgmax2D((2, 2))(L.Conv2D(4, 3, padding="same")(y))
    z = L.Conv2D(3, 3, padding="same")(MaxUnpooling2D((2, 2))([L.Conv2D(4, 1)(z), second]))
    return L.Conv2D(2, 3, padding="same")(MaxUnpooling2D()([z, first]))


class BilinearInterpolation(Layer):
    def __init__(self, output_size, **kwargs):
        self.output_size = output_size
        super(BilinearInterpolation, self).__init__(**kwargs)

    def get_config(self):
        return dict(super(BilinearInterpolation, self).get_config(), output_size=self.output_size)

    def compute_output_shape(self, shapes):
        return (None,) + tuple(self.output_size) + (shapes[0][-1],)

    def call(self, tensors, mask=None):
        X, theta = tensors
        batch, channels = K.shape(X)[0], K.shape(X)[3]
        rows, columns = self.output_size
        x, y = tf.meshgrid(tf.linspace(-1.0, 1.0, columns), tf.linspace(-1.0, 1.0, rows))
        x, y = K.flatten(x), K.flatten(y)
        grid = K.flatten(K.concatenate([x, y, K.ones_like(x)], 0))
        grids = K.reshape(K.tile(grid, K.stack([batch])), (batch, 3, rows * columns))
        sampled = K.batch_dot(K.reshape(theta, (batch, 2, 3)), grids)
        return K.reshape(self._interpolate(X, sampled), (batch, rows, columns, channels))

    def _interpolate(self, image, sampled):
        batch, height, width, channels = [K.shape(image)[i] for i in range(4)]
        x, y = [K.cast(K.flatten(sampled[:, i:i + 1, :]), "float32") for i in (0, 1)]
        x, y = 0.5 * (x + 1.0) * K.cast(width, "float32"), 0.5 * (y + 1.0) * K.cast(height, "float32")
        x0, y0 = K.cast(x, "int32"), K.cast(y, "int32")
        x1, y1 = x0 + 1, y0 + 1
        max_x, max_y = int(K.int_shape(image)[2] - 1), int(K.int_shape(image)[1] - 1)
        x0, x1, y0, y1 = [tf.clip_by_value(v, 0, most) for v, most in ((x0, max_x), (x1, max_x), (y0, max_y), (y1, max_y))]
        size = self.output_size[0] * self.output_size[1]
        base = K.flatten(K.repeat_elements(K.expand_dims(tf.range(batch) * (height * width), -1), size, axis=1))
        flat = K.cast(K.reshape(image, (-1, channels)), "float32")
        found = [K.gather(flat, base + row * width + column) for column in (x0, x1) for row in (y0, y1)]
        x0, x1, y0, y1 = [K.cast(v, "float32") for v in (x0, x1, y0, y1)]
        areas = [(x1 - x) * (y1 - y), (x1 - x) * (y - y0), (x - x0) * (y1 - y), (x - x0) * (y - y0)]
        return sum(K.expand_dims(area, 1) * value for area, value in zip(areas, found))


def _relu6(x):  # xiaochus/MobileNetV3, model/mobilenet_base.py
    return K.relu(x, max_value=6.0)


def _hard_swish(x):
    return x * K.relu(x + 3.0, max_value=6.0) / 6.0


def save(name, make, *shapes, **options):
    """Build, give odd weights, record and save; `first` builds it with channels first, `fed` are sizes of open axes."""
    if WANTED and name not in WANTED:
        return
    K.clear_session()
    K.set_image_data_format("channels_first" if options.get("first") else "channels_last")
    xs = [L.Input(shape=shape) for shape in shapes]
    model = keras.models.Model(xs, make(*xs))
    draw = np.random.RandomState(7)
    model.set_weights([w + draw.uniform(0.05, 0.4, w.shape).astype(w.dtype) for w in model.get_weights()])
    fed = options.get("fed", shapes)
    ins = options.get("ins") or [draw.normal(size=(3,) + shape).astype("float32") for shape in fed]
    model.save("%s/%s_%s.h5" % (OUT, TAG, name))  # first, as a class may change its weights in predict
    outs = model.predict(ins)
    outs = outs if isinstance(outs, list) else [outs]
    held = {"in%d" % i: v for i, v in enumerate(ins)}
    held.update({"out%d" % i: v for i, v in enumerate(outs)})
    np.savez_compressed("%s/%s_%s.golden.npz" % (OUT, TAG, name), **held)
    print(name, [o.shape for o in outs], flush=True)


def nested(x):
    """Inside a submodel of open sizes that is called twice, and before a layer that needs the sizes."""
    parts = [Scale(axis=3, input_shape=(None, None, 3)), L.Conv2D(3, 2, padding="same"), L2Normalization(3)]
    inner = keras.models.Sequential(parts, name="inner")
    return L.Dense(2)(L.Flatten()(L.add([inner(inner(x)), L.TimeDistributed(Scale(axis=2))(x)])))


save("nested", nested, (4, 5, 3))
save("scale", lambda x: Scale(axis=3, name="conv1_scale")(L.Conv2D(5, 3, use_bias=False)(x)), (6, 5, 2))
save("scale_first", lambda x: Scale(axis=1)(x), (3, 4, 5))
save("scale_dense", lambda x: L.Dense(2)(Scale()(x)), (6,))
save("l2_norm", lambda x: L2Normalization(gamma_init=20, name="conv4_3_norm")(L.Conv2D(6, 2, activation="relu")(x)), (6, 5, 3))
save("l2_norm_open", lambda x: L2Normalization(gamma_init=3)(x), (None, None, 3), fed=((4, 5, 3),))
save("rykov_normalize", lambda x: Normalize(20, name="conv4_3_norm")(L.Conv2D(6, 2, activation="relu")(x)), (6, 5, 3))


def ssd(x, **options):
    y = L.Conv2D(8, 2, name="conv")(x)
    boxes = [AnchorBoxes(30, 24, 0.2, 0.37, aspect_ratios=[1.0, 2.0, 0.5], name="a_priorbox", **options)(y)]
    y2 = L2Normalization(name="norm")(L.MaxPooling2D()(y))
    boxes.append(AnchorBoxes(30, 24, 0.37, 0.54, aspect_ratios=[1.0, 2.0, 0.5, 3.0, 1.0 / 3.0], name="b_priorbox", **options)(y2))
    flat = [L.Reshape((-1, 8))(box) for box in boxes]
    return L.Concatenate(axis=1)([*flat, L.Reshape((-1, 8))(y)])


save("ssd", lambda x: ssd(x, normalize_coords=True), (6, 5, 3))
save("ssd_steps", lambda x: ssd(x, this_steps=[5, 4.5], this_offsets=[0.4, 0.6], clip_boxes=True, coords="corners",
                                variances=[1.0, 1.0, 1.0, 1.0]), (6, 5, 3))
save("ssd_minmax", lambda x: ssd(x, this_steps=8, this_offsets=0.25, clip_boxes=True, coords="minmax",
                                 normalize_coords=True, two_boxes_for_ar1=False), (6, 5, 3))
save("ssd_first", lambda x: AnchorBoxes(20, 20, 0.3, 0.4, two_boxes_for_ar1=False, coords="minmax")(L.Conv2D(4, 2)(x)), (3, 6, 4), first=True)
save("deeplab", lambda x: BilinearUpsampling(upsampling=(3, 2))(L.Conv2D(2, 2)(x)), (5, 4, 3))
save("deeplab_size", lambda x: BilinearUpsampling(output_size=(9, 13))(BilinearUpsampling(output_size=(3, 3))(x)), (5, 4, 3))
save("deeplab_pooled", lambda x: BilinearUpsampling(output_size=(4, 5))(L.AveragePooling2D((5, 4))(x)), (5, 4, 3))
save("interp", lambda x: Interp([7, 11])(L.Conv2D(2, 2)(x)), (5, 4, 3))
save("frcnn_fixed", lambda x: FixedBatchNormalization(axis=3, name="bn_conv1")(L.Conv2D(3, 2)(x)), (5, 4, 2))
save("frcnn_fixed_first", lambda x: FixedBatchNormalization(axis=1, epsilon=0.01)(x), (3, 4, 2))
save("reflection", lambda x: L.Conv2D(2, 3)(cyclegan()((2, 2))(x)), (5, 4, 3))
save("reflection_open", lambda x: cyclegan()((1, 1))(x), (None, None, 3), fed=((5, 4, 3),))
save("faceswap", lambda x: ReflectionPadding2D(2, 5)(PixelShuffler()(L.Conv2D(8, 2)(x))), (6, 5, 3))
save("faceswap_odd", lambda x: ReflectionPadding2D(3, 4)(PixelShuffler((1, 3))(x)), (7, 3, 6))
save("pixel_shuffler_first", lambda x: PixelShuffler((2, 3))(x), (12, 3, 4), first=True)
save("mobilenet_v3", lambda x: L.Dense(2, activation=_relu6)(L.Activation(_hard_swish)(ReLU6()(HardSwish()(L.Conv2D(8, 2)(x))))), (6, 5, 3))
save("yolo_mish", lambda x: Mish()(L.BatchNormalization()(L.Conv2D(8, 2, use_bias=False)(x))), (6, 5, 3))
save("mish_masked", lambda x: L.LSTM(3)(Mish()(L.Masking(0.0)(x))), (5, 2), ins=[np.array([[[1, 2], [0, 0], [3, -1], [0, 0], [0, 0]]] * 2, "float32")])
save("efficientnet_layers", lambda x: DropConnect(0.3)(Swish()(L.Conv2D(8, 2)(x))), (6, 5, 3))
save("progressive", lambda x: PixelNormalization()(L.Conv2D(4, 2)(MinibatchStdev()(x))), (6, 5, 3))
if keras.__version__ > "2.2":  # TensorFlow 1.8 has the pooling on GPUs alone
    save("segnet", segnet, (8, 12, 3))
save("spatial_transformer", lambda x: BilinearInterpolation((5, 7))([x, L.Dense(6)(L.Flatten()(L.AveragePooling2D(2)(x)))]), (6, 8, 2))
