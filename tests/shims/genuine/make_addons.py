"""Further layers of tensorflow-addons 0.15.0 on tf.keras 2.6: python make_addons.py OUT [names], the package on PYTHONPATH."""

import os
import sys

import numpy as np
import tensorflow as tf
import tensorflow_addons as tfa

OUT, ONLY = sys.argv[1], sys.argv[2:]
L, A = tf.keras.layers, tfa.layers


def record(name, change, *shapes):
    if ONLY and name not in ONLY:
        return
    tf.keras.backend.clear_session()
    inputs = [L.Input(shape) for shape in shapes]
    model = tf.keras.Model(inputs, change(*inputs))
    shift = lambda i, w: np.random.RandomState(i).uniform(-0.4, 0.4, w.shape).astype(w.dtype)
    model.set_weights([w + shift(i, w) for i, w in enumerate(model.get_weights())])
    sizes = [[6 if n is None else n for n in shape] for shape in shapes]
    given = [np.random.RandomState(9 + i).normal(size=(3, *size)).astype("float32") for i, size in enumerate(sizes)]
    made = model.predict(given)
    made = made if isinstance(made, (list, tuple)) else [made]
    stem = os.path.join(OUT, "tfkeras2.6_addons_" + name)
    model.save(stem + ".h5")
    np.savez(stem + ".golden.npz", **{f"in{i}": x for i, x in enumerate(given)}, **{f"out{i}": y for i, y in enumerate(made)})
    print(name, [y.shape for y in made], flush=True)


record("attention", lambda q, k: A.MultiHeadAttention(head_size=3, num_heads=2)([q, k]), (None, 4), (5, 6))
record("attention_three", lambda q, k, v: A.MultiHeadAttention(
    head_size=3, num_heads=2, output_size=7, use_projection_bias=False, return_attn_coef=True, dropout=0.3,
    kernel_regularizer=tf.keras.regularizers.l2(0.01))([q, k, v]), (5, 4), (6, 3), (6, 2))
record("attention_itself", lambda x: L.Dense(2)(A.MultiHeadAttention(head_size=2, num_heads=3)([x, x])), (5, 4))
record("polynomial", lambda a, b: A.PolynomialCrossing()([a, b]), (4,), (4,))
record("polynomial_projected", lambda a, b: A.PolynomialCrossing(projection_dim=2, diag_scale=0.3, use_bias=False)([a, b]), (5,), (5,))
record("noisy_dense", lambda x: A.NoisyDense(3, activation="relu")(x), (4,))
record("noisy_dense_plain", lambda x: A.NoisyDense(3, use_factorised=False)(x), (5, 4))
record("maxout", lambda x: A.Maxout(3)(x), (6,))
record("maxout_axis", lambda x: A.Maxout(2, axis=1)(x), (4, None, 3))
record("tlu", lambda x: A.TLU()(L.Conv2D(3, 2)(x)), (4, 4, 2))
record("tlu_affine", lambda x: A.TLU(affine=True)(x), (4, 3))
record("sparsemax", lambda x: A.Sparsemax()(L.Dense(5)(x)), (4,))
record("sparsemax_axis", lambda x: A.Sparsemax(axis=1)(x), (4, 3))
record("act_sparsemax", lambda x: L.Dense(3, activation=tfa.activations.sparsemax)(x), (4, 5))
