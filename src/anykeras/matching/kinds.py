"""What a layer was, by the weights that it left: class, the arguments that shapes tell, and the widths of its input and output.

``PATTERNS`` is the table: for each class the shapes of its weights in letters. A number of the file gives each letter its
value, and a letter that stands twice must have one value.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..document.model import Era, Value
from .atoms import Atom

Shape = tuple[int, ...]
_MODERN = frozenset({Era.KERAS2, Era.TF2, Era.KERAS3})
_OLD = frozenset({Era.KERAS0, Era.KERAS1})
_KERAS0 = frozenset({Era.KERAS0})
_KERAS1 = frozenset({Era.KERAS1})
_KERAS2 = frozenset({Era.KERAS2})
_ALL = _MODERN | _OLD
_NAMED = _MODERN | _KERAS1
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


def _pattern(
    class_name: str,
    weights: str,
    widths: str,
    *,
    rank: int | None = None,
    layout: str | None = None,
    eras: frozenset[Era] = _ALL,
    only_named: bool = False,
    switches: Mapping[str, str] | None = None,
    **arguments: str | bool,
) -> Pattern:
    """A row of the table.

    Args:
        class_name: the class.
        weights: ``"kernel i,u; bias? u"``: roles with their sizes; ``*`` is any number of sizes.
        widths: ``"i > u"``: features in and out, nothing where there are none.
        rank: axes of the input, with the batch.
        layout: of a kernel of Keras 0 or 1.
        eras: who wrote such weights.
        only_named: only where a name tells the class.
        switches: arguments by the role whose presence they decide, ``use_bias`` for a bias.
        arguments: what the letters are as arguments.
    """
    rows = []
    for part in weights.split(";"):
        role, sizes = part.split()
        rows.append((role.rstrip("?"), tuple(sizes.split(",")), role.endswith("?")))
    takes, gives = (side.strip() or None for side in widths.split(">"))
    told = {"bias": "use_bias", **(switches or {})}
    return Pattern(class_name, tuple(rows), takes, gives, arguments, rank, layout, eras, told, only_named)


PATTERNS: tuple[Pattern, ...] = (
    _pattern("Dense", "kernel i,u; bias? u", "i > u", eras=_NAMED, units="u"),
    _pattern("Dense", "kernel i,u; bias u", "i > u", eras=_KERAS0, units="u"),
    _pattern("Embedding", "embeddings n,m", "> m", rank=2, eras=_MODERN, input_dim="n", output_dim="m"),
    _pattern("Embedding", "kernel n,m", "> m", rank=2, eras=_OLD, input_dim="n", output_dim="m"),
    _pattern("Conv1D", "kernel k,i,f; bias? f", "i > f", rank=3, eras=_MODERN, filters="f", kernel_size="k"),
    _pattern("Conv2D", "kernel k,l,i,f; bias? f", "i > f", rank=4, eras=_MODERN, filters="f", kernel_size="k,l"),
    _pattern("Conv3D", "kernel k,l,m,i,f; bias? f", "i > f", rank=5, eras=_MODERN, filters="f", kernel_size="k,l,m"),
    _pattern("Conv1D", "kernel f,i,k,1; bias? f", "i > f", rank=3, layout="th", eras=_OLD, filters="f", kernel_size="k"),
    _pattern("Conv1D", "kernel k,1,i,f; bias? f", "i > f", rank=3, layout="tf", eras=_OLD, filters="f", kernel_size="k"),
    _pattern("Conv2D", "kernel f,i,k,l; bias? f", "i > f", rank=4, layout="th", eras=_OLD, filters="f", kernel_size="k,l"),
    _pattern("Conv2D", "kernel k,l,i,f; bias? f", "i > f", rank=4, layout="tf", eras=_OLD, filters="f", kernel_size="k,l"),
    _pattern("Conv3D", "kernel f,i,k,l,m; bias? f", "i > f", rank=5, layout="th", eras=_OLD, filters="f", kernel_size="k,l,m"),
    _pattern("Conv3D", "kernel k,l,m,i,f; bias? f", "i > f", rank=5, layout="tf", eras=_OLD, filters="f", kernel_size="k,l,m"),
    _pattern("Conv1DTranspose", "kernel k,f,i; bias? f", "i > f", rank=3, eras=_MODERN, filters="f", kernel_size="k"),
    _pattern("Conv2DTranspose", "kernel k,l,f,i; bias? f", "i > f", rank=4, eras=_MODERN, filters="f", kernel_size="k,l"),
    _pattern("Conv3DTranspose", "kernel k,l,m,f,i; bias? f", "i > f", rank=5, eras=_MODERN, filters="f", kernel_size="k,l,m"),
    _pattern(
        "Conv2DTranspose", "kernel i,f,k,l; bias? f", "i > f", rank=4, layout="th", eras=_KERAS1, filters="f", kernel_size="k,l"
    ),
    _pattern(
        "Conv2DTranspose", "kernel k,l,f,i; bias? f", "i > f", rank=4, layout="tf", eras=_KERAS1, filters="f", kernel_size="k,l"
    ),
    _pattern(
        "DepthwiseConv2D",
        "depthwise_kernel k,l,i,m; bias? i*m",
        "i > i*m",
        rank=4,
        eras=_MODERN,
        kernel_size="k,l",
        depth_multiplier="m",
    ),
    _pattern(
        "DepthwiseConv1D",
        "depthwise_kernel k,i,m; bias? i*m",
        "i > i*m",
        rank=3,
        eras=_MODERN,
        kernel_size="k",
        depth_multiplier="m",
    ),
    # Keras 3 calls the variable `kernel`, and trees of every age have numbers.
    _pattern(
        "DepthwiseConv2D",
        "kernel k,l,i,m; bias? i*m",
        "i > i*m",
        rank=4,
        eras=_MODERN,
        only_named=True,
        kernel_size="k,l",
        depth_multiplier="m",
    ),
    _pattern(
        "DepthwiseConv1D",
        "kernel k,i,m; bias? i*m",
        "i > i*m",
        rank=3,
        eras=_MODERN,
        only_named=True,
        kernel_size="k",
        depth_multiplier="m",
    ),
    _pattern(
        "SeparableConv2D",
        "depthwise_kernel k,l,i,m; pointwise_kernel 1,1,i*m,f; bias? f",
        "i > f",
        rank=4,
        filters="f",
        kernel_size="k,l",
        depth_multiplier="m",
    ),
    _pattern(
        "SeparableConv2D",
        "depthwise_kernel m,i,k,l; pointwise_kernel f,i*m,1,1; bias? f",
        "i > f",
        rank=4,
        layout="th",
        eras=_OLD,
        filters="f",
        kernel_size="k,l",
        depth_multiplier="m",
    ),
    _pattern(
        "SeparableConv1D",
        "depthwise_kernel k,i,m; pointwise_kernel 1,i*m,f; bias? f",
        "i > f",
        rank=3,
        filters="f",
        kernel_size="k",
        depth_multiplier="m",
    ),
    _pattern("SimpleRNN", "kernel i,u; recurrent_kernel u,u; bias? u", "i > u", rank=3, units="u"),
    _pattern("LSTM", "kernel i,4*u; recurrent_kernel u,4*u; bias? 4*u", "i > u", rank=3, units="u"),
    _pattern("GRU", "kernel i,3*u; recurrent_kernel u,3*u; bias? 3*u", "i > u", rank=3, units="u", reset_after=False),
    _pattern("GRU", "kernel i,3*u; recurrent_kernel u,3*u; bias 2,3*u", "i > u", rank=3, units="u", reset_after=True),
    _pattern("CuDNNLSTM", "kernel i,4*u; recurrent_kernel u,4*u; bias 8*u", "i > u", rank=3, eras=_MODERN, units="u"),
    _pattern("CuDNNGRU", "kernel i,3*u; recurrent_kernel u,3*u; bias 6*u", "i > u", rank=3, eras=_MODERN, units="u"),
    _pattern(
        "ConvLSTM2D", "kernel k,l,i,4*f; recurrent_kernel k,l,f,4*f; bias? 4*f", "i > f", rank=5, filters="f", kernel_size="k,l"
    ),
    _pattern(
        "ConvLSTM1D", "kernel k,i,4*f; recurrent_kernel k,f,4*f; bias? 4*f", "i > f", rank=4, filters="f", kernel_size="k"
    ),
    _pattern(
        "ConvLSTM3D",
        "kernel k,l,m,i,4*f; recurrent_kernel k,l,m,f,4*f; bias? 4*f",
        "i > f",
        rank=6,
        filters="f",
        kernel_size="k,l,m",
    ),
    _pattern(
        "BatchNormalization",
        "gamma? c; beta? c; moving_mean c; moving_variance c",
        "c > c",
        eras=_NAMED,
        switches={"gamma": "scale", "beta": "center"},
    ),
    _pattern("BatchNormalization", "gamma c; beta c; moving_mean c; moving_variance c", "c > c", eras=_KERAS0),
    _pattern("LayerNormalization", "gamma? *; beta? *", "* > *", eras=_MODERN, switches={"gamma": "scale", "beta": "center"}),
    _pattern(
        "GroupNormalization",
        "gamma? c; beta? c",
        "c > c",
        eras=_MODERN,
        only_named=True,
        switches={"gamma": "scale", "beta": "center"},
    ),
    _pattern("RMSNormalization", "scale c", "c > c", eras=_MODERN, only_named=True),
    _pattern("Normalization", "mean *; variance *; count? *", "* > *", eras=_MODERN),
    _pattern("PReLU", "alpha *", "* > *"),
    _pattern("LocallyConnected1D", "kernel o,j,f; bias? o,f", "> f", rank=3, eras=_NAMED, filters="f"),
    _pattern("LocallyConnected2D", "kernel o,j,f; bias? p,q,f", "> f", rank=4, eras=_NAMED, filters="f"),
    _pattern("MaxoutDense", "kernel n,i,u; bias? n,u", "i > u", eras=_OLD, units="u", nb_feature="n"),
    _pattern("MaxoutDense", "kernel n,i,u; bias? n,u", "i > u", eras=_KERAS2, only_named=True, units="u", nb_feature="n"),
    _pattern("Highway", "kernel u,u; bias? u; W_carry u,u; b_carry? u", "u > u", rank=2, eras=_OLD),
    _pattern("Highway", "kernel u,u; W_carry u,u; bias? u; b_carry? u", "u > u", rank=2),
    _pattern("ParametricSoftplus", "alpha *; betas *", "* > *", eras=_OLD),
    _pattern("SReLU", "t_left *; a_left *; t_right *; a_right *", "* > *", eras=_OLD),
    _pattern(
        "MultiHeadAttention",
        "query/kernel i,h,k; query/bias? h,k; key/kernel j,h,k; key/bias? h,k; value/kernel l,h,v; value/bias? h,v;"
        " attention_output/kernel h,v,o; attention_output/bias? o",
        "i > o",
        eras=_MODERN,
        num_heads="h",
        key_dim="k",
        value_dim="v",
        switches={"query/bias": "use_bias"},
    ),
    _pattern(
        "GroupQueryAttention",
        "query/kernel i,h,k; query/bias? h,k; key/kernel j,g,k; key/bias? g,k; value/kernel l,g,k; value/bias? g,k;"
        " attention_output/kernel h,k,o; attention_output/bias? o",
        "i > o",
        eras=_MODERN,
        only_named=True,
        num_query_heads="h",
        num_key_value_heads="g",
        head_dim="k",
        switches={"query/bias": "use_bias"},
    ),
    _pattern("AdditiveAttention", "scale c", "c > c", eras=_MODERN, only_named=True),
    _pattern("Attention", "scale? *; concat_score_weight? *", "> ", eras=_MODERN, only_named=True),
    _pattern("EinsumDense", "kernel *; bias? *", "> ", eras=_MODERN, only_named=True),
)

_BY_TREE = re.compile(r"_?(query|key|value|output)_dense/(\d+)\Z")
_WIDEST = 8  # weights of one layer that are tried against every pattern


def kind_of(atom: Atom, era: Era, class_name: str | None = None) -> Kind | None:
    """What layer these weights are of; None where no pattern fits (a class of the author's own).

    Args:
        atom: the weights of one layer.
        era: of the writer of the weights.
        class_name: the class where it is known from elsewhere; else the hint of the atom counts.
    """
    hint = class_name or atom.hint
    weights, in_order = _weights(atom)
    found: list[Kind] = []
    for pattern in PATTERNS:
        named = hint is not None and _same_class(pattern.class_name, hint)
        if era not in pattern.eras or (pattern.only_named and not named):
            continue
        kind = _fit(pattern, weights, in_order)
        if kind is not None and kind not in found:
            found.append(kind)
    told = [kind for kind in found if hint is not None and _same_class(kind.class_name, hint)]
    if hint is not None and not told and atom.generated is not None:
        return None if not found else replace(found[0], others=(hint, *_others(found)))
    fitting = told or found
    if not fitting:
        return None
    return replace(fitting[0], others=() if told else _others(fitting))


def layouts_of(atom: Atom, era: Era, class_name: str | None = None) -> frozenset[str]:
    """The layouts (``th``, ``tf``) that the kernel of a convolution of Keras 0 or 1 can have."""
    kind = kind_of(atom, era, class_name)
    if kind is None or kind.layout is None:
        return frozenset()
    weights, in_order = _weights(atom)
    alike = [pattern for pattern in PATTERNS if pattern.class_name == kind.class_name and era in pattern.eras]
    return frozenset(p.layout for p in alike if p.layout is not None and _fit(p, weights, in_order) is not None)


def in_layout(atom: Atom, era: Era, layout: str, class_name: str | None = None) -> Kind | None:
    """The same as :func:`kind_of`, with the kernel in the layout that other kernels of the file have."""
    kind = kind_of(atom, era, class_name)
    if kind is None or kind.layout in (None, layout):
        return kind
    weights, in_order = _weights(atom)
    for pattern in PATTERNS:
        if pattern.class_name == kind.class_name and pattern.layout == layout and era in pattern.eras:
            other = _fit(pattern, weights, in_order)
            if other is not None:
                return replace(other, others=kind.others, wrapper=kind.wrapper)
    return kind


def _others(kinds: Sequence[Kind]) -> tuple[str, ...]:
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


def _same_class(name: str, hint: str) -> bool:
    return name == _ALIASES.get(hint, hint)


def _weights(atom: Atom) -> tuple[list[tuple[str, Shape]], bool]:
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
            return _one_matrix(weights, [[by_role[f"{letter}_{gate}"] for gate in gates] for letter in "WUb"])
    return weights


def _join_numbered_gates(weights: list[tuple[str, Shape]]) -> list[tuple[str, Shape]]:
    for gates in _GATES.values():
        if len(weights) == 3 * len(gates):
            shapes = [shape for _, shape in weights]
            return _one_matrix(weights, [shapes[start::3] for start in range(3)])
    return weights


def _one_matrix(weights: list[tuple[str, Shape]], letters: Sequence[Sequence[Shape]]) -> list[tuple[str, Shape]]:
    if any(len(set(shapes)) > 1 or not shapes[0] for shapes in letters):
        return weights
    joined = [(*shapes[0][:-1], shapes[0][-1] * len(shapes)) for shapes in letters]
    return list(zip(("kernel", "recurrent_kernel", "bias"), joined, strict=True))


def _fit(pattern: Pattern, weights: Sequence[tuple[str, Shape]], in_order: bool) -> Kind | None:
    for shapes in _assign(pattern, weights, in_order):
        letters = _solve(pattern, shapes)
        if letters is not None:
            return _kind(pattern, shapes, letters)
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
    return letters if all(_product(size, letters) == number for size, number in products) else None


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


def _product(size: str, letters: Mapping[str, int]) -> int | None:
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


def _kind(pattern: Pattern, shapes: Mapping[str, Shape], letters: Mapping[str, int]) -> Kind:
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
    takes = _product(pattern.takes, letters) if pattern.takes else None
    gives = _product(pattern.gives, letters) if pattern.gives else None
    return Kind(pattern.class_name, arguments, takes, gives, pattern.rank, pattern.layout)
