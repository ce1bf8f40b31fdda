"""Compiled files of tensorflow-addons 0.15.0 on tf.keras 2.6: optimizers, losses, metrics. Three steps are made before the
file is written; the genuine stack loads it again and makes one step more, whose outcome is `step_out0`.

    PYTHONPATH=.../tensorflow-addons python make.py OUT [names]
"""

import os
import sys

import numpy as np
import tensorflow as tf
import tensorflow_addons as tfa

OUT, ONLY = sys.argv[1], sys.argv[2:]
L, O = tf.keras.layers, tfa.optimizers
X = np.random.RandomState(0).normal(size=(6, 4)).astype("float32")
IDS = np.random.RandomState(0).randint(0, 7, (6, 4)).astype("float32")
Y = np.random.RandomState(1).uniform(size=(6, 3)).astype("float32")
CLASSES = np.eye(3, dtype="float32")[[0, 1, 2, 1, 0, 2]]


def record(name, optimizer, loss="mse", metrics=(), embedded=False, activation="linear", y=Y, last=3):
    tf.keras.backend.clear_session()
    tf.random.set_seed(1)
    x = L.Input((4,))
    hidden = L.Flatten()(L.Embedding(7, 2)(x)) if embedded else x
    model = tf.keras.Model(x, L.Dense(last, activation=activation)(L.Dense(5, activation="tanh")(hidden)))
    model.compile(optimizer, loss, metrics=list(metrics))
    given = IDS if embedded else X
    for _ in range(3):
        model.train_on_batch(given, y)
    stem = os.path.join(OUT, "tfkeras2.6_" + name)
    kept = {"in0": given, "y0": y, "out0": model.predict(given)}
    model.save(stem + ".h5")
    try:
        again = tf.keras.models.load_model(stem + ".h5")
        made = again.train_on_batch(given, y)
        kept["step_loss"] = np.asarray(made[0] if isinstance(made, list) else made)
        kept["step_metrics"] = np.concatenate([np.ravel(m) for m in made[1:]] if isinstance(made, list) else [np.zeros(0)])
        kept["step_out0"] = again.predict(given)
    except Exception as error:
        print(name, "own reload:", repr(error)[:150])
    model.train_on_batch(given, y)
    kept["orig_step_out0"] = model.predict(given)
    np.savez(stem + ".golden.npz", **kept)
    print(name, np.abs(kept.get("step_out0", kept["orig_step_out0"]) - kept["orig_step_out0"]).max(), flush=True)


