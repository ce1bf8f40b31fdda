"""Record layers that went from hand to hand: python make_contrib.py OUT STACK SOURCE GROUP...

STACK is the tag of the files and says whether keras or tf.keras is used; SOURCE the folder with the unpacked packages.
"""
import importlib.util, os, sys, tempfile
import numpy as np
out, tag, source = sys.argv[1:4]
if tag.startswith('tfkeras'):
    import tensorflow as tf
    keras = tf.keras
else:
    import keras
L = keras.layers

def load(path, swap=()):
    """A module of a package by itself; `swap` puts keras in the place of tf.keras, or the like, in its imports."""
    text = open(os.path.join(source, path)).read()
    for old, new in swap:
        text = text.replace(old, new)
    name = 'genuine_' + os.path.basename(path)[:-3]
    copy = os.path.join(tempfile.mkdtemp(), name + '.py')
    open(copy, 'w').write(text)
    spec = importlib.util.spec_from_file_location(name, copy)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

def random(model, spread=0.4):
    values = model.get_weights()
    return [v + np.random.RandomState(i).uniform(-spread, spread, v.shape).astype(v.dtype) if v.dtype.kind == 'f' else v
            for i, v in enumerate(values)]

def save(name, ins, outs, data, compiled=None, spread=0.4, moving=False):
    model = keras.models.Model(ins, outs)
    model.set_weights(random(model, spread))
    if compiled:
        model.compile('sgd', **compiled)
    stem = os.path.join(out, '%s_%s' % (tag, name))
    if moving:  # each call changes the weights
        model.save(stem + '.h5')
    found = model.predict(data)
    found = list(found) if isinstance(found, (list, tuple)) else [found]
    data = data if isinstance(data, list) else [data]
    if not moving:
        model.save(stem + '.h5')
    arrays = {'in%d' % i: v for i, v in enumerate(data)}
    arrays.update({'out%d' % i: v for i, v in enumerate(found)})
    np.savez(stem + '.golden.npz', **arrays)
    print(name, [v.shape for v in found], flush=True)

def normal(*shape):
    return np.random.RandomState(3).normal(1.0, 2.0, size=shape).astype('float32')

def ids(rows, steps, top, seed=1):
    """Numbers of words, each row ending in some zeros; the last row full."""
    made = np.random.RandomState(seed).randint(1, top, (rows, steps)).astype('float32')
    for row in range(rows - 1):
        made[row, steps - 1 - row % (steps - 1):] = 0
    return made

def instance():
    swap = [] if tag.startswith('tfkeras') else [('import tensorflow as tf', ''), ('tensorflow.keras', 'keras')]
    N = load('antspynet-0.1.9/antspynet/utilities/custom_normalization_layers.py', swap).InstanceNormalization
    x = L.Input((4, 5, 3)); save('instance_contrib', x, L.Conv2D(2, 2)(N(axis=-1)(x)), normal(3, 4, 5, 3))
    x = L.Input((4, 5, 3)); save('instance_contrib_none', x, N(axis=None, epsilon=0.3)(x), normal(3, 4, 5, 3))
    x = L.Input((3, 4, 2, 5)); save('instance_contrib_first', x, N(axis=1, epsilon=0.05, center=False)(x), normal(2, 3, 4, 2, 5))
    x = L.Input((None, None, 3)); y = N(axis=3, scale=False)(x); z = N(axis=2)(L.Conv2D(1, 1)(L.Cropping2D(1)(L.Input((4, 5, 2)))))
    save('instance_contrib_open', x, L.GlobalMaxPooling2D()(N(axis=-1)(L.Conv2D(4, 2)(y))), normal(3, 4, 5, 3))
    x = L.Input((6,)); y = L.Embedding(9, 3, mask_zero=True)(x)
    save('instance_contrib_masked', x, L.LSTM(2)(N(axis=None)(y)), ids(4, 6, 9))
    x = L.Input((7,)); save('instance_contrib_flat', x, N(axis=None, scale=False, center=False)(x), normal(3, 7))

TF = [('from keras.engine.topology import Layer', 'from tensorflow.keras.layers import Layer'), ('from keras', 'from tensorflow.keras')]

