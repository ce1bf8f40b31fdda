"""What a layer was, by the weights that it left: class, the arguments that shapes tell, and the widths of its input and output.

``patterns.json`` is the table: for each class the shapes of its weights in letters, ``"kernel i,u; bias? u"``: roles with
their sizes, ``?`` behind one that can be missing, ``*`` for any number of sizes. A number of the file gives each letter its
value, and a letter that stands twice must have one value. ``"i > u"`` are the features in and out, `eras` who wrote such
weights (everybody where it is missing). Some classes are there twice: Keras 3 calls a depthwise kernel ``kernel``.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..document.model import Era, Value
from ..lazily import read_data
from .atoms import Atom

Shape = tuple[int, ...]
# Roles of Keras 0 and 1 by their later names.
_SPELLING = {
    "W": "kernel",
    "b": "bias",
    "U": "recurrent_kernel",
    "running_mean": "moving_mean",
    "running_std": "moving_variance",
    "alphas": "alpha",
    "sn_u": "vector_u",
}
# Numbers of gates, by what Keras 0 and 1 called them, in the order in which Keras 0 saved them.
_GATES = {"LSTM": "icfo", "GRU": "zrh"}


@dataclass(frozen=True)
class Kind:
    """What a layer was.

    Attributes:
        class_name: a class of current Keras, or of then where Keras has none any more (``CuDNNLSTM``).
        arguments: what the shapes tell, under the names of current Keras.
        takes: features of its input, or None where it has none (Embedding) or the weights do not tell.
        gives: features of its output.
        rank: axes of its input with the batch; None where several are possible.
        layout: ``"th"`` or ``"tf"`` where a kernel of Keras 0 or 1 shows it.
        others: further classes with weights of these names and shapes.
        wrapper: ``Bidirectional`` or ``TimeDistributed`` around it.
    """

    class_name: str
    arguments: Mapping[str, Value]
    takes: int | None
    gives: int | None
    rank: int | None = None
    layout: str | None = None
    others: tuple[str, ...] = ()
    wrapper: str | None = None

    @property
    def certain(self) -> bool:
        """Whether names or shapes leave no other class."""
        return not self.others

    def __str__(self) -> str:
        text = f"{self.class_name}({', '.join(_say(self.arguments))})"
        return f"{self.wrapper}({text})" if self.wrapper else text


def _say(arguments: Mapping[str, Value]) -> Iterator[str]:
    """Arguments as people write them: the width, the kernel as 3x3, the rest by name."""
    for key, value in arguments.items():
        if key in ("units", "filters", "input_dim", "output_dim", "num_heads", "key_dim"):
            yield repr(value) if key in ("units", "filters") else f"{key}={value!r}"
        elif key == "kernel_size" and isinstance(value, tuple):
            yield "x".join(map(str, value))
        else:
            yield f"{key}={value!r}"


@dataclass(frozen=True)
class Pattern:
    """One class in letters.

    `weights` are (role, sizes in letters, whether it can be missing) in saving order; `arguments` are letters or values.
    """

    class_name: str
    weights: tuple[tuple[str, tuple[str, ...], bool], ...]
    takes: str | None
    gives: str | None
    arguments: Mapping[str, str | bool]
    rank: int | None
    layout: str | None
    eras: frozenset[Era]
    switches: Mapping[str, str]  # argument that says whether a role is there
    only_named: bool  # shapes alone do not tell it: its name must


def _read_pattern(row: Mapping[str, Any]) -> Pattern:
    """A row of the table: its keys are those of `Pattern`; what `eras`, `widths` and `weights` hold is in words."""
    weights = []
    for part in row["weights"].split(";"):
        role, sizes = part.split()
        weights.append((role.rstrip("?"), tuple(sizes.split(",")), role.endswith("?")))
    takes, gives = (side.strip() or None for side in row["widths"].split(">"))
    return Pattern(
        row["class"],
        tuple(weights),
        takes,
        gives,
        row.get("arguments", {}),
        row.get("rank"),
        row.get("layout"),
        frozenset(map(Era, row["eras"].split())) if "eras" in row else frozenset(Era),
        {"bias": "use_bias", **row.get("switches", {})},
        row.get("only_named", False),
    )


PATTERNS = tuple(map(_read_pattern, json.loads(read_data("anykeras.matching", "patterns.json"))))

_BY_TREE = re.compile(r"_?(query|key|value|output)_dense/(\d+)\Z")
_WIDEST = 8  # weights of one layer that are tried against every pattern


def find_kind(atom: Atom, era: Era, class_name: str | None = None) -> Kind | None:
    """What layer these weights are of; None where no pattern fits (a class of the author's own).

    Args:
        atom: the weights of one layer.
        era: of the writer of the weights.
        class_name: the class where it is known from elsewhere; else the hint of the atom counts.
    """
    hint = class_name or atom.hint
    weights, in_order = _list_weights(atom)
    found: list[Kind] = []
    for pattern in PATTERNS:
        named = hint is not None and _is_same_class(pattern.class_name, hint)
        if era not in pattern.eras or (pattern.only_named and not named):
            continue
        kind = _fit(pattern, weights, in_order)
        if kind is not None and kind not in found:
            found.append(kind)
    told = [kind for kind in found if hint is not None and _is_same_class(kind.class_name, hint)]
    if hint is not None and not told and atom.generated is not None:
        return None if not found else replace(found[0], others=(hint, *_list_others(found)))
    fitting = told or found
    if not fitting:
        return None
    return replace(fitting[0], others=() if told else _list_others(fitting))


def find_layouts(atom: Atom, era: Era, class_name: str | None = None) -> frozenset[str]:
    """The layouts (``th``, ``tf``) that the kernel of a convolution of Keras 0 or 1 can have."""
    kind = find_kind(atom, era, class_name)
    if kind is None or kind.layout is None:
        return frozenset()
    weights, in_order = _list_weights(atom)
    alike = [pattern for pattern in PATTERNS if pattern.class_name == kind.class_name and era in pattern.eras]
    return frozenset(p.layout for p in alike if p.layout is not None and _fit(p, weights, in_order) is not None)


def find_kind_in_layout(atom: Atom, era: Era, layout: str, class_name: str | None = None) -> Kind | None:
    """The same as :func:`find_kind`, with the kernel in the layout that other kernels of the file have."""
    kind = find_kind(atom, era, class_name)
    if kind is None or kind.layout in (None, layout):
        return kind
    weights, in_order = _list_weights(atom)
    for pattern in PATTERNS:
        if pattern.class_name == kind.class_name and pattern.layout == layout and era in pattern.eras:
            other = _fit(pattern, weights, in_order)
            if other is not None:
                return replace(other, others=kind.others, wrapper=kind.wrapper)
    return kind


def _list_others(kinds: Sequence[Kind]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(kind.class_name for kind in kinds[1:] if kind.class_name != kinds[0].class_name))


# What classes called themselves before, by what they are called in the table.
_ALIASES = {
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "Deconvolution2D": "Conv2DTranspose",
    "SeparableConvolution2D": "SeparableConv2D",
    "TimeDistributedDense": "Dense",
    "GroupedQueryAttention": "GroupQueryAttention",
    "SyncBatchNormalization": "BatchNormalization",
}


def _is_same_class(name: str, hint: str) -> bool:
    return name == _ALIASES.get(hint, hint)


def _list_weights(atom: Atom) -> tuple[list[tuple[str, Shape]], bool]:
    """(roles under their later names, shapes), and whether order is all that tells the roles."""
    listed = [(role, tensor.shape) for role, tensor in atom.tensors.items()]
    numbers = [role.rpartition("/")[2].isdigit() for role, _ in listed]
    if all(numbers):
        projections = [_BY_TREE.match(role) for role, _ in listed]
        if all(projections):
            return [
                (_name_projection(m[1], m[2]), shape) for m, (_, shape) in zip(projections, listed, strict=True) if m
            ], False
        return _join_numbered_gates(listed), True
    spelled = [(_SPELLING.get(role, role), shape) for role, shape in listed]
    return _join_gates(spelled), False


def _name_projection(name: str, number: str) -> str:
    home = "attention_output" if name == "output" else name
    return f"{home}/{'bias' if int(number) else 'kernel'}"


def _join_gates(weights: list[tuple[str, Shape]]) -> list[tuple[str, Shape]]:
    """``W_i, U_i, b_i, ...`` of Keras 1 as the three weights that they are today."""
    by_role = dict(weights)
    for gates in _GATES.values():
        if set(by_role) == {f"{letter}_{gate}" for letter in "WUb" for gate in gates}:
            return _join_matrices(weights, [[by_role[f"{letter}_{gate}"] for gate in gates] for letter in "WUb"])
    return weights


def _join_numbered_gates(weights: list[tuple[str, Shape]]) -> list[tuple[str, Shape]]:
    for gates in _GATES.values():
        if len(weights) == 3 * len(gates):
            shapes = [shape for _, shape in weights]
            return _join_matrices(weights, [shapes[start::3] for start in range(3)])
    return weights


def _join_matrices(weights: list[tuple[str, Shape]], letters: Sequence[Sequence[Shape]]) -> list[tuple[str, Shape]]:
    if any(len(set(shapes)) > 1 or not shapes[0] for shapes in letters):
        return weights
    joined = [(*shapes[0][:-1], shapes[0][-1] * len(shapes)) for shapes in letters]
    return list(zip(("kernel", "recurrent_kernel", "bias"), joined, strict=True))


def _fit(pattern: Pattern, weights: Sequence[tuple[str, Shape]], in_order: bool) -> Kind | None:
    for shapes in _assign(pattern, weights, in_order):
        letters = _solve(pattern, shapes)
        if letters is not None:
            return _make_kind(pattern, shapes, letters)
    return None


def _assign(pattern: Pattern, weights: Sequence[tuple[str, Shape]], in_order: bool) -> Iterator[Mapping[str, Shape]]:
    """Shapes by role: by name, or with numbers each way to leave roles out that can be missing."""
    roles = [role for role, _, _ in pattern.weights]
    if not in_order:
        named = dict(weights)
        needed = {role for role, _, optional in pattern.weights if not optional}
        if len(named) == len(weights) and named and needed <= named.keys() <= set(roles):
            yield named
        return
    missing = len(roles) - len(weights)
    optional = [role for role, _, optional in reversed(pattern.weights) if optional]
    if missing < 0 or missing > len(optional) or len(weights) > _WIDEST or not weights:
        return
    for left_out in itertools.combinations(optional, missing):
        kept = [role for role in roles if role not in left_out]
        yield dict(zip(kept, (shape for _, shape in weights), strict=True))


def _solve(pattern: Pattern, shapes: Mapping[str, Shape]) -> dict[str, int] | None:
    """The value of every letter, or None where the shapes contradict the pattern."""
    letters: dict[str, int] = {}
    products: list[tuple[str, int]] = []
    common: Shape | None = None
    for role, sizes, _ in pattern.weights:
        shape = shapes.get(role)
        if shape is None:
            continue
        if sizes == ("*",):
            if common is not None and role not in ("count", "concat_score_weight", "bias") and shape != common:
                return None
            common = shape if common is None else common
            continue
        if len(shape) != len(sizes):
            return None
        for size, number in zip(sizes, shape, strict=True):
            if not _solve_size(size, number, letters, products):
                return None
    if common is not None and common:
        letters["*"] = common[-1]
    return letters if all(_multiply_letters(size, letters) == number for size, number in products) else None


def _solve_size(size: str, number: int, letters: dict[str, int], products: list[tuple[str, int]]) -> bool:
    if size.isdigit():
        return number == int(size)
    if "*" not in size:
        return letters.setdefault(size, number) == number
    factor, letter = size.split("*")
    if not factor.isdigit():
        products.append((size, number))
        return True
    return number % int(factor) == 0 and letters.setdefault(letter, number // int(factor)) == number // int(factor)


def _multiply_letters(size: str, letters: Mapping[str, int]) -> int | None:
    """The number that ``"u"``, ``"i*m"`` or ``"4*u"`` stands for."""
    if size == "*":
        return letters.get("*")
    total = 1
    for factor in size.split("*"):
        value = int(factor) if factor.isdigit() else letters.get(factor)
        if value is None:
            return None
        total *= value
    return total


def _make_kind(pattern: Pattern, shapes: Mapping[str, Shape], letters: Mapping[str, int]) -> Kind:
    arguments: dict[str, Value] = {}
    for key, letter in pattern.arguments.items():
        if isinstance(letter, bool):
            arguments[key] = letter
        elif "," in letter:
            arguments[key] = tuple(letters[part] for part in letter.split(","))
        else:
            arguments[key] = letters[letter]
    if pattern.class_name.endswith("1D") and isinstance(arguments.get("kernel_size"), int):
        arguments["kernel_size"] = (arguments["kernel_size"],)
    if arguments.get("value_dim") == arguments.get("key_dim"):
        arguments.pop("value_dim", None)
    if arguments.get("depth_multiplier") == 1:
        arguments.pop("depth_multiplier")
    for role, _, optional in pattern.weights:
        if optional and role not in shapes and role in pattern.switches:
            arguments[pattern.switches[role]] = False
    if pattern.class_name == "GRU" and "bias" not in shapes:
        arguments.pop("reset_after", None)
    takes = _multiply_letters(pattern.takes, letters) if pattern.takes else None
    gives = _multiply_letters(pattern.gives, letters) if pattern.gives else None
    return Kind(pattern.class_name, arguments, takes, gives, pattern.rank, pattern.layout)
