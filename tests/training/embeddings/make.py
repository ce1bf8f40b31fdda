import os,sys,warnings; warnings.simplefilter('ignore'); os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL','3')
import numpy as np
out=sys.argv[1]; os.makedirs(out,exist_ok=True)
if sys.argv[2]=='tf':
    import tensorflow as tf; keras=tf.keras
else:
    import keras
from functools import partial
L=keras.layers; O=keras.optimizers
kw='learning_rate' if sys.argv[3]=='new' else 'lr'
opts={n:(n,{kw:.01}) for n in ('Adam','RMSprop','Adagrad','Adadelta','Adamax','Nadam','SGD')}
opts['SGDm']=('SGD',{kw:.05,'momentum':.9}); opts['SGDn']=('SGD',{kw:.05,'momentum':.9,'nesterov':True}); opts['Adamclip']=('Adam',{kw:.01,'clipnorm':.05}); opts['SGDclip']=('SGD',{kw:.1,'clipnorm':.01}); opts['RMSm']=('RMSprop',{kw:.01,'momentum':.5}); opts['Ftrl']=('Ftrl',{kw:.1}); opts['Adamams']=('Adam',{kw:.01,'amsgrad':True})
for name,(cls,k) in opts.items():
    try:
        keras.backend.clear_session()
        r=np.random.RandomState(0)
        m=keras.models.Sequential([L.Embedding(8,3,input_length=5) if sys.argv[2]!='k3' else L.Embedding(8,3),L.Flatten(),L.Dense(2)])
        m.build((None,5)) if not m.built else 0
        m.set_weights([r.uniform(-.6,.6,w.shape) for w in m.get_weights()])
        m.compile(getattr(O,cls)(**k),'mse')
        xs=[r.randint(0,6,(4,5)) for _ in range(5)]; ys=[r.uniform(-1,1,(4,2)) for _ in range(5)]
        xs[3]=xs[3]%3; xs[4]=xs[4]%4  # rows left alone
        for x,y in zip(xs[:4],ys[:4]): m.train_on_batch(x,y)
        fn='%s/%s.%s'%(out,name,'keras' if sys.argv[2]=='k3' else 'h5'); m.save(fn)
        allx=np.arange(40).reshape(8,5)%8
        before=m.predict(allx); loss=m.train_on_batch(xs[4],ys[4]); after=m.predict(allx); loss2=m.train_on_batch(xs[4],ys[4]); after2=m.predict(allx)
        np.savez('%s/%s.npz'%(out,name),x=xs[4],y=ys[4],allx=allx,before=before,after=after,after2=after2,loss=np.ravel(loss)[0])
    except Exception as e: print(name,repr(e)[:150])
