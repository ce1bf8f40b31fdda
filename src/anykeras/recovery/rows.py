"""A function that is mapped over the batch, as operations on the whole batch: what each operation becomes.

Keras 3 has no operation that maps a function and can be saved. TimeDistributed would do, but along an axis of unknown
size it goes by the wrong one on TensorFlow (``call`` in keras/src/layers/rnn/time_distributed.py of 3.15.1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..lazily import np
from ..texts import list_words
from .functions import Operand, Ops, Refused
from .functions.folding import leaves

_ELEMENTWISE = frozenset(
    list_words(
        """abs absolute add subtract multiply divide divide_no_nan true_divide floor_divide power mod negative sqrt rsqrt square
        exp expm1 log log1p sin cos tan tanh sinh cosh arctan arctan2 floor ceil trunc round sign maximum minimum clip
        where isnan isinf isfinite equal not_equal less less_equal greater greater_equal logical_and logical_or
        logical_not relu relu6 sigmoid silu softplus softsign elu selu gelu leaky_relu hard_sigmoid erf cast zeros_like
        ones_like stop_gradient reciprocal nan_to_num"""
    )
)
_REDUCING = frozenset(list_words("sum mean max min prod std var any all logsumexp"))
_ALONG = frozenset(list_words("softmax log_softmax argmax argmin cumsum cumprod sort argsort flip normalize"))
_IMAGES = frozenset(list_words("image.resize image.rgb_to_grayscale"))


@dataclass(frozen=True, eq=False)
class Row:
    """Any one sample of a tensor: an axis 0 of the sample is the axis 1 of ``all``."""

    all: Operand

    def __repr__(self) -> str:
        return f"Row({self.all!r})"


def map_along_batch(ops: Ops, name: str, args: tuple[Operand, ...], kwargs: Mapping[str, Operand]) -> Operand:
    """``name`` of samples as an operation on all of them. Raises Refused where this module does not know how."""
    for value in leaves([*args, *kwargs.values()]):
        if ops.is_tensor(value) and not isinstance(value, Row):
            raise Refused("a function that is mapped over the batch uses a tensor from around it", "AK3043")
    rule = next((rule for names, rule in _RULES if name in names), None)
    if rule is None:
        raise Refused(f"a function that is mapped over the batch uses {name}", "AK3043")
    return Row(rule(ops, name, args, dict(kwargs)))


def _map_elementwise(ops: Ops, name: str, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Operand:
    rank = max(ops.rank(value) if isinstance(value, Row) else np.ndim(value) for value in args if _has_shape(value))
    return ops.op(name, *(_widen(ops, value, rank) for value in args), **kwargs)


def _has_shape(value: Operand) -> bool:
    return isinstance(value, Row | np.ndarray | int | float | list | tuple)


def _widen(ops: Ops, value: Operand, rank: int) -> Operand:
    """A sample with axes of size one before its own, so that shapes meet from the right as they did."""
    if not isinstance(value, Row):
        return value
    made = value.all
    for _ in range(rank - ops.rank(value)):
        made = ops.expand_dims(made, 1)
    return made


def _shift_axis(axis: Operand, rank: int) -> Operand:
    """An axis, or several, of a sample, counted in the batch."""
    if isinstance(axis, list | tuple):
        return tuple(_shift_axis(one, rank) for one in axis)
    return int(axis) + 1 if axis >= 0 else int(axis) + rank + 1


def _move_argument(args: tuple[Operand, ...], kwargs: dict[str, Operand], name: str, place: int) -> tuple[Operand, ...]:
    """The arguments without the one called `name`, which is moved into `kwargs`."""
    if len(args) > place:
        kwargs[name] = args[place]
        return args[:place] + args[place + 1 :]
    return args


def _reduce(ops: Ops, name: str, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Operand:
    (x, *rest) = _move_argument(args, kwargs, "axis", 1)
    if rest:
        raise Refused(f"a function that is mapped over the batch uses {name} in a way that is not known", "AK3043")
    rank = ops.rank(x)
    axis = kwargs.pop("axis", None)
    where = tuple(range(1, rank + 1)) if axis is None else _shift_axis(axis, rank)
    return ops.op(name, x.all, axis=where, **kwargs) if where != () else x.all


def _take_along(ops: Ops, name: str, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Operand:
    (x, *rest) = _move_argument(args, kwargs, "axis", 1)
    axis = kwargs.pop("axis", -1 if name in ("softmax", "log_softmax", "sort", "argsort", "normalize") else None)
    if axis is None or rest:
        raise Refused(f"a function that is mapped over the batch uses {name} without an axis", "AK3043")
    return ops.op(name, x.all, axis=_shift_axis(axis, ops.rank(x)), **kwargs)


def _expand_dims(ops: Ops, name: str, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Operand:
    (x,) = _move_argument(args, kwargs, "axis", 1)
    return ops.expand_dims(x.all, _shift_axis(kwargs["axis"], ops.rank(x) + 1))


def _drop_axes(ops: Ops, name: str, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Operand:
    (x,) = _move_argument(args, kwargs, "axis", 1)
    if kwargs.get("axis") is None:
        raise Refused("a function that is mapped over the batch uses squeeze without an axis", "AK3043")
    return ops.squeeze(x.all, axis=_shift_axis(kwargs["axis"], ops.rank(x)))


def _transpose(ops: Ops, name: str, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Operand:
    (x,) = _move_argument(args, kwargs, "axes", 1)
    axes = kwargs.get("axes")
    order = tuple(range(ops.rank(x)))[::-1] if axes is None else axes
    return ops.transpose(x.all, axes=(0, *(_shift_axis(one, ops.rank(x)) for one in order)))


def _reshape(ops: Ops, name: str, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Operand:
    x, shape = args
    sizes = ops.shape(x)
    target = [shape] if isinstance(shape, int) else list(shape)
    if -1 in target and all(isinstance(size, int) for size in (*sizes, *target)):
        others = int(np.prod([size for size in target if size != -1]))
        whole = int(np.prod([size for size in sizes if isinstance(size, int)]))
        target[target.index(-1)] = whole // max(others, 1)
    if not all(isinstance(size, int) for size in target):
        raise Refused("a function that is mapped over the batch reshapes to sizes that are not known", "AK3043")
    return ops.reshape(x.all, (-1, *target))


def _join(ops: Ops, name: str, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Operand:
    (parts,) = _move_argument(args, kwargs, "axis", 1)
    if not all(isinstance(one, Row) for one in parts):
        raise Refused(f"a function that is mapped over the batch uses {name} with a constant", "AK3043")
    rank = ops.rank(parts[0]) + (name == "stack")
    return ops.op(name, [one.all for one in parts], axis=_shift_axis(kwargs.get("axis", 0), rank))


def _multiply(ops: Ops, name: str, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Operand:
    x, y = args
    if ops.rank(x) < 2 or ops.rank(y) < 2 or (isinstance(y, Row) and ops.rank(x) != ops.rank(y)):
        raise Refused("a function that is mapped over the batch multiplies vectors", "AK3043")
    return ops.matmul(x.all if isinstance(x, Row) else x, y.all if isinstance(y, Row) else y)


def _map_image(ops: Ops, name: str, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Operand:
    x, *rest = args
    if ops.rank(x) != 3:
        raise Refused(f"a function that is mapped over the batch uses {name} on other than one image", "AK3043")
    return ops.op(name, x.all, *rest, **kwargs)


_RULES: tuple[tuple[frozenset[str], Callable[..., Operand]], ...] = (
    (_ELEMENTWISE, _map_elementwise),
    (_REDUCING, _reduce),
    (_ALONG, _take_along),
    (_IMAGES, _map_image),
    (frozenset({"expand_dims"}), _expand_dims),
    (frozenset({"squeeze"}), _drop_axes),
    (frozenset({"transpose"}), _transpose),
    (frozenset({"reshape"}), _reshape),
    (frozenset({"concatenate", "stack"}), _join),
    (frozenset({"matmul"}), _multiply),
)
