"""What lies beside a model and runs with it (requirements, files of MLflow and git, notebooks), and names that deceive."""

from __future__ import annotations

import re
import sys
from typing import Final, NamedTuple

from ..containers.source import ByteSource
from . import loading
from .names import LIBRARIES, NUMERIC
from .risks import Collector, Severity

_READ: Final = 1 << 20  # bytes of such a file


class _Beside(NamedTuple):
    """A file by its name, and a text in it by which it acts."""

    name: re.Pattern[str]
    text: re.Pattern[str]
    severity: Severity
    seen: str


def _read_row(name: str, text: str, severity: Severity, seen: str) -> _Beside:
    return _Beside(re.compile(rf"(?:^|[/\\]){name}$", re.IGNORECASE), re.compile(text, re.MULTILINE), severity, seen)


def _read_entry(keys: str, value: str) -> str:
    """A key of YAML or JSON with a value, in a block or in braces."""
    return rf"(?:^|[{{,\s'\"])(?:{keys})['\"]?\s*:\s*['\"]?{value}"


_ACTS: Final = (
    r"\|\s*(?:sudo\s+)?\w*sh\b|(?:^|\"|\\n)\s*!\s*(?!pip3? install|ls\b|nvidia-smi|mkdir|cd\b|unzip|tar\b|pwd|cat\b)\w|"
    r"\.system\s*\(|\bos\.(?:system|popen|exec\w+|spawn\w+|remove|unlink|environ)\b|\b(?:pickle|marshal|dill|joblib)\.loads?\b|"
    r"\b(?:eval|exec|compile|__import__|getattr|globals|breakpoint)\s*\(|\b(?:subprocess|socket|ctypes|base64|urllib2?|requests|httpx?|"
    r"paramiko|ftplib|smtplib|webbrowser|multiprocessing|importlib|runpy|pty|codecs|zlib|powershell)\b|"
    r"\bshutil\.(?:rmtree|move|copy\w*)\b|\.(?:ssh|aws|bashrc|netrc)\b|/etc/|__(?:class|globals|subclasses)__"
)
"""In a program beside a model, which people run: all that is not reading data, training and drawing."""
_FETCHED: Final = r"\b(?:curl|wget)\b[^\n]{0,400}\|[ \t]*(?:sudo[ \t]+)?\w{0,9}sh\b"
_FILES: Final = (
    _read_row(
        r"(?:[\w-]*requirements[\w.-]*\.txt|(?:conda|environment|python_env|bentofile)\.ya?ml|pyproject\.toml|setup\.cfg|Pipfile|"
        r"\.?pip(?:rc|\.conf)|\.npmrc)",
        r"\bgit\+|--(?:extra-)?index-url|--find-links|--trusted-host|(?:^|\s)-[rif]\s*https?:|@\s*(?:https?|file)://|"
        r"^[ \t]*(?:-[ \t]*)?https?://|^[ \t]*(?:-[ \t]*)?[./\w-]+\.whl\b|\b(?:index-url|url|registry)\s*=\s*['\"]?https?://",
        Severity.MEDIUM,
        "packages that are fetched from elsewhere than the package index",
    ),
    _read_row(
        "MLmodel",
        _read_entry("loader_module", r"(?!mlflow\b)\w[\w.]*"),
        Severity.MEDIUM,
        "a module of Python that MLflow imports",
    ),
    _read_row(
        "MLmodel",
        _read_entry("code|python_model|model_code_path|custom_objects", r"(?!null\b|~)[\w./]+"),
        Severity.MEDIUM,
        "code or a pickle that MLflow runs",
    ),
    _read_row(
        "MLmodel",
        _read_entry("keras_module", r"(?!(?:keras|tf_keras|tensorflow)\b)\w[\w.]*"),
        Severity.HIGH,
        "a module of Python that MLflow imports in place of Keras",
    ),
    _read_row(
        r"keras_module\.txt",
        r"\A\s*(?!(?:keras|tf_keras|tensorflow)\b)\w[\w.]*",
        Severity.HIGH,
        "a module of Python that MLflow imports in place of Keras",
    ),
    _read_row(
        "MLmodel",
        _read_entry("data|saved_model_dir|code|python_model|model_code_path", r"(?:\.\.[/\\]|/|~|[a-z][a-z0-9+]*://)\S*"),
        Severity.MEDIUM,
        "a part of the model that lies outside of the folder",
    ),
    _read_row(
        r"(?:\.git[/\\]config|\.gitconfig)",
        r"\b(?:fsmonitor|sshCommand|hooksPath|pager|textconv|editor)\s*=\s*\S+",
        Severity.HIGH,
        "a program that git runs in this folder",
    ),
    _read_row(
        r"\.vscode[/\\](?:tasks|launch)\.json", r"\"command\"\s*:\s*\S+", Severity.MEDIUM, "a program that an editor runs"
    ),
    _read_row(
        r"\.(?:envrc|(?:bash|zsh)rc|(?:bash_)?profile|bash_\w+|zshenv|login|ssh[/\\].*|aws[/\\].*)",
        r"\S+",
        Severity.MEDIUM,
        "a file that a shell runs or trusts",
    ),
    _read_row(
        r"(?:(?:Docker|Container|Make|Jenkins|Just|Proc|Snake)file[^/\\]*|[^/\\]*\.(?:ya?ml|toml|cfg|conf|ini|mk|json|md|rst|txt))",
        _FETCHED,
        Severity.MEDIUM,
        "a program that is fetched and run",
    ),
    _read_row(
        r"(?:docker-)?compose[^/\\]*\.ya?ml",
        r"privileged:\s*true|^[ \t]*-[ \t]*['\"]?/(?:etc|root|var/run/docker\.sock)?:",
        Severity.MEDIUM,
        "a container that reaches the machine it runs on",
    ),
    _read_row(r"package\.json", r"\"(?:pre|post)?install\"\s*:\s*\S+", Severity.MEDIUM, "a program that npm runs"),
    _read_row(
        r"(?:\w+_)?config\.json",
        r"\"auto_map\"\s*:\s*\{|\"trust_remote_code\"\s*:\s*true|\"custom_pipelines\"",
        Severity.MEDIUM,
        "code of its repository that transformers can be told to run",
    ),
    _read_row(
        r"[^/]*\.(?:ya?ml|json)",
        r"_target_['\"]?\s*:\s*['\"]?(?!keras|tf_keras|tensorflow\.keras|torch\.nn|null)\w[\w.]*",
        Severity.MEDIUM,
        "an object of Python that hydra makes",
    ),
    _read_row(
        "checkpoint",
        r"\"(?:\.\.[/\\]|~|[a-z]\w*://|/(?:etc|proc|dev|sys|root)/)[^\"]*\"",
        Severity.MEDIUM,
        "a checkpoint that lies elsewhere",
    ),
    _read_row(
        r"keras\.json",
        _read_entry("backend", r"(?!(?:tensorflow|jax|torch|theano|cntk|numpy|openvino)\b)\w[\w.]*"),
        Severity.MEDIUM,
        "a module of Python that Keras imports as its backend",
    ),
    _read_row(
        r"\.gitmodules",
        r"url\s*=\s*(?!https://)\S+|path\s*=\s*\S*(?:\.\.|\.git)",
        Severity.MEDIUM,
        "a part that git gets from elsewhere",
    ),
    _read_row(
        r"\.gitattributes",
        r"\bfilter=(?!lfs\b)\S+|\bdiff=(?!lfs\b)\S+|\bmerge=(?!lfs\b|text\b)\S+",
        Severity.MEDIUM,
        "a program that git runs",
    ),
    _read_row(
        r"desktop\.ini",
        r"\\\\|^(?!IconResource=C:\\WINDOWS\\System32\\\w+\.dll,)[^\n]*\.(?:dll|exe)\b",
        Severity.MEDIUM,
        "a file that Windows opens for its folder",
    ),
    _read_row(r"\.vscode[/\\]settings\.json", r"[Pp]ath\"\s*:\s*\"\S", Severity.MEDIUM, "a program that an editor runs"),
    _read_row(r"[^/]*\.(?:ipynb|py)", _ACTS, Severity.MEDIUM, "a program that does more than compute"),
)
_DECEIVING: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_OF_PEOPLE: Final = re.compile(r"(?!(?:assets|variables|code)/)(?:[\w-]+/)*(?P<name>[\w-]+)\.(?:py|ipynb)")
_STARTED: Final = frozenset("sitecustomize usercustomize conftest setup noxfile inference handler __init__ __main__".split())  # noqa: SIM905
_PACKED: Final = {
    b'\x04"M\x18': "lz4",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "rar",
    b"\x89LZO\0": "lzop",
    b"\x1f\x9d": "compress",
    b"MSCF": "cabinet",
}