def sequence(make, name, steps=6, masked=True, size=5):
    """A layer over the steps of an LSTM: with a mask, and without."""
    for kind in (['masked'] if masked else []) + ['plain']:
        x = L.Input((steps,))
        y = L.LSTM(size, return_sequences=True)(L.Embedding(9, 4, mask_zero=kind == 'masked')(x))
        y = make(y)
        save('%s_%s' % (name, kind), x, y if isinstance(y, list) else L.Dense(3)(y), ids(5, steps or 6, 9), spread=1.5)

def kutilities():
    swap = [('self.add_weight((input_shape[-1], input_shape[-1],),', 'self.add_weight(shape=(input_shape[-1], input_shape[-1],),'),
            ('self.add_weight((input_shape[-1],),', 'self.add_weight(shape=(input_shape[-1],),'),
            ('self.add_weight((input_shape[1],),', 'self.add_weight(shape=(input_shape[1],),')]
    M = load('keras-utilities-0.5.0/keras-utilities-0.5.0/kutilities/layers.py', swap if tag.startswith('keras') else swap + TF)
    sequence(lambda y: M.AttentionWithContext()(y), 'with_context')
    sequence(lambda y: M.AttentionWithContext(bias=False)(y), 'with_context_unbiased', None, False)
    sequence(lambda y: M.Attention()(y), 'attention_raffel')
    sequence(lambda y: M.Attention(bias=False)(y), 'attention_raffel_unbiased', None, False)
    sequence(lambda y: M.MeanOverTime()(y), 'mean_over_time')

def delft():
    swap = [('from delft.utilities.Utilities import dot_product', '')] + (TF if tag.startswith('tf') else [])
    M = load('delft-0.2.7/delft/utilities/Attention.py', swap + [('self.add_weight((', 'self.add_weight(shape=(')])
    sequence(lambda y: M.Attention(6)(y), 'attention_step_dim')

def weighted():
    if tag.startswith('tf'):
        M = load('textgenrnn-2.0.0/textgenrnn-2.0.0/textgenrnn/AttentionWeightedAverage.py')
    else:
        M = load('textgenrnn-1.3.1/textgenrnn-1.3.1/textgenrnn/AttentionWeightedAverage.py')
    sequence(lambda y: M.AttentionWeightedAverage()(y), 'weighted_average')
    sequence(lambda y: M.AttentionWeightedAverage()(y), 'weighted_average_open', None)
    if not tag.startswith('tf'):
        K2 = load('kashgari-1.1.5/kashgari/layers/att_wgt_avg_layer.py', [('tensorflow.python import keras', 'types import ModuleType'),
            ('from tensorflow.python.keras import', 'import keras; from keras import'), ('import kashgari', ''), ('kashgari.custom_objects', '#'),
            ('InputSpec = L', 'InputSpec = L'), ('[2].value', '[2]')])
        sequence(lambda y: K2.AttentionWeightedAverageLayer(return_attention=True)(y), 'weighted_average_both')

def texcla():
    M = load('text_classification_keras-0.1.4/texcla/models/layers.py')
    sequence(lambda y: M.AttentionLayer()(y), 'attention_layer')
    sequence(lambda y: M.AttentionLayer(use_bias=False, attention_dims=3)(y), 'attention_layer_narrow')
    sequence(lambda y: M.AttentionLayer(use_context=False)(y), 'attention_layer_plain', None)

def retyped_att():
    """AttLayer of richliao/textClassifier: no package carries it."""
    K = keras.backend

    class AttLayer(L.Layer):
        def __init__(self, attention_dim, **kwargs):
            self.supports_masking = True
            self.attention_dim = attention_dim
            super(AttLayer, self).__init__(**kwargs)

        def build(self, input_shape):
            init = keras.initializers.get('normal')
            self.W = K.variable(init((input_shape[-1], self.attention_dim)), name='W')
            self.b = K.variable(init((self.attention_dim,)), name='b')
            self.u = K.variable(init((self.attention_dim, 1)), name='u')
            self.trainable_weights = [self.W, self.b, self.u]
            super(AttLayer, self).build(input_shape)

        def compute_mask(self, inputs, mask=None):
            return None

        def call(self, x, mask=None):
            uit = K.tanh(K.bias_add(K.dot(x, self.W), self.b))
            ait = K.exp(K.squeeze(K.dot(uit, self.u), -1))
            if mask is not None:
                ait *= K.cast(mask, K.floatx())
            ait /= K.cast(K.sum(ait, axis=1, keepdims=True) + K.epsilon(), K.floatx())
            return K.sum(x * K.expand_dims(ait), axis=1)

        def compute_output_shape(self, input_shape):
            return (input_shape[0], input_shape[-1])

    sequence(lambda y: AttLayer(4)(y), 'att_layer')

