import numpy as np, tensorflow as tf, sys
import tensorflow_model_optimization as mot
L=tf.keras.layers; P=mot.sparsity.keras
x=L.Input((5,5,2)); y=P.prune_low_magnitude(L.Conv2D(4,2,activation='relu'),P.ConstantSparsity(0.5,0,-1,1))(x); y=L.Flatten()(y); y=P.prune_low_magnitude(L.Dense(3),P.ConstantSparsity(0.5,0,-1,1))(y)
m=tf.keras.Model(x,y); m.compile('sgd','mse')
xs=np.random.RandomState(0).normal(size=(4,5,5,2)).astype('float32')
m.fit(xs,np.ones((4,3)),verbose=0,epochs=2,callbacks=[P.UpdatePruningStep()])
ys=m.predict(xs); m.save('tfkeras2.6_pruned.h5'); np.savez('tfkeras2.6_pruned.golden.npz',in0=xs,out0=ys)
