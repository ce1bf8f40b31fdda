"""The machine against the Pythons themselves: recorded results of each version, and the running one."""

from __future__ import annotations

import pytest

from anykeras.bytecode import BytecodeError, CodeRaised, Machine, MissingName, identify

from . import host, measure, numeric
from .corpus import cases, versions

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@pytest.mark.parametrize("version", versions(), ids=str)
def test_every_function_gives_the_result_recorded_by_its_own_python(version: tuple[int, int]) -> None:
    verdicts = {case.name: measure.verdict(measure.by_machine, case) for case in cases(version)}
    assert len(verdicts) >= 100
    assert {name: end for name, end in verdicts.items() if end != "right"} == {}


SNIPPETS = {
    "else_finally": """
def f(n):
    log = []
    for i in range(n):
        try:
            if i % 3 == 0: raise KeyError(i)
            if i % 3 == 1: continue
            log.append(i)
        except KeyError as e: log.append(('k', e.args))
        else: log.append('else')
        finally: log.append('fin')
    return log""",
    "reraise": """
def f(n):
    try:
        try: [][n]
        except IndexError: raise
        finally: n += 1
    except LookupError: return n
    return -1""",
    "generator_send": """
def f(n):
    def g():
        total = 0
        while True:
            got = yield total
            if got is None: return
            total += got
    it = g(); next(it)
    out = [it.send(i) for i in range(n)]
    try: it.send(None)
    except StopIteration: out.append('stop')
    return out""",
    "generator_throw": """
def f(n):
    def g():
        try: yield 1
        except ValueError: yield 2
        finally: log.append('closed')
    log = []
    it = g()
    return [next(it), it.throw(ValueError('x')), list(it), log]""",
    "yield_from": """
def f(n):
    def inner():
        yield from range(n)
        return 'end'
    def outer():
        r = yield from inner()
        yield r
    return list(outer())""",
    "nonlocal": """
def f(n):
    count = 0
    def up(by=1, *rest, scale=1, **kw):
        nonlocal count
        count += by * scale + sum(rest) + len(kw)
        return count
    return [up(), up(2, 3, 4), up(scale=n), up(a=1, b=2), count]""",
    "match": """
def f(n):
    def kind(v):
        match v:
            case {'op': 'add', 'args': [a, b]}: return a + b
            case {'op': str(), **rest}: return len(rest)
            case [1, *others]: return others
            case int(k) if k > n: return 'big'
            case None | True: return 'none'
            case _: return 'other'
    return [kind(v) for v in ({'op': 'add', 'args': [1, 2]}, {'op': 'x', 'z': 1}, [1, 2, 3], 99, None, 'q')]""",
    "formats": """
def f(n):
    return ['%5.2f|%-4d|%s|%r|%%' % (n / 3, n, 'a', 'b'), '%(k)s' % {'k': n}, f'{n:>4}|{n!r}|{n / 7:.3e}',
            '{}-{}'.format(1, 2), '{0}-{1:x}-{k}'.format(n, 255, k='z'), 'a-b'.split('-'), 'x'.join('abc')]""",
    "containers": """
def f(n):
    d = {'a': 1, **{'b': 2}}; d.setdefault('c', []).append(n); d.pop('a')
    s = {1, 2} | {3}; s.add(n); t = sorted(s, reverse=True)
    l = list(range(6)); l[1:3] = 'xy'; del l[0]; l.insert(0, -1); l.reverse()
    a, (b, *c), *e = 1, (2, 3, 4), 5, 6
    return d, t, l, l[::-2], a, b, c, e, l.index('y'), [*l, *t], d == {'b': 2, 'c': [n]}, (1, 2) < (1, 3)""",
    "comprehensions": """
def f(n):
    i = 'outer'
    grid = [[i * j for j in range(3) if j != 1] for i in range(n)]
    return i, grid, {k: v for k, v in zip('ab', grid)}, {len(r) for r in grid}, sum(x for r in grid for x in r)""",
    "builtins": """
def f(n):
    return (max([3, 1, 2]), min(4, 2, key=lambda v: -v), list(map(lambda a, b: a + b, [1, 2], [3, 4])),
            divmod(7, 3), abs(-2), list(enumerate('ab', 1)), list(filter(None, [0, 1, '', 'a'])), round(2.5),
            round(2.567, 2), any([]), all([]), isinstance(n, (list, int)), list(reversed([1, 2])), pow(2, 5),
            int('12'), float('1.5'), str(1.5), hex(255), list(zip()))""",
    "modules": """
def f(n):
    import functools, operator
    import itertools as it
    from functools import reduce
    add = functools.partial(lambda a, b, c=0: a + b * c, 1, c=n)
    rows = list(it.product(range(2), 'ab')) + list(it.combinations([1, 2, 3], 2)) + list(it.permutations([1, 2]))
    return (reduce(operator.mul, [1, 2, n]), reduce(lambda a, b: a - b, [1, 2], n), add(3), rows,
            list(it.chain([1], 'x', (n,))), list(it.chain.from_iterable([[1], [2, n]])), list(it.repeat(n, 2)),
            list(zip(it.repeat('r'), [1, 2])), list(it.starmap(pow, [(2, 3), (n, 2)])), operator.itemgetter(1)([5, n]),
            operator.lt(1, n), operator.neg(n), operator.getitem({'k': n}, 'k'), list(it.combinations([1], 5)))""",
    "division": "def f(n): return n / 2, n // 2, -n // 2, n % -3, divmod(-n, 3), 2 ** -1, 7.5 % 2, (1 << 5) ^ 3, ~n",
    "walrus_ternary": """
def f(n):
    return [y for x in range(n) if (y := x * x) % 2], (n and 0) or 'z', not n, 1 if n > 2 else 2""",
    "star_calls": """
def f(n):
    def g(a, b=2, *args, c, d=4, **kw): return a, b, args, c, d, sorted(kw.items())
    return g(1, c=3), g(*[1, 2, 3], **{'c': 5, 'z': 6}), g(*(1,), *[9], c=n, **{'d': 0}, **{'e': 1})""",
    "while_else": """
def f(n):
    out = []
    while n:
        n -= 1
        if n == 7: break
        out.append(n)
    else: out.append('done')
    return out""",
    "identity": """
def f(n):
    return n is None, n is not None, n in (1, 5), 'a' not in 'bcd', n in {5: 1}, 1 < n <= 5 < 9, n == 5.0""",
    "assertion": """
def f(n):
    try:
        assert n > 100, 'small'
    except AssertionError as e:
        return e.args, str(e)""",
    "zero_division": """
def f(n):
    try: return n / 0
    except ArithmeticError as e: return type(e) is ZeroDivisionError""",
}