def crf():
    """CRF of anago, and that of keras-contrib 2.0.8 as kashgari has it."""
    A = load('anago-1.0.8/anago/layers.py', [('from keras.engine import Layer', 'from keras.layers import Layer')]).CRF
    B = load('kashgari-0.2.6/kashgari/utils/crf/crf.py', [('from kashgari', '#from kashgari'), ('K.tf', 'tensorflow'),
             ('import warnings', 'import warnings, tensorflow')]).CRF
    C = B if tag.startswith('keras2.3') else A

    def both(name, make, steps=7, loss=False):
        # With masks this code does not run in Keras 2.3.1 (bool and float32 in one concatenation).
        for kind in ('masked', 'plain') if C is A else ('plain',):
            x = L.Input((steps,))
            y = L.LSTM(5, return_sequences=True)(L.Embedding(9, 4, mask_zero=kind == 'masked')(x))
            layer = make(); z = layer(y)
            compiled = dict(loss=layer.loss_function, metrics=[layer.accuracy]) if loss else None
            save('%s_%s' % (name, kind), x, z, ids(6, steps or 7, 9), compiled, spread=2.0)

    both('crf', lambda: C(4), loss=C is A)
    both('crf_open', lambda: B(3, use_boundary=False, use_bias=False, activation='tanh', sparse_target=True), None)
    both('crf_marginal', lambda: C(4, learn_mode='marginal'))
    both('crf_join_marginal', lambda: B(3, test_mode='marginal', use_boundary=False))
    both('crf_contrib', lambda: B(5, learn_mode='marginal', test_mode='viterbi', unroll=True))

def tcn(version, *cases):
    """TCN of keras-tcn, whose file is swapped for that of the version."""
    T = load('keras_tcn-%s/tcn/tcn.py' % version).TCN
    label = 'tcn' + version.replace('.', '')
    for i, (steps, size, arguments) in enumerate(cases):
        x = L.Input((steps, size))
        save('%s_%d' % (label, i), x, L.Dense(2)(T(**arguments)(x)), normal(3, steps or 9, size))

def tcn_first():
    one = (9, 3, dict(nb_filters=4, kernel_size=3, dilations=[1, 2], activation='tanh'))
    tcn('2.9.3', one)  # with normalisation it cannot be saved: equal names of weights
    tcn('3.0.2', one,
        (8, 4, dict(nb_filters=4, nb_stacks=2, dilations=(1, 2), padding='same', use_skip_connections=False, use_batch_norm=True)),
        (7, 2, dict(nb_filters=3, dilations=[1, 4], return_sequences=True, use_layer_norm=True)))

def tcn_second():
    tcn('3.1.2', (9, 3, dict(nb_filters=4, kernel_size=3, dilations=[1, 2], activation='tanh')),
        (None, 4, dict(nb_filters=[4, 5], dilations=(1, 2), padding='same', activation='elu')),
        (7, 2, dict(nb_filters=3, dilations=[1, 4], return_sequences=True, use_layer_norm=True, use_skip_connections=True)))

def tcn_third():
    for version in ('3.2.1', '3.5.0') if tag.endswith('2.6') else ('3.5.7',):
        tcn(version, (9, 3, dict(nb_filters=4, kernel_size=3, dilations=[1, 2], activation='tanh', dropout_rate=0.2)),
            (None, 4, dict(nb_filters=[4, 5], dilations=(1, 2), padding='same', activation='elu', use_skip_connections=False)),
            (8, 2, dict(nb_filters=3, dilations=[1, 4], return_sequences=True, use_batch_norm=True, use_skip_connections=True)))
    if tag.endswith('2.15'):
        tcn('3.5.6', (8, 2, dict(nb_filters=2, go_backwards=True, dilations=[1, 2])))

def tcn_weight_norm():
    tcn('3.4.4', (9, 3, dict(nb_filters=4, kernel_size=3, dilations=[1, 2], use_weight_norm=True)))

