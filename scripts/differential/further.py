# -*- coding: utf-8 -*-
"""What `generate.py` draws for seeds from 400000 on: arguments of every layer in all their values, texts, several inputs, and functions.

Tables say what is drawn: a layer is a row of `LAYERS`, a function a row of its library, a call a method named in `FurtherSteps.FURTHER`.
What a stack does not have or refuses is another try.
"""

from __future__ import print_function

import numpy as np

K = None  # of the process, set by generate.py; a Lambda names `K` as people's code does
DEFAULT = object()  # the argument is left out

ORDERS = [DEFAULT, "channels_last", "channels_first"]
PADDINGS = [DEFAULT, "same", "valid"]
WORDS = ["a", "bb", "the", "cat", "Déjà", "x y", "A, b!", "", "the the cat"]

# Layer: ranks of the tensor it takes, what its arguments are drawn from.
LAYERS = {
    "EinsumDense": [
        ((3,), {"equation": ["abc,cd->abd"], "output_shape": [(None, 3)], "bias_axes": [DEFAULT, "d"], "activation": [DEFAULT, "relu"]}),
        ((3,), {"equation": ["abc,cde->abde"], "output_shape": [(None, 2, 3)], "bias_axes": [DEFAULT, "d", "e", "de"]}),
        ((3,), {"equation": ["...c,cd->...d"], "output_shape": [2, (2,)], "bias_axes": [DEFAULT, "d"]}),
        ((4,), {"equation": ["abcd,cde->abe"], "output_shape": [(None, 3)], "bias_axes": [DEFAULT, "e"]}),
        ((2,), {"equation": ["ab,bc->ac"], "output_shape": [3], "bias_axes": [DEFAULT, "c"]}),
    ],
    "GroupNormalization": [((2, 3, 4), {"groups": [1, -1, 1, -1, 2], "axis": [DEFAULT, -1, 1], "epsilon": [DEFAULT, 0.01], "center": [DEFAULT, False], "scale": [DEFAULT, False]})],
    "UnitNormalization": [((2, 3, 4), {"axis": [DEFAULT, -1, 1, [1, 2]]})],
    "RMSNormalization": [((2, 3, 4), {"axis": [DEFAULT, -1, 1], "epsilon": [DEFAULT, 0.1]})],
    "LayerNormalization": [((2, 3, 4), {"axis": [DEFAULT, 1, [1, -1], [-1], [2, 1]], "epsilon": [DEFAULT, 0.1], "center": [DEFAULT, False], "scale": [DEFAULT, False]})],
    "BatchNormalization": [((2, 3, 4, 5), {"axis": [DEFAULT, 1, -1], "center": [DEFAULT, False], "scale": [DEFAULT, False], "momentum": [DEFAULT, 0.9], "mode": [DEFAULT, 0, 2], "synchronized": [DEFAULT, True], "fused": [DEFAULT, False], "virtual_batch_size": [DEFAULT, None]})],
    "SeparableConv1D": [((3,), {"filters": [1, 3], "kernel_size": [1, 2, 3], "strides": [DEFAULT, 2], "padding": ["same", "valid", "causal"], "dilation_rate": [DEFAULT, 2], "depth_multiplier": [DEFAULT, 2], "data_format": ORDERS, "activation": [DEFAULT, "elu"], "use_bias": [DEFAULT, False]})],
    "DepthwiseConv1D": [((3,), {"kernel_size": [1, 2, 3], "strides": [DEFAULT, 2], "padding": PADDINGS, "dilation_rate": [DEFAULT, 2], "depth_multiplier": [DEFAULT, 3], "use_bias": [DEFAULT, False]})],
    "DepthwiseConv2D": [((4,), {"kernel_size": [2, (1, 3), (3, 2)], "strides": [DEFAULT, 2, (2, 2)], "padding": PADDINGS, "dilation_rate": [DEFAULT, 2, (2, 2)], "depth_multiplier": [DEFAULT, 2], "data_format": ORDERS})],
    "SeparableConv2D": [((4,), {"filters": [1, 3], "kernel_size": [2, (1, 3)], "strides": [DEFAULT, 2], "padding": PADDINGS, "dilation_rate": [DEFAULT, 2], "depth_multiplier": [DEFAULT, 2], "activation": [DEFAULT, "relu"]})],
    "Conv1D": [((3,), {"filters": [1, 4], "kernel_size": [1, 2, 3], "strides": [DEFAULT, 2, 3], "padding": ["same", "valid", "causal"], "dilation_rate": [DEFAULT, 2, 3], "data_format": ORDERS})],
    "Conv2D": [((4,), {"filters": [2, 4], "kernel_size": [2, (1, 3)], "strides": [DEFAULT, (2, 1), 2], "padding": PADDINGS, "dilation_rate": [DEFAULT, (1, 2), 2], "data_format": ORDERS, "groups": [DEFAULT, DEFAULT, 2]})],
    "Conv3D": [((5,), {"filters": [2], "kernel_size": [2, (1, 2, 3)], "strides": [DEFAULT, 2, (1, 2, 1)], "padding": PADDINGS, "dilation_rate": [DEFAULT, 2]})],
    "Conv1DTranspose": [((3,), {"filters": [2], "kernel_size": [1, 2, 3], "strides": [DEFAULT, 2, 3], "padding": PADDINGS, "output_padding": [DEFAULT, DEFAULT, 0, 1], "dilation_rate": [DEFAULT, DEFAULT, 2]})],
    "Conv2DTranspose": [((4,), {"filters": [2], "kernel_size": [2, (1, 3), 3], "strides": [DEFAULT, 2, (2, 1), 3], "padding": PADDINGS, "output_padding": [DEFAULT, DEFAULT, 0, (1, 0), 1], "dilation_rate": [DEFAULT, DEFAULT, 2], "data_format": ORDERS})],
    "Conv3DTranspose": [((5,), {"filters": [2], "kernel_size": [2, (1, 2, 3)], "strides": [DEFAULT, 2, (2, 1, 2)], "padding": PADDINGS, "output_padding": [DEFAULT, DEFAULT, (1, 0, 1)]})],
    "LocallyConnected1D": [((3,), {"filters": [2], "kernel_size": [1, 2], "strides": [DEFAULT, 2], "padding": [DEFAULT, "same"], "implementation": [DEFAULT, 1, 2, 3], "data_format": ORDERS, "activation": [DEFAULT, "hard_sigmoid"]})],
    "LocallyConnected2D": [((4,), {"filters": [2], "kernel_size": [(1, 2), (2, 2)], "strides": [DEFAULT, (2, 2), (2, 1)], "padding": [DEFAULT, "same"], "implementation": [DEFAULT, 1, 2, 3], "data_format": ORDERS})],
    "MaxPooling1D": [((3,), {"pool_size": [1, 2, 3], "strides": [DEFAULT, 1, 2, 3], "padding": PADDINGS, "data_format": ORDERS})],
    "AveragePooling1D": [((3,), {"pool_size": [2, 3], "strides": [DEFAULT, 1, 2, 3], "padding": PADDINGS, "data_format": ORDERS})],
    "MaxPooling2D": [((4,), {"pool_size": [2, (1, 3), (3, 2)], "strides": [DEFAULT, 1, (2, 1), 3], "padding": PADDINGS, "data_format": ORDERS})],
    "AveragePooling2D": [((4,), {"pool_size": [2, (1, 3), (3, 2)], "strides": [DEFAULT, 1, (2, 1), 3], "padding": PADDINGS, "data_format": ORDERS})],
    "MaxPooling3D": [((5,), {"pool_size": [2, (1, 2, 3)], "strides": [DEFAULT, 1, (1, 2, 1)], "padding": PADDINGS})],
    "AveragePooling3D": [((5,), {"pool_size": [2, (1, 2, 3)], "strides": [DEFAULT, 1, (1, 2, 1)], "padding": PADDINGS})],
    "GlobalMaxPooling1D": [((3,), {"keepdims": [DEFAULT, True], "data_format": ORDERS})],
    "GlobalAveragePooling1D": [((3,), {"keepdims": [DEFAULT, True], "data_format": ORDERS})],
    "GlobalAveragePooling2D": [((4,), {"keepdims": [DEFAULT, True], "data_format": ORDERS})],
    "GlobalMaxPooling3D": [((5,), {"keepdims": [DEFAULT, True], "data_format": ORDERS})],
    "Flatten": [((2, 3, 4, 5), {"data_format": ORDERS})],
    "ZeroPadding2D": [((4,), {"padding": [1, (1, 2), ((0, 1), (2, 0))], "data_format": ORDERS})],
    "Cropping2D": [((4,), {"cropping": [1, (0, 1), ((0, 1), (1, 0))], "data_format": ORDERS})],
    "Cropping3D": [((5,), {"cropping": [1, ((0, 1), (1, 0), (0, 0))], "data_format": ORDERS})],
    "ZeroPadding3D": [((5,), {"padding": [1, ((0, 1), (1, 0), (2, 0))], "data_format": ORDERS})],
    "UpSampling2D": [((4,), {"size": [2, (1, 3)], "interpolation": [DEFAULT, "nearest", "bilinear", "bicubic", "lanczos3", "area"], "data_format": ORDERS})],
    "UpSampling3D": [((5,), {"size": [2, (1, 2, 3)], "data_format": ORDERS})],
    "ConvLSTM1D": [((4,), {"filters": [2], "kernel_size": [1, 2, 3], "padding": PADDINGS, "strides": [DEFAULT, 2], "dilation_rate": [DEFAULT, 2], "return_sequences": [DEFAULT, True], "go_backwards": [DEFAULT, True], "recurrent_activation": [DEFAULT, "sigmoid"], "unit_forget_bias": [DEFAULT, False], "data_format": [DEFAULT, DEFAULT, "channels_first"]})],
    "ConvLSTM2D": [((5,), {"filters": [2], "kernel_size": [1, 2, (1, 3)], "padding": PADDINGS, "strides": [DEFAULT, 2], "dilation_rate": [DEFAULT, 2], "return_sequences": [DEFAULT, True], "go_backwards": [DEFAULT, True], "activation": [DEFAULT, "relu"], "use_bias": [DEFAULT, False]})],
    "ConvLSTM3D": [((6,), {"filters": [1], "kernel_size": [1, 2], "padding": PADDINGS, "return_sequences": [DEFAULT, True]})],
    "Resizing": [((4,), {"height": [2, 5], "width": [3, 6], "interpolation": ["bilinear", "nearest", "bicubic", "area", "lanczos3", "gaussian"], "crop_to_aspect_ratio": [DEFAULT, True], "antialias": [DEFAULT, True]})],
    "CenterCrop": [((4,), {"height": [1, 2, 3, 8], "width": [2, 3, 9], "data_format": [DEFAULT, DEFAULT, "channels_first"]})],
    "Rescaling": [((2, 3, 4), {"scale": [0.5, 1.0 / 127.5], "offset": [DEFAULT, -1.0]})],
    "Normalization": [((2, 3, 4), {"axis": [DEFAULT, -1, None], "mean": [0.5, -1.0], "variance": [0.3, 2.0], "invert": [DEFAULT, True]})],
    "Discretization": [((2, 3), {"bin_boundaries": [[-0.5, 0.0, 0.4]], "output_mode": [DEFAULT, "int"]}), ((2,), {"bin_boundaries": [[-0.5, 0.0]], "output_mode": ["multi_hot", "count"]})],
    "SpatialDropout1D": [((3,), {"rate": [0.3]})],
    "PReLU": [((3, 4), {"shared_axes": [DEFAULT, [1], [1, 2], [2]], "alpha_initializer": [DEFAULT, "ones"]})],
    "Softmax": [((2, 3, 4), {"axis": [DEFAULT, 1, -1, [1, 2], [-1]]})],
    "ReLU": [((2, 3), {"max_value": [DEFAULT, 0.4], "negative_slope": [DEFAULT, 0.2], "threshold": [DEFAULT, 0.1, -0.2]})],
    "LeakyReLU": [((2, 3), {"negative_slope": [0.05, 0.4], "alpha": [0.05, 0.4]})],
    "Reshape": [((3, 4), {"target_shape": [(-1,), (-1, 1), (1, -1), (-1, 2)]})],
    "Activation": [((2, 3), {"activation": ["gelu", "hard_tanh", "tanh_shrink", "soft_shrink", "hard_shrink", "squareplus", "sparse_plus", "log_sigmoid", "glu", "threshold", "sparsemax", "sparse_sigmoid", "hard_swish", "celu"]})],
    "SimpleRNN": [((3,), {"units": [1, 3], "activation": ["relu", "linear", "tanh"], "return_sequences": [DEFAULT, True], "go_backwards": [DEFAULT, True], "use_bias": [DEFAULT, False], "unroll": [DEFAULT, True]})],
    "LSTM": [((3,), {"units": [1, 3], "activation": [DEFAULT, "relu", "softsign"], "recurrent_activation": [DEFAULT, "sigmoid", "hard_sigmoid", "relu"], "return_sequences": [DEFAULT, True], "go_backwards": [DEFAULT, True], "use_bias": [DEFAULT, False], "unit_forget_bias": [DEFAULT, False], "implementation": [DEFAULT, 0, 1, 2]})],
    "GRU": [((3,), {"units": [1, 3], "activation": [DEFAULT, "relu"], "recurrent_activation": [DEFAULT, "sigmoid", "hard_sigmoid"], "return_sequences": [DEFAULT, True], "go_backwards": [DEFAULT, True], "use_bias": [DEFAULT, False], "reset_after": [DEFAULT, True, False], "implementation": [DEFAULT, 0, 1, 2]})],
    "CuDNNLSTM": [((3,), {"units": [2]})],
    "Dense": [((2, 3, 4), {"units": [1, 3], "activation": [DEFAULT, "gelu", "swish", "exponential", "hard_sigmoid", "softmax"], "use_bias": [DEFAULT, False], "lora_rank": [DEFAULT, 2], "kernel_constraint": [DEFAULT, "unit_norm"]})],
    "Highway": [((2,), {"activation": [DEFAULT, "relu", "tanh"], "bias": [DEFAULT, False]})],
    "MaxoutDense": [((2,), {"units": [2], "nb_feature": [2, 4], "use_bias": [DEFAULT, False]})],
    "SReLU": [((2, 3, 4), {"shared_axes": [DEFAULT, [1]]})],
    "ParametricSoftplus": [((2, 3), {"shared_axes": [DEFAULT, [1]]})],
    "ThresholdedReLU": [((2, 3), {"theta": [0.2, 0.5]})],
    "AtrousConvolution1D": [((3,), {"filters": [2], "kernel_size": [2], "atrous_rate": [2], "padding": PADDINGS})],
    "AtrousConvolution2D": [((4,), {"filters": [2], "kernel_size": [(2, 2), (1, 2)], "atrous_rate": [(2, 2), (1, 2)], "padding": PADDINGS})],
}  # fmt: skip

