"""Finding the entry that a name in old code meant."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ...registry import load_all
from .base import Entry, FunctionContext
from .registration import table

GLOBALS: dict[str, str] = {
    "K": "keras.backend",
    "KB": "keras.backend",
    "KK": "keras.backend",
    "kb": "keras.backend",
    "backend": "keras.backend",
    "keras_backend": "keras.backend",
    "tf": "tensorflow",
    "tensorflow": "tensorflow",
    "nn": "tensorflow.nn",
    "np": "numpy",
    "numpy": "numpy",
    "onp": "numpy",
    "jnp": "jax.numpy",
    "math": "math",
    "theano": "theano",
    "T": "theano.tensor",
    "tt": "theano.tensor",
    "TT": "theano.tensor",
    "tensor": "theano.tensor",
    "keras": "keras",
    "tf_keras": "keras",
    "tfk": "keras",
    "ops": "keras.ops",
    "kops": "keras.ops",
    "layers": "keras.layers",
    "tfkl": "keras.layers",
    "L": "keras.layers",
    "KL": "keras.layers",
    "activations": "keras.activations",
    "losses": "keras.losses",
    "objectives": "keras.losses",
    "metrics": "keras.metrics",
    "initializers": "keras.initializers",
    "tfa": "tensorflow_addons",
    "tfp": "tensorflow_probability",
    "operator": "operator",
    "functools": "functools",
    "itertools": "itertools",
}
"""The modules that global names of a function usually stand for: a function's bytecode holds only the short name."""

_SAME: tuple[tuple[str, str], ...] = (
    ("tensorflow_core.", "tensorflow."),
    ("tensorflow._api.v1.", "tensorflow."),
    ("tensorflow._api.v2.", "tensorflow."),
    ("tensorflow.compat.v2.", "tensorflow."),
    ("tensorflow.__operators__.", "operator."),
    ("tensorflow.contrib.keras.", "tensorflow.keras."),
    ("tensorflow.contrib.keras.api.keras.", "tensorflow.keras."),
    ("tensorflow.python.keras.", "tensorflow.keras."),
    ("tensorflow.python.framework.ops.", "tensorflow."),
    ("tensorflow.python.ops.gen_array_ops.", "tensorflow."),
    ("tensorflow.python.ops.gen_math_ops.", "tensorflow."),
    ("tensorflow.python.ops.gen_nn_ops.", "tensorflow.nn."),
    ("tensorflow.python.ops.array_ops.", "tensorflow."),
    ("tensorflow.python.ops.math_ops.", "tensorflow.math."),
    ("tensorflow.python.ops.nn_ops.", "tensorflow.nn."),
    ("tensorflow.python.ops.nn_impl.", "tensorflow.nn."),
    ("tensorflow.python.ops.nn.", "tensorflow.nn."),
    ("tensorflow.python.ops.clip_ops.", "tensorflow."),
    ("tensorflow.python.ops.image_ops.", "tensorflow.image."),
    ("tensorflow.python.ops.image_ops_impl.", "tensorflow.image."),
    ("tensorflow.python.ops.linalg_ops.", "tensorflow.linalg."),
    ("tensorflow.python.ops.random_ops.", "tensorflow.random."),
    ("tensorflow.compat.v1.keras.", "keras."),
    ("tensorflow.keras.", "keras."),
    ("tf_keras.", "keras."),
    ("keras.api._v1.keras.", "keras."),
    ("keras.api._v2.keras.", "keras."),
    ("keras.api.", "keras."),
    ("keras._tf_keras.keras.", "keras."),
    ("keras.src.", "keras."),
    ("keras.python.keras.", "keras."),
    ("keras.backend.tensorflow_backend.", "keras.backend."),
    ("keras.backend.theano_backend.", "keras.backend."),
    ("keras.backend.cntk_backend.", "keras.backend."),
    ("keras.backend.load_backend.", "keras.backend."),
    ("keras.backend.common.", "keras.backend."),
    ("keras.legacy.backend.", "keras.backend."),
    ("keras.objectives.", "keras.losses."),
    ("keras.ops.numpy.", "keras.ops."),
    ("keras.ops.nn.", "keras.ops."),
    ("keras.ops.math.", "keras.ops."),
    ("keras.ops.core.", "keras.ops."),
    ("keras.activations.activations.", "keras.activations."),
    ("theano.tensor.basic.", "theano.tensor."),
    ("theano.tensor.nnet.nnet.", "theano.tensor.nnet."),
    ("theano.tensor.extra_ops.", "theano.tensor."),
    ("numpy.core.fromnumeric.", "numpy."),
    ("numpy.core.numeric.", "numpy."),
    ("numpy.core.umath.", "numpy."),
)


