"""Files of CyberZHG's packages: keras-self-attention, keras-multi-head, keras-pos-embd, keras-embed-sim, keras-transformer,
keras-bert. Run inside an old stack with the packages on PYTHONPATH:

    python make_cyber.py OUT keras2.3.1 [names]          # Keras 2.3.1 and keras-bert 0.81.0
    TF_KERAS=1 python make_cyber.py OUT tfkeras2.3 ...   # tf.keras 2.3 and keras-bert 0.86.0
"""

import os
import sys

import numpy as np

OUT, TAG, ONLY = sys.argv[1], sys.argv[2], sys.argv[3:]
if os.environ.get("TF_KERAS") == "1":
    from tensorflow import keras
else:
    import keras
L = keras.layers
TOKENS = np.array([[3, 1, 4, 2, 0, 0], [5, 2, 6, 5, 3, 1], [7, 1, 0, 0, 0, 0]], "float32")
PLAIN = np.random.RandomState(3).normal(size=(3, 6, 4)).astype("float32")
OTHER = np.random.RandomState(4).normal(size=(3, 5, 4)).astype("float32")


def record(name, model, *given, **training):
    """Random weights, the outputs, the file; with `step`, the outputs after one more step towards these targets."""
    model.set_weights(
        [w + np.random.RandomState(i).uniform(-0.4, 0.4, w.shape).astype(w.dtype) for i, w in enumerate(model.get_weights())]
    )
    made = model.predict(list(given) if len(given) > 1 else given[0])
    made = made if isinstance(made, list) else [made]
    stem = os.path.join(OUT, TAG + "_" + name)
    model.save(stem + ".h5")
    kept = {"in%d" % i: x for i, x in enumerate(given)}
    kept.update({"out%d" % i: y for i, y in enumerate(made)})
    if "step" in training and os.environ.get("TF_KERAS") == "1":  # steps of Keras on TensorFlow 1 differ from run to run
        kept["y0"] = training["step"]
        model.train_on_batch(given[0], training["step"])
        kept["step_out0"] = model.predict(given[0])
    np.savez(stem + ".golden.npz", **kept)
    print(name, [y.shape for y in made], flush=True)


def masked(change, width=4):
    """Embedded tokens, masked where 0, through `change`."""
    x = L.Input((None,))
    return keras.models.Model(x, change(L.Embedding(9, width, mask_zero=True)(x)))


def plain(change):
    x = L.Input((6, 4))
    return keras.models.Model(x, change(x))


CASES = {}


def case(make):
    CASES[make.__name__] = make
    return make


# keras-self-attention

@case
def seq_self_additive_masked(name):
    from keras_self_attention import SeqSelfAttention
    record(name, masked(lambda x: L.LSTM(3)(SeqSelfAttention(units=5, attention_activation="sigmoid")(
        L.Bidirectional(L.LSTM(2, return_sequences=True))(x)))), TOKENS)


@case
def seq_self_additive_returned(name):
    from keras_self_attention import SeqSelfAttention
    record(name, plain(lambda x: SeqSelfAttention(
        units=5, return_attention=True, use_additive_bias=False, use_attention_bias=False, attention_width=3,
        attention_regularizer_weight=0.01, kernel_regularizer=keras.regularizers.l2(0.001))(x)), PLAIN)


@case
def seq_self_multiplicative_masked(name):
    from keras_self_attention import SeqSelfAttention
    record(name, masked(lambda x: SeqSelfAttention(
        attention_type="multiplicative", attention_width=3, history_only=True, attention_activation="tanh")(x)), TOKENS)


@case
def seq_self_multiplicative_history(name):
    from keras_self_attention import SeqSelfAttention
    record(name, plain(lambda x: SeqSelfAttention(
        attention_type="multiplicative", history_only=True, use_attention_bias=False)(x)), PLAIN)


@case
def seq_weighted_masked(name):
    from keras_self_attention import SeqWeightedAttention
    record(name, masked(lambda x: SeqWeightedAttention(return_attention=True)(x)), TOKENS)


@case
def seq_weighted(name):
    from keras_self_attention import SeqWeightedAttention
    record(name, plain(lambda x: SeqWeightedAttention(use_bias=False)(x)), PLAIN)


@case
def scaled_dot_masked(name):
    from keras_self_attention import ScaledDotProductAttention
    record(name, masked(lambda x: ScaledDotProductAttention(history_only=True, return_attention=True)(x)), TOKENS)


