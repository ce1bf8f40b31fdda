"""``tf.*`` that make tensors, draw numbers, branch and loop; and what belongs to sessions, files and text."""

from __future__ import annotations

import math

import numpy as np

from .. import control, creation, folding, shapes
from ..arguments import dtype_name, dtype_of
from ..base import EntryKind, FunctionContext, Ops
from ..creation import count, fill, fill_like
from ..formulas import select
from ..table import Spelled, also, each, function, functions, refuse
from ..values import NameScope, Operand, Refused

TF = "tensorflow"


each(TF, "zeros ones", lambda ops, name, shape, dtype="float32": fill(ops, name, shape, dtype))
each(TF, "zeros_like ones_like", fill_like, arguments="input|tensor=x dtype -name_ -optimize")


@function("tensorflow.Variable", "tensorflow.get_variable", kind=EntryKind.STATEFUL)
def variable(ops: Ops, initial_value: Operand = None, trainable: Operand = True, **kwargs: Operand) -> Operand:
    if initial_value is None or ops.is_tensor(initial_value) or callable(initial_value):
        raise Refused("a variable's value was made when the program ran and is not in the file", "AK3042")
    ops.note("a variable made inside a function is kept as a constant with its starting value")
    dtype = kwargs.get("dtype")
    return ops.constant(initial_value, None if dtype is None else dtype_name(ops, dtype))


def _first(context: FunctionContext) -> bool:
    return not context.eager_tensorflow


@function(
    "tensorflow.where",
    "tensorflow.select",
    test=_first,
    arguments="condition x y t=x e=y",
)  # TensorFlow 1: a vector picks rows
def where_v1(ops: Ops, condition: Operand, x: Operand = None, y: Operand = None) -> Operand:
    if x is not None and ops.is_tensor(condition) and ops.rank(condition) == 1 and ops.is_tensor(x):
        condition = control.align_leading(ops, condition, ops.rank(x))
    return select(ops, condition, x, y)


functions(TF, {"where where_v2": select})  # TensorFlow 2, tf.where_v2: broadcasts
also("tensorflow.compat.v1", TF, "select")


@function("tensorflow.case")
def case(ops: Ops, pred_fn_pairs: Operand, default: Operand = None, exclusive: Operand = False, **_: Operand) -> Operand:
    pairs = list(pred_fn_pairs.items() if isinstance(pred_fn_pairs, dict) else pred_fn_pairs)
    result = default() if default is not None else pairs[-1][1]()
    for pred, made in reversed(pairs):
        result = control.choose(ops, pred, made, result)
    return result


functions(
    TF,
    {
        "range": Spelled("start limit=stop delta=step dtype -name", count),
        "fill": lambda ops, dims, value: ops.full(shapes.sizes(ops, dims), value, dtype=dtype_of(ops, value)),
        "linspace lin_space": lambda ops, start, stop, num: ops.linspace(start, stop, int(num)),
        "cond": Spelled("pred=condition true_fn=one false_fn=other -strict -name fn1=one fn2=other", control.choose),
        "map_fn vectorized_map": lambda ops, fn, elems, dtype=None, **_: control.map_over(ops, fn, elems),
        "scan": lambda ops, fn, elems, initializer=None, reverse=False, **_: control.scan_over(
            ops, fn, elems, initializer, bool(reverse)
        ),
        "foldl": lambda ops, fn, elems, initializer=None, **_: control.fold(ops, fn, elems, initializer, False),
        "foldr": lambda ops, fn, elems, initializer=None, **_: control.fold(ops, fn, elems, initializer, True),
        "stop_gradient": lambda ops, input: ops.stop_gradient(input),
        "tuple group": lambda ops, tensors, **_: list(tensors),
        "is_tensor contrib.framework.is_tensor keras.backend.is_tensor": lambda ops, x: ops.is_tensor(x),
        "name_scope variable_scope device control_dependencies": lambda ops, *args, **_: NameScope(args[0] if args else ""),
        "function autograph.experimental.do_not_convert": lambda ops, func=None, **_: func or (lambda inner: inner),
        "executing_eagerly": lambda ops: False,
    },
)


@function("tensorflow.while_loop")  # as long as plain numbers decide
def while_loop(ops: Ops, cond: Operand, body: Operand, loop_vars: Operand, **_: Operand) -> Operand:
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


functions(
    TF,
    {
        "random_normal random.normal random.stateless_normal": creation.normal,
        "truncated_normal random.truncated_normal": creation.truncated_normal,
        "random_uniform random.uniform": lambda ops, shape, minval=0, maxval=None, dtype="float32", seed=None: creation.uniform(
            ops, shape, minval, maxval, dtype, seed
        ),
    },
    kind=EntryKind.RANDOM,
)
refuse(
    "it draws from a distribution that Keras keeps no layer for",
    TF,
    "random_gamma random_poisson random.gamma random.poisson random.categorical multinomial random_shuffle "
    "random.shuffle random_crop random.log_uniform_candidate_sampler",
)
refuse("it sets the seed of the running program", TF, "set_random_seed random.set_seed")


@function("tensorflow.Print", "tensorflow.check_numerics", "tensorflow.debugging.check_numerics", kind=EntryKind.STATEFUL)
def pass_through(ops: Ops, tensor: Operand = None, *_: Operand, **__: Operand) -> Operand:
    ops.note("a check or a print of values is left out")
    return tensor


@function("tensorflow.print", kind=EntryKind.STATEFUL)  # TensorFlow 1.12 on
def print_(ops: Ops, *_: Operand, **__: Operand) -> Operand:
    ops.note("tf.print: nothing is printed")
    return None


@function("tensorflow.constant_initializer", "tensorflow.zeros_initializer", "tensorflow.ones_initializer")
def initializer(ops: Ops, *_: Operand, **__: Operand) -> Operand:
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


@function("tensorflow.scatter_nd")  # TensorFlow 1 and 2, of constants: places that meet add up
def scatter_nd(ops: Ops, indices: Operand, updates: Operand, shape: Operand) -> Operand:
    if any(map(ops.is_tensor, (indices, updates))) or not all(isinstance(size, int) for size in shapes.sizes(ops, shape)):
        raise Refused("tensorflow.scatter_nd: it scatters to places that may meet, in no set order", "AK3040")
    places, numbers = np.asarray(indices), np.asarray(updates)
    folding.check_size(math.prod(shapes.sizes(ops, shape)), "tensorflow.scatter_nd")
    made = np.zeros(shapes.sizes(ops, shape), ops.context.floatx if numbers.dtype == np.float64 else numbers.dtype)
    np.add.at(made, tuple(np.moveaxis(places, -1, 0)), numbers)
    return made


refuse("it is a transform in complex numbers", TF, "fft fft2d fft3d ifft ifft2d rfft irfft")
refuse(
    "it is a transform in complex numbers",
    "tensorflow.signal",
    "fft fft2d fft3d ifft ifft2d ifft3d rfft rfft2d irfft irfft2d stft inverse_stft dct idct",
)
refuse("it is made of complex numbers", TF, "complex angle complex_abs")
