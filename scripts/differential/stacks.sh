#!/bin/bash
# Models of every genuine stack: stacks.sh OUT [FIRST [COUNT [STACK ...]]]
# Environments and old Keras versions as old_stacks.sh makes them, under $OLD_ENVS and $OLD_KDIRS. Theano needs g++: without its C
# compiler it ignores dilation and records nonsense.
set -u
OUT=$1 FIRST=${2:-0} COUNT=${3:-250}
[ $# -gt 3 ] && shift 3 && ONLY=" $* " || ONLY=
ENVS=${OLD_ENVS:-old-stacks/envs} KDIRS=${OLD_KDIRS:-old-stacks/keras} HERE=$(dirname "$0")
export THEANO_FLAGS=${THEANO_FLAGS:-device=cpu,floatX=float32,base_compiledir=/tmp/theano-differential} TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=
models() {   # NAME ENVIRONMENT API BACKEND KERAS
  [ -z "$ONLY" ] || [[ $ONLY == *" $1 "* ]] || return 0
  [ -z "$5" ] || export PYTHONPATH=$KDIRS/keras-$5
  mkdir -p "$OUT/$1"
  KERAS_BACKEND=$4 nice -n 5 "$ENVS/$2/bin/python" -W ignore "$HERE/generate.py" "$OUT/$1" --api "$3" --first "$FIRST" --count "$COUNT" \
    --seconds "${SECONDS_EACH:-100000}" >"$OUT/$1.log" 2>&1
  unset PYTHONPATH
  echo "$1: $(tail -1 "$OUT/$1.log")"
}
models tf1.15           py36tf115  tf.keras tensorflow ""
models tf2.3            py37tf23   tf.keras tensorflow ""
models tf2.8            py38tf28   tf.keras tensorflow ""
models tf2.13           py310tf213 tf.keras tensorflow ""
models tf2.15           py310tf215 tf.keras tensorflow ""
models keras2.3.1-tf    py36tf115  keras    tensorflow 2.3.1
models keras2.2.4-tf    py36tf114  keras    tensorflow 2.2.4
models keras2.1.5-tf    py36tf18   keras    tensorflow 2.1.5
models keras2.0.9-tf    py36tf18   keras    tensorflow 2.0.9
models keras1.2.2-tf    py27       keras    tensorflow 1.2.2
models keras3.0.5-tf    py311tf216 keras    tensorflow 3.0.5
models keras3.6-tf      py312k36   keras    tensorflow ""
models keras3.15-tf     py313now   keras    tensorflow ""
models tf2.4            py38tf24   tf.keras tensorflow ""
models tf2.6            py39tf26   tf.keras tensorflow ""
models tf2.11           py39tf211  tf.keras tensorflow ""
models keras1.2.2-theano py27      keras    theano 1.2.2
models keras1.0.8-theano py27      keras    theano 1.0.8
models keras0.3.3-theano py27      keras    theano 0.3.3
models keras2.0.9-theano py27      keras    theano 2.0.9
models keras2.2.4-theano py36tf114 keras    theano 2.2.4
