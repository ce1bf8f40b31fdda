"""``tf.*`` that make tensors, draw numbers, branch and loop; and what belongs to sessions, files and text."""

from __future__ import annotations

import numpy as np

from .. import control, folding, sampling, shapes
from ..base import FunctionContext, Kind, Ops, Refused, Value, also, function, refuse
from ..dtypes import dtype_name, of
from ..shapes import Scope

TF = "tensorflow"
_BOTH = "TensorFlow 0.x to 2.x"


def _filled(name: str) -> None:
    @function(f"tensorflow.{name}", stack=_BOTH)
    def run(ops: Ops, shape: Value, dtype: Value = "float32") -> Value:
        return ops.op(name, shapes.sizes(ops, shape), dtype=dtype_name(ops, dtype))

    @function(f"tensorflow.{name}_like", stack=_BOTH)
    def like(
        ops: Ops,
        input: Value = None,
        dtype: Value = None,
        name_: Value = None,
        optimize: Value = True,
        tensor: Value = None,
    ) -> Value:
        x = tensor if input is None else input
        if isinstance(x, shapes.Sizes):
            return shapes.Sizes((0 if name == "zeros" else 1,) * len(x))
        return ops.op(f"{name}_like", x, dtype=None if dtype is None else dtype_name(ops, dtype))


_filled("zeros")
_filled("ones")


@function("tensorflow.fill", stack=_BOTH)
def fill(ops: Ops, dims: Value, value: Value) -> Value:
    return ops.full(shapes.sizes(ops, dims), value, dtype=of(ops, value))


@function("tensorflow.range", stack=_BOTH)
def range_(ops: Ops, start: Value, limit: Value = None, delta: Value = 1, dtype: Value = None, name: Value = None) -> Value:
    kind = "float32" if any(isinstance(one, float) for one in (start, limit, delta)) else "int32"
    return shapes.arange(ops, start, limit, delta, dtype_name(ops, dtype, kind))


@function("tensorflow.linspace", "tensorflow.lin_space", stack=_BOTH)
def linspace(ops: Ops, start: Value, stop: Value, num: Value) -> Value:
    return ops.linspace(start, stop, int(num))


@function("tensorflow.Variable", "tensorflow.get_variable", kind=Kind.STATEFUL, stack=_BOTH)
def variable(ops: Ops, initial_value: Value = None, trainable: Value = True, **kwargs: Value) -> Value:
    if initial_value is None or ops.is_tensor(initial_value) or callable(initial_value):
        raise Refused("a variable's value was made when the program ran and is not in the file", "AK3042")
    ops.note("a variable made inside a function is kept as a constant with its starting value")
    dtype = kwargs.get("dtype")
    return ops.constant(initial_value, None if dtype is None else dtype_name(ops, dtype))


def _first(context: FunctionContext) -> bool:
    return not context.eager_tensorflow


@function("tensorflow.where", "tensorflow.select", test=_first, stack="TensorFlow 1: a vector picks rows")
def where_v1(ops: Ops, condition: Value, x: Value = None, y: Value = None, t: Value = None, e: Value = None) -> Value:
    x, y = (t if x is None else x), (e if y is None else y)
    if x is None:
        raise Refused("where with a condition alone: how many places it names depends on values", "AK3043")
    if ops.is_tensor(condition) and ops.rank(condition) == 1 and ops.is_tensor(x):
        condition = control.leading(ops, condition, ops.rank(x))
    return ops.where(condition, x, y)


@function("tensorflow.where", "tensorflow.where_v2", stack="TensorFlow 2, tf.where_v2: broadcasts")
def where_v2(ops: Ops, condition: Value, x: Value = None, y: Value = None) -> Value:
    if x is None:
        raise Refused("where with a condition alone: how many places it names depends on values", "AK3043")
    return ops.where(condition, x, y)


also("tensorflow.compat.v1", TF, "select")


