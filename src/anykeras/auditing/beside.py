"""What lies beside a model and runs with it (requirements, files of MLflow and git, notebooks), and names that deceive."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ..containers.source import ByteSource
from . import loading
from .risks import Collector, Severity
from .scripts import FETCHED, find_told, judge_script

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


_HOSTS_OF_GIT: Final = r"(?:www\.)?(?:github|gitlab|bitbucket|huggingface)\.(?:com|org|co)/[\w.-]+/"
_INDEXES: Final = (
    r"https://(?:pypi\.org|pypi\.python\.org|files\.pythonhosted\.org|test\.pypi\.org|download\.pytorch\.org|pypi\.nvidia\.com|"
    r"pypi\.ngc\.nvidia\.com|storage\.googleapis\.com/(?:jax-releases|libtpu-releases|tensorflow)|data\.pyg\.org|conda\.anaconda\.org|"
    r"registry\.npmjs\.org|registry\.yarnpkg\.com|google-coral\.github\.io|www\.piwheels\.org)(?:/|\s|['\"]|$)"
)
"""Where everybody's packages are."""
_FILES: Final = (
    _read_row(
        r"(?:[\w-]*requirements[\w.-]*\.txt|(?:conda|environment|python_env|bentofile)\.ya?ml|pyproject\.toml|setup\.cfg|Pipfile|"
        r"\.?pip(?:rc|\.conf)|\.npmrc)",
        rf"\bgit\+(?!(?:https|ssh)://(?:git@)?{_HOSTS_OF_GIT})|"
        rf"--(?:(?:extra-)?index-url|find-links)(?![ =]+{_INDEXES})|"
        rf"--trusted-host|(?:^|\s)-r\s*https?:|(?:^|\s)-[if]\s*(?!\s*{_INDEXES})https?:|"
        rf"@\s*(?:https?|file)://(?!{_HOSTS_OF_GIT})|"
        rf"^[ \t]*(?:-[ \t]*)?https?://(?!{_HOSTS_OF_GIT})|^[ \t]*(?:-[ \t]*)?[./\w-]+\.whl\b|\b(?:index-url|url|registry)\s*=\s*['\"]?(?!{_INDEXES})https?://",
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
        FETCHED,
        Severity.MEDIUM,
        "a program that is fetched and run",
    ),
    _read_row(
        r"(?:docker-)?compose[^/\\]*\.ya?ml",
        r"privileged:\s*true|^[ \t]*-[ \t]*['\"]?/(?:etc|root|var/run/docker\.sock)?:",
        Severity.MEDIUM,
        "a container that reaches the machine it runs on",
    ),
    _read_row(
        r"package\.json",
        r"\"(?:pre|post)?install\"\s*:\s*\S+|\"prep\w+\"\s*:\s*\"[^\n]*\b(?:node -e|curl|wget|\w{0,4}sh -c)\b",
        Severity.MEDIUM,
        "a program that npm runs",
    ),
    _read_row(
        r"(?:package-lock\.json|yarn\.lock|\.condarc)",
        r"\bresolved\"?:?\s*\"http://(?!registry\.)|^[ \t]*-[ \t]*http://",
        Severity.MEDIUM,
        "packages that are fetched from elsewhere than the package index",
    ),
    _read_row(
        r"Dockerfile[^/\\]*",
        r"^[ \t]*ADD[ \t]+(?:--\S+[ \t]+)*http://\S+",
        Severity.MEDIUM,
        "a file that is fetched without proof",
    ),
    _read_row(r"[^/\\]*\.pdf", r"/S\s*/(?:JavaScript|Launch)\b", Severity.MEDIUM, "a page that runs programs"),
    _read_row(r"[^/\\]*\.svg", r"<script\b|javascript:", Severity.MEDIUM, "a picture that runs programs"),
    _read_row(
        r"[^/\\]*\.[ct]sv",
        r"(?:^|[,;\t\"])[=+@-](?:[\w+(-]*\b(?:HYPERLINK|WEBSERVICE|DDE|IMPORT(?:DATA|XML|HTML|FEED|RANGE))\(|[^\n,]{0,40}\bcmd\|)",
        Severity.MEDIUM,
        "a formula by which tables run programs or fetch",
    ),
    _read_row(
        r"(?:\w+_)?config\.json",
        r"\"auto_map\"\s*:\s*\{|\"trust_remote_code\"\s*:\s*true|\"custom_pipelines\"",
        Severity.MEDIUM,
        "code of its repository that transformers can be told to run",
    ),
    _read_row(
        r"[^/]*\.(?:ya?ml|json)",
        r"_target_['\"]?\s*:\s*['\"]?(?!hydra\._internal\.core_plugins\.|hydra_plugins\.|keras|tf_keras|tensorflow\.keras|torch\.nn|null)\w[\w.]*",
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
        r"[^/\\]*(?:\.(?:jinja2?|j2|template)|tokenizer_config\.json)",
        r"__(?:class|globals|subclasses|builtins|mro|bases?|init|import)__",
        Severity.MEDIUM,
        "a template that reaches for Python",
    ),
    _read_row(
        r"config\.pbtxt",
        r"(?:EXECUTION_ENV_PATH|cmdline|default_model_filename\s*:\s*\"(?:[^\"]*\.\.|/)|\.so\b)",
        Severity.MEDIUM,
        "a program or file that Triton takes from elsewhere",
    ),
    _read_row(
        r"[^/\\]*\.gin",
        r"@(?:os|posix|sys|subprocess|builtins|shutil|importlib|socket)\b",
        Severity.MEDIUM,
        "a function of Python that gin calls",
    ),
    _read_row(
        r"[^/\\]*\.dvc", r"path:\s*['\"]?(?:\.\.[/\\]|/|~)", Severity.MEDIUM, "a file that DVC keeps outside of the folder"
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
    _read_row(
        r"\.vscode[/\\]settings\.json",
        r"[Pp]ath\"\s*:\s*\"(?!(?:\$\{workspaceFolder\}/)?\.?v?env/(?:bin|Scripts)/python|/usr/bin/python|[\w:/\\]*conda)\S",
        Severity.MEDIUM,
        "a program that an editor runs",
    ),
)
_DECEIVING: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_STARTED: Final = frozenset({"conftest", "setup", "noxfile", "inference", "handler", "__init__", "__main__"})
"""Programs that Python, pip, pytest or a server starts by itself."""
_SCRIPT: Final = re.compile(r"\.(?:pyw?|ipynb|sh|bash|bat|cmd)$", re.IGNORECASE)
_OF_TOOLS: Final = re.compile(
    r"(?:^|/)(?:(?:Docker|Container|Make|Jenkins|Just|Proc|Snake)file[^/]*|[^/]*\.(?:ya?ml|toml|cfg|mk))$", re.IGNORECASE
)
_PACKED: Final = {
    b'\x04"M\x18': "lz4",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "rar",
    b"\x89LZO\0": "lzop",
    b"\x1f\x9d": "compress",
    b"MSCF": "cabinet",
}


def acts_by_text(name: str) -> bool:
    """Whether a file of this name is a program that is judged by its text, wherever it lies."""
    return _SCRIPT.search(name) is not None


def judge_beside(found: Collector, source: ByteSource, part: str) -> None:
    """What a file of this name does by what stands in it, if it is one of those that act."""
    for row in _FILES:
        if row.name.search(part) and (match := row.text.search(source.read(0, _READ).decode("utf-8", "replace"))):
            found.add("AK8016", row.severity, part, f"{row.seen}: {match[0].strip()[:120]!r}", loading.BESIDE)
    if _OF_TOOLS.search(part) and (told := find_told(source.read(0, _READ).decode("utf-8", "replace"))):
        seen = f"settings of a tool that is made to run what it fetches or hides: {told[:80]!r}"
        found.add("AK8016", Severity.MEDIUM, part, seen, loading.BESIDE)
    if acts_by_text(part):
        judge_script(found, source, part, part, started=part.rpartition("/")[2].rpartition(".")[0] in _STARTED)
    packed = next((name for start, name in _PACKED.items() if source.read(0, 8).startswith(start)), None)
    if packed is not None:
        seen = f"compressed by {packed}, which is not looked into"
        found.add("AK8014", Severity.MEDIUM, part, seen, loading.UNJUDGED)


def judge_shown(found: Collector, name: str, where: str) -> None:
    """A name with characters that a terminal obeys or that turn the text around."""
    if (match := _DECEIVING.search(name)) is not None:
        seen = f"the name {name[:80]!r} holds {match[0]!r}, which changes what is shown of it"
        found.add("AK8015", Severity.MEDIUM, where, seen, loading.SHOWN)
