"""Folders and archives in which people keep a model among other things: sources, pages, tables, settings of their tools.

No loader of a model opens these, so that their kind alone tells nothing; programs among them are judged by what they do. What
Python or a system starts by itself, and what is hidden in bytes, counts here as it does in a model.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from typing import Final

from ..containers.source import ByteSource
from . import loading
from .beside import acts_by_text, judge_beside
from .contents import PROGRAMS, Kept, is_of_models, is_text, judge_name, search_source
from .risks import Collector, Severity
from .scripts import judge_script, read_beside

_NAMED: Final = re.compile(
    r"(?:^|/)(?:\.(?:docker|dvc|gcloud|slug|npm|eslint|prettier|vercel|hg|cf|helm|funcignore|rsync)ignore|\.(?:editorconfig|flake8|pylintrc|"
    r"eslintrc|prettierrc|python-version|nvmrc|node-version|tool-versions|coveragerc|Rhistory|Rprofile|mailmap|isort\.cfg|style\.yapf|"
    r"bumpversion\.cfg|gitkeep|htaccess|babelrc|metadata|project|classpath|pydevproject|buildinfo|nojekyll)|CMakeLists\.txt|gradlew|"
    r"CODEOWNERS|CONTRIBUTORS|COPYING|INSTALL|TODO|NEWS|HISTORY|MANIFEST\.in|PKG-INFO|SOURCES|RECORD|WHEEL|METADATA|top_level|REQUESTED|"
    r"INSTALLER|DESCRIPTION|NAMESPACE|CNAME|Gemfile|Rakefile|Vagrantfile|Brewfile|Cargo|Manifest|labels|classes|train|val|test)(?:\.\w+)?$"
    r"|(?:^|/)\.git/(?:HEAD|ORIG_HEAD|FETCH_HEAD|COMMIT_EDITMSG|MERGE_HEAD|description|index|packed-refs|shallow|config|"
    r"(?:info|logs|refs|objects|lfs|branches)/[^\\:]*|hooks/[\w.-]+)$|(?:^|/)\.dvc/(?:config|tmp/[^\\:]*)$"
)
_OF_GIT: Final = re.compile(r"(?:^|/)\.git/(?:objects|lfs|logs|index)")
_READ: Final = 1 << 24
_STARTED: Final = re.compile(r"(?:^|/)(?:site|user)customize\.py|^(?:assets(?:\.extra)?|variables)/")
"""What Python starts, and where TensorFlow and Keras keep what belongs to a model."""
_BY_SYSTEM: Final = re.compile(
    r"(?:^|/)(?:crontab|\.(?:netrc|condarc|pypirc|pgpass|my\.cnf|\w*(?:rc|profile|login|history)|gitconfig|hgrc|ssh/.*|aws/.*|config/.*))$"
    r"|\.url$|\.bak$"
)
"""What a system or a tool reads by its name."""
_IMPORTED: Final = frozenset({"numpy", "keras", "tensorflow", "tf_keras", "jax", "jaxlib", "torch", "h5py", "absl", "theano"})
"""Modules that are imported with Keras; a program of such a name beside them would be taken instead."""
_ARCHIVES: Final = re.compile(r"\.(?:zip|tar|tgz|tbz2?|txz|tar\.\w+)(?:/\(inflated\))?$", re.IGNORECASE)


def is_project(part: str) -> bool:
    """Whether an archive of this name is one that people pack: no archive of Keras, and not inside one."""
    return _ARCHIVES.search(part) is not None and ".keras/" not in part


def judge_listed(found: Collector, source: ByteSource, name: str, where: str, kept: Kept) -> bool:
    """Judge a file of a folder or archive by its name. Whether its bytes are still to be examined."""
    if kept.project and _judge_beside(found, source, name, where):
        return False
    if kept.project and _is_note(source, name):
        judge_beside(found, source, where)
        judge_script(found, source, name, where, started=False)
        return source.read(0, 1) in (b"{", b"[", b"(", b"]", b"}", b"c")  # JSON, or a pickle as text
    of_python = name.endswith(".pth") and is_text(source.read(0, 1 << 16))  # else weights of torch
    judge_name(found, name, where, kept._replace(project=kept.project and not of_python and not _STARTED.search(name)))
    return True


def _is_note(source: ByteSource, name: str) -> bool:
    """Whether a file is a text of which the name says nothing, and that nothing starts by its name."""
    return (
        not is_of_models(name)
        and not PROGRAMS.search(name)
        and not _BY_SYSTEM.search(name)
        and not _STARTED.search(name)
        and is_text(source.read(0, 1 << 16))
    )


def _judge_beside(found: Collector, source: ByteSource, name: str, where: str) -> bool:
    """Judge a file by what it does, if it is one that people keep beside a model. Whether it is."""
    stem, _, suffix = name.rpartition("/")[2].lower().rpartition(".")
    head = source.read(0, 1 << 16)
    if _STARTED.search(name) or (suffix == "py" and "/" not in name and _stands_for_another(stem)):
        return False
    plain = is_text(head) and (suffix in _read_words("sources") or _NAMED.search(name) is not None)
    if not plain and not _OF_GIT.search(name) and not _is_table(source, head, suffix):
        return False
    found.add("AK8016", Severity.LOW, where, "a file beside the model, which acts where people start it", loading.BESIDE)
    if not _OF_GIT.search(name):
        judge_beside(found, source, where)
        if plain and not acts_by_text(where):
            judge_script(found, source, name, where, started=False)
        search_source(found, source, where)
    return True


def _stands_for_another(stem: str) -> bool:
    return stem in _IMPORTED or (stem in sys.stdlib_module_names and stem not in _read_words("own_names"))


def _is_table(source: ByteSource, head: bytes, suffix: str) -> bool:
    """Whether a file holds what its name says, and no programs of an office."""
    start: str | None = read_beside()["tables"].get(suffix)
    return start is not None and head.startswith(start.encode("latin-1")) and b"vbaProject" not in source.read(0, _READ)


@cache
def _read_words(kind: str) -> frozenset[str]:
    return frozenset(read_beside()[kind].split())
