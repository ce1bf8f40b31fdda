"""Functions with class and ``with`` statements, of an argument ``n``, for every Python whose syntax they fit.

Recorded by ``scripts/make_statement_cases.py``. Runs on Python 2.7 and 3.4+.
"""

SOURCES = {
    "method": """
def f(n):
    class C(object):
        k = 3
        def __init__(self, a, b=2): self.a, self.b = a, b
        def m(self, v): return v * self.k + self.a
        def __call__(self, v): return self.m(v) + self.b
    c = C(n); d = C(a=1, b=5)
    C.k = 4
    d.k = 10
    return [c.m(2), c(3), d(3), C(7)(1), getattr(c, 'a'), hasattr(c, 'zz'), getattr(c, 'zz', 9), c.__class__.__name__,
            isinstance(c, C), isinstance(c, int), isinstance(n, C), type(c) is C, callable(c), callable(C), callable(n)]
""",
    "old_style": """
def f(n):
    class C:
        def go(self): return n
    class D(C):
        def go(self): return C.go(self) + 1
    return [D().go(), isinstance(D(), C), issubclass(D, C)]
""",
    "super_two": """
def f(n):
    class A(object):
        def __init__(self, x): self.x = x
        def v(self): return self.x
        @property
        def p(self): return self.x * 2
    class B(A):
        def __init__(self, x, y):
            super(B, self).__init__(x)
            self.y = y
        def v(self): return super(B, self).v() + self.y
        @property
        def p(self): return super(B, self).p + 1
    return [B(n, 2).v(), B(n, 3).p, A(n).p]
""",
    "super_zero": """
def f(n):
    class A:
        def __init__(self): self.log = ['A']
        @classmethod
        def make(cls, *a): return cls(*a)
    class B(A):
        def __init__(self, k=1):
            super().__init__()
            self.log.append(k)
            g = lambda: self.log
            g().append(n)
        @classmethod
        def make(cls, *a):
            made = super().make(*a)
            made.log.append('made')
            return made
        def who(self): return __class__.__name__
    return [B.make(5).log, B().make().log, B().who()]
""",
    "props": """
def f(n):
    class P(object):
        def __init__(self): self._v = n
        @property
        def v(self): return self._v
        @v.setter
        def v(self, new): self._v = new * 2
        @property
        def only(self): return 1
        @staticmethod
        def s(a): return a + 1
        @classmethod
        def c(cls, a): return cls.s(a) + 1
        w = property(lambda self: self._v + 100)
    p = P()
    p.v = 5
    out = [p.v, p.s(1), P.s(1), P.c(1), p.c(2), p.w]
    try: p.only = 3
    except AttributeError: out.append('ro')
    try: p.none
    except AttributeError: out.append('none')
    setattr(p, 'q', 4)
    return out + [p.q]
""",
    "with": """
def f(n):
    log = []
    class M(object):
        def __init__(self, name, eat=False): self.name, self.eat = name, eat
        def __enter__(self):
            log.append('in ' + self.name)
            return self
        def __exit__(self, kind, error, trace):
            log.append(('out', self.name, kind is None, error is None, kind is ValueError))
            return self.eat
    def g(i):
        with M('a') as a:
            with M('b', True) as b, M('c'):
                if i == 0: return 'ret'
                if i == 1: raise ValueError('x')
                log.append(a.name + b.name)
            log.append('after')
            for j in range(3):
                with M('loop%d' % j):
                    if j == 0: continue
                    if j == 1: break
            if i == 3: raise KeyError(1)
        return 'end'
    for i in range(5):
        try: log.append(g(i))
        except KeyError as e: log.append(e.args)
        finally: log.append('f')
    class T(M):
        def __exit__(self, *a): return 1
    with T('t'): raise IndexError(3)
    with M('z', eat=[]) as z: pass
    return log
""",
    "with_try": """
def f(n):
    log = []
    class M:
        def __enter__(self): return 5
        def __exit__(self, *a):
            log.append(len(a))
            return False
    def g():
        try:
            with M() as v:
                try: raise ValueError(v)
                finally: log.append('inner')
        except ValueError as e:
            log.append(e.args[0])
            with M(): return 'r'
        finally:
            log.append('fin')
    log.append(g())
    def h():
        for i in range(4):
            try:
                with M():
                    if i % 2: raise KeyError(i)
                    yield i
            except KeyError: yield 'k'
    return log + list(h())
""",
    "arith": """
def f(n):
    class V(object):
        def __init__(self, x): self.x = x
        def __add__(self, o): return V(self.x + (o.x if isinstance(o, V) else o))
        __radd__ = __add__
        def __mul__(self, o): return V(self.x * o)
        def __rmul__(self, o): return V(self.x * o + 1000)
        def __sub__(self, o): return NotImplemented
        def __rsub__(self, o): return V(o - self.x)
        def __iadd__(self, o):
            self.x += 100 + o
            return self
        def __neg__(self): return V(-self.x)
        def __eq__(self, o): return isinstance(o, V) and self.x == o.x
        def __lt__(self, o): return self.x < o.x
        def __len__(self): return abs(self.x)
        def __getitem__(self, k): return self.x, k
        def __contains__(self, v): return v == self.x
        def __truediv__(self, o): return 'td'
        def __div__(self, o): return 'd'
    v = V(n)
    v += 1
    w = v
    w *= 2
    out = [v.x, w.x, (v + 1).x, (2 + v).x, (v + v).x, (v * 2).x, (2 * v).x, (-v).x, (5 - v).x, v == V(v.x), v == 3,
           V(1) < V(2), V(1) > V(2), len(v), v[1:2], v['a'], v[...], v.x in v, 3 in v, bool(V(0)), not V(0), v / 2,
           sorted([V(3), V(1)])[0].x, max([V(3), V(9)]).x, sum([V(1), V(2)]).x, V(1) in [V(2), V(1)], [V(2), V(5)].index(V(5))]
    try: v - 1
    except TypeError: out.append('te')
    return out
""",
    "py3_ne": """
def f(n):
    class V:
        def __init__(self, x): self.x = x
        def __eq__(self, o): return self.x == o.x
    return [V(1) != V(1), V(1) != V(2), [V(1)] == [V(1)], (V(1), 2) != (V(1), 2)]
""",
    "iter": """
def f(n):
    class It(object):
        def __init__(self, n): self.n = n
        def __iter__(self): return self
        def __next__(self):
            if not self.n: raise StopIteration
            self.n -= 1
            return self.n
        next = __next__
    class G(object):
        def __iter__(self):
            for i in range(n): yield i * i
    a, b = It(2)
    return [list(It(3)), [x for x in G()], sum(It(4)), a, b, list(zip(It(2), G())), 4 in G(), tuple(G())]
""",
    "closure_body": """
def f(n):
    k = n + 1
    class C(object):
        j = n
        vals = [i * 2 for i in range(3)]
        def get(self): return self.j, k, n
        class Inner(object):
            z = n
    return [C.j, C().get(), C.vals, C.Inner.z, C.Inner().z]
""",
    "annotated": """
def f(n):
    class C:
        '''doc'''
        a: int = 3
        b: 'str'
        def m(self, x: int = 2, *, y: float = 1.0) -> int: return x + self.a + y
    return [C().m(), C().a, hasattr(C(), 'b')]
""",
    "decor": """
def f(n):
    def twice(g):
        def h(*a): return g(*a) * 2
        return h
    def tag(c):
        c.tag = n
        return c
    @tag
    class C(object):
        __slots__ = ('v',)
        @twice
        def m(self, x): return x + 1
        fn = lambda self, x: x - 1
        table = {'a': 1}
        names = ['q']
        if n > 3: big = True
        else: big = False
    return [C().m(2), C().fn(2), C.tag, C.table['a'], C().names, C.big, list(map(C().m, [1, 2]))]
""",
    "exc": """
def f(n):
    class MyError(ValueError): pass
    class Other(MyError):
        '''doc'''
    out = []
    for kind in (MyError, Other, KeyError):
        try:
            try: raise kind('m')
            except MyError as e: out.append((type(e).__name__, e.args, isinstance(e, ValueError)))
        except LookupError: out.append('lk')
    return out
""",
    "text": """
def f(n):
    class C(object):
        def __repr__(self): return 'C!'
    class D(C):
        def __str__(self): return 'D?'
    return ['%s %r' % (C(), D()), str(D()), repr(D()), '{} {!r}'.format(C(), D())]
""",
    "counter": """
def f(n):
    class C(object):
        count = 0
        items = []
        def __init__(self):
            C.count += 1
            self.items.append(C.count)
            self.count = -1
    for i in range(n): C()
    d = {C: 1, 'a': C()}
    return [C.count, C.items, d[C], d['a'].count, C is C, C == C, C != int]
""",
}
ARGUMENTS = (0, 1, 4)
