#!/bin/bash
# make.sh [PROGRAM ...]: every file of this folder anew, by the stack that its program names in its first line.
#   OLD_ENVS   one virtual environment a stack;  OLD_KDIRS  one folder `keras-X.Y.Z` a bare Keras  (as scripts/fixtures/make.sh)
set -u
here=$(cd "$(dirname "$0")" && pwd)
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
export HOME=$home CUDA_VISIBLE_DEVICES= TF_CPP_MIN_LOG_LEVEL=3 PYTHONWARNINGS=ignore PYTHONDONTWRITEBYTECODE=1
export THEANO_FLAGS="cxx=,optimizer=fast_compile,floatX=float32,device=cpu,base_compiledir=$home/theano"

rows='
keras0_layers         py27       0.3.3  theano
keras10_objects       py27       1.0.8  theano
keras1_attention      py27       1.2.2  theano
keras1_bases          py27       1.2.2  theano
keras1_objects        py27       1.2.2  theano
keras1_recurrent      py27       1.2.2  theano
keras2_decoder        py36tf18   2.0.8  tensorflow
keras2_bases          py36tf18   2.1.5  tensorflow
keras2_cells          py36tf114  2.2.4  tensorflow
keras2_objects        py36tf114  2.2.4  tensorflow
keras2_parts          py36tf114  2.2.4  tensorflow
tfkeras1_layers       py37tf115  -      tensorflow
tfkeras2_parts        py37tf23   -      tensorflow
tfkeras2_objects      py38tf28   -      tensorflow
tfkeras2_transformer  py38tf28   -      tensorflow
tfkeras2_subclassed   py310tf213 -      tensorflow
tfkeras215_models     py310tf215 -      tensorflow
tfkeras215_objects    py310tf215 -      tensorflow
'
while read -r program env keras backend; do
  [ -z "$program" ] && continue
  if [ $# -gt 0 ] && [[ " $* " != *" $program "* ]]; then continue; fi
  [ "$keras" = - ] && keras= || keras=$OLD_KDIRS/keras-$keras
  KERAS_BACKEND=$backend PYTHONPATH=$keras "$OLD_ENVS/$env/bin/python" "$here/make.py" "$here/$program.py" "$here" 2>&1 < /dev/null | grep ^made
done <<< "$rows"
