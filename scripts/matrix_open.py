"""Opens model files in the Keras of the interpreter that runs this, each in a process of its own, and compares outputs.

    PYTHON scripts/matrix_open.py LIBRARY LIST

Runs on Python 2.7 and all later ones; imports nothing of ours. LIBRARY is ``keras``, ``tf.keras`` or ``tf_keras``. LIST is
a JSON file: a list of {"name", "file", "recording", "inputs", "outputs", "dict", "tolerance", "step"}; a recording holds ``in0``
..., ``out0`` ... and, with "step", the weights ``step0`` ... after one more step on ``(in0, zeros of target_shape)``. Prints one
JSON object a line for each: {"name", "opens", "right", "seen", "step"}.
"""

import json
import os
import sys
import traceback
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
warnings.filterwarnings("ignore")


def flat(value):
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in flat(value[key])]
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in flat(item)]
    return [value]


def as_text(array, tf):
    import numpy

    return numpy.array(array, dtype=object) if tf is None else tf.constant(array)


def predict(model, job, inputs, tf, eager):
    if job.get("dict"):
        try:
            if not eager:
                raise TypeError("graph mode")
            return model(dict((key, tf.constant(x)) for key, x in zip(job["inputs"], inputs)))
        except Exception:
            return model.predict(inputs)
    inputs = [as_text(x, tf if eager else None) if x.dtype.kind in "US" else x for x in inputs]
    given = inputs[0] if len(inputs) == 1 else inputs
    return model(given, training=False) if eager else model.predict(given)


def differs(found, wanted, tolerance):
    import numpy

    if len(found) != len(wanted):
        return "%d outputs for %d" % (len(found), len(wanted))
    for one, other in zip(found, wanted):
        if one.shape != other.shape:
            return "shape %s for %s" % (one.shape, other.shape)
        one, other = one.astype("f8"), other.astype("f8")
        if not numpy.allclose(
            one, other, rtol=tolerance, atol=tolerance / 10 if tolerance < 1e-3 else tolerance, equal_nan=True
        ):
            return "largest difference %g" % numpy.abs(one - other).max()
    return ""


def judge(job, keras, tf):
    import numpy

    eager = (tf is not None and tf.__version__ > "2") or keras.__version__ > "3"
    found = {"name": job["name"], "opens": False, "right": False, "seen": ""}
    try:
        model = keras.models.load_model(job["file"])
        found["opens"] = True
        recording = numpy.load(job["recording"])
        inputs = [recording["in%d" % i] for i in range(len(job["inputs"]))]
        wanted = [recording["out%d" % i] for i in range(job["outputs"])]
        if not job.get("step_first"):
            outputs = [
                numpy.asarray(y.numpy() if hasattr(y, "numpy") else y) for y in flat(predict(model, job, inputs, tf, eager))
            ]
            found["seen"] = differs(outputs, wanted, job.get("tolerance", 1e-4))
        found["right"] = not found["seen"]
        if job.get("step") and found["right"] and getattr(model, "optimizer", None) is None:
            found["step"] = None
        elif job.get("step") and found["right"]:
            target = numpy.zeros(job["step"]["shape"], job["step"]["dtype"])
            model.train_on_batch(inputs[0], target)
            weights = [numpy.asarray(w) for w in model.get_weights()]
            after = [recording["step%d" % i] for i in range(sum(name.startswith("step") for name in recording.files))]
            same = [a.shape for a in weights] == [b.shape for b in after]  # a grouped kernel is written whole
            found["step"] = max(float(numpy.abs(a - b).max()) for a, b in zip(weights, after)) if same else None
    except BaseException as error:
        found["seen"] = "%s: %s" % (type(error).__name__, str(error)[:300])
        found["where"] = traceback.format_exc()[-400:]
        found["right"] = False
    return found


def main():
    library, listed = sys.argv[1:3]
    tf = None
    try:
        import tensorflow as tf

        tf.get_logger().setLevel("ERROR")
    except (ImportError, AttributeError):
        pass
    if library == "tf.keras":
        keras = tf.keras
        keras.models  # lazily loaded: once, before the processes part
    elif library == "tf_keras":
        import tf_keras as keras
    else:
        import keras
    for job in json.load(open(listed)):
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            print("@" + json.dumps(judge(job, keras, tf)))
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            print(
                "@"
                + json.dumps(
                    {"name": job["name"], "opens": False, "right": False, "seen": "the process ended with %d" % status}
                )
            )


main()