def module_of(name: str) -> str | None:
    """The module that a global of this name normally is, or None."""
    return GLOBALS.get(name)


@cache
def _load_tables() -> bool:
    load_all(__package__)
    return True


def canonical(dotted: str) -> str:
    """The name under which the tables hold a function; aliases and inner module paths fold into public names."""
    head, _, rest = dotted.partition(".")
    if head in GLOBALS and rest:
        dotted = f"{GLOBALS[head]}.{rest}"
    dotted += "."
    changed = True
    while changed:
        changed = False
        for old, new in _SAME:
            if dotted.startswith(old):
                dotted, changed = new + dotted[len(old) :], True
    return dotted[:-1]


def resolve(dotted: str, context: FunctionContext | None = None) -> Entry | None:
    """The entry that `dotted` meant for a writer of `context`; None where the tables know nothing of it."""
    _load_tables()
    context = context or FunctionContext()
    name = canonical(dotted)
    for spelling in _spellings(name):
        for entry in table().get(spelling, ()):
            if entry.when.fits(context):
                return entry
    return None


def _spellings(name: str) -> list[str]:
    found = [name]
    if name.startswith("tensorflow.compat.v1."):
        found.append("tensorflow." + name.removeprefix("tensorflow.compat.v1."))
    if name.startswith("tensorflow.math."):
        found.append("tensorflow." + name.removeprefix("tensorflow.math."))
    if name.startswith("jax.numpy."):
        found.append("numpy." + name.removeprefix("jax.numpy."))
    if name.startswith("jax.nn."):
        found.append("keras.ops." + name.removeprefix("jax.nn."))
    return found


def is_module(dotted: str) -> bool:
    """Whether the tables hold names below `dotted`, so that an import of it or an attribute walk may go on."""
    _load_tables()
    name = canonical(dotted) if "." in dotted else GLOBALS.get(dotted, dotted)
    known = any(spelling.startswith(name + ".") for spelling in table())
    return (
        known
        or name in ("tensorflow.compat", "tensorflow.compat.v1", "tensorflow.compat.v2", "jax", "jax.nn")
        or (name in ("tensorflow.math", "jax.numpy", "tensorflow.keras"))
    )


def names(prefix: str = "") -> list[str]:
    """All canonical names below `prefix`, sorted."""
    _load_tables()
    return sorted(name for name in table() if name.startswith(prefix))


@dataclass(frozen=True)
class Attribute:
    """An attribute of a value: a method takes the value as its first argument, a property is run at once."""

    entry: Entry
    method: bool


def attribute(name: str, on: str = "tensor", context: FunctionContext | None = None) -> Attribute | None:
    """What `name` is on a ``tensor``, ``shape``, ``size`` taken from one, ``dtype`` or ``pair``; None if unknown."""
    for method in (True, False):
        entry = resolve(f"{'method' if method else 'property'}.{on}.{name}", context)
        if entry is not None:
            return Attribute(entry, method)
    return None


def operator(name: str, context: FunctionContext | None = None) -> Entry:
    """The entry of a Python operator on tensors, by its name in the module ``operator``; raises KeyError."""
    entry = resolve(f"operator.{name.rstrip('_')}", context)
    if entry is None:
        raise KeyError(name)
    return entry