# Layers round another layer's work: ranks, how they are made of the layers of the stack.
AROUND = [
    ((2, 3), lambda layers: layers.SpectralNormalization(layers.Dense(3, activation="tanh"), power_iterations=2)),
    ((4,), lambda layers: layers.SpectralNormalization(layers.Conv2D(2, 2))),
    ((3,), lambda layers: layers.TimeDistributed(layers.LayerNormalization())),
    ((4,), lambda layers: layers.TimeDistributed(layers.Bidirectional(layers.GRU(2), merge_mode="mul"))),
    ((3,), lambda layers: layers.Bidirectional(layers.LSTM(2, return_sequences=True, go_backwards=True), merge_mode="ave")),
    ((3,), lambda layers: layers.Bidirectional(layers.GRU(2, return_sequences=True), merge_mode="mul")),
    ((3,), lambda layers: layers.Bidirectional(layers.SimpleRNN(2), merge_mode=None)),
    ((3,), lambda layers: layers.Bidirectional(layers.RNN([layers.LSTMCell(2), layers.GRUCell(2)], return_sequences=True))),
    ((4,), lambda layers: layers.TimeDistributed(layers.TimeDistributed(layers.Dense(2)))),
    ((5,), lambda layers: layers.TimeDistributed(layers.Conv2D(2, 2, padding="same"))),
    ((4,), lambda layers: layers.TimeDistributed(layers.Conv1D(2, 2, padding="causal"))),
]  # fmt: skip