@case
def scaled_dot_three(name):
    from keras_self_attention import ScaledDotProductAttention
    q, k = L.Input((6, 4)), L.Input((5, 4))
    v = L.Dense(3)(k)
    record(name, keras.models.Model([q, k], ScaledDotProductAttention()([q, k, v])), PLAIN, OTHER)


@case
def seq_self_compiled(name):
    from keras_self_attention import SeqSelfAttention
    model = masked(lambda x: L.Dense(2)(L.LSTM(3)(SeqSelfAttention(units=5)(x))))
    model.compile("adam", "mse")
    for _ in range(3):
        model.train_on_batch(TOKENS, np.ones((3, 2)))
    record(name, model, TOKENS, step=np.ones((3, 2)))


@case
def attention_compiled(name):
    from keras_multi_head import MultiHeadAttention
    from keras_pos_embd import PositionEmbedding
    from keras_position_wise_feed_forward import FeedForward
    model = masked(lambda x: L.Dense(2)(L.LSTM(3)(FeedForward(5)(MultiHeadAttention(2)(PositionEmbedding(7, 4, mode="add")(x))))))
    model.compile(keras.optimizers.Adam(0.05), "mse")
    for _ in range(3):
        model.train_on_batch(TOKENS, np.ones((3, 2)))
    record(name, model, TOKENS, step=np.ones((3, 2)))


# keras-multi-head

@case
def multi_head_attention_masked(name):
    from keras_multi_head import MultiHeadAttention
    record(name, masked(lambda x: L.GRU(3)(MultiHeadAttention(head_num=2, activation=None)(x))), TOKENS)


@case
def multi_head_attention_history(name):
    from keras_multi_head import MultiHeadAttention
    record(name, masked(lambda x: MultiHeadAttention(head_num=2, history_only=True)(x)), TOKENS)


@case
def multi_head_attention_three(name):
    from keras_multi_head import MultiHeadAttention
    a, b = L.Input((None,)), L.Input((None,))
    q, k = L.Embedding(9, 4, mask_zero=True)(a), L.Embedding(9, 6, mask_zero=True)(b)
    y = MultiHeadAttention(head_num=3, use_bias=False, activation="tanh")([q, k, k])
    record(name, keras.models.Model([a, b], y), TOKENS[:, :5], TOKENS[:, ::-1][:, :6][:, ::-1])


@case
def multi_head_attention_plain(name):
    from keras_multi_head import MultiHeadAttention
    record(name, plain(lambda x: L.Dense(2)(MultiHeadAttention(head_num=4)(x))), PLAIN)


@case
def multi_head_lstm(name):
    from keras_multi_head import MultiHead
    record(name, masked(lambda x: L.Flatten()(MultiHead(L.LSTM(2), layer_num=3, name="heads")(x))), TOKENS)


@case
def multi_head_hidden(name):
    from keras_multi_head import MultiHead
    record(name, plain(lambda x: MultiHead(L.Conv1D(3, 2, padding="same"), layer_num=2, hidden_dim=4)(x)), PLAIN)


@case
def multi_head_list(name):
    from keras_multi_head import MultiHead
    layers = [L.Conv1D(3, size, padding="same", activation="relu") for size in (1, 2, 3)]
    record(name, plain(lambda x: MultiHead(layers)(x)), PLAIN)


# keras-pos-embd

@case
def position_add_masked(name):
    from keras_pos_embd import PositionEmbedding
    record(name, masked(lambda x: L.LSTM(3)(PositionEmbedding(input_dim=8, output_dim=4, mode="add")(x))), TOKENS)


@case
def position_concat(name):
    from keras_pos_embd import PositionEmbedding
    record(name, plain(lambda x: PositionEmbedding(input_dim=6, output_dim=3, mode="concat")(x)), PLAIN)


@case
def position_expand(name):
    from keras_pos_embd import PositionEmbedding
    x = L.Input((None,))
    y = L.LSTM(3)(PositionEmbedding(input_dim=4, output_dim=3, mode="expand", mask_zero=-3)(x))
    record(name, keras.models.Model(x, y), np.array([[-7, 2, 4, -3], [1, 0, 9, -3]], "float32"))


@case
def trig_add_masked(name):
    from keras_pos_embd import TrigPosEmbedding
    record(name, masked(lambda x: L.LSTM(3)(TrigPosEmbedding(mode="add")(x))), TOKENS)


@case
def trig_concat(name):
    from keras_pos_embd import TrigPosEmbedding
    record(name, plain(lambda x: TrigPosEmbedding(output_dim=6, mode="concat")(x)), PLAIN)


