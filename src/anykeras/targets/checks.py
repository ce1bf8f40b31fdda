"""What is checked of a lowered model before anything is built or written, without a framework."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..catalog import find
from ..catalog.calls import FIRST, LISTS, ArgumentKind, call_arguments, takes_one
from ..catalog.layout import VariableSpec
from ..catalog.masks import HEADS
from ..catalog.shapes.variables import Calls, Shapes, follow_calls, infer_variables
from ..document.graph import iterate_leaves, iterate_steps, list_refs
from ..document.model import Call, Era, FromUser, Graph, Layer, Member, Path, Ref, Value, number_depth, refs
from ..document.walk import layers_of, walk
from ..errors import Malformed, Unsupported
from ..findings import Affects, Fidelity, Finding
from ..tensors import Tensor

Size = int | None


@dataclass(frozen=True)
class Misfit:
    """A stored tensor that is not of the shape that the configuration gives its variable; unknown sizes are None."""

    spec: VariableSpec
    tensor: Tensor
    shape: tuple[Size, ...]

    def __str__(self) -> str:
        return f"{self.spec.role.name} is stored as {self.tensor.shape}, and the configuration makes it {_show(self.shape)}"


def find_misfits(expected: Mapping[Path, Shapes], stored: Sequence[tuple[VariableSpec, Tensor]]) -> Iterator[Misfit]:
    """The stored tensors that variables of the `expected` shapes do not take, as `infer_variables` gives them for a model.

    Nothing is allocated for a size that only a file says.
    """
    for spec, tensor in stored:
        shape = expected.get(spec.holder.path, {}).get(spec.role.name)
        if shape is not None and not _fits(tensor.shape, shape):
            yield Misfit(spec, tensor, tuple(shape))


def check_shapes(model: Layer, stored: Sequence[tuple[VariableSpec, Tensor]], renamed: Mapping[str, str]) -> None:
    """Raises Unsupported for a layer that leaves nothing of its input, Malformed for weights that do not fit the configuration;
    with the layer, by the file's name."""
    calls = follow_calls(model)
    _check_sizes(calls, renamed)
    _check_weights(find_misfits(infer_variables(model, calls), stored) if stored else (), renamed)


def _check_weights(misfits: Iterable[Misfit], renamed: Mapping[str, str]) -> None:
    found = list(misfits)
    if not found:
        return
    first = found[0]
    others = {misfit.spec.layer.name for misfit in found} - {first.spec.layer.name}
    more = f"; {len(others)} more layers do not fit either" if others else ""
    name = renamed.get(first.spec.layer.name, first.spec.layer.name)
    raise Malformed(
        "AK6026",
        f"the weights do not fit the configuration: {first.spec.layer.class_name} {name!r}: {first}{more}",
        part=first.tensor.origin,
        layer=name,
        key=first.spec.role.name,
        next_step="Give the weights that were saved from this architecture, or pass skip_mismatch=True (--skip-mismatch) to "
        "initialize such weights anew.",
    )


def _check_sizes(calls: Calls, renamed: Mapping[str, str]) -> None:
    """A layer that takes off all of a dimension of known size, or whose windows are larger than it."""
    if calls.emptied:
        layer, seen = calls.emptied[0]
        name = renamed.get(layer.name, layer.name)
        raise Unsupported(
            "AK6031",
            f"{layer.class_name} {name!r} {seen}: nothing of its input is left, and Keras 3 refuses such a layer",
            layer=name,
            next_step="Give the model a larger input, or leave the layer out, in the Keras that wrote the file.",
        )


_CONVOLUTIONS = tuple(f"Conv{rank}D{kind}" for rank in (1, 2, 3) for kind in ("", "Transpose"))


def check_strides(model: Layer, renamed: Mapping[str, str]) -> None:
    """Raises Unsupported for a convolution with both strides and a dilation, which Keras 3 makes no layer of.

    Keras 3.15.1, layers/convolutional/base_conv.py and base_conv_transpose.py.
    """
    for layer in layers_of(model):
        both = [_find_largest(layer.config.get(key, 1)) for key in ("strides", "dilation_rate")]
        if layer.class_name in _CONVOLUTIONS and min(both) > 1:
            name = renamed.get(layer.name, layer.name)
            raise Unsupported(
                "AK6032",
                f"{layer.class_name} {name!r} has strides and a dilation, and Keras 3 refuses a layer that has both",
                layer=name,
                key="dilation_rate",
            )