# Functions on one tensor of the rank, and the library that has them.
FUNCTIONS = {
    "ops": [
        ((3, 4), lambda ops, t: ops.norm(t, axis=(1, 2))),
        ((3, 4), lambda ops, t: ops.norm(t, ord="fro", axis=(-2, -1), keepdims=True)),
        ((2, 3), lambda ops, t: ops.norm(t, ord=1, axis=-1)),
        ((2, 3), lambda ops, t: ops.norm(t, ord=np.inf, axis=1, keepdims=True)),
        ((3,), lambda ops, t: ops.norm(t, ord="nuc", axis=(1, 2))),
        ((3, 4), lambda ops, t: ops.quantile(t, 0.3, axis=(1, 2))),
        ((2, 3), lambda ops, t: ops.quantile(t, [0.25, 0.5], axis=-1, keepdims=True)),
        ((2, 3), lambda ops, t: ops.quantile(t, 0.4, axis=-1, method="nearest")),
        ((3, 4), lambda ops, t: ops.median(t, axis=(1, 2), keepdims=True)),
        ((3, 4), lambda ops, t: ops.cast(ops.count_nonzero(ops.relu(t), axis=(1, 2)), "float32")),
        ((2, 3), lambda ops, t: ops.cast(ops.count_nonzero(ops.relu(t), axis=-1), "float32")),
        ((3, 4), lambda ops, t: ops.max(t, axis=(1, -1)) - ops.min(t, axis=(1, -1), initial=0.0)),
        ((3, 4), lambda ops, t: ops.mean(t, axis=[1, 2], keepdims=True) + ops.prod(t, axis=(1,), keepdims=True)),
        ((3,), lambda ops, t: ops.matmul(t, ops.swapaxes(t, 1, 2))),
        ((3,), lambda ops, t: ops.tensordot(t, np.ones((t.shape[-1], 2), "float32"), axes=[[2], [0]])),
        ((2, 3), lambda ops, t: ops.concatenate(ops.split(t, [1], axis=1)[::-1], axis=1)),
        ((2, 3), lambda ops, t: ops.stack([t, -t], axis=-1)),
        ((2, 3), lambda ops, t: ops.expand_dims(t, axis=(1, -1))),
        ((2, 3), lambda ops, t: ops.squeeze(t[:, :1], axis=1)),
        ((2, 3), lambda ops, t: ops.repeat(t, 2, axis=-1)),
        ((2, 3), lambda ops, t: ops.tile(t, (1, 2) if len(t.shape) == 2 else (1, 2, 1))),
        ((2, 3), lambda ops, t: ops.clip(t, -0.3, 0.7) + ops.round(t * 3.0)),
        ((2, 3), lambda ops, t: ops.take_along_axis(t, ops.argsort(t, axis=-1), axis=-1)),
        ((2, 3), lambda ops, t: ops.logaddexp(t, 0.5) * ops.erf(t)),
        ((3,), lambda ops, t: ops.triu(t, k=1)),
        ((3,), lambda ops, t: ops.segment_sum(t[0], np.array([0] * 2 + [1] * (t.shape[1] - 2)), 2)),
        ((3,), lambda ops, t: ops.moveaxis(t, 1, 2)),
        ((2, 3), lambda ops, t: ops.nan_to_num(ops.log(t), nan=0.1, posinf=1.0, neginf=-1.0)),
        ((2, 3), lambda ops, t: ops.isfinite(t) * t),
        ((2, 3), lambda ops, t: ops.cast(ops.logical_and(t > 0, t < 1), "float32")),
        ((2, 3), lambda ops, t: ops.softmax(t, axis=-1) - ops.log_softmax(t, axis=1)),
        ((3,), lambda ops, t: ops.average_pool(t, 2, 1, "same")),
        ((4,), lambda ops, t: ops.max_pool(t, (2, 1), None, "valid")),
        ((4,), lambda ops, t: ops.conv(t, np.ones((2, 2, t.shape[-1], 2), "float32") * 0.1, 1, "same")),
        ((4,), lambda ops, t: ops.image.rgb_to_grayscale(ops.concatenate([t] * 3, -1)[..., :3])),
        ((4,), lambda ops, t: ops.image.pad_images(t, top_padding=1, left_padding=2, target_height=9, target_width=9)),
        ((4,), lambda ops, t: ops.image.crop_images(t, top_cropping=1, left_cropping=1, target_height=2, target_width=2)),
        ((2, 3), lambda ops, t: ops.digitize(t, [-0.5, 0.0, 0.5])),
        ((2, 3), lambda ops, t: ops.multi_hot(ops.argmax(t, axis=-1, keepdims=True), 8)),
        ((3,), lambda ops, t: ops.diagonal(t, axis1=1, axis2=2)),
        ((3,), lambda ops, t: ops.trace(t, axis1=1, axis2=2)),
        ((2, 3), lambda ops, t: ops.unstack(t, axis=1)[0]),
        ((3,), lambda ops, t: ops.slice(t, [0, 1, 0], [3, 2, 1])),
        ((2, 3), lambda ops, t: ops.scatter(ops.cast(ops.argsort(t[:, :1], axis=0), "int32"), t, (3,) + tuple(t.shape[1:]))),
        ((3,), lambda ops, t: ops.vectorized_map(lambda r: r * 2.0, t)),
        ((2, 3), lambda ops, t: ops.associative_scan(lambda a, b: a + b, t, axis=1)),
        ((2, 3), lambda ops, t: ops.var(t, axis=-1, keepdims=True) ** 0.5 + ops.sum(t, axis=(0,), keepdims=True)),
        ((3,), lambda ops, t: ops.normalize(t, axis=-1, order=2)),
        ((3,), lambda ops, t: ops.dot_product_attention(t[:, :, None], t[:, :, None], t[:, :, None])),
        ((2, 3), lambda ops, t: ops.linspace(t, t + 1.0, 3, axis=1)),
        ((2, 3), lambda ops, t: ops.floor_divide(t, 0.3) + ops.mod(t, 0.7) + ops.sign(t)),
        ((2, 3), lambda ops, t: ops.bincount(ops.cast(ops.abs(t[..., 0] if len(t.shape) > 2 else t) * 2, "int32"), minlength=12)),
    ],
    "tf": [
        ((3, 4), lambda tf, t: tf.norm(t, axis=[1, 2])),
        ((3, 4), lambda tf, t: tf.norm(t, ord=1, axis=-1)),
        ((2, 3), lambda tf, t: tf.cast(tf.math.count_nonzero(tf.nn.relu(t), axis=-1), tf.float32)),
        ((3, 4), lambda tf, t: tf.reduce_mean(t, [1, 2], keepdims=True) - tf.reduce_max(t, axis=[1, -1], keepdims=True)),
        ((3,), lambda tf, t: tf.matmul(t, t, transpose_b=True) / tf.sqrt(tf.cast(tf.shape(t)[-1], tf.float32))),
        ((3,), lambda tf, t: tf.matmul(tf.nn.softmax(tf.matmul(t, t, transpose_b=True), axis=-1), t)),
        ((3,), lambda tf, t: tf.tensordot(t, tf.ones([t.shape[-1], 2]), axes=[[2], [0]])),
        ((2, 3), lambda tf, t: tf.concat(tf.split(t, [1, t.shape[-1] - 1], axis=-1)[::-1], axis=-1)),
        ((2, 3), lambda tf, t: tf.stack([t, -t], axis=-1)),
        ((2, 3), lambda tf, t: tf.squeeze(tf.expand_dims(t, 1), [1])),
        ((2, 3), lambda tf, t: tf.repeat(t, 2, axis=-1)),
        ((2, 3), lambda tf, t: tf.clip_by_value(t, -0.3, 0.7) + tf.round(t * 3.0)),
        ((2, 3), lambda tf, t: tf.nn.leaky_relu(t, alpha=0.3) + tf.nn.elu(t) * tf.nn.selu(t)),
        ((2, 3), lambda tf, t: tf.nn.moments(t, axes=[-1])[1]),
        ((3,), lambda tf, t: tf.slice(t, [0, 1, 0], [-1, 2, -1])),
        ((3,), lambda tf, t: tf.strided_slice(t, [0, 0, 0], [3, 4, 1])),
        ((3,), lambda tf, t: t[:, 1:, ::2] if t.shape[-1] > 1 else t[:, :-1]),
        ((3,), lambda tf, t: t[:, -2:, None, 0]),
        ((2, 3), lambda tf, t: tf.boolean_mask(t, [True, False, True], axis=0)),
        ((3,), lambda tf, t: tf.gather_nd(t, [[0, 1], [2, 0]])),
        ((3,), lambda tf, t: tf.linalg.matrix_transpose(t)),
        ((3,), lambda tf, t: tf.linalg.diag_part(t[:, :2, :2])),
        ((4,), lambda tf, t: tf.nn.max_pool2d(t, [2, 1], [1, 1], "VALID")),
        ((4,), lambda tf, t: tf.nn.conv2d(t, tf.ones([2, 2, t.shape[-1], 2]) * 0.1, 1, "SAME")),
        ((4,), lambda tf, t: tf.image.flip_left_right(t)),
        ((4,), lambda tf, t: tf.image.resize(t, [3, 5], method="nearest")),
        ((4,), lambda tf, t: tf.image.central_crop(t, 0.5)),
        ((4,), lambda tf, t: tf.nn.space_to_depth(t[:, :4, :4], 2)),
        ((4,), lambda tf, t: tf.image.resize_with_crop_or_pad(t, 5, 5)),
        ((4,), lambda tf, t: tf.image.per_image_standardization(t)),
        ((4,), lambda tf, t: tf.nn.lrn(t, 2)),
        ((2, 3), lambda tf, t: tf.math.cumprod(t, axis=1, exclusive=True)),
        ((2, 3), lambda tf, t: tf.cumsum(t, axis=1, exclusive=True, reverse=True)),
        ((2, 3), lambda tf, t: tf.argsort(t, axis=-1)),
        ((2, 3), lambda tf, t: tf.math.erf(t) + tf.math.lgamma(tf.abs(t) + 1.0)),
        ((2, 3), lambda tf, t: tf.math.floormod(t, 0.7) + tf.math.floordiv(t, 0.3)),
        ((2, 3), lambda tf, t: tf.math.squared_difference(t, 0.5) * tf.math.sign(t)),
        ((2, 3), lambda tf, t: tf.where(tf.math.is_finite(tf.math.log(t)), t, tf.ones_like(t) * 0.5)),
        ((2, 3), lambda tf, t: tf.math.add_n([t, t * 2, t])),
        ((2, 3), lambda tf, t: tf.math.multiply_no_nan(t, tf.nn.relu(t))),
        ((2, 3), lambda tf, t: tf.keras.backend.mean(t, axis=-1, keepdims=True)),
        ((2, 3), lambda tf, t: tf.keras.activations.gelu(t)),
        ((2, 3), lambda tf, t: tf.math.reduce_std(t, axis=-1) + tf.math.reduce_variance(t, axis=-1)),
        ((3,), lambda tf, t: tf.ensure_shape(t, [None, None, t.shape[2]])),
        ((3,), lambda tf, t: tf.broadcast_to(t[:, :1], tf.shape(t))),
        ((3,), lambda tf, t: tf.reverse_sequence(t, tf.constant([1, 2, 3]), seq_axis=1)),
        ((3,), lambda tf, t: tf.math.segment_sum(t, tf.constant([0, 0, 1]))),
        ((2, 3), lambda tf, t: tf.meshgrid(tf.range(2.0), tf.range(3.0))[0] + t[0, 0]),
        ((2, 3), lambda tf, t: tf.scan(lambda a, b: a + b, t)),
        ((2, 3), lambda tf, t: tf.map_fn(lambda r: r * 2.0, t)),
        ((3,), lambda tf, t: tf.nn.conv1d(t, tf.ones([2, t.shape[-1], 2]) * 0.1, 1, "SAME")),
        ((2, 3), lambda tf, t: tf.identity(t) + tf.eye(3)[0, 0] + tf.range(t.shape[-1], dtype=tf.float32)),
        ((2, 3), lambda tf, t: tf.constant(2.5) - t * tf.constant([0.5])),
    ],
    "K": [
        ((3, 4), lambda t: K.sum(t, axis=[1, 2])),
        ((3, 4), lambda t: K.max(t, axis=(1, 2), keepdims=True)),
        ((3,), lambda t: K.batch_dot(t, t, axes=[2, 2])),
        ((3,), lambda t: K.batch_dot(t, t, axes=(1, 1))),
        ((3,), lambda t: K.softmax(K.batch_dot(t, K.permute_dimensions(t, (0, 2, 1))))),
        ((2, 3), lambda t: K.l2_normalize(t, 1)),
        ((2, 3), lambda t: K.sqrt(K.sum(K.square(t), axis=-1, keepdims=True) + K.epsilon())),
        ((2, 3), lambda t: K.elu(t, 0.5) + K.hard_sigmoid(t) * K.softsign(t)),
        ((2, 3), lambda t: K.round(t) + K.minimum(t, 0.3)),
        ((2, 3), lambda t: K.prod(t, axis=-1) + K.var(t, axis=-1)),
        ((2, 3), lambda t: K.any(K.greater(t, 0.5), axis=-1)),
        ((2, 3), lambda t: K.cast(K.equal(K.max(t, axis=-1, keepdims=True), t), "float32")),
        ((2, 3), lambda t: K.cast(K.not_equal(t, 0.0), K.floatx())),
        ((2, 3), lambda t: K.tile(t, (1, 2) if K.ndim(t) == 2 else (1, 1, 2))),
        ((3,), lambda t: K.expand_dims(t, -1)),
        ((3,), lambda t: K.squeeze(K.expand_dims(t, 1), 1)),
        ((3,), lambda t: K.reshape(t, (-1, K.int_shape(t)[1] * K.int_shape(t)[2]))),
        ((3,), lambda t: K.reshape(t, (K.shape(t)[0], -1))),
        ((3,), lambda t: K.temporal_padding(t, (1, 2))),
        ((3,), lambda t: K.gather(K.permute_dimensions(t, (1, 0, 2)), 1)),
        ((3,), lambda t: t[:, 1:] - t[:, :-1]),
        ((3,), lambda t: K.concatenate([t[:, -1:], t[:, :-1]], axis=1)),
        ((4,), lambda t: K.mean(t, axis=[1, 2]) / (K.std(t, axis=[1, 2]) + 0.1)),
        ((4,), lambda t: K.pool2d(t, (2, 2), (1, 1), "same", pool_mode="avg")),
        ((4,), lambda t: K.permute_dimensions(t, (0, 3, 1, 2))),
        ((4,), lambda t: t[:, :, ::-1, :]),
        ((4,), lambda t: K.conv2d(t, K.ones((2, 2, K.int_shape(t)[-1], 2)) * 0.1, padding="same")),
        ((2, 3), lambda t: K.in_train_phase(t * 2.0, t)),
        ((2, 3), lambda t: K.stop_gradient(t) + K.zeros_like(t) + K.ones_like(t)),
        ((2, 3), lambda t: K.logsumexp(t, axis=-1)),
        ((2, 3), lambda t: K.foldl(lambda a, b: a + b, t)),
        ((2, 3), lambda t: K.map_fn(lambda r: r * 2.0, t)),
        ((2, 3), lambda t: K.cumprod(t, axis=1)),
        ((2, 3), lambda t: K.sin(t) + K.cos(t)),
        ((2, 3), lambda t: K.dropout(t, 0.0) + K.bias_add(t, K.ones((K.int_shape(t)[-1],)))),
        ((2, 3), lambda t: K.arange(0, 3, dtype="float32")[1] * t),
        ((2, 3), lambda t: K.eye(4)[0, 0] + t),
        ((2, 3), lambda t: K.sum(K.one_hot(K.cast(K.abs(t) * 2, "int32"), 5), axis=-2)),
        ((2, 3), lambda t: sum([t * (i + 1) for i in range(3)])),
        ((2, 3), lambda t: t if K.ndim(t) == 2 else K.mean(t, axis=1)),
        ((2, 3), lambda t: [t, K.abs(t)][1]),
        ((2, 3), lambda t: K.clip(t, min_value=0, max_value=np.inf)),
        ((2, 3), lambda t: np.sqrt(2.0) * t + np.array([0.5], dtype="float32")),
    ],
}  # fmt: skip

