#!/bin/bash
# make.sh: every file below this folder anew, from genuine old stacks.
#   OLD_ENVS   one virtual environment a stack (column 2); OLD_KDIRS  one folder `keras-X.Y.Z` a bare Keras (column 3)
# Environments. py27: Python 2.7, TF 1.4. py36tf115: 3.6, TF 1.15. py37tf115, py37tf20: 3.7. py311tf215: 3.11.
set -u
here=$(cd "$(dirname "$0")" && pwd)
home=$(mktemp -d)          # Keras before 2.2 writes ~/.keras/keras.json
trap 'rm -rf "$home"' EXIT
export HOME=$home PYTHONDONTWRITEBYTECODE=1 CUDA_VISIBLE_DEVICES= TF_CPP_MIN_LOG_LEVEL=3 PYTHONWARNINGS=ignore KERAS_BACKEND=tensorflow
while read -r folder env keras api; do
  [ "$keras" = - ] && path= || path=$OLD_KDIRS/keras-$keras
  PYTHONPATH=$path "$OLD_ENVS/$env/bin/python" "$here/make.py" "$here/$folder" "$api" "$@" 2>&1 < /dev/null | grep "^$folder"
done <<'rows'
keras1.2.2-py27    py27       1.2.2  keras
keras2.1.5-py27    py27       2.1.5  keras
keras2.3.1-py36    py36tf115  2.3.1  keras
tfkeras1.15-py37   py37tf115  -      tf.keras
tfkeras2.0-py37    py37tf20   -      tf.keras
tfkeras2.15-py311  py311tf215 -      tf.keras
rows