def _find_largest(value: Value) -> int:
    numbers = value if isinstance(value, tuple) else (value,)
    return max((number for number in numbers if isinstance(number, int)), default=1)


def check_calls(model: Layer) -> None:
    """Raises Unsupported for a model that Keras would open and could not call: without inputs or outputs, or with a layer
    that is called on no tensor, on one that nothing gives, or with an argument that it does not take, or an InputLayer
    that is called."""
    for _, inner in walk(model):
        graph = inner.graph
        if graph is None:
            continue
        _check_entrances(graph)
        if graph.sequential:
            continue
        for what, ends in (("inputs", graph.inputs), ("outputs", graph.outputs)):
            if not list_refs(ends):
                raise Unsupported(
                    "AK6027", f"the model {inner.name!r} has no {what}, and Keras cannot call such a model", layer=inner.name
                )
        counts = {layer.name: _count_outputs(layer, graph.calls.get(layer.name, ())) for layer in graph.layers}
        if seen := _find_dangling(graph, counts, (graph.inputs, graph.outputs)):
            raise Unsupported("AK6027", f"the model {inner.name!r} {seen}", layer=inner.name)
        for layer, _, call in iterate_steps(graph):
            if layer.class_name == "InputLayer":
                continue
            seen = _find_dangling(graph, counts, (call.args, call.kwargs))
            if seen is None and not isinstance(layer.origin, FromUser):
                seen = _find_misfit(layer, call)
            if seen is not None:
                raise Unsupported("AK6027", f"{layer.class_name} {layer.name!r} {seen}", layer=layer.name)


def _check_entrances(graph: Graph) -> None:
    """Raises Unsupported for an InputLayer that is called, which Keras 3 never wrote; older files have it no more by now."""
    for layer, _, call in iterate_steps(graph):
        if layer.class_name == "InputLayer" and refs(call.args):
            raise Unsupported(
                "AK6027",
                f"InputLayer {layer.name!r} is called on a tensor, and Keras 3 takes no InputLayer behind the first layer",
                layer=layer.name,
                next_step="Remove it from the model, in the program that wrote the file: it changes no output.",
            )


def list_flags(model: Layer) -> Iterator[Finding]:
    """A finding for each training flag of a call that makes a difference: a model of Keras 3 replaces it by its own."""
    for path, layer in walk(model):
        graph = layer.graph
        if graph is None or graph.sequential:
            continue
        for inner, _, call in iterate_steps(graph):
            flag = call.kwargs.get("training")
            made = inner.address == layer.address != ""  # in place of code or of an old layer, whose own finding says it
            if flag is None or inner.operation or made or not _heeds_training(inner):
                continue
            where = "/".join([model.name, *(step.name for step in path if isinstance(step, Member)), inner.name])
            seen = f"{inner.class_name} is called with training={bool(flag)}"
            done, fidelity = "kept in the file, and stock Keras 3 does not heed it: ", Fidelity.APPROXIMATE
            if flag:
                done += "predict works as without it"
            elif _heeds_training(inner, frozen=True):
                done += "fit works as without it"
            else:
                done += "it counts once what is frozen is trained"
                fidelity = Fidelity.EXACT
            yield Finding("AK6030", where, seen, done, fidelity, Affects.OUTPUTS if flag else Affects.TRAINING)


_HEEDING = (
    "Dropout",
    "Noise",
    "Random",
    "RandAugment",
    "Mix",
    "Pipeline",
    "SpectralNormalization",
    "BatchNormalization",
    "Lambda",
)


def _heeds_training(layer: Layer, frozen: bool = False) -> bool:
    """Whether `training` makes a difference to a layer or one in it; not to frozen BatchNormalization with `frozen`."""
    for inner in layers_of(layer):
        name, config = inner.class_name, inner.config
        if inner.operation or (frozen and name == "BatchNormalization" and config.get("trainable") is False):
            continue
        known = inner.graph is not None or (find(name, Era.KERAS3) is not None and not isinstance(inner.origin, FromUser))
        if not known or any(word in name for word in _HEEDING) or config.get("dropout") or config.get("recurrent_dropout"):
            return True
    return False


_SEVERAL = """array_split associative_scan cond ctc_decode dsplit eig eigh fft fft2 fori_loop histogram hsplit ifft2 jvp lstsq
lu_factor map meshgrid moments nonzero qr rfft scan slogdet split stft svd switch top_k unique unravel_index unstack
vectorized_map vsplit while_loop"""
_OF_SEVERAL = frozenset(_SEVERAL.split())  # operations; all others have one outcome