# Functions of a Lambda on two tensors of one shape.
OF_TWO = [
    lambda t: K.batch_dot(t[0], t[1], axes=1),
    lambda t: K.sum(t[0] * t[1], axis=-1, keepdims=True),
    lambda t: K.stack(t, axis=1),
    lambda t: K.concatenate(t, axis=1),
    lambda t: K.exp(-K.sum(K.abs(t[0] - t[1]), axis=-1, keepdims=True)),
    lambda t: K.switch(K.greater(t[0], t[1]), t[0], t[1]),
    lambda t: sum(t) / float(len(t)),
    lambda t: K.dot(t[0], K.transpose(t[1][:, 0])) if K.ndim(t[0]) == 3 else t[0],
]

# Texts to numbers: layer, arguments; what comes out is cast to floats.
TEXTS = [
    ("StringLookup", {"vocabulary": [WORDS[:5]], "output_mode": ["int", "int", "multi_hot", "count", "one_hot"], "num_oov_indices": [DEFAULT, 0, 2], "mask_token": [DEFAULT, "bb"]}),
    ("TextVectorization", {"vocabulary": [[u"a", u"the", u"cat", u"b"]], "output_mode": ["int", "multi_hot", "count"], "output_sequence_length": [DEFAULT, 4], "standardize": [DEFAULT, "lower", "strip_punctuation", None], "split": [DEFAULT, "whitespace", "character"], "ngrams": [DEFAULT, 2]}),
    ("Hashing", {"num_bins": [5], "salt": [DEFAULT, 7, [3, 4]], "mask_value": [DEFAULT, "a"], "output_mode": [DEFAULT, "int"]}),
]  # fmt: skip
NUMBERS = [
    ("IntegerLookup", {"vocabulary": [[1, 3, 5, 8]], "output_mode": ["int", "multi_hot", "count"], "num_oov_indices": [DEFAULT, 1, 2], "mask_token": [DEFAULT, 0]}),
    ("CategoryEncoding", {"num_tokens": [9], "output_mode": [DEFAULT, "multi_hot", "count"]}),
    ("Hashing", {"num_bins": [6], "salt": [DEFAULT, 7]}),
    ("HashedCrossing", {"num_bins": [6], "output_mode": [DEFAULT, "one_hot"]}),
]  # fmt: skip


