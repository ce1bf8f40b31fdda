"""Writes catalog/known_models.json: the weight shapes of every network of keras.applications, with and without its top.

Runs with the installed Keras; no variable is allocated: KERAS_BACKEND=jax python scripts/make_known_models.py OUT.json

The networks of keras_applications 1.0.8 and of tf.keras have the same weights under the same names of functions. A row is
``{"weights": {shape: number of weights}, "top": {shape: number}}``: the weights without the top, and those that
``include_top=True`` adds for its 1000 classes. A shape is written with its sizes in ascending order, because kernels of
Theano are stored the other way round; weights of three numbers or fewer (statistics of the colours) are left out.
"""

import inspect
import json
import math
import sys
from collections import Counter

import keras


def spell(weights):
    sizes = [sorted(int(n) for n in weight.shape) for weight in weights]
    return Counter("x".join(map(str, size)) for size in sizes if math.prod(size) > 3)


def functions():
    for module_name, module in sorted(vars(keras.applications).items()):
        if inspect.ismodule(module):
            for name, found in sorted(vars(module).items()):
                if callable(found) and name[0].isupper() and "include_top" in inspect.signature(found).parameters:
                    yield name, found


rows = {}
for name, build in functions():
    if name in rows:
        continue
    found = []
    for include_top in (False, True):
        keras.utils.clear_session(free_memory=False)
        with keras.StatelessScope():
            found.append(spell(build(weights=None, include_top=include_top).weights))
    without, whole = found
    if without - whole:
        raise SystemExit(f"{name}: without its top it has weights that it has not with it: {without - whole}")
    rows[name] = {"weights": dict(sorted(without.items())), "top": dict(sorted((whole - without).items()))}
    print(name, sum(without.values()), rows[name]["top"], flush=True)
    with open(sys.argv[1], "w", encoding="utf-8") as file:  # after each, since all of them take a while
        json.dump(rows, file, separators=(",", ":"), sort_keys=True)
        file.write("\n")