def _count_outputs(layer: Layer, calls: Sequence[Call]) -> int | None:
    """How many tensors a layer gives; None where its arguments or its class decide."""
    if layer.graph is not None:
        return None if layer.graph.sequential else len(list_refs(layer.graph.outputs))
    if layer.operation:
        return None if layer.class_name.rpartition(".")[2] in _OF_SEVERAL else 1
    name, config = layer.class_name, layer.config
    known = takes_one(name) or name in LISTS or name in HEADS or name == "InputLayer"
    several = config.get("return_state") or config.get("merge_mode", "concat") is None or _hands_out(config.get("layer"))
    scores = any(call.kwargs.get("return_attention_scores") for call in calls)
    return 1 if known and not (several or scores or isinstance(layer.origin, FromUser)) else None


def _hands_out(value: Value) -> bool:
    return isinstance(value, Layer) and bool(value.config.get("return_state"))


def _find_dangling(graph: Graph, counts: Mapping[str, int | None], value: Value) -> str | None:
    """What is said of a reference to a tensor that nothing in the graph gives."""
    for ref in refs(value):
        count = counts.get(ref.layer, 0)
        known = ref.layer in counts and (count is None or ref.tensor < count)
        if not known or ref.node >= max(1, len(graph.calls.get(ref.layer, ()))):
            return f"refers to output {ref.tensor} of call {ref.node} of {ref.layer!r}, which there is not"
    return None


def _find_misfit(layer: Layer, call: Call) -> str | None:
    """What of a call Keras could not make."""
    if not refs((call.args, call.kwargs)):
        return "is called on no tensor, and Keras cannot make such a call"
    if layer.operation:
        return None
    if any(number_depth(value) for value in (*call.args, *call.kwargs.values())):
        return "is called on rows of numbers where Keras takes a tensor"
    if layer.graph is not None or find(layer.class_name, Era.KERAS3) is None:
        return None
    if not all(value is None or isinstance(leaf, Ref) for value in call.args for leaf in iterate_leaves(value)):
        return "is called with something else than a tensor by position"
    first = call.args[0] if call.args else None
    if first is None and not FIRST & call.kwargs.keys():
        return "is called without its first argument"
    if first is not None:
        if layer.class_name in LISTS and not _is_list(first, *LISTS[layer.class_name]):
            return "is called on what is not the list of tensors that it takes"
        if takes_one(layer.class_name) and not isinstance(first, Ref):
            return "is called on a list where it takes one tensor"
    taken = call_arguments(layer.class_name)
    positions = len(taken) - (list(taken)[-1] == "training")  # which not every layer takes by position
    if len(call.args) > 1 + positions:
        return f"is called with {len(call.args)} arguments by position, and takes {1 + positions}"
    if twice := set(list(taken)[: len(call.args) - 1]) & call.kwargs.keys() if call.args else set():
        return f"is called with two values for {min(twice)}"
    given = {**dict(zip(taken, call.args[1:], strict=False)), **call.kwargs}
    for name, value in given.items():
        if name in FIRST and not call.args:
            continue
        kind = taken.get(name)
        if kind is None:
            return f"is called with {name}, which it does not take"
        if not _is_kind(value, kind):
            return f"is called with something else than {kind.value} for {name}"
    return None


def _is_list(value: Value, least: int, most: int | None) -> bool:
    if not isinstance(value, tuple) or not all(isinstance(item, Ref) for item in value):
        return False
    return least <= len(value) and (most is None or len(value) <= most)


def _is_kind(value: Value, kind: ArgumentKind) -> bool:
    match kind:
        case ArgumentKind.FLAG:
            return value is None or isinstance(value, bool) or (isinstance(value, int) and value in (0, 1))
        case ArgumentKind.TENSOR:
            return value is None or isinstance(value, Ref)
        case ArgumentKind.MASKS:
            items = value if isinstance(value, tuple) else (value,)
            return all(item is None or isinstance(item, Ref) for item in items)
        case ArgumentKind.STATES:
            return value is None or (bool(list_refs(value)) and all(isinstance(leaf, Ref) for leaf in iterate_leaves(value)))


def _fits(stored: Sequence[int], shape: Sequence[Size]) -> bool:
    return len(stored) == len(shape) and all(b is None or a == b for a, b in zip(stored, shape, strict=True))


def _show(shape: Sequence[Size]) -> str:
    inner = ", ".join("?" if size is None else str(size) for size in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"