Adam, SGD = tf.keras.optimizers.Adam, tf.keras.optimizers.SGD
OPTIMIZERS = {
    "adamw": lambda: O.AdamW(weight_decay=0.004, learning_rate=0.05),
    "adamw_amsgrad": lambda: O.AdamW(weight_decay=0.004, learning_rate=0.05, amsgrad=True, beta_1=0.8),
    "sgdw": lambda: O.SGDW(weight_decay=0.003, learning_rate=0.05, momentum=0.8, nesterov=True),
    "sgdw_plain": lambda: O.SGDW(weight_decay=0.003, learning_rate=0.05),
    "lamb": lambda: O.LAMB(learning_rate=0.05),
    "lamb_decayed": lambda: O.LAMB(learning_rate=0.05, weight_decay_rate=0.02),
    "lazy_adam": lambda: O.LazyAdam(learning_rate=0.05),
    "rectified_adam": lambda: O.RectifiedAdam(learning_rate=0.05, sma_threshold=4.0),
    "rectified_adam_warm": lambda: O.RectifiedAdam(learning_rate=0.05, total_steps=10, warmup_proportion=0.3, weight_decay=0.01),
    "lookahead": lambda: O.Lookahead(O.RectifiedAdam(0.05), sync_period=2),
    "lookahead_sgd": lambda: O.Lookahead(SGD(0.05, momentum=0.9), sync_period=4),
    "novograd": lambda: O.NovoGrad(0.05),
    "yogi": lambda: O.Yogi(0.05),
    "proximal_adagrad": lambda: O.ProximalAdagrad(0.05),
    "proximal_adagrad_l1": lambda: O.ProximalAdagrad(0.05, l1_regularization_strength=0.01),
    "conditional_gradient": lambda: O.ConditionalGradient(0.95, 2.0, ord="fro"),
    "adabelief": lambda: O.AdaBelief(0.05),
    "cocob": lambda: O.COCOB(),
    "moving_average": lambda: O.MovingAverage(Adam(0.05), average_decay=0.9),
    "moving_average_sgd": lambda: O.MovingAverage(SGD(0.05, momentum=0.8), average_decay=0.9, dynamic_decay=True),
    "swa": lambda: O.SWA(Adam(0.05), start_averaging=1, average_period=2),
    "decoupled": lambda: O.extend_with_decoupled_weight_decay(tf.keras.optimizers.RMSprop)(weight_decay=0.004, learning_rate=0.02),
}
LOSSES = {
    "focal": lambda: (tfa.losses.SigmoidFocalCrossEntropy(), "sigmoid", CLASSES, 3),
    "focal_mean": lambda: (tfa.losses.SigmoidFocalCrossEntropy(alpha=0.3, gamma=1.5, reduction="sum_over_batch_size"), "sigmoid",
                           CLASSES, 3),
    "triplet": lambda: (tfa.losses.TripletSemiHardLoss(), "linear", np.array([0, 1, 2, 1, 0, 2], "float32"), 3),
    "triplet_hard": lambda: (tfa.losses.TripletHardLoss(), "linear", np.array([0, 1, 2, 1, 0, 2], "float32"), 3),
    "contrastive": lambda: (tfa.losses.ContrastiveLoss(), "linear", np.array([0, 1, 0, 1, 0, 1], "float32"), 1),
    "pinball": lambda: (tfa.losses.PinballLoss(tau=0.3), "linear", Y, 3),
    "kappa": lambda: (tfa.losses.WeightedKappaLoss(num_classes=3), "softmax", CLASSES, 3),
    "focal_name": lambda: ("Addons>sigmoid_focal_crossentropy", "sigmoid", CLASSES, 3),
}
METRICS = {
    "f1": lambda: (tfa.metrics.F1Score(num_classes=3, average="macro"), "softmax"),
    "f1_threshold": lambda: (tfa.metrics.F1Score(num_classes=3, threshold=0.4), "sigmoid"),
    "fbeta": lambda: (tfa.metrics.FBetaScore(num_classes=3, beta=2.0, average="weighted"), "softmax"),
    "kappa_score": lambda: (tfa.metrics.CohenKappa(num_classes=3), "softmax"),
    "matthews": lambda: (tfa.metrics.MatthewsCorrelationCoefficient(num_classes=3), "softmax"),
    "r_square": lambda: (tfa.metrics.RSquare(), "linear"),
    "hamming": lambda: (tfa.metrics.HammingLoss(mode="multilabel", threshold=0.6), "sigmoid"),
    "multilabel": lambda: (tfa.metrics.MultiLabelConfusionMatrix(num_classes=3), "sigmoid"),
}


def every():
    for name, make in OPTIMIZERS.items():
        yield "opt_" + name, lambda n, make=make: record(n, make())
    yield "opt_lazy_adam_embedded", lambda n: record(n, O.LazyAdam(0.05), embedded=True)
    yield "opt_adamw_embedded", lambda n: record(n, O.AdamW(weight_decay=0.004, learning_rate=0.05), embedded=True)
    yield "opt_adamw_schedule", lambda n: record(n, O.AdamW(
        weight_decay=0.004, learning_rate=tf.keras.optimizers.schedules.ExponentialDecay(0.05, 2, 0.5)))
    for name, make in LOSSES.items():
        def one(n, make=make):
            loss, activation, y, last = make()
            record(n, Adam(0.05), loss, activation=activation, y=y, last=last)
        yield "loss_" + name, one
    for name, make in METRICS.items():
        def two(n, make=make):
            metric, activation = make()
            record(n, Adam(0.05), "mse", [metric], activation=activation, y=CLASSES)
        yield "metric_" + name, two


for key, run in every():
    if not ONLY or any(part in key for part in ONLY):
        try:
            run(key)
        except Exception as error:
            print(key, "FAILED", repr(error)[:300], flush=True)
