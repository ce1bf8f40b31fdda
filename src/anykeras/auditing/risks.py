"""What an audit says: single risks, each with a severity, a place and what Keras would do there, and the verdict over all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ..reporting import Notice
from ..reporting import Severity as Severity
from ..texts import escape


@dataclass(frozen=True)
class Loading:
    """What Keras does with a thing: with ``safe_mode=True``, with ``safe_mode=False``, and in old versions."""

    safe: str
    unsafe: str
    old: str
    advisories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Risk:
    """One thing in a file that would do something when the file is loaded.

    Args:
        code: the stable code of its kind, with a page (``anykeras explain CODE``).
        severity: how bad it is.
        where: the part of the file and the address in it.
        seen: what was found, in one sentence.
        loading: what Keras would do.
        source: the recovered code of a function, else "".
    """

    code: str
    severity: Severity
    where: str
    seen: str
    loading: Loading
    source: str = field(default="", repr=False)

    def as_dict(self) -> dict[str, Any]:
        """The risk as plain JSON values."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "where": self.where,
            "seen": self.seen,
            "safe_mode": self.loading.safe,
            "without_safe_mode": self.loading.unsafe,
            "old_versions": self.loading.old,
            "advisories": list(self.loading.advisories),
            "source": self.source,
        }

    def as_notice(self) -> Notice:
        """The risk as every format of reports lists it."""
        details = {key: value for key, value in self.as_dict().items() if key not in ("code", "severity", "where")}
        return Notice(self.code, self.severity, self.where, self.seen, details)


_VERDICTS: Mapping[Severity, str] = {
    Severity.INFO: "nothing in it runs, reads or fetches anything",
    Severity.LOW: "nothing found that does more than compute",
    Severity.MEDIUM: "suspicious: it holds what cannot be judged, or has no place in a model",
    Severity.HIGH: "dangerous: loading it can read, write, fetch or run something outside the model",
    Severity.CRITICAL: "dangerous: it is made to run code",
}


_ADVICE: Mapping[Severity, str] = {
    Severity.INFO: "load it as any other model",
    Severity.LOW: "load it where you trust what is named below, which is not in the file",
    Severity.MEDIUM: "do not load it before you know what the places below are for; what is yours, name with --trust",
    Severity.HIGH: "do not load it with Keras, in whatever mode; `anykeras convert` brings over what is no more than a model",
    Severity.CRITICAL: "do not load it with Keras, in whatever mode, and tell its source; `anykeras inspect` reads it safely",
}


@dataclass(frozen=True, repr=False)
class Audit:
    """What a file would do if Keras loaded it, found without loading it.

    ``refusal`` says why the file is no model that AnyKeras reads, where it is not; its risks were looked for all the same.
    ``functions`` counts the functions found, ``kinds`` says what the bytes are.
    """

    path: str
    kinds: tuple[str, ...]
    risks: tuple[Risk, ...]
    functions: int = 0
    refusal: str = ""

    @property
    def severity(self) -> Severity:
        """The worst of its risks; ``info`` where there is none."""
        return max((risk.severity for risk in self.risks), key=lambda severity: severity.rank, default=Severity.INFO)

    @property
    def verdict(self) -> str:
        """One line."""
        counts = Counter(risk.severity for risk in self.risks)
        listed = ", ".join(f"{counts[level]} {level}" for level in reversed(Severity) if counts[level])
        return f"{self.severity.upper()}: {_VERDICTS[self.severity]}" + (f" ({listed})" if listed else "")

    @property
    def advice(self) -> str:
        """What to do with the file, in one line."""
        return _ADVICE[self.severity]

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        return {
            "path": self.path,
            "kinds": list(self.kinds),
            "severity": str(self.severity),
            "verdict": self.verdict,
            "advice": self.advice,
            "functions": self.functions,
            "refusal": self.refusal or None,
            "risks": [risk.as_dict() for risk in self.risks],
        }

    def __repr__(self) -> str:
        return f"<Audit {escape(self.path)!r}: {self.verdict}>"


@dataclass
class Collector:
    """What one audit has found so far, and whom its user trusts."""

    trust: Sequence[str] = ()
    risks: list[Risk] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    functions: int = 0
    _known: set[tuple[str, str, str]] = field(default_factory=set)

    def add(self, code: str, severity: Severity, where: str, seen: str, loading: Loading, source: str = "") -> None:
        """Note a risk, once."""
        key = (code, where, seen)
        if key not in self._known:
            self._known.add(key)
            self.risks.append(Risk(code, severity, where, seen, loading, source))

    def is_trusted(self, *names: object) -> bool:
        """Whether one of the names is among those that the user trusts (``mypackage.layers.*``)."""
        return any(fnmatchcase(name, pattern) for name in names if isinstance(name, str) for pattern in self.trust)
