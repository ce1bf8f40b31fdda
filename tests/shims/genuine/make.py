import sys, json, os, numpy as np, traceback
out, flavor = sys.argv[1], sys.argv[2]
np.random.seed(0)
if flavor=='k2':
    os.environ['TF_KERAS']='0'
    import keras; L=keras.layers; tag='keras2.3.1'
else:
    import tensorflow as tf; keras=tf.keras; L=keras.layers; tag='tfkeras2.6'
def save(name, make, shape):
    try:
        x=L.Input(shape=shape); y=make(x); m=keras.models.Model(x,y)
        m.set_weights([w+np.random.RandomState(i).uniform(0.05,0.4,w.shape).astype(w.dtype) if w.dtype.kind=='f' else w for i,w in enumerate(m.get_weights())])
        xs=np.random.RandomState(3).normal(size=(3,)+shape).astype('float32')
        ys=m.predict(xs)
        ys=ys if isinstance(ys,list) else [ys]
        m.save(out+'/'+tag+'_'+name+'.h5')
        np.savez(out+'/'+tag+'_'+name+'.golden.npz', in0=xs, **{'out%d'%i:v for i,v in enumerate(ys)})
        print(name,'ok',flush=True)
    except Exception as e: print(name,'FAIL',repr(e)[:200],flush=True)
if flavor=='k2':
    from keras_self_attention import SeqSelfAttention, SeqWeightedAttention, ScaledDotProductAttention
    from keras_layer_normalization import LayerNormalization
    from keras_pos_embd import PositionEmbedding, TrigPosEmbedding
    from keras_position_wise_feed_forward import FeedForward
    save('seq_self_additive', lambda x: SeqSelfAttention(units=6, attention_activation='sigmoid')(x),(5,4))
    save('seq_self_mul', lambda x: SeqSelfAttention(attention_type=SeqSelfAttention.ATTENTION_TYPE_MUL, attention_width=3, history_only=True, attention_activation=None)(x),(5,4))
    save('seq_self_additive_rnn', lambda x: L.Dense(2)(SeqSelfAttention(units=6)(L.Bidirectional(L.LSTM(3,return_sequences=True))(x))),(5,4))
    save('seq_weighted', lambda x: SeqWeightedAttention()(x),(5,4))
    save('scaled_dot', lambda x: ScaledDotProductAttention()([x,x,x]),(5,4))
    save('layer_norm', lambda x: L.Dense(2)(LayerNormalization()(x)),(5,4))
    save('layer_norm_eps', lambda x: L.Dense(2)(LayerNormalization(epsilon=0.1,scale=False)(x)),(5,4))
    save('trig', lambda x: TrigPosEmbedding(output_dim=4,mode=TrigPosEmbedding.MODE_ADD)(x),(5,4))
    save('pos_add', lambda x: PositionEmbedding(input_dim=5,output_dim=4,mode=PositionEmbedding.MODE_ADD)(x),(5,4))
    save('feed_forward', lambda x: FeedForward(units=7,activation='relu')(x),(5,4))
    from efficientnet.model import get_dropout
    FD=get_dropout(backend=keras.backend,layers=keras.layers,models=keras.models,utils=keras.utils)
    save('fixed_dropout', lambda x: L.Dense(3,activation='sigmoid')(FD(0.4,noise_shape=(None,1,1))(L.Conv1D(4,2)(x))),(5,4))
    try:
        from tcn import TCN
        save('tcn', lambda x: L.Dense(2)(TCN(nb_filters=4,kernel_size=2,dilations=[1,2],return_sequences=False)(x)),(8,3))
    except Exception as e: print('tcn',e)
else:
    import tensorflow_addons as tfa
    A=tfa.layers
    save('instance_norm', lambda x: A.InstanceNormalization()(x),(4,4,6))
    save('instance_norm_plain', lambda x: A.InstanceNormalization(axis=-1,epsilon=0.1,center=False,scale=False)(x),(4,6))
    save('group_norm', lambda x: A.GroupNormalization(groups=3,axis=-1)(x),(4,4,6))
    save('group_norm_axis', lambda x: A.GroupNormalization(groups=2,axis=1)(x),(4,5,6))
    save('weight_norm_dense', lambda x: A.WeightNormalization(L.Dense(3))(x),(4,))
    save('weight_norm_conv', lambda x: A.WeightNormalization(L.Conv2D(3,2,activation='relu'))(x),(5,5,2))
    save('spectral_norm_dense', lambda x: A.SpectralNormalization(L.Dense(3))(x),(4,))
    save('spectral_norm_conv', lambda x: A.SpectralNormalization(L.Conv2D(3,2,activation='relu'))(x),(5,5,2))
    save('maxout', lambda x: A.Maxout(2)(x),(6,))
    save('spp', lambda x: A.SpatialPyramidPooling2D([1,2])(x),(4,4,3))
    save('adaptive_avg', lambda x: A.AdaptiveAveragePooling2D((2,2))(x),(4,4,3))
    save('adaptive_max', lambda x: A.AdaptiveMaxPooling2D((2,2))(x),(4,4,3))
    save('stochastic_depth', lambda x: A.StochasticDepth(0.8)([x,L.Dense(4)(x)]),(4,))
    save('gelu', lambda x: A.GELU()(x),(4,))
    save('act_mish', lambda x: L.Dense(3,activation=tfa.activations.mish)(x),(4,))
    save('act_gelu', lambda x: L.Dense(3,activation=tfa.activations.gelu)(x),(4,))
    save('act_lisht', lambda x: L.Dense(3,activation=tfa.activations.lisht)(x),(4,))
    save('act_hardshrink', lambda x: L.Dense(3,activation=tfa.activations.hardshrink)(x),(4,))
    save('act_tanhshrink', lambda x: L.Dense(3,activation=tfa.activations.tanhshrink)(x),(4,))
    save('act_snake', lambda x: L.Dense(3,activation=tfa.activations.snake)(x),(4,))
    save('act_sparsemax', lambda x: L.Dense(3,activation=tfa.activations.sparsemax)(x),(4,))