def retyped_groups():
    """GroupNormalization of keras-contrib: no index carries it."""
    K, get = keras.backend, keras.initializers.get

    class GroupNormalization(L.Layer):
        def __init__(self, groups=32, axis=-1, epsilon=1e-5, center=True, scale=True, **kwargs):
            super(GroupNormalization, self).__init__(**kwargs)
            self.supports_masking = True
            self.groups, self.axis, self.epsilon, self.center, self.scale = groups, axis, epsilon, center, scale

        def build(self, input_shape):
            shape = (input_shape[self.axis],)
            if self.scale:
                self.gamma = self.add_weight(shape=shape, name='gamma', initializer='ones')
            if self.center:
                self.beta = self.add_weight(shape=shape, name='beta', initializer='zeros')
            self.built = True

        def call(self, inputs, **kwargs):
            input_shape = K.int_shape(inputs)
            tensor_input_shape = K.shape(inputs)
            broadcast_shape = [1] * len(input_shape)
            broadcast_shape[self.axis] = input_shape[self.axis] // self.groups
            broadcast_shape.insert(1, self.groups)
            group_axes = [tensor_input_shape[i] for i in range(len(input_shape))]
            group_axes[self.axis] = input_shape[self.axis] // self.groups
            group_axes.insert(1, self.groups)
            group_shape = K.stack([group_axes[0], self.groups] + group_axes[2:])
            inputs = K.reshape(inputs, group_shape)
            axes = list(range(len(group_axes)))[2:]
            mean, variance = K.mean(inputs, axes, keepdims=True), K.var(inputs, axes, keepdims=True)
            outputs = K.reshape((inputs - mean) / K.sqrt(variance + self.epsilon), group_shape)
            if self.scale:
                outputs = outputs * K.reshape(self.gamma, broadcast_shape)
            if self.center:
                outputs = outputs + K.reshape(self.beta, broadcast_shape)
            return K.reshape(outputs, tensor_input_shape)

        def get_config(self):
            config = {'groups': self.groups, 'axis': self.axis, 'epsilon': self.epsilon, 'center': self.center,
                      'scale': self.scale, 'beta_initializer': keras.initializers.serialize(get('zeros')),
                      'gamma_initializer': keras.initializers.serialize(get('ones')), 'beta_regularizer': None,
                      'gamma_regularizer': None, 'beta_constraint': None, 'gamma_constraint': None}
            return dict(list(super(GroupNormalization, self).get_config().items()) + list(config.items()))

    N = GroupNormalization
    x = L.Input((4, 5, 6)); save('group_contrib', x, L.Conv2D(2, 2)(N(groups=2)(x)), normal(3, 4, 5, 6))
    x = L.Input((None, 3, 6)); save('group_contrib_open', x, N(groups=3, axis=3, epsilon=0.1, scale=False)(x), normal(3, 4, 3, 6))
    x = L.Input((6, 4, 5)); save('group_contrib_first', x, N(groups=3, axis=1, epsilon=0.2)(x), normal(3, 6, 4, 5))
    x = L.Input((6,)); y = L.Embedding(9, 4, mask_zero=True)(x)
    save('group_contrib_masked', x, L.LSTM(2)(N(groups=2, center=False)(y)), ids(4, 6, 9))

def retyped_spectral():
    """DenseSN, ConvSN2D and ConvSN2DTranspose of IShengFang/SpectralNormalizationKeras: no index carries them."""
    import tensorflow
    K = keras.backend

    def with_vector(base, run):
        class Made(base):
            def build(self, input_shape):
                super(Made, self).build(input_shape)
                self.u = self.add_weight(shape=(1, K.int_shape(self.kernel)[-1]), name='sn', trainable=False,
                                         initializer=keras.initializers.RandomNormal(0, 1))

            def call(self, inputs, training=None):
                def unit(v):
                    return v / (K.sum(v ** 2) ** 0.5 + 1e-12)
                shape = K.int_shape(self.kernel)
                W = K.reshape(self.kernel, [-1, shape[-1]])
                _v = unit(K.dot(self.u, K.transpose(W)))
                _u = unit(K.dot(_v, W))
                sigma = K.dot(K.dot(_v, W), K.transpose(_u))
                W_bar = W / sigma
                with tensorflow.control_dependencies([tensorflow.assign(self.u, _u)]):
                    W_bar = K.reshape(W_bar, shape)
                plain, self.kernel = self.kernel, W_bar
                try:
                    return super(Made, self).call(inputs)
                finally:
                    self.kernel = plain
        return Made

    x = L.Input((6, 6, 3))
    y = type('ConvSN2D', (with_vector(L.Conv2D, None),), {})(4, 3, strides=2, padding='same', activation='relu')(x)
    y = type('ConvSN2DTranspose', (with_vector(L.Conv2DTranspose, None),), {})(2, 3, strides=2, use_bias=False)(y)
    save('spectral', x, type('DenseSN', (with_vector(L.Dense, None),), {})(3, activation='tanh')(L.Flatten()(y)), normal(3, 6, 6, 3),
         moving=True)

