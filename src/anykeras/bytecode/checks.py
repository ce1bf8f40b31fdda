"""Static checks of decoded code: what a genuine compiler never writes. They pin the dialect and catch damage."""

from __future__ import annotations

from .code import OPTIMIZED, CodeObject
from .effects import effect
from .errors import limit_error, malformed_error
from .instructions import MAX_INSTRUCTIONS, Body, Instruction, decode

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


def _check_indexes(body: Body, instruction: Instruction) -> None:
    kind = body.dialect.indexes.get(instruction.name)
    if kind is None:
        return
    for index in indexes(body, instruction):
        if index >= _size(body, kind):
            raise malformed_error(f"{instruction.name} at {instruction.offset} uses a {kind} index out of range")


def _check_sense(body: Body, place: int, instruction: Instruction) -> None:
    """What a compiler never writes although every index is right."""
    name, traits = instruction.name, body.dialect.traits
    if name == "LOAD_NAME" and body.code.flags & OPTIMIZED:
        raise malformed_error("a function reads a name as a class body does")
    if name == "COMPARE_OP" and instruction.arg >> traits.compare_shift >= len(body.dialect.compare):
        raise malformed_error(f"the comparison at {instruction.offset} does not exist in this Python")
    if name == "BINARY_OP" and instruction.arg >= len(body.dialect.binary):
        raise malformed_error(f"the operator at {instruction.offset} does not exist in this Python")
    following = FOLLOWED_BY.get(name)
    if following and (place + 1 == len(body.instructions) or body.instructions[place + 1].name != following):
        raise malformed_error(f"{name} at {instruction.offset} is not followed by {following}")


def indexes(body: Body, instruction: Instruction) -> tuple[int, ...]:
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


def _size(body: Body, kind: str) -> int:
    code = body.code
    if kind == "free":
        return len(code.slots) if body.dialect.traits.cells_in_slots else len(code.cellvars) + len(code.freevars)
    return len({"name": code.names, "const": code.consts, "local": code.slots}[kind])


class _Depths:
    """Follows every path once with the number of values on the stack."""

    def __init__(self, body: Body) -> None:
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
                raise malformed_error("the instructions end without a return")
            known = self.at.get(place)
            if known is not None:
                if known != depth and not self._may_differ():
                    raise malformed_error(f"instruction {place} is reached with {known} and with {depth} values on the stack")
                return
            self.at[place] = depth
            following = self._after(place, self.body.instructions[place], depth)
            if following is None:
                return
            place, depth = following

    def _may_differ(self) -> bool:
        """Block stacks cut the operand stack at run time, so depths are exact only without them."""
        return self.blocks and not self.traits.finally_copied

    def _after(self, place: int, instruction: Instruction, depth: int) -> tuple[int, int] | None:
        name = instruction.name
        change = effect(name, instruction.arg, self.traits)
        if change is None:
            return None
        if change.pops > depth:
            raise malformed_error(f"{name} at {instruction.offset} takes {change.pops} values where {depth} are on the stack")
        rest = depth - change.pops
        if rest + change.pushes > self.body.code.stacksize + self._slack():
            raise malformed_error(f"{name} at {instruction.offset} goes over the stated stack size")
        if name == "RETURN_VALUE" and depth != 1 and not self.blocks:
            raise malformed_error(f"a return at {instruction.offset} leaves {depth - 1} values on the stack")
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

    def _slack(self) -> int:
        """A generator is pushed before its frame exists (3.11+), beyond what the compiler counted."""
        return int(self.traits.handlers == "table")
