"""What is checked of a lowered model before anything is built or written, without a framework."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..catalog.layout import VariableSpec
from ..catalog.shapes.variables import Shapes, infer_variables
from ..document.graph import flat_refs, steps
from ..document.model import Call, FromUser, Layer, number_depth, refs
from ..document.walk import Path, walk
from ..errors import Malformed, Unsupported
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


def check_weights(model: Layer, stored: Sequence[tuple[VariableSpec, Tensor]], renamed: Mapping[str, str]) -> None:
    """Raises Malformed for weights that do not fit the configuration, with the layer (by the file's name) and both shapes."""
    found = list(find_misfits(infer_variables(model), stored)) if stored else []
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


def check_calls(model: Layer) -> None:
    """Raises Unsupported for a model that Keras would open and could not call: without inputs or outputs, or with a layer
    that is called on no tensor."""
    for _, inner in walk(model):
        graph = inner.graph
        if graph is None or graph.sequential:
            continue
        for what, ends in (("inputs", graph.inputs), ("outputs", graph.outputs)):
            if not flat_refs(ends):
                raise Unsupported(
                    "AK6027", f"the model {inner.name!r} has no {what}, and Keras cannot call such a model", layer=inner.name
                )
        for layer, _, call in steps(graph):
            if layer.class_name != "InputLayer" and not isinstance(layer.origin, FromUser):
                _check_call(layer, call)


def _check_call(layer: Layer, call: Call) -> None:
    """Raises Unsupported for a call on no tensor, or on rows of numbers where a layer takes tensors."""
    if not refs((call.args, call.kwargs)):
        seen = "is called on no tensor, and Keras cannot make such a call"
    elif not layer.operation and any(number_depth(value) for value in (*call.args, *call.kwargs.values())):
        seen = "is called on rows of numbers where Keras takes a tensor"
    else:
        return
    raise Unsupported("AK6027", f"{layer.class_name} {layer.name!r} {seen}", layer=layer.name)


def _fits(stored: Sequence[int], shape: Sequence[Size]) -> bool:
    return len(stored) == len(shape) and all(b is None or a == b for a, b in zip(stored, shape, strict=True))


def _show(shape: Sequence[Size]) -> str:
    inner = ", ".join("?" if size is None else str(size) for size in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"