@case
def trig_expand(name):
    from keras_pos_embd import TrigPosEmbedding
    x = L.Input((5,))
    record(name, keras.models.Model(x, TrigPosEmbedding(output_dim=6, mode="expand")(x)),
           np.array([[-7, 2, 4, -3, 1.5], [1, 0, 9, 100, 3]], "float32"))


# keras-embed-sim and keras-transformer

@case
def embedding_sim(name):
    from keras_embed_sim import EmbeddingRet, EmbeddingSim
    x = L.Input((None,))
    y, weights = EmbeddingRet(9, 4, mask_zero=True)(x)
    record(name, keras.models.Model(x, [EmbeddingSim()([L.Dense(4)(y), weights]), EmbeddingSim(use_bias=False, stop_gradient=True)(
        [y, weights])]), TOKENS)


@case
def transformer(name):
    from keras_transformer import get_model
    model = get_model(token_num=9, embed_dim=6, encoder_num=2, decoder_num=1, head_num=3, hidden_dim=7, dropout_rate=0.1,
                      attention_activation="relu", feed_forward_activation="relu")
    record(name, model, TOKENS, TOKENS[:, :4])


@case
def transformer_gelu(name):
    from keras_transformer import get_model
    model = get_model(token_num=[9, 8], embed_dim=4, encoder_num=1, decoder_num=1, head_num=2, hidden_dim=5, use_same_embed=False)
    record(name, model, TOKENS, TOKENS[:, 1:])


# keras-bert

def bert(name, *given, **options):
    from keras_bert import get_model
    record(name, get_model(token_num=9, pos_num=8, embed_dim=6, transformer_num=2, head_num=3, feed_forward_dim=7, seq_len=6,
                           training=True, **options), *given)


SEGMENTS = np.array([[0, 0, 1, 1, 0, 0], [0, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0]], "float32")
MASKED = np.array([[0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, 0]], "float32")


@case
def bert_training(name):
    bert(name, TOKENS, SEGMENTS, MASKED)


@case
def bert_relu(name):
    bert(name, TOKENS, SEGMENTS, MASKED, attention_activation="relu", feed_forward_activation="relu", dropout_rate=0.0)


@case
def bert_task(name):
    bert(name, TOKENS, SEGMENTS, np.array([[1], [0], [2]], "float32"), MASKED, use_task_embed=True, task_num=3,
         feed_forward_activation="tanh")


@case
def bert_compiled(name):
    from keras_bert import compile_model, get_model
    model = get_model(token_num=9, pos_num=8, embed_dim=4, transformer_num=1, head_num=2, feed_forward_dim=5, seq_len=6,
                      feed_forward_activation="relu")
    compile_model(model, decay_steps=100, warmup_steps=10)
    given = [TOKENS, SEGMENTS, MASKED]
    model.fit(given, [TOKENS[..., None], np.array([[0], [1], [1]])], verbose=0)
    record(name, model, *given)


@case
def bert_features(name):
    from keras_bert import get_model
    inputs, y = get_model(token_num=9, pos_num=8, embed_dim=6, transformer_num=3, head_num=2, feed_forward_dim=5, seq_len=6,
                          training=False, trainable=True, output_layer_num=2, feed_forward_activation="relu")
    y = L.Bidirectional(L.LSTM(3))(y)
    record(name, keras.models.Model(inputs, L.Dense(2, activation="softmax")(y)), TOKENS, SEGMENTS)


@case
def bert_pooled(name):
    from keras_bert import get_model
    from keras_bert.layers import MaskedConv1D, MaskedGlobalMaxPool1D
    inputs, y = get_model(token_num=9, pos_num=8, embed_dim=6, transformer_num=1, head_num=2, feed_forward_dim=5, seq_len=6,
                          training=False, feed_forward_activation="relu")
    same = MaskedGlobalMaxPool1D()(MaskedConv1D(filters=4, kernel_size=3, padding="same")(y))
    valid = MaskedGlobalMaxPool1D()(MaskedConv1D(filters=4, kernel_size=3, padding="valid")(y))
    record(name, keras.models.Model(inputs, [same, valid]), TOKENS[1:2], SEGMENTS[1:2])


@case
def masked_returned(name):
    from keras_bert.layers import Masked
    a, b = L.Input((None,)), L.Input((None,))
    y = Masked(return_masked=True)([L.Embedding(9, 4, mask_zero=True)(a), b])
    record(name, keras.models.Model([a, b], y), TOKENS, MASKED)


for key in ONLY or CASES:
    np.random.seed(0)
    keras.backend.clear_session()
    try:
        CASES[key](key)
    except Exception as error:
        print(key, "FAILED", repr(error)[:300], flush=True)
