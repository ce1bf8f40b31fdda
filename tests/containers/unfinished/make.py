"""A file that saving left in the middle: run by Keras 3.0.5.    python make.py FOLDER"""
import os, sys; os.environ['KERAS_BACKEND'] = 'tensorflow'
import keras
q = keras.Input((5, 4))
m = keras.Model(q, keras.layers.MultiHeadAttention(4, 1)(q, q))
try:
    m.save(sys.argv[1] + '/keras3.0.5_attention.h5')
except ValueError as e:
    print(e)
