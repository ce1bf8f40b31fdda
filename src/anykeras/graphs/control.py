"""Branches and loops: decided now where constants decide, else both sides element by element, or every step written out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..recovery.functions import Dim, Operand, Refused, Sizes
from ..recovery.functions.values import Remainder
from . import recurrent
from .values import DEAD, Guarded, Handle, TensorList
from .writer import GraphWriter

STEPS = 512  # of one loop; each is written out

Run = Callable[[Sequence[Operand]], Sequence[Operand]]


@dataclass(frozen=True)
class Loop:
    """A loop: whether to go on, and the state after one more step."""

    cond: Run
    body: Run
    name: str


def decide(value: Operand) -> bool | None:
    """What a condition comes to; None where it depends on the input."""
    if isinstance(value, Dim):
        return None if any(isinstance(source, Remainder) for source in value.sources) else True  # a size is not zero
    if isinstance(value, bool | int | float | np.ndarray | np.generic):
        return bool(np.asarray(value).reshape(-1)[0])
    return None


def switch(ops: GraphWriter, given: Sequence[Operand]) -> tuple[Operand, Operand]:
    """``Switch``: its first output is for false, its second for true."""
    data, condition = given
    if data is DEAD or condition is DEAD:
        return DEAD, DEAD
    outer = guards_of(given)
    data, condition = (value.value if isinstance(value, Guarded) else value for value in (data, condition))
    known = decide(condition)
    if known is not None:
        kept = Guarded(data, outer) if outer else data
        return (DEAD, kept) if known else (kept, DEAD)
    return Guarded(data, (*outer, (condition, False))), Guarded(data, (*outer, (condition, True)))


def merge(ops: GraphWriter, given: Sequence[Operand]) -> tuple[Operand, Operand]:
    """``Merge``: the value that is there, and which it is; of two that a condition chooses from, both by ``where``."""
    live = [(place, value) for place, value in enumerate(given) if value is not DEAD]
    if not live:
        return DEAD, DEAD
    if len(live) == 1:
        return live[0][1], np.int32(live[0][0])
    if len(live) != 2:
        raise Refused("a Merge of more than two branches", "AK3063")
    one, other = (value if isinstance(value, Guarded) else Guarded(value) for _, value in live)
    deeper = one if len(one.guards) >= len(other.guards) else other
    if not deeper.guards:
        raise Refused("a Merge of two branches that no condition chooses from", "AK3063")
    condition, side = deeper.guards[-1]
    yes, no = (deeper, one if deeper is other else other) if side else (one if deeper is other else other, deeper)
    chosen = choose(ops, condition, yes.value, no.value)
    outer = deeper.guards[:-1]
    return (Guarded(chosen, outer) if outer else chosen), np.int32(0)


def guards_of(given: Sequence[Operand]) -> tuple[tuple[Operand, bool], ...]:
    """All conditions under which the values exist together."""
    found: list[tuple[Operand, bool]] = []
    for value in given:
        for guard in value.guards if isinstance(value, Guarded) else ():
            if not any(guard[0] is known[0] and guard[1] is known[1] for known in found):
                found.append(guard)
    return tuple(found)


def choose(ops: GraphWriter, condition: Operand, yes: Operand, no: Operand) -> Operand:
    """One of two values by a condition that is a tensor of one element."""
    if yes is no:
        return yes
    if isinstance(yes, TensorList) and isinstance(no, TensorList):
        if yes.open or no.open or len(yes.items) != len(no.items):
            raise Refused("a branch gives lists of other lengths than the other branch", "AK3063")
        items = (choose(ops, condition, *pair) for pair in zip(yes.items, no.items, strict=True))
        return replace(yes, items=tuple(items))
    if isinstance(yes, Handle) and isinstance(no, Handle) and yes.variable is no.variable:
        return yes
    if isinstance(yes, Dim | Sizes) and yes == no:
        return yes
    yes, no = ops.tensor(yes), ops.tensor(no)
    if yes is None or no is None:
        raise Refused("a branch gives no value where the other gives one", "AK3063")
    if ops.rank(yes) != ops.rank(no):
        raise Refused("a branch gives a tensor of another rank than the other branch", "AK3063")
    flat = ops.op("reshape", condition, (1,) * ops.rank(yes)) if ops.rank(condition) != ops.rank(yes) else condition
    return ops.op("where", flat if ops.dtype(flat) == "bool" else ops.op("cast", flat, "bool"), yes, no)


def follow_branch(
    ops: GraphWriter, condition: Operand, given: Sequence[Operand], branches: Sequence[Run]
) -> tuple[Operand, ...]:
    """``If``: the branch that a constant chooses; else both, and of each output the right one."""
    known = decide(condition)
    if known is not None:
        return tuple(branches[0 if known else 1](given))
    yes, no = (found(given) for found in branches)
    return tuple(choose(ops, condition, one, other) for one, other in zip(yes, no, strict=True))


def follow_case(ops: GraphWriter, index: Operand, given: Sequence[Operand], branches: Sequence[Run]) -> tuple[Operand, ...]:
    """``Case``: a number outside of the branches means the last one."""
    if not isinstance(index, int | np.ndarray | np.generic):
        found = tuple(branches[-1](given))
        for place in reversed(range(len(branches) - 1)):
            here = ops.op("equal", index, place)
            one = branches[place](given)
            found = tuple(choose(ops, here, a, b) for a, b in zip(one, found, strict=True))
        return found
    place = int(np.asarray(index).reshape(-1)[0])
    return tuple(branches[place if 0 <= place < len(branches) else -1](given))


def follow_loop(ops: GraphWriter, held: Loop, state: Sequence[Operand]) -> list[Operand]:
    """The state after a loop: a recurrent layer where it is one, else step by step. Raises Refused (AK3063)."""
    known = recurrent.make_loop_layer(ops, held.cond, held.body, state, held.name) if ops.recognises else None
    if known is not None:
        return known
    now = found = list(state)
    alive: Operand = None  # whether the loop is still running, where the input decides; `found` is what it came to if not
    for _ in range(STEPS + 1):
        goes_on = held.cond(now)[0]
        running = decide(goes_on)
        if running is False:
            return found
        after = list(held.body(now))
        if running is None and alive is None and not _find_ends(held, now, after):
            raise Refused(
                "a loop goes on for as long as the input says, and its body is no recurrent layer that AnyKeras knows",
                "AK3063",
                layer=held.name,
            )
        if running is None:
            goes_on = ops.op("cast", ops.op("reshape", goes_on, ()), "bool")
            alive = goes_on if alive is None else ops.op("logical_and", alive, goes_on)
        now, found = after, after if alive is None else [_keep(ops, alive, *pair) for pair in zip(after, found, strict=True)]
    raise Refused(f"a loop of more than {STEPS} steps, each of which would be written out", "AK3063", layer=held.name)


def _find_ends(held: Loop, before: Sequence[Operand], after: Sequence[Operand]) -> bool:
    """Whether counters alone end a loop at last, whatever the input says."""
    far = [
        value + np.sign(value - old) * (1 << 30) if _is_counter(old) and _is_counter(value) else value
        for old, value in zip(before, after, strict=True)
    ]
    return decide(held.cond(far)[0]) is False


def _is_counter(value: Operand) -> bool:
    return isinstance(value, int | np.ndarray | np.generic) and np.ndim(value) == 0 and np.asarray(value).dtype.kind == "i"


def _keep(ops: GraphWriter, alive: Operand, new: Operand, old: Operand) -> Operand:
    """A part of the state after a step that is done or not; what a list does not have is zero, as TensorFlow reads it."""
    if isinstance(new, TensorList) and isinstance(old, TensorList) and len(new.items) == len(old.items) and not new.open:
        items = [
            choose(ops, alive, one, ops.op("zeros_like", one) if other is None and one is not None else other)
            for one, other in zip(new.items, old.items, strict=True)
        ]
        return replace(new, items=tuple(items), whole=None)
    return choose(ops, alive, new, old)