def is_of_people(found: Collector, name: str, where: str) -> bool:
    """Whether a file in the folder of a model is a program that only people start; by what is in it, it is judged elsewhere."""
    match = _OF_PEOPLE.fullmatch(name)
    if match is None or match["name"] in _STARTED or match["name"] in sys.stdlib_module_names | NUMERIC | LIBRARIES:
        return False
    found.add("AK8016", Severity.LOW, where, "a program, which runs where people start it", loading.BESIDE)
    return True


def judge_beside(found: Collector, source: ByteSource, part: str) -> None:
    """What a file of this name does by what stands in it, if it is one of those that act."""
    for row in _FILES:
        if row.name.search(part) and (match := row.text.search(source.read(0, _READ).decode("utf-8", "replace"))):
            found.add("AK8016", row.severity, part, f"{row.seen}: {match[0].strip()[:120]!r}", loading.BESIDE)
    packed = next((name for start, name in _PACKED.items() if source.read(0, 8).startswith(start)), None)
    if packed is not None:
        seen = f"compressed by {packed}, which is not looked into"
        found.add("AK8014", Severity.MEDIUM, part, seen, loading.UNJUDGED)


def judge_shown(found: Collector, name: str, where: str) -> None:
    """A name with characters that a terminal obeys or that turn the text around."""
    if (match := _DECEIVING.search(name)) is not None:
        seen = f"the name {name[:80]!r} holds {match[0]!r}, which changes what is shown of it"
        found.add("AK8015", Severity.MEDIUM, where, seen, loading.SHOWN)