@host.known
@pytest.mark.parametrize("name", SNIPPETS)
@pytest.mark.parametrize("n", [0, 1, 5, 9])
def test_the_running_python_agrees(name: str, n: int) -> None:
    assert host.run(SNIPPETS[name], n) == host.compiled(SNIPPETS[name])(n)


@host.known
def test_what_the_code_raises_is_named() -> None:
    with pytest.raises(CodeRaised) as caught:
        host.run("def f(x): raise ValueError('rank %d' % x)", 3)
    assert caught.value.exception == "ValueError"
    assert "rank 3" in str(caught.value)


@host.known
def test_a_missing_global_is_named_with_the_call_to_make() -> None:
    with pytest.raises(MissingName) as caught:
        host.run("def f(x): return custom_activation(x)", 1)
    assert caught.value.name == "custom_activation"
    assert "custom_objects" in str(caught.value)


@host.known
def test_a_failing_operation_is_not_an_exception_of_the_code() -> None:
    """An error inside the domain must not be swallowed by the code's own ``except``."""
    source = "def f(x):\n    try: return broken(x)\n    except Exception: return 'swallowed'"
    function = host.compiled(source)

    def broken(x: object) -> object:
        raise RuntimeError("inside")

    domain = numeric.NumbersDomain(numeric.Environment({"broken": numeric.Operation("broken", broken)}))
    machine = Machine(host.code_of(function), domain)
    with pytest.raises(BytecodeError, match="inside"):
        machine.run(machine.function(), [1])


def test_an_old_dict_order_is_noted() -> None:
    case = next(case for case in cases((2, 7)) if case.name == "for_zip_enum")
    machine = measure.machine_for(identify(case.code).best)
    machine.run(machine.function(), numeric.inputs(case.kind))
    assert any("order" in note for note in machine.notes)
