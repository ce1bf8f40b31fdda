"""What became of model files in a genuine stack, a line of JSON a file: the fates that `anykeras check` is measured against.

    PYTHON scripts/measure_check.py LIBRARY LIST OUT     LIBRARY: keras, tf.keras or tf_keras; LIST: a path a line

Run by the interpreter of the stack (Python 2.7 to 3.14). Each file is opened in a process of its own, forked after Keras was
imported. OUT goes on where it ended. Copies of the lines, without their errors, are tests/fates.json.
"""

# ruff: noqa: UP010, UP031, PTH, SIM115
from __future__ import print_function

import json
import os
import signal
import sys
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
warnings.filterwarnings("ignore")


def import_keras(library):
    """The library whose ``load_model`` is asked."""
    if library == "tf.keras":
        import tensorflow

        return tensorflow.keras
    if library == "tf_keras":
        import tf_keras

        return tf_keras
    import keras
    import keras.models

    return keras


def open_apart(keras, name):
    """What happens to one file in a process of its own."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(90)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        fate = {"opens": True}
        try:
            keras.models.load_model(name)
        except BaseException as error:
            fate = {"opens": False, "error": (type(error).__name__ + ": " + str(error))[:1500]}
        os.write(write_end, json.dumps(fate).encode("utf-8"))
        os._exit(0)
    os.close(write_end)
    told = b""
    part = os.read(read_end, 65536)
    while part:
        told += part
        part = os.read(read_end, 65536)
    os.close(read_end)
    _, status = os.waitpid(child, 0)
    return json.loads(told.decode("utf-8")) if told else {"opens": False, "error": "CRASH %d" % status}


def main(library, listing, out):
    """Every file of the listing that OUT has no line for."""
    keras = import_keras(library)
    done = {}
    if os.path.exists(out):
        with open(out) as handle:
            done = {json.loads(line)["file"]: True for line in handle}
    with open(listing) as handle:
        names = handle.read().split("\n")
    for name in names:
        if name and name not in done:
            with open(out, "a") as handle:
                handle.write(json.dumps(dict(open_apart(keras, name), file=name, library=library)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:4])