class FurtherSteps(object):
    """Steps of a builder (see generate.Builder, which is one)."""

    FURTHER = [
        ("plain", 9, (2, 3, 4, 5, 6)),
        ("function", 8, (2, 3, 4)),
        ("around", 2, (2, 3, 4, 5)),
        ("two_to_one", 3, (2, 3)),
        ("attend_far", 4, (3, 4)),
        ("model_of_two", 3, (2, 3, 4)),
        ("model_over_time", 3, (3, 4)),
        ("lookup", 2, (2,)),
        ("in_dtype", 2, (2, 3, 4)),
        ("remembered", 2, (3,)),
        ("with_axis", 1, (3, 4)),
    ]

    def further_step(self, x):
        rank = len(self.stack.shape(x))
        kinds = [name for name, times, ranks in self.FURTHER if rank in ranks for _ in range(times)]
        kind = self.draw.one(kinds)
        self.recipe.append("further %s" % kind)
        result = getattr(self, kind)(x)
        return self.draw.one(result) if isinstance(result, (list, tuple)) else result

    def of_row(self, name, choices):
        """The layer of a row with arguments that its constructor takes, in the stack's own words."""
        taken = self.stack.arguments(self.stack.cls(name))
        drawn = [(key, self.draw.one(choices[key])) for key in sorted(choices)]
        arguments = self.spell(name, dict((key, value) for key, value in drawn if value is not DEFAULT))
        arguments = dict((key, value) for key, value in arguments.items() if key in taken)
        self.recipe.append("%s %s" % (name, sorted(arguments.items())))
        return self.stack.cls(name)(**arguments)

    def drawn_layer(self, rank):
        """A layer of `LAYERS` that takes tensors of the rank."""
        rows = [(name, row[1]) for name in sorted(LAYERS) if self.stack.has(name) for row in LAYERS[name] if rank in row[0]]
        return self.of_row(*self.draw.one(rows))

    # -- kinds ----------------------------------------------------------------------------------------------------

    def plain(self, x):
        return self.drawn_layer(len(self.stack.shape(x)))(x)

    def around(self, x):
        return self.draw.one([make for ranks, make in AROUND if len(self.stack.shape(x)) in ranks])(self.stack.layers)(x)

    def function(self, x):
        """One of the library's functions between layers, or in a Lambda."""
        rank = len(self.stack.shape(x))
        library = "ops" if self.stack.ops is not None else "tf" if self.stack.operators and self.draw.chance(0.5) else "K"
        index, made = self.draw.one([(i, row[1]) for i, row in enumerate(FUNCTIONS[library]) if rank in row[0]])
        self.recipe.append("%s function %d" % (library, index))
        if library != "K":
            return made(getattr(self.stack, library), x)
        keywords = {"output_shape": self.computed_shape(made, x)} if self.stack.major == 1 else {}
        return self.stack.layers.Lambda(made, **keywords)(x)

    def two_to_one(self, x):
        """A Lambda on two tensors."""
        if self.stack.ops is not None or self.stack.major == 1:
            return None
        index = self.draw.integer(0, len(OF_TWO) - 1)
        self.recipe.append("of two %d" % index)
        return self.stack.layers.Lambda(OF_TWO[index])([x, self.stack.layers.Activation("tanh")(x)])

    def attend_far(self, x):
        """Attention over more axes, with masks of its own, or with groups of heads."""
        layers, shape = self.stack.layers, self.stack.shape(x)
        other = layers.Activation("tanh")(x)
        kind = self.draw.one(
            [k for k in ("Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention") if hasattr(layers, k)]
        )
        mask = None
        if self.draw.chance(0.5) and self.stack.operators:
            lib = self.stack.ops or self.stack.tf
            mask = lib.not_equal(x, 0.0)[..., 0] if len(shape) == 3 else None
        self.recipe.append("%s mask %s" % (kind, mask is not None))
        if kind in ("Attention", "AdditiveAttention"):
            called = {} if mask is None else {"mask": self.draw.one([[mask, mask], [mask, None], [None, mask]])}
            arguments = self.draw.one([{}, {"use_scale": True}, {"dropout": 0.2}])
            return getattr(layers, kind)(**arguments)(self.draw.one([[x, other], [other, x, x], [x, other, x]]), **called)
        called = {"query_mask": mask} if mask is not None and self.stack.ops is not None and self.draw.chance(0.5) else {}
        if mask is not None and not called:
            called = {"attention_mask": mask[:, None, :]}
        if kind == "GroupQueryAttention":
            return layers.GroupQueryAttention(
                self.draw.integer(1, 3), 4, self.draw.one([1, 2, 4]), use_bias=self.draw.chance(0.5)
            )(x, other, **called)
        axes = self.draw.one([None, (1,), (1, 2), (2,)]) if len(shape) == 4 else None
        layer = layers.MultiHeadAttention(self.draw.integer(1, 3), self.draw.integer(1, 3), value_dim=self.draw.one([None, 2]), attention_axes=axes,
                                          output_shape=self.draw.one([None, 3, (2, 2)]), use_bias=self.draw.chance(0.7))  # fmt: skip
        return layer(x, other, **called)

    def model_of_two(self, x):
        """A model of two inputs and maybe two outputs, called on the tensors both ways round."""
        other = self.stack.layers.Activation("tanh")(x)
        first, second = self.input_like(x), self.input_like(x)
        merged = self.merge([first, second])
        outputs = [merged, self.step(second)] if self.draw.chance(0.4) else [merged]
        model = self.model([first, second], outputs)
        found = [model([x, other])] + ([model([other, x])] if self.draw.chance(0.5) else [])
        self.recipe.append("model of two, %d calls" % len(found))
        found = [call if isinstance(call, (list, tuple)) else [call] for call in found]
        same = [calls[0] for calls in found]
        return self.merge(same) if len(same) > 1 else found[0]

    def model_over_time(self, x):
        """TimeDistributed round a model, which may hold a wrapper too."""
        shape = self.stack.shape(x)
        if None in shape[2:]:
            return None
        return self.stack.layers.TimeDistributed(self.inner().nested((shape[0],) + tuple(shape[2:])))(x)

    def lookup(self, x):
        """A layer of whole numbers, on numbers beside the graph."""
        rows = [row for row in NUMBERS if hasattr(self.stack.layers, row[0])]
        if not rows or self.stack.major == 1:
            return None
        lib = self.stack.ops or self.stack.tf
        name, choices = self.draw.one(rows)
        numbers = lib.cast(
            lib.clip(lib.abs(x) * 3, 0, 8) if self.stack.ops is not None else lib.clip_by_value(lib.abs(x) * 3, 0, 8), "int64"
        )
        layer = self.of_row(name, choices)
        found = layer((numbers[:, :1], numbers[:, 1:2])) if name == "HashedCrossing" else layer(numbers)
        return lib.cast(found, "float32")

    def in_dtype(self, x):
        """A layer that computes in another dtype, and what comes after it."""
        if self.stack.major == 1:
            return None
        dtype = self.draw.one(["float64", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16"])
        name = self.draw.one(["Dense", "LayerNormalization", "Activation", "LSTM", "Conv1D", "BatchNormalization"])
        arguments = {"Dense": [3], "Activation": ["tanh"], "LSTM": [2], "Conv1D": [2, 2]}.get(name, [])
        self.recipe.append("%s in %s" % (name, dtype))
        return getattr(self.stack.layers, name)(*arguments, dtype=dtype)(x)

    def remembered(self, x):
        """States handed from layer to layer, a stateful layer among them."""
        layers = self.stack.layers
        if self.stack.major == 1:
            return None
        name = self.draw.one(["LSTM", "GRU", "SimpleRNN"])
        stateful = {"stateful": True} if self.fixed_batch and self.draw.chance(0.6) else {}
        found = getattr(layers, name)(2, return_state=True, return_sequences=True, **stateful)(x)
        states = [layers.Dense(2)(state) for state in found[1:]]
        layer = getattr(layers, name)(2, return_sequences=self.draw.chance(0.5), go_backwards=self.draw.chance(0.3))
        if self.draw.chance(0.4):
            return layers.Bidirectional(layer, merge_mode=self.draw.one(["sum", "mul", "ave", "concat"]))(
                x, initial_state=states + states
            )
        return layer(found[0], initial_state=states)

    def with_axis(self, x):
        """Dot and Concatenate along axes that few people give."""
        layers = self.stack.layers
        other = layers.Activation("tanh")(x)
        if self.stack.major == 1:
            mode = self.draw.one(
                [{"mode": "concat", "concat_axis": 2}, {"mode": "dot", "dot_axes": (2, 2)}, {"mode": "dot", "dot_axes": 1}]
            )
            return layers.merge([x, other], **mode)
        return self.draw.one([layers.Concatenate(axis=-2), layers.Dot(axes=(2, 2)), layers.Dot(axes=-1, normalize=True)])(
            [x, other]
        )

    # -- text -----------------------------------------------------------------------------------------------------

    def read_text(self, x):
        """What a model of texts begins with."""
        rows = [row for row in TEXTS if hasattr(self.stack.layers, row[0])]
        name, choices = self.draw.one(rows)
        found = self.of_row(name, choices)(x)
        lib = self.stack.ops or self.stack.tf
        return lib.cast(found, "float32")
