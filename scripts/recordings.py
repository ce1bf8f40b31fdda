"""The genuine files of tests/recordings/*.zip, in a folder and back.

    python scripts/recordings.py unpack FOLDER     # add, change or remove files there, below the folder of their kind
    python scripts/recordings.py pack FOLDER       # write the archives anew

An archive is the same bytes for the same files: members in order, no times, stored without compression, so that git keeps
only what changed. `tests/genuine.py` unpacks them for the tests.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

ARCHIVES = Path(__file__).resolve().parents[1] / "tests" / "recordings"
# What each archive holds, by the folder of the file; the first pattern that matches decides.
CONTENTS = {
    "fixtures-keras0-1": ("fixtures/keras0*", "fixtures/keras1*"),
    "fixtures-keras2": ("fixtures/keras2*",),
    "fixtures-tfkeras": ("fixtures/tfkeras*",),
    "fixtures-keras3": ("fixtures/keras3*",),
    "migrations": ("migrations/*",),
    "recovery": ("recovery/*",),
    "shims": ("shims/*",),
    "training": ("training/*",),
    "custom": ("custom/*",),
    "programs": ("programs/*",),
    "content": ("parse/content/*",),
    "savedmodel": ("savedmodel/*", "checkpoints/*"),
    "graphs": ("graphs/*",),
    "messages": ("messages/*",),
    "targets": ("targets/*",),
    "check": ("check/*",),
    "containers": ("containers/*", "parse/*"),
}


def main(action: str, folder: Path) -> None:
    if action == "unpack":
        for archive in sorted(ARCHIVES.glob("*.zip")):
            with zipfile.ZipFile(archive) as held:
                held.extractall(folder)
    elif action == "pack":
        pack(folder)
    else:
        raise SystemExit(__doc__)


def pack(folder: Path) -> None:
    """Write every archive from the files below `folder`."""
    ARCHIVES.mkdir(exist_ok=True)
    names = list(_files(folder))
    for archive, patterns in CONTENTS.items():
        chosen = [name for name in names if any(fnmatch(name, pattern) for pattern in patterns)]
        names = [name for name in names if name not in set(chosen)]
        write_archive(ARCHIVES / f"{archive}.zip", {name: (folder / name).read_bytes() for name in chosen})
    if names:
        raise SystemExit(f"no archive takes {', '.join(names[:5])}")


def write_archive(path: Path, files: Mapping[str, bytes]) -> None:
    """Write one archive; the same bytes for the same files in the same order."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as target:
        for name, held in files.items():
            member = zipfile.ZipInfo(name)  # of 1980-01-01
            member.external_attr = 0o644 << 16
            target.writestr(member, held)


def _files(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(sys.argv[1], Path(sys.argv[2]))
