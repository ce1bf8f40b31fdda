import numpy as np, tensorflow as tf, keras, keras.backend as K
from keras.utils import multi_gpu_utils as u
u._get_available_devices=lambda: ['/cpu:0','/gpu:0','/gpu:1']
K.set_session(tf.Session(config=tf.ConfigProto(allow_soft_placement=True)))
L=keras.layers
def go(name, m, shapes):
    p=u.multi_gpu_model(m,2); p.compile('sgd','mse')
    xs=[np.random.RandomState(i).rand(6,*s).astype('float32') for i,s in enumerate(shapes)]
    ys=p.predict(xs if len(xs)>1 else xs[0]); ys=ys if isinstance(ys,list) else [ys]
    p.save('./%s.h5'%name); np.savez('./%s.golden.npz'%name, **{'in%d'%i:x for i,x in enumerate(xs)}, **{'out%d'%i:y for i,y in enumerate(ys)})
    print(name,'ok')
import os; os.makedirs('.',exist_ok=True)
go('one', keras.models.Sequential([L.Dense(4,activation='relu',input_shape=(3,)),L.BatchNormalization(),L.Dense(2)]), [(3,)])
a=L.Input((3,)); b=L.Input((2,)); h=L.concatenate([L.Dense(4)(a),b]); m=keras.models.Model([a,b],[L.Dense(2,name='first')(h),L.Dense(1,name='second')(h)])
go('two', m, [(3,),(2,)])
