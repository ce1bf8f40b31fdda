import sys, pickle, numpy as np, os
out=sys.argv[1]; flavor=sys.argv[2]
if flavor=='keras':
    import keras
else:
    import tensorflow as tf; keras=tf.keras
L=keras.layers
m=keras.models.Sequential([L.Dense(4,activation='relu',input_shape=(3,)) if flavor!='k3' else L.Dense(4,activation='relu'),L.BatchNormalization(),L.Dense(2)])
m.compile('sgd','mse')
x=np.random.RandomState(0).rand(5,3).astype('float32')
m.fit(x,np.ones((5,2)),verbose=0)
y=m.predict(x)
for p in (2,3,4):
    with open(out+'.p%d.pkl'%p,'wb') as f: pickle.dump(m,f,protocol=p)
with open(out+'.dict.pkl','wb') as f: pickle.dump({'model':m,'n':3},f,protocol=4)
np.savez(out+'.golden.npz',in0=x,out0=y)
