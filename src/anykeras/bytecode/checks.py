"""Static checks of decoded code: what a genuine compiler never writes. They pin the dialect and catch damage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .code import OPTIMIZED, CodeObject
from .dialects import Traits
from .errors import limit_error, make_malformed_error
from .instructions import MAX_INSTRUCTIONS, DecodedCode, Instruction, decode

ENDS = frozenset({"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "BREAK_LOOP", "CONTINUE_LOOP"})
JUMPS = frozenset({"JUMP_FORWARD", "JUMP_ABSOLUTE", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"})
# instructions whose target is a handler, entered with what the exception left on the stack
SETUPS = frozenset({"SETUP_LOOP", "SETUP_EXCEPT", "SETUP_FINALLY", "SETUP_WITH", "SETUP_ASYNC_WITH"})
FOLLOWED_BY = {"WITH_CLEANUP_START": "WITH_CLEANUP_FINISH"}
MAX_CODES = 2_000


def check(code: CodeObject) -> None:
    """Checks ``code`` and every code object in it.

    Raises:
        BytecodeError: an index out of its table, or an operand stack that runs empty, over ``co_stacksize``, or reaches
            one place with different depths.
    """
    seen: set[int] = set()
    instructions = 0
    todo: list[CodeObject] = [code]
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if len(seen) > MAX_CODES:
            raise limit_error("the code holds too many functions")
        body = decode(one)
        instructions += len(body.instructions)
        if instructions > MAX_INSTRUCTIONS:
            raise limit_error("the code has too many instructions")
        for place, instruction in enumerate(body.instructions):
            _check_indexes(body, instruction)
            _check_sense(body, place, instruction)
        _Depths(body).check()
        todo.extend(constant for constant in one.consts if isinstance(constant, CodeObject))


def _check_indexes(body: DecodedCode, instruction: Instruction) -> None:
    kind = body.dialect.indexes.get(instruction.name)
    if kind is None:
        return
    for index in indexes(body, instruction):
        if index >= _measure(body, kind):
            raise make_malformed_error(f"{instruction.name} at {instruction.offset} uses a {kind} index out of range")


def _check_sense(body: DecodedCode, place: int, instruction: Instruction) -> None:
    """What a compiler never writes although every index is right."""
    name, traits = instruction.name, body.dialect.traits
    if name == "LOAD_NAME" and body.code.flags & OPTIMIZED:
        raise make_malformed_error("a function reads a name as a class body does")
    if name == "COMPARE_OP" and instruction.arg >> traits.compare_shift >= len(body.dialect.compare):
        raise make_malformed_error(f"the comparison at {instruction.offset} does not exist in this Python")
    if name == "BINARY_OP" and instruction.arg >= len(body.dialect.binary):
        raise make_malformed_error(f"the operator at {instruction.offset} does not exist in this Python")
    following = FOLLOWED_BY.get(name)
    if following and (place + 1 == len(body.instructions) or body.instructions[place + 1].name != following):
        raise make_malformed_error(f"{name} at {instruction.offset} is not followed by {following}")


def indexes(body: DecodedCode, instruction: Instruction) -> tuple[int, ...]:
    """The entries of its table (``body.dialect.indexes``) that an instruction uses."""
    name, arg, traits = instruction.name, instruction.arg, body.dialect.traits
    kind = body.dialect.indexes.get(name)
    if kind is None:
        return ()
    if (name == "LOAD_GLOBAL" and traits.global_null_bit) or (name == "LOAD_ATTR" and traits.attr_method_bit):
        return (arg >> 1,)
    if name == "LOAD_SUPER_ATTR":
        return (arg >> 2,)
    if kind == "local" and name.count("FAST") == 2 and "CHECK" not in name and "CLEAR" not in name:
        return arg >> 4, arg & 15
    return (arg,)


def _measure(body: DecodedCode, kind: str) -> int:
    code = body.code
    if kind == "free":
        return len(code.slots) if body.dialect.traits.cells_in_slots else len(code.cellvars) + len(code.freevars)
    return len({"name": code.names, "const": code.consts, "local": code.slots}[kind])


class _Depths:
    """Follows every path once with the number of values on the stack."""

    def __init__(self, body: DecodedCode) -> None:
        self.body, self.traits = body, body.dialect.traits
        self.at: dict[int, int] = {}
        self.todo: list[tuple[int, int]] = [(0, int(body.instructions[0].name == "GEN_START"))]
        self.blocks = any(one.name in SETUPS for one in body.instructions)

    def check(self) -> None:
        for region in self.body.regions:
            self.todo.append((region.target, region.depth + int(region.push_offset) + 1))
        while self.todo:
            self._follow(*self.todo.pop())

    def _follow(self, place: int, depth: int) -> None:
        while True:
            if place >= len(self.body.instructions):
                raise make_malformed_error("the instructions end without a return")
            known = self.at.get(place)
            if known is not None:
                if known != depth and not self._may_differ():
                    raise make_malformed_error(
                        f"instruction {place} is reached with {known} and with {depth} values on the stack"
                    )
                return
            self.at[place] = depth
            following = self._compute_depth_after(place, self.body.instructions[place], depth)
            if following is None:
                return
            place, depth = following

    def _may_differ(self) -> bool:
        """Block stacks cut the operand stack at run time, so depths are exact only without them."""
        return self.blocks and not self.traits.finally_copied

    def _compute_depth_after(self, place: int, instruction: Instruction, depth: int) -> tuple[int, int] | None:
        name = instruction.name
        change = find_effect(name, instruction.arg, self.traits)
        if change is None:
            return None
        if change.pops > depth:
            raise make_malformed_error(
                f"{name} at {instruction.offset} takes {change.pops} values where {depth} are on the stack"
            )
        rest = depth - change.pops
        if rest + change.pushes > self.body.code.stacksize + self._compute_slack():
            raise make_malformed_error(f"{name} at {instruction.offset} goes over the stated stack size")
        if name == "RETURN_VALUE" and depth != 1 and not self.blocks:
            raise make_malformed_error(f"a return at {instruction.offset} leaves {depth - 1} values on the stack")
        if instruction.target >= 0:
            self._branch(instruction, rest, change.pushes if change.jump_pushes is None else change.jump_pushes)
        if name in ENDS:
            return None
        return (instruction.target if name in JUMPS else place + 1), rest + change.pushes

    def _branch(self, instruction: Instruction, rest: int, pushes: int) -> None:
        name, target = instruction.name, instruction.target
        if name in JUMPS or name == "CONTINUE_LOOP":
            return
        if name in SETUPS and (self.traits.why_codes or name == "SETUP_ASYNC_WITH"):
            return  # where a loop or handler continues, with a depth that the block restores
        if name == "FOR_ITER" and self.traits.for_end != "pop":
            target += 1  # END_FOR is jumped over
        self.todo.append((target, rest + pushes))

    def _compute_slack(self) -> int:
        """A generator is pushed before its frame exists (3.11+), beyond what the compiler counted."""
        return int(self.traits.handlers == "table")


# How many stack values each instruction takes and gives, by name: what the static check of stack depth counts.


@dataclass(frozen=True, slots=True)
class StackEffect:
    """``pops`` then ``pushes``; a jump that is taken gives ``jump_pushes`` instead."""

    pops: int
    pushes: int
    jump_pushes: int | None = None


Rule = Callable[[int, Traits], StackEffect]

# name -> effect of those that are the same in every Python; "pops pushes: names"
_SAME_EVERYWHERE = """
0 0: NOP RESUME NOT_TAKEN PRECALL SETUP_ANNOTATIONS EXTENDED_ARG MAKE_CELL COPY_FREE_VARS KW_NAMES JUMP_FORWARD
0 0: JUMP_ABSOLUTE JUMP_BACKWARD JUMP_BACKWARD_NO_INTERRUPT PRINT_NEWLINE DELETE_FAST DELETE_DEREF DELETE_GLOBAL
0 0: DELETE_NAME SETUP_LOOP POP_BLOCK EXIT_INIT_CHECK SETUP_EXCEPT RETURN_CONST
0 1: LOAD_CONST LOAD_SMALL_INT LOAD_ASSERTION_ERROR LOAD_COMMON_CONSTANT LOAD_FAST LOAD_FAST_CHECK LOAD_FAST_BORROW
0 1: LOAD_FAST_AND_CLEAR LOAD_CLOSURE LOAD_DEREF LOAD_NAME LOAD_BUILD_CLASS PUSH_NULL RETURN_GENERATOR LOAD_LOCALS
0 1: LOAD_CLASSDEREF BEGIN_FINALLY
1 0: POP_TOP END_FOR POP_ITER GEN_START PRINT_EXPR PRINT_ITEM PRINT_NEWLINE_TO STORE_FAST STORE_DEREF STORE_GLOBAL
1 0: STORE_NAME STORE_ANNOTATION DELETE_ATTR IMPORT_STAR RETURN_VALUE
1 1: UNARY_NEGATIVE UNARY_POSITIVE UNARY_INVERT UNARY_NOT UNARY_CONVERT TO_BOOL GET_ITER GET_YIELD_FROM_ITER
1 1: SLICE+0 FORMAT_SIMPLE CONVERT_VALUE LIST_TO_TUPLE YIELD_VALUE CALL_INTRINSIC_1 GET_AWAITABLE GET_AITER
1 1: ASYNC_GEN_WRAP LOAD_FROM_DICT_OR_GLOBALS LOAD_FROM_DICT_OR_DEREF STORE_FAST_LOAD_FAST
1 2: DUP_TOP LOAD_METHOD IMPORT_FROM GET_LEN MATCH_SEQUENCE MATCH_MAPPING PUSH_EXC_INFO BEFORE_WITH LOAD_SPECIAL
2 1: BINARY_OP COMPARE_OP IS_OP CONTAINS_OP BINARY_SUBSCR SLICE+1 SLICE+2 IMPORT_NAME CALL_INTRINSIC_2
2 1: PREP_RERAISE_STAR FORMAT_WITH_SPEC YIELD_FROM BUILD_TEMPLATE SET_FUNCTION_ATTRIBUTE END_SEND
2 0: STORE_ATTR DELETE_SUBSCR DELETE_SLICE+0 STORE_SLICE+0 STORE_FAST_STORE_FAST DELETE_SLICE+1 DELETE_SLICE+2
2 0: PRINT_ITEM_TO JUMP_IF_NOT_EXC_MATCH
3 1: SLICE+3 BINARY_SLICE BUILD_CLASS STORE_MAP
3 0: STORE_SUBSCR STORE_SLICE+1 STORE_SLICE+2 EXEC_STMT DELETE_SLICE+3
2 4: DUP_TOP_TWO
2 2: ROT_TWO COPY_DICT_WITHOUT_KEYS CHECK_EXC_MATCH CHECK_EG_MATCH
3 3: ROT_THREE
4 4: ROT_FOUR
4 0: STORE_SLICE+3 STORE_SLICE
0 2: LOAD_FAST_LOAD_FAST LOAD_FAST_BORROW_LOAD_FAST_BORROW
3 2: CLEANUP_THROW
"""
_OPERATORS = "ADD SUBTRACT MULTIPLY MATRIX_MULTIPLY TRUE_DIVIDE DIVIDE FLOOR_DIVIDE MODULO POWER LSHIFT RSHIFT AND OR XOR"


def _read_effects(table: str) -> dict[str, StackEffect]:
    effects = {}
    for line in table.strip().splitlines():
        counts, names = line.split(":")
        pops, pushes = counts.split()
        effects.update({name: StackEffect(int(pops), int(pushes)) for name in names.split()})
    return effects


_FIXED = _read_effects(_SAME_EVERYWHERE)
_FIXED.update({f"{kind}_{name}": StackEffect(2, 1) for kind in ("BINARY", "INPLACE") for name in _OPERATORS.split()})
for _way in ("", "FORWARD_", "BACKWARD_"):
    _FIXED.update({f"POP_JUMP_{_way}IF_{condition}": StackEffect(1, 0) for condition in ("TRUE", "FALSE", "NONE", "NOT_NONE")})


def _call_function(arg: int, traits: Traits) -> StackEffect:
    if traits.call == "names":
        return StackEffect(arg + 1, 1)
    return StackEffect((arg & 0xFF) + 2 * (arg >> 8 & 0xFF) + 1, 1)


def _call_function_kw(arg: int, traits: Traits) -> StackEffect:
    if traits.call == "names":
        return StackEffect(arg + 2, 1)
    return StackEffect(_call_function(arg, traits).pops + 1, 1)


def _call_ex(arg: int, traits: Traits) -> StackEffect:
    mapping = 1 if traits.ex_always_kwargs else arg & 1
    return StackEffect(2 + mapping + int(traits.ex_null or traits.null_above), 1)


def _make_function(arg: int, traits: Traits) -> StackEffect:
    code = 1 + int(traits.qualname_on_stack)
    if traits.make_function == "attributes":
        return StackEffect(code, 1)
    if traits.make_function == "flags":
        return StackEffect(code + (arg & 15).bit_count(), 1)
    if traits.python2:
        return StackEffect(code + arg, 1)
    return StackEffect(code + (arg & 0xFF) + 2 * (arg >> 8 & 0xFF) + (arg >> 16 & 0x7FFF), 1)


def compute_for_iter_effect(arg: int, traits: Traits) -> StackEffect:
    return StackEffect(1, 2, 1 if traits.for_end == "keep, skip" else 0)


def _send(arg: int, traits: Traits) -> StackEffect:
    return StackEffect(2, 2, 2 if traits.send_keeps_receiver else 1)


def _leave_handler(arg: int, traits: Traits) -> StackEffect:
    return StackEffect(1 if traits.handlers == "table" else 3, 0)


def compute_with_start_effect(arg: int, traits: Traits) -> StackEffect:
    depth = 7 if traits.handlers == "blocks" else 5 if traits.exit_and_self else 4
    return StackEffect(depth, depth + 1)


def _match(pops: int) -> Rule:
    return lambda arg, traits: StackEffect(pops, (2 if pops == 2 else 0) + 1 + int(traits.match_pushes_bool))


_BUILDING = """BUILD_TUPLE BUILD_LIST BUILD_SET BUILD_STRING BUILD_SLICE BUILD_TUPLE_UNPACK BUILD_LIST_UNPACK
BUILD_SET_UNPACK BUILD_MAP_UNPACK BUILD_TUPLE_UNPACK_WITH_CALL"""
_RULES: dict[str, Rule] = {
    "LOAD_GLOBAL": lambda arg, traits: StackEffect(0, 1 + (arg & 1 if traits.global_null_bit else 0)),
    "LOAD_ATTR": lambda arg, traits: StackEffect(1, 1 + (arg & 1 if traits.attr_method_bit else 0)),
    "LOAD_SUPER_ATTR": lambda arg, traits: StackEffect(3, 1 + (arg & 1)),
    "ROT_N": lambda arg, traits: StackEffect(arg, arg),
    "DUP_TOPX": lambda arg, traits: StackEffect(arg, 2 * arg),
    "COPY": lambda arg, traits: StackEffect(arg, arg + 1),
    "SWAP": lambda arg, traits: StackEffect(arg, arg),
    **dict.fromkeys(_BUILDING.split(), lambda arg, traits: StackEffect(arg, 1)),
    "BUILD_MAP_UNPACK_WITH_CALL": lambda arg, traits: StackEffect(arg & 0xFF, 1),
    "BUILD_CONST_KEY_MAP": lambda arg, traits: StackEffect(arg + 1, 1),
    "BUILD_MAP": lambda arg, traits: StackEffect(2 * arg if traits.build_map_pairs else 0, 1),
    "BUILD_INTERPOLATION": lambda arg, traits: StackEffect(2 + (arg & 1), 1),
    "FORMAT_VALUE": lambda arg, traits: StackEffect(1 + (arg >> 2 & 1), 1),
    "UNPACK_SEQUENCE": lambda arg, traits: StackEffect(1, arg),
    "UNPACK_EX": lambda arg, traits: StackEffect(1, (arg & 0xFF) + (arg >> 8) + 1),
    **dict.fromkeys(
        ["LIST_APPEND", "SET_ADD", "LIST_EXTEND", "SET_UPDATE", "DICT_UPDATE", "DICT_MERGE"],
        lambda arg, traits: StackEffect(arg + 1, arg),
    ),
    "MAP_ADD": lambda arg, traits: StackEffect(arg + 2, arg),
    "CALL_FUNCTION": _call_function,
    "CALL_FUNCTION_VAR": lambda arg, traits: StackEffect(_call_function(arg, traits).pops + 1, 1),
    "CALL_FUNCTION_KW": _call_function_kw,
    "CALL_FUNCTION_VAR_KW": lambda arg, traits: StackEffect(_call_function(arg, traits).pops + 2, 1),
    "CALL_METHOD": lambda arg, traits: StackEffect(arg + 2, 1),
    "CALL": lambda arg, traits: StackEffect(arg + 2, 1),
    "CALL_KW": lambda arg, traits: StackEffect(arg + 3, 1),
    "CALL_FUNCTION_EX": _call_ex,
    "MAKE_FUNCTION": _make_function,
    "MAKE_CLOSURE": lambda arg, traits: StackEffect(_make_function(arg, traits).pops + 1, 1),
    "RAISE_VARARGS": lambda arg, traits: StackEffect(arg, 0),
    "FOR_ITER": compute_for_iter_effect,
    "SEND": _send,
    "RERAISE": _leave_handler,
    "POP_EXCEPT": _leave_handler,
    "WITH_EXCEPT_START": compute_with_start_effect,
    "MATCH_KEYS": _match(2),
    "MATCH_CLASS": lambda arg, traits: StackEffect(3, 2 if traits.match_pushes_bool else 1),
    **dict.fromkeys(("JUMP_IF_TRUE_OR_POP", "JUMP_IF_FALSE_OR_POP"), lambda arg, traits: StackEffect(1, 0, 1)),
    "SETUP_FINALLY": lambda arg, traits: StackEffect(0, 0, traits.raised_values),
    "SETUP_WITH": lambda arg, traits: StackEffect(1, 2, 1 + traits.raised_values),
}


def find_effect(name: str, arg: int, traits: Traits) -> StackEffect | None:
    """The effect of an instruction; ``None`` where it depends on how a block was entered (finally bodies to 3.8)."""
    rule = _RULES.get(name)
    return rule(arg, traits) if rule else _FIXED.get(name)
