"""What an opcode NAME means in which Python: the small differences, each with the version that brought it.

``DELTAS`` is read from top to bottom; a version has every value of the lines up to itself. Handlers ask for a trait,
never for a version.

Source: ``Python/ceval.c`` / ``Python/bytecodes.c`` of each minor version and the "CPython bytecode changes" sections of
"What's New"; measured on code of 2.7 and 3.4 to 3.14.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..code import Version


@dataclass(frozen=True)
class Traits:
    """Python 2.7 unless a delta says otherwise."""

    python2: bool = True
    wordcode: bool = False  # two-byte instructions; else one or three bytes
    jump_unit: int = 1  # bytes per unit of a jump argument
    signed_jumps: bool = False  # BACKWARD in the name goes back, everything else forward
    cells_in_slots: bool = False  # DEREF arguments index the fast slots
    comprehension_scopes: bool = False  # a list comprehension is a function of its own (until 3.12)

    # stack layout
    build_map_pairs: bool = False  # BUILD_MAP n takes n pairs; before: a size hint
    map_add_value_on_top: bool = False
    qualname_on_stack: bool = False  # under MAKE_FUNCTION
    make_function: str = "counts"  # counts of defaults | flags | attributes set afterwards
    call: str = "pairs"  # keyword arguments as (name, value) pairs | tuple of names
    star_below_pairs: bool = False  # CALL_FUNCTION_VAR
    null_above: bool = False  # NULL (or self) lies above the callable
    global_null_bit: bool = False  # LOAD_GLOBAL: low bit pushes a NULL, name index shifted
    attr_method_bit: bool = False  # LOAD_ATTR: the same
    ex_always_kwargs: bool = False  # CALL_FUNCTION_EX: a mapping or NULL is always there
    ex_null: bool = False  # CALL_FUNCTION_EX: a NULL beside the callable
    compare_shift: int = 0
    compare_to_bool: int = 0  # bit of COMPARE_OP that asks for a bool

    # loops and generators
    for_end: str = "pop"  # exhausted: pop the iterator | pop, skip END_FOR | keep, skip END_FOR
    send_keeps_receiver: bool = False
    stop_iteration_ends: bool = True  # StopIteration raised in a generator ends it; from 3.7 (PEP 479) RuntimeError
    match_pushes_bool: bool = False

    # exceptions
    handlers: str = "blocks"  # block stack | exception table
    raised_values: int = 3  # pushed on entry of a handler
    why_codes: bool = True  # finally bodies also run for return, break and continue
    pop_block_cuts: bool = True
    finally_copied: bool = False  # the compiler writes a finally body once for each way into it
    exit_and_self: bool = False  # with: __exit__ and self lie apart

    dict_order: bool = False  # dicts keep insertion order (an implementation fact in 3.6)


DELTAS: tuple[tuple[Version, dict[str, object]], ...] = (
    ((3, 0), {"python2": False, "raised_values": 6, "comprehension_scopes": True}),
    ((3, 3), {"qualname_on_stack": True}),
    ((3, 5), {"build_map_pairs": True, "star_below_pairs": True}),
    ((3, 6), {"wordcode": True, "make_function": "flags", "call": "names", "dict_order": True}),
    ((3, 7), {"stop_iteration_ends": False}),
    ((3, 8), {"map_add_value_on_top": True, "why_codes": False, "pop_block_cuts": False}),
    ((3, 9), {"finally_copied": True}),
    ((3, 10), {"jump_unit": 2, "match_pushes_bool": True}),
    (
        (3, 11),
        {
            "signed_jumps": True,
            "cells_in_slots": True,
            "qualname_on_stack": False,
            "global_null_bit": True,
            "ex_null": True,
            "handlers": "table",
            "raised_values": 1,
            "match_pushes_bool": False,
        },
    ),
    (
        (3, 12),
        {
            "comprehension_scopes": False,
            "attr_method_bit": True,
            "compare_shift": 4,
            "for_end": "pop, skip",
            "send_keeps_receiver": True,
        },
    ),
    (
        (3, 13),
        {
            "null_above": True,
            "make_function": "attributes",
            "compare_shift": 5,
            "compare_to_bool": 16,
            "for_end": "keep, skip",
        },
    ),
    ((3, 14), {"ex_always_kwargs": True, "exit_and_self": True}),
)


def traits_of(version: Version) -> Traits:
    traits = Traits()
    for since, changes in DELTAS:
        if version >= since:
            traits = replace(traits, **changes)  # type: ignore[arg-type]  # names and types are those of Traits
    return traits