def crf_tensorflow():
    """CRF of tf2crf and of tensorflow-addons; PYTHONPATH has tensorflow-addons."""
    import tensorflow_addons
    A, B = (load('tf2crf-%s/tf2crf/crf.py' % version).CRF for version in ('0.1.12', '0.1.33'))

    def both(name, make, width):
        for kind in ('masked', 'plain'):
            keras.backend.clear_session()
            x = L.Input((7,))
            y = L.LSTM(5, return_sequences=True)(L.Embedding(9, 4, mask_zero=kind == 'masked')(x))
            if width:
                y = L.Dense(width)(y)
            z = make()(y)
            save('%s_%s' % (name, kind), x, list(z) if isinstance(z, tuple) else z, ids(6, 7, 9), spread=2.0)

    both('tf2crf_old', lambda: A(), 4)
    both('tf2crf', lambda: B(units=None), 3)
    both('tf2crf_units', lambda: B(units=4), None)
    both('addons_crf', lambda: tensorflow_addons.layers.CRF(4), None)
    both('addons_crf_bare', lambda: tensorflow_addons.layers.CRF(3, use_boundary=False, use_kernel=False), 3)

def crf_contrib_module():
    """CRF of kashgari 1 and nlp-architect, which need tf.contrib of TensorFlow 1."""
    for name, path in (('kashgari_crf', 'kashgari-1.1.5/kashgari/layers/crf.py'),
                       ('architect_crf', 'nlp_architect-0.5.4/nlp_architect/nn/tensorflow/python/keras/layers/crf.py')):
        C = load(path).CRF
        x = L.Input((7,))
        y = L.Dense(4)(L.LSTM(5, return_sequences=True)(L.Embedding(9, 4)(x)))
        save(name, x, C(4)(y), ids(6, 7, 9), spread=2.0)

def kashgari_layers():
    M = load('kashgari-0.2.6/kashgari/layers.py', [('from kashgari.macros import config', 'class config: use_CuDNN_cell = False')])
    x = L.Input((6,))
    y = L.Embedding(9, 4, mask_zero=True)(x)
    save('non_masking', x, L.Add()([L.LSTM(2)(M.NonMaskingLayer()(y)), L.LSTM(2)(y)]), ids(4, 6, 9))
    x = L.Input((None, 4)); save('k_max_pooling', x, M.KMaxPooling(k=3, data_format='channels_last')(x), normal(3, 6, 4))
    x = L.Input((5, 4)); save('k_max_pooling_first', x, M.KMaxPooling(k=2, data_format='channels_first')(x), normal(3, 5, 4))