@function("tensorflow.cond", stack=_BOTH)
def cond(
    ops: Ops,
    pred: Value,
    true_fn: Value = None,
    false_fn: Value = None,
    strict: Value = False,
    name: Value = None,
    fn1: Value = None,
    fn2: Value = None,
) -> Value:
    return control.choose(ops, pred, fn1 if true_fn is None else true_fn, fn2 if false_fn is None else false_fn)


@function("tensorflow.case", stack=_BOTH)
def case(ops: Ops, pred_fn_pairs: Value, default: Value = None, exclusive: Value = False, **_: Value) -> Value:
    pairs = list(pred_fn_pairs.items() if isinstance(pred_fn_pairs, dict) else pred_fn_pairs)
    result = default() if default is not None else pairs[-1][1]()
    for pred, made in reversed(pairs):
        result = control.choose(ops, pred, made, result)
    return result


@function("tensorflow.map_fn", "tensorflow.vectorized_map", stack=_BOTH)
def map_fn(ops: Ops, fn: Value, elems: Value, dtype: Value = None, **_: Value) -> Value:
    return control.mapped(ops, fn, elems)


@function("tensorflow.scan", stack=_BOTH)
def scan(ops: Ops, fn: Value, elems: Value, initializer: Value = None, reverse: Value = False, **_: Value) -> Value:
    return control.scanned(ops, fn, elems, initializer, bool(reverse))


@function("tensorflow.foldl", stack=_BOTH)
def foldl(ops: Ops, fn: Value, elems: Value, initializer: Value = None, **_: Value) -> Value:
    return control.folded(ops, fn, elems, initializer, False)


@function("tensorflow.foldr", stack=_BOTH)
def foldr(ops: Ops, fn: Value, elems: Value, initializer: Value = None, **_: Value) -> Value:
    return control.folded(ops, fn, elems, initializer, True)


@function("tensorflow.while_loop", stack=_BOTH + ": as long as plain numbers decide")
def while_loop(ops: Ops, cond: Value, body: Value, loop_vars: Value, **_: Value) -> Value:
    state = list(loop_vars)
    for _step in range(512):
        going = cond(*state)
        if ops.is_tensor(going):
            return ops.loop(cond, body, state)
        if not going:
            return state
        found = body(*state)
        state = list(found) if isinstance(found, list | tuple) else [found]
    raise Refused("a loop of more than 512 steps, each of which would be written out")


@function("tensorflow.random_normal", "tensorflow.random.normal", "tensorflow.random.stateless_normal", kind=Kind.RANDOM)
def random_normal(
    ops: Ops,
    shape: Value,
    mean: Value = 0.0,
    stddev: Value = 1.0,
    dtype: Value = "float32",
    seed: Value = None,
) -> Value:
    return sampling.normal(ops, shape, mean, stddev, dtype, seed)


@function("tensorflow.truncated_normal", "tensorflow.random.truncated_normal", kind=Kind.RANDOM, stack=_BOTH)
def truncated_normal(
    ops: Ops, shape: Value, mean: Value = 0.0, stddev: Value = 1.0, dtype: Value = "float32", seed: Value = None
) -> Value:
    return sampling.truncated(ops, shape, mean, stddev, dtype, seed)


@function("tensorflow.random_uniform", "tensorflow.random.uniform", kind=Kind.RANDOM, stack=_BOTH)
def random_uniform(
    ops: Ops, shape: Value, minval: Value = 0, maxval: Value = None, dtype: Value = "float32", seed: Value = None
) -> Value:
    return sampling.uniform(ops, shape, minval, maxval, dtype, seed)


refuse(
    "it draws from a distribution that Keras keeps no layer for",
    TF,
    "random_gamma random_poisson random.gamma random.poisson random.categorical multinomial random_shuffle "
    "random.shuffle random_crop random.log_uniform_candidate_sampler",
)
refuse("it sets the seed of the running program", TF, "set_random_seed random.set_seed")


@function("tensorflow.stop_gradient", stack=_BOTH)
def stop_gradient(ops: Ops, input: Value) -> Value:
    return ops.stop_gradient(input)


