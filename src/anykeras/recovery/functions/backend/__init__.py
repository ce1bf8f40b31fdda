"""``keras.backend`` of Keras 0.3 to 2.3 (Theano, TensorFlow, CNTK), of ``tf.keras`` and of ``keras.legacy.backend``."""