def retyped_contrib():
    """PELU and SubPixelUpscaling of keras-contrib: no index carries them."""
    import tensorflow
    K = keras.backend

    class PELU(L.Layer):
        def __init__(self, shared_axes=None, **kwargs):
            super(PELU, self).__init__(**kwargs)
            self.supports_masking = True
            self.shared_axes = shared_axes

        def build(self, input_shape):
            shape = list(input_shape[1:])
            self.param_broadcast = [False] * len(shape)
            for i in self.shared_axes or ():
                shape[i - 1] = 1
                self.param_broadcast[i - 1] = True
            self.alpha = self.add_weight(shape=shape, name='alpha', initializer='ones')
            self.beta = self.add_weight(shape=shape, name='beta', initializer='ones')
            self.built = True

        def call(self, x, mask=None):
            pos = K.relu(x) * (self.alpha / self.beta)
            neg = self.alpha * (K.exp((-K.relu(-x)) / self.beta) - 1)
            return neg + pos

        def get_config(self):
            ones = keras.initializers.serialize(keras.initializers.get('ones'))
            config = {'alpha_initializer': ones, 'alpha_regularizer': None, 'alpha_constraint': None,
                      'beta_initializer': ones, 'beta_regularizer': None, 'beta_constraint': None,
                      'shared_axes': self.shared_axes}
            return dict(list(super(PELU, self).get_config().items()) + list(config.items()))

    class SubPixelUpscaling(L.Layer):
        def __init__(self, scale_factor=2, data_format=None, **kwargs):
            super(SubPixelUpscaling, self).__init__(**kwargs)
            self.scale_factor, self.data_format = scale_factor, data_format

        def call(self, x, mask=None):
            first = self.data_format == 'channels_first'
            x = K.permute_dimensions(x, (0, 2, 3, 1)) if first else x
            y = tensorflow.depth_to_space(x, self.scale_factor)
            return K.permute_dimensions(y, (0, 3, 1, 2)) if first else y

        def compute_output_shape(self, s):
            n = self.scale_factor
            if self.data_format == 'channels_first':
                return (s[0], s[1] // n ** 2, s[2] * n, s[3] * n)
            return (s[0], s[1] * n, s[2] * n, s[3] // n ** 2)

        def get_config(self):
            config = {'scale_factor': self.scale_factor, 'data_format': self.data_format}
            return dict(list(super(SubPixelUpscaling, self).get_config().items()) + list(config.items()))

    x = L.Input((4, 5, 3)); save('pelu', x, L.Conv2D(2, 2)(PELU(shared_axes=[1, 2])(x)), normal(3, 4, 5, 3))
    x = L.Input((6,)); save('pelu_flat', x, PELU()(x), normal(3, 6))
    x = L.Input((3, 4, 8)); save('sub_pixel', x, L.Conv2D(2, 2)(SubPixelUpscaling(2, 'channels_last')(x)), normal(2, 3, 4, 8))
    x = L.Input((18, 2, 3)); save('sub_pixel_first', x, SubPixelUpscaling(3, 'channels_first')(x), normal(2, 18, 2, 3))

def nested():
    """Where these layers are met: inside of models, TimeDistributed, Sequential, and called twice."""
    K = keras.models
    M = load('keras-utilities-0.5.0/keras-utilities-0.5.0/kutilities/layers.py',
             [('self.add_weight((', 'self.add_weight(shape=(')])
    for kind in ('masked', 'plain'):
        w = L.Input((5,))
        y = L.GRU(4, return_sequences=True)(L.Embedding(9, 4, mask_zero=kind == 'masked')(w))
        words = K.Model(w, M.AttentionWithContext()(y))
        s = L.Input((3, 5))
        y = L.Bidirectional(L.GRU(2, return_sequences=True))(L.TimeDistributed(words)(s))
        save('han_' + kind, s, L.Dense(2)(M.AttentionWithContext()(y)), ids(12, 5, 9).reshape(4, 3, 5), spread=1.0)
    N = load('antspynet-0.1.9/antspynet/utilities/custom_normalization_layers.py',
             [('import tensorflow as tf', ''), ('tensorflow.keras', 'keras')]).InstanceNormalization
    g = K.Sequential([L.Conv2D(3, 2, input_shape=(None, None, 3)), N(axis=-1), L.Activation('relu')])
    x = L.Input((5, 6, 3))
    save('generator', x, g(g(x)), normal(2, 5, 6, 3))

def crf_sequential():
    A = load('anago-1.0.8/anago/layers.py', [('from keras.engine import Layer', 'from keras.layers import Layer')]).CRF
    layer = A(3)
    m = keras.models.Sequential([L.Embedding(9, 4, mask_zero=True, input_length=6), L.Dropout(0.2),
                                 L.Bidirectional(L.LSTM(3, return_sequences=True)), L.TimeDistributed(L.Dense(5, activation='relu')), layer])
    m.set_weights(random(m, 2.0))
    m.compile('adam', layer.loss_function, [layer.accuracy])
    data = ids(6, 6, 9)
    m.fit(data, np.eye(3)[np.random.RandomState(0).randint(0, 3, (6, 6))], verbose=0)
    stem = os.path.join(out, tag + '_crf_sequential')
    m.save(stem + '.h5')
    np.savez(stem + '.golden.npz', in0=data, out0=m.predict(data))

for group in sys.argv[4:]:
    globals()[group]()
