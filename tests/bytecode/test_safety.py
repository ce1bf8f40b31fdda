"""What hostile code tried against machines of this kind: files, modules, memory, time. None may succeed."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from anykeras.bytecode import BytecodeError, MachineLimits

from . import host, numeric

pytestmark = host.known

C = "\n    class C:\n        def m(self): return 1\n"  # a harmless class

HOOKS = """
new del getattr getattribute setattr delattr get set delete set_name init_subclass class_getitem hash index
dir reduce reduce_ex getstate instancecheck subclasscheck prepare mro_entries await fspath bytes format
"""  # special methods that no class may define

REFUSED = {
    "write_with_numpy": "def f(x): np.save(PATH, x)",
    "write_from_array": "def f(x): return x.tofile(PATH)",
    "write_with_open": "def f(x): return open(PATH, 'w')",
    "import_os": "def f(x):\n    import os\n    return os.system('touch ' + PATH)",
    "import_from": "def f(x):\n    from subprocess import call\n    return call(['touch', PATH])",
    "dunder_import": "def f(x): return __import__('os')",
    "eval": "def f(x): return eval('1')",
    "exec": "def f(x): return exec('1')",
    "compile": "def f(x): return compile('1', '', 'eval')",
    "globals": "def f(x): return globals()",
    "format_reaches_globals": "def f(x):\n    def g(): pass\n    return '{0.__globals__[__name__]}'.format(g)",
    "format_reaches_class": "def f(x): return '{0.__class__}'.format(x)",
    "format_index": "def f(x): return '{0[0]}'.format([1])",
    "format_map": "def f(x): return '{a}'.format_map({'a': 1})",
    "function_globals": "def f(x): return (lambda: 0).__globals__",
    "function_code": "def f(x): return (lambda: 0).__code__",
    "class_walk": "def f(x): return ().__class__.__bases__[0].__subclasses__()",
    "mro": "def f(x): return type(x).mro()",
    "type_of_plain": "def f(x): return type([]).mro()",
    "getattr_dunder": "def f(x): return getattr(x, '__class__')",
    "getattr_built": "def f(x): return getattr([], '__cl' + 'ass__')",
    "generator_frame": "def f(x): return (i for i in [1]).gi_frame",
    "traceback": "def f(x):\n    try: 1 / 0\n    except Exception as e: return e.__traceback__",
    "array_base": "def f(x): return x.base",
    "array_ctypes": "def f(x): return x.ctypes.data",
    "class_dict": f"def f(x):{C}    return C().__dict__",
    "class_bases": f"def f(x):{C}    return C.__bases__",
    "class_mro": f"def f(x):{C}    return C.__mro__",
    "class_subclasses": f"def f(x):{C}    return C.__subclasses__()",
    "class_of_class": f"def f(x):{C}    return C().__class__.__class__",
    "class_module": f"def f(x):{C}    return C.__module__",
    "class_vars": f"def f(x):{C}    return vars(C())",
    "method_function": f"def f(x):{C}    return C().m.__func__",
    "method_self": f"def f(x):{C}    return C().m.__self__",
    "method_globals": f"def f(x):{C}    return C.m.__globals__",
    "method_code_changed": f"def f(x):{C}    C.m.__code__ = 1",
    "super_self": f"def f(x):{C}    return super(C, C()).__init__.__self__",
    "super_thisclass": f"def f(x):{C}    return super(C, C()).__thisclass__",
    "super_reduce": f"def f(x):{C}    return super(C, C()).__reduce_ex__(2)",
    "set_class": f"def f(x):{C}    C().__class__ = 1",
    "set_special": f"def f(x):{C}    C.__call__ = lambda self: 1",
    "set_special_by_name": f"def f(x):{C}    setattr(C, '__get' + 'attr__', 1)",
    "format_reaches_instance": f"def f(x):{C}    return '{{0.m.__globals__}}'.format(C())",
    "metaclass": f"def f(x):{C}    class D(metaclass=C): pass",
    "class_arguments": f"def f(x):{C}    class D(C, flag=1): pass",
    "two_bases": f"def f(x):{C}    class D: pass\n    class E(C, D): pass",
    **{
        f"base_{name}": f"def f(x):\n    class C({name}): pass\n    return C()"
        for name in ("int", "list", "dict", "type", "K", "property", "len")
    },
    **{
        f"class_with_{name}": f"def f(x):\n    class C:\n        def __{name}__(self, *a): return 1\n    return C()"
        for name in HOOKS.split()
    },
    "class_with_slot_value": "def f(x):\n    class C:\n        __call__ = len\n    return C()([])",
    "exception_with_members": "def f(x):\n    class E(Exception):\n        def __init__(self): pass\n    raise E()",
    "library_function_as_method": "def f(x):\n    class C:\n        m = K.mean\n    return C().m()",
    "symbol_left_of_an_object": f"def f(x):{C}    return x + C()",
    "symbol_compared_with_an_object": f"def f(x):{C}    return x == C()",
    "text_of_an_object": f"def f(x):{C}    return str(C())",
    "object_order": f"def f(x):{C}    return hash(C())",
    "object_for_a_library": f"def f(x):{C}    return K.mean(C())",
    "swarm": f"def f(x):{C}    s = []\n    while True: s.append(C())",
    "growing_object": f"def f(x):{C}    c, i = C(), 0\n    while True:\n        i += 1\n        setattr(c, 'a%d' % i, i)",
    "growing_class": f"def f(x):{C}    i = 0\n    while True:\n        i += 1\n        setattr(C, 'a%d' % i, i)",
    "chain_of_bases": f"def f(x):{C}    B = C\n    for i in range(100000):\n        class D(B): pass\n        B = D",
    "calls_itself": "def f(x):\n    class C:\n        def __call__(self): return self()\n    return C()()",
    "makes_itself": "def f(x):\n    class C:\n        def __init__(self): C()\n    return C()",
    "property_of_itself": "def f(x):\n    class C:\n        p = property(lambda self: self.p)\n    return C().p",
    "equals_itself": "def f(x):\n    class C:\n        def __eq__(self, o): return self == o\n    return C() == 1",
    "endless_next": "def f(x):\n    class C:\n        def __iter__(self): return self\n        def __next__(self): return 1\n"
    "    return list(C())",
    "endless_text": "def f(x):\n    class C:\n        def __repr__(self): return repr(self)\n    return repr(C())",
    "long_text": "def f(x):\n    class C:\n        def __str__(self): return 'a' * 99999\n    while True: '%s%s' % (C(), C())",
    "deep_with": "def f(x):\n    class C:\n        def __enter__(self):\n            with C(): pass\n"
    "        def __exit__(self, *a): pass\n    with C(): pass",
    "module_unlisted": "def f(x):\n    import functools\n    return functools.lru_cache(None)",
    "module_caller": "def f(x):\n    import operator\n    return operator.methodcaller('tofile', PATH)(x)",
    "module_attribute": "def f(x):\n    import operator\n    return operator.attrgetter('__class__')(x)",
    "module_globals": "def f(x):\n    import itertools\n    return itertools.__dict__",
    "module_loader": "def f(x):\n    import functools\n    return functools.__loader__",
    "module_changed": "def f(x):\n    import operator\n    operator.add = 1",
    "partial_of_itself": "def f(x):\n    from functools import partial\n    def g(*a): return partial(g, *a)(*a)\n"
    "    return g(1)",
    "partial_chain": "def f(x):\n    from functools import partial\n    p = abs\n    for i in range(100000): p = partial(p)\n"
    "    return p(1)",
    "endless_repeat": "def f(x):\n    import itertools\n    return list(itertools.repeat(1))",
    "many_repeats": "def f(x):\n    import itertools\n    return list(itertools.repeat(1, 10 ** 9))",
    "large_product": "def f(x):\n    import itertools\n    return list(itertools.product(range(1000), repeat=9))",
    "long_product": "def f(x):\n    import itertools\n    return list(itertools.product([1], repeat=10 ** 9))",
    "large_permutation": "def f(x):\n    import itertools\n    return list(itertools.permutations(range(1000)))",
    "wide_combination": "def f(x):\n    import itertools\n    return len(list(itertools.combinations(range(40), 20)))",
    "endless_starmap": "def f(x):\n    import itertools\n    return list(itertools.starmap(max, itertools.repeat((1, 2))))",
    "power_by_reduce": "def f(x):\n    from functools import reduce\n    return reduce(lambda a, b: a ** b, [9] * 99)",
    "new_class": "def f(x): return type('A', (), {})",
    "operation_function": "def f(x): return K.mean.function",
    "bound_method_self": "def f(x): return [].append.__self__",
    "setattr": "def f(x): return setattr(K, 'mean', 1)",
    "store_attribute": "def f(x): K.mean = 1",
    "store_global": "def f(x):\n    global K\n    K = 1",
    "unknown_method": "def f(x): return 'a'.translate({97: 'b'})",
    "power_tower": "def f(x): return 9 ** 9 ** 9 ** 9",
    "power_loop": "def f(x):\n    n = 9\n    while True: n = n ** 9",
    "shift": "def f(x): return 1 << (1 << 40)",
    "product": "def f(x):\n    n = 1 << 999\n    while True: n = n * n",
    "text_repeat": "def f(x): return 'a' * (2 * 10 ** 9)",
    "list_repeat": "def f(x): return [0] * (2 * 10 ** 9)",
    "repeat_left": "def f(x): return 10 ** 9 * (1, 2)",
    "range_max": "def f(x): return max(range(10 ** 9))",
    "range_list": "def f(x): return list(range(10 ** 9))",
    "range_star": "def f(x): return [*range(10 ** 9)]",
    "range_unpack": "def f(x):\n    a, *b = range(10 ** 9)\n    return b",
    "range_in": "def f(x): return 0.5 in range(10 ** 9)",
    "range_sum": "def f(x): return sum(range(10 ** 9))",
    "range_sorted": "def f(x): return sorted(range(10 ** 9))",
    "range_dict": "def f(x): return {i: i for i in range(10 ** 9)}",
    "range_call": "def f(x): return (lambda *a: 0)(*range(10 ** 9))",
    "percent_width": "def f(x): return '%1000000000d' % 1",
    "percent_star": "def f(x): return '%*d' % (10 ** 9, 1)",
    "format_width": "def f(x): return format(1, '1000000000')",
    "fstring_width": "def f(x): return f'{1:{10 ** 9}}'",
    "fstring_precision": "def f(x): return f'{1.5:.{10 ** 9}f}'",
    "center": "def f(x): return 'a'.center(10 ** 10)",
    "zfill": "def f(x): return 'a'.zfill(10 ** 10)",
    "expandtabs": "def f(x): return '\\t'.expandtabs(10 ** 10)",
    "join": "def f(x): return ('a' * 100000).join(['b'] * 100000)",
    "replace": "def f(x): return ('a' * 100000).replace('', 'b' * 100000)",
    "doubling_text": "def f(x):\n    s = 'a'\n    while True: s += s",
    "doubling_list": "def f(x):\n    s = [0]\n    while True: s += s",
    "extend_self": "def f(x):\n    s = [0]\n    while True: s.extend(s)",
    "growing_while_read": "def f(x):\n    s = [0]\n    for i in s: s.append(i)",
    "many_lists": "def f(x):\n    s = []\n    while True: s.append([0] * 50000)",
    "bytes": "def f(x): return bytes(10 ** 10)",
    "round_digits": "def f(x): return round(5, -10 ** 9)",
    "int_of_text": "def f(x): return int('9' * 100000)",
    "endless": "def f(x):\n    while True: pass",
    "endless_recursion": "def f(x):\n    def g(): return g()\n    return g()",
    "recursion_through_builtins": "def f(x):\n    def g(v): return sorted([1, 2], key=g)\n    return g(1)",
    "endless_generator": "def f(x):\n    def g():\n        while True: yield 1\n    return sum(g())",
    "shared_tuple_hash": "def f(x):\n    t = ()\n    for i in range(60): t = (t, t)\n    return {t: 1}",
    "shared_tuple_equal": "def f(x):\n    t = u = ()\n    for i in range(60): t, u = (t, t), (u, u)\n    return t == u",
    "shared_list_text": "def f(x):\n    t = []\n    for i in range(60): t = [t, t]\n    return str(t)",
    "shared_result": "def f(x):\n    t = []\n    for i in range(60): t = [t, t]\n    return t",
    "deep_tuple_hash": "def f(x):\n    t = ()\n    for i in range(100000): t = (t,)\n    return hash(t)",
    "deep_tuple_key": "def f(x):\n    t = ()\n    for i in range(100000): t = (t,)\n    return {t}",
    "deep_list_equal": "def f(x):\n    a = b = []\n    for i in range(100000): a, b = [a], [b]\n    return a == b",
    "deep_iterators": "def f(x):\n    m = [1]\n    for i in range(100000): m = map(abs, m)\n    return list(m)",
    "list_in_itself": "def f(x):\n    a = []\n    a.append(a)\n    return a == [a], str(a)",
    "isinstance_bomb": "def f(x):\n    t = (int,)\n    for i in range(60): t = (t, t)\n    return isinstance('', t)",
}


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_code_is_stopped(name: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    source = REFUSED[name].replace("PATH", repr(str(canary)))
    tracemalloc.start()
    try:
        with pytest.raises(BytecodeError):
            host.run(source, numeric.inputs("x2")[0], bounds=MachineLimits(steps=500_000))  # a quarter, for time
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert not canary.exists()
    assert peak < 150 << 20, f"{peak >> 20} MB"


def test_an_endless_except_cannot_hold_the_machine() -> None:
    """Limits are not exceptions of the code: no handler sees them."""
    source = "def f(x):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass"
    with pytest.raises(BytecodeError, match="steps"):
        host.run(source, 1, bounds=MachineLimits(steps=10_000))


def test_a_with_block_that_swallows_everything_cannot_hold_the_machine() -> None:
    source = (
        "def f(x):\n    class C:\n        def __enter__(self): pass\n        def __exit__(self, *a): return True\n"
        "    while True:\n        with C():\n            while True: pass"
    )
    with pytest.raises(BytecodeError, match="steps"):
        host.run(source, 1, bounds=MachineLimits(steps=10_000))


@pytest.mark.parametrize(
    "line",
    [
        "t.count('b')",
        "'b' in t",
        "t.upper()",
        "n // 3",
        "pow(3, n, n)",
        "v.pop(0), v.append(0)",
        "v.insert(0, 1), v.pop()",
    ],
)
def test_what_the_host_does_in_one_step_is_counted(line: str) -> None:
    """No clock: long values cost steps or values in proportion, so that few of them are as long as many short ones."""
    source = f"def f(x):\n    t, n, v = 'a' * 100000, (1 << 9999) + 1, [0] * 90000\n    for i in range(20000): {line}"
    with pytest.raises(BytecodeError, match=r"steps|values"):
        host.run(source, 1, bounds=MachineLimits(steps=300_000))


def test_a_value_nobody_listed_ends_the_run() -> None:
    class Stranger:
        def __eq__(self, other: object) -> bool:
            raise AssertionError("called by the machine")

        __hash__ = None  # type: ignore[assignment]  # the point of the test

    with pytest.raises(BytecodeError, match="not listed"):
        host.run("def f(x): return x == 1", Stranger())
    with pytest.raises(BytecodeError, match="not listed"):
        host.run("def f(x): return x in [1]", Stranger())
