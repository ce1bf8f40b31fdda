"""Lists of tensors: TensorList of TensorFlow 2 and TensorArray of TensorFlow 1, whose state is the flow that it hands on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...recovery.functions import Dim, Operand, Refused
from ...recovery.functions.creation import concatenate_any, stack_any
from ...recovery.functions.indexing import getitem
from ..values import TensorList
from .base import NodeCall, op, rows


def _shape(value: Operand) -> tuple[int | None, ...] | None:
    """A shape given as numbers (-1 where open), or one number for an unknown rank."""
    if not isinstance(value, np.ndarray) or value.ndim != 1:
        return None
    return tuple(None if size < 0 else int(size) for size in value.tolist())


def _list(call: NodeCall, place: int) -> TensorList:
    value = call.given[place]
    if not isinstance(value, TensorList):
        raise Refused(f"the op {call.op} is given no list of tensors", "AK3062")
    return value


def _place(call: NodeCall, place: int) -> int:
    value = call.given[place]
    if call.ops.is_tensor(value) or isinstance(value, Dim):
        raise Refused("a list of tensors is read or written at a computed place", "AK3063")
    return int(np.asarray(value).reshape(-1)[0])


@op("TensorListReserve", "EmptyTensorList")
def reserve(call: NodeCall) -> Operand:
    """An empty list, or one with places."""
    dtype, shape = str(call.at["element_dtype"]), _shape(call.given[0])
    if call.op == "EmptyTensorList":
        return TensorList((), shape, dtype)
    return _reserve(call.given[1], shape, dtype)


def _reserve(count: Operand, shape: tuple[int | None, ...] | None, dtype: str) -> TensorList:
    if isinstance(count, Dim):
        return TensorList((), shape, dtype, None, count)
    many = int(np.asarray(count).reshape(-1)[0]) if isinstance(count, np.ndarray | np.generic | int) else -1
    if not 0 <= many < 1 << 16:
        raise Refused("a list with a computed number of places", "AK3063")
    return TensorList((None,) * many, shape, dtype)


@op("TensorListFromTensor")
def from_tensor(call: NodeCall) -> Operand:
    """The slices of a tensor."""
    return _spread(call, call.array(0), str(call.at["element_dtype"]))


def _spread(call: NodeCall, x: Operand, dtype: str) -> TensorList:
    many, *shape = call.ops.shape(x)
    known = tuple(size if isinstance(size, int) else None for size in shape)
    if not isinstance(many, int):
        return TensorList((), known, dtype, x, many)
    if not call.ops.is_tensor(x):
        return TensorList(tuple(np.asarray(x)), known, dtype)
    return TensorList(tuple(getitem(call.ops, x, (place, Ellipsis)) for place in range(many)), known, dtype, x)


@op("TensorListGetItem")
def get_item(call: NodeCall) -> Operand:
    """The item at a place; zeros where nothing was written."""
    return _get(call, _list(call, 0), _place(call, 1))


def _get(call: NodeCall, items: TensorList, place: int) -> Operand:
    found = items.get(place)
    if found is not None:
        return found
    written = next((item for item in items.items if item is not None), None)
    shape = items.shape if written is None or (items.shape and None not in items.shape) else call.ops.shape(written)
    if shape is None or not all(isinstance(size, int) for size in shape):
        raise Refused("a list of tensors is read where nothing was written", "AK3063")
    return np.zeros(shape, items.dtype)  # the items of a list have one shape (list_kernels.h, tensor_array.h)


@op("TensorListSetItem")
def set_item(call: NodeCall) -> Operand:
    """The list with another item."""
    return _list(call, 0).put(_place(call, 1), call.array(2))


@op("TensorListPushBack")
def push(call: NodeCall) -> Operand:
    """The list with one more item."""
    items = _list(call, 0)
    return items.put(len(items.items), call.array(1))


@op("TensorListPopBack")
def pop(call: NodeCall) -> Operand:
    """The list without its last item, and that item."""
    items = _list(call, 0)
    return replace(items, items=items.items[:-1]), _get(call, items, len(items.items) - 1)


@op("TensorListStack")
def stack(call: NodeCall) -> Operand:
    """All items as one tensor."""
    return _stack(call, _list(call, 0), range(len(_list(call, 0).items)))


def _stack(call: NodeCall, items: TensorList, places: range | tuple[int, ...]) -> Operand:
    if items.open:
        if items.whole is None:
            raise Refused("a list of open length has nothing in it", "AK3063")
        return items.whole
    found = [_get(call, items, place) for place in places]
    if not found:
        return np.zeros((0, *(size or 0 for size in items.shape or ())), items.dtype)
    if not any(map(call.ops.is_tensor, found)):
        return np.stack([np.asarray(value) for value in found])
    return stack_any(call.ops, found, 0)


@op("TensorListConcatV2", "TensorListConcat")
def join(call: NodeCall) -> Operand:
    """All items one behind the other, and how long each is."""
    items = _list(call, 0)
    found = [_get(call, items, place) for place in range(len(items.items))]
    lengths = np.asarray([call.ops.shape(value)[0] for value in found], "int64")
    return concatenate_any(call.ops, found, 0), lengths


@op("TensorListLength", "TensorArraySizeV3")
def length(call: NodeCall) -> Operand:
    """How many places there are."""
    items = _list(call, len(call) - 1)
    return items.length if items.open else np.int32(len(items.items))


@op("TensorListResize")
def resize(call: NodeCall) -> Operand:
    """The list with so many places."""
    items, many = _list(call, 0), _place(call, 1)
    return replace(items, items=(*items.items[:many], *[None] * (many - len(items.items))))


@op("TensorListElementShape")
def element_shape(call: NodeCall) -> Operand:
    """The shape of an item, -1 where it is open."""
    found = _list(call, 0).shape
    return np.asarray(-1 if found is None else [-1 if size is None else size for size in found], str(call.at["shape_type"]))


@op("TensorArrayV3")
def array(call: NodeCall) -> Operand:
    """A list with places, twice: its handle says nothing, its flow is the list."""
    shape = call.at.get("element_shape")
    known = tuple(None if size < 0 else size for size in shape) if shape is not None else None
    made = _reserve(call.given[0], known, str(call.at["dtype"]))
    return made, made


@op("TensorArrayReadV3")
def read(call: NodeCall) -> Operand:
    """The item at a place."""
    return _get(call, _list(call, 2), _place(call, 1))


@op("TensorArrayWriteV3")
def write(call: NodeCall) -> Operand:
    """The list with another item."""
    return _list(call, 3).put(_place(call, 1), call.array(2))


@op("TensorArrayScatterV3")
def scatter(call: NodeCall) -> Operand:
    """The list with the slices of a tensor at places."""
    items = _spread(call, call.array(2), _list(call, 3).dtype)
    if items.open:
        return items
    found = _list(call, 3)
    for place, value in zip(call.integers(1), items.items, strict=True):
        found = found.put(place, value)
    return found


@op("TensorArrayGatherV3")
def gather(call: NodeCall) -> Operand:
    """Items by their places, as one tensor."""
    items = _list(call, 2)
    return _stack(call, items, range(0) if items.open else call.integers(1))


rows({"TensorArrayCloseV3": lambda call: ()})
