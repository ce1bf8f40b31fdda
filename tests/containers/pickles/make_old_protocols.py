import sys, pickle, numpy as np, platform
import keras
from keras.models import Sequential, Model
from keras import layers as L
tag=sys.argv[1]
m=Sequential([L.Dense(4,input_shape=(3,),activation='relu'),L.Dense(2)])
m.compile('adam','mse')
x=np.random.RandomState(0).rand(4,3).astype('float32')
m.fit(x,np.ones((4,2)),verbose=0)
y=m.predict(x)
import os
for p in (0,1,2):
    try:
        pickle.dump(m,open('%s_p%d.pkl'%(tag,p),'wb'),p); print(p,os.path.getsize('%s_p%d.pkl'%(tag,p)))
        m2=pickle.load(open('%s_p%d.pkl'%(tag,p),'rb')); print(np.abs(m2.predict(x)-y).max())
    except Exception as e: print(p,repr(e)[:300])
    try:
        pickle.dump({'model':m,'classes':['a',u'b',3,2.5,None,(1,2),2**70],'scale':np.arange(3.)},open('%s_dict_p%d.pkl'%(tag,p),'wb'),p)
    except Exception as e: print(p,repr(e)[:300])
np.savez(tag+'.golden.npz',in0=x,out0=y)
print(keras.__version__,sys.version)