@function("tensorflow.Print", "tensorflow.check_numerics", "tensorflow.debugging.check_numerics", kind=Kind.STATEFUL)
def seen(ops: Ops, tensor: Value = None, *_: Value, **__: Value) -> Value:
    ops.note("a check or a print of values is left out")
    return tensor


@function("tensorflow.print", kind=Kind.STATEFUL, stack="TensorFlow 1.12 on")
def print_(ops: Ops, *_: Value, **__: Value) -> Value:
    ops.note("tf.print: nothing is printed")
    return None


@function("tensorflow.tuple", "tensorflow.group", stack=_BOTH)
def tuple_(ops: Ops, tensors: Value, **_: Value) -> Value:
    return list(tensors)


@function("tensorflow.is_tensor", "tensorflow.contrib.framework.is_tensor", "tensorflow.keras.backend.is_tensor")
def is_tensor(ops: Ops, x: Value) -> Value:
    return ops.is_tensor(x)


@function("tensorflow.name_scope", "tensorflow.variable_scope", "tensorflow.device", "tensorflow.control_dependencies")
def scope(ops: Ops, *args: Value, **_: Value) -> Value:
    return Scope(args[0] if args else "")


@function("tensorflow.function", "tensorflow.autograph.experimental.do_not_convert", stack="TensorFlow 2")
def function_(ops: Ops, func: Value = None, **_: Value) -> Value:
    return func if func is not None else lambda given: given


@function("tensorflow.executing_eagerly", stack="TensorFlow 1.5 on")
def executing_eagerly(ops: Ops) -> Value:
    return False


@function("tensorflow.constant_initializer", "tensorflow.zeros_initializer", "tensorflow.ones_initializer")
def initializer(ops: Ops, *_: Value, **__: Value) -> Value:
    raise Refused("an initializer makes variables, and a function keeps none", "AK3042")


refuse("it asks for gradients", TF, "gradients GradientTape custom_gradient hessians")
refuse(
    "it calls Python, a session or a file of the running program",
    TF,
    "py_func py_function numpy_function Session InteractiveSession placeholder placeholder_with_default "
    "global_variables_initializer get_default_graph Graph assign assign_add assign_sub load_op_library io.read_file "
    "read_file train.AdamOptimizer TensorArray data.Dataset lookup.StaticHashTable contrib.lookup.HashTable",
)
refuse(
    "it works on text",
    TF,
    "strings.split strings.join strings.lower strings.upper strings.length strings.substr strings.regex_replace "
    "strings.to_number strings.to_hash_bucket_fast strings.as_string string_split string_join as_string "
    "string_to_number string_to_hash_bucket substr regex_replace string",
)
refuse("it scatters to places that may meet, in no set order", TF, "scatter_update scatter_add scatter_sub")


@function("tensorflow.scatter_nd", stack="TensorFlow 1 and 2, of constants: places that meet add up")
def scatter_nd(ops: Ops, indices: Value, updates: Value, shape: Value) -> Value:
    if any(map(ops.is_tensor, (indices, updates))) or not all(isinstance(size, int) for size in shapes.sizes(ops, shape)):
        raise Refused("tensorflow.scatter_nd: it scatters to places that may meet, in no set order", "AK3040")
    places, numbers = np.asarray(indices), np.asarray(updates)
    made = np.zeros(shapes.sizes(ops, shape), ops.context.floatx if numbers.dtype == np.float64 else numbers.dtype)
    if made.size > folding.MOST:
        raise Refused("tensorflow.scatter_nd would make a constant that is too large")
    np.add.at(made, tuple(np.moveaxis(places, -1, 0)), numbers)
    return made


refuse("it is a transform in complex numbers", TF, "fft fft2d fft3d ifft ifft2d rfft irfft")
refuse(
    "it is a transform in complex numbers",
    "tensorflow.signal",
    "fft fft2d fft3d ifft ifft2d ifft3d rfft rfft2d irfft irfft2d stft inverse_stft dct idct",
)
refuse("it is made of complex numbers", TF, "complex angle complex_abs")
