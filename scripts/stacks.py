"""The genuine old stacks: what each release of Keras needs to run, and how that is built.

    python scripts/stacks.py FOLDER [RELEASE ...]     builds what is missing for these releases (without any: for all)

An environment is one Python with one framework (``FOLDER/envs/NAME``); a Keras of its own that another environment's framework
runs is unpacked beside it (``FOLDER/keras/keras-X``) and put on the path. The Pythons are those of pyenv, or ``pythonX.Y`` on
the path. A release of TensorFlow's own Keras always runs with the TensorFlow that it came with.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

WHEELS_ONLY = "--only-binary=grpcio,h5py,scipy,numpy,protobuf,pillow,tensorflow"
FIRST = ("numpy==1.16.6", "h5py==2.10.0", "scipy<1.3", "protobuf<3.18", "pyyaml==3.13", "six", "keras_applications==1.0.8",
         "keras_preprocessing==1.1.0", "pillow<8")  # fmt: skip
SECOND = ("numpy<1.19", "h5py<3", "protobuf<3.21", "scipy", "pillow", "pyyaml==5.3.1")
ENVIRONMENTS: dict[str, tuple[str, ...]] = {
    "py27": ("tensorflow==1.4.1", "theano==0.9.0", "numpy==1.14.6", "scipy==1.1.0", "h5py==2.8.0", "protobuf==3.6.1", "six",
             "pyyaml==3.13", "pillow<5", "keras_applications==1.0.6", "keras_preprocessing==1.0.5"),
    "py36tf18": ("tensorflow==1.8.0", "theano==1.0.5", *FIRST),
    "py36tf114": ("tensorflow==1.14.0", "theano==1.0.5", *FIRST),
    "py36tf115": ("tensorflow==1.15.5", "theano==1.0.5", *FIRST),
    "py37tf20": ("tensorflow==2.0.4", *SECOND),
    "py37tf21": ("tensorflow-cpu==2.1.4", *SECOND),
    "py37tf22": ("tensorflow-cpu==2.2.3", *SECOND),
    "py37tf23": ("tensorflow-cpu==2.3.4", *SECOND),
    "py38tf24": ("tensorflow-cpu==2.4.4", "protobuf<3.21", "pyyaml==5.3.1", "scipy", "pillow"),
    "py39tf25": ("tensorflow-cpu==2.5.3", "protobuf<3.21", "numpy<1.20", "scipy", "pillow"),
    "py39tf26": ("tensorflow-cpu==2.6.5", "keras==2.6.0", "protobuf<3.21", "scipy", "pillow"),
    "py39tf27": ("tensorflow-cpu==2.7.4", "protobuf<3.21", "numpy<2", "scipy", "pillow"),
    "py38tf28": ("tensorflow-cpu==2.8.4", "protobuf<3.21", "scipy", "pillow"),
    "py310tf29": ("tensorflow-cpu==2.9.3", "protobuf<3.21", "numpy<2", "scipy", "pillow"),
    "py310tf210": ("tensorflow-cpu==2.10.1", "protobuf<3.21", "numpy<2", "scipy", "pillow"),
    "py39tf211": ("tensorflow-cpu==2.11.1", "numpy<2", "scipy", "pillow"),
    "py310tf212": ("tensorflow-cpu==2.12.1", "numpy<2", "scipy", "pillow"),
    "py310tf213": ("tensorflow-cpu==2.13.1", "numpy<2", "scipy", "pillow"),
    "py310tf214": ("tensorflow-cpu==2.14.1", "numpy<2", "scipy", "pillow"),
    "py310tf215": ("tensorflow-cpu==2.15.1", "numpy<2", "scipy", "pillow"),
    "py311tf216": ("tensorflow-cpu==2.16.2", "tf_keras==2.16.0", "keras==3.3.3", "dm-tree", "numpy<2", "scipy", "pillow"),
    "py312tf217": ("tensorflow-cpu==2.17.1", "tf_keras==2.17.0", "keras==3.5.0", "numpy<2", "scipy", "pillow"),
    "py312k36": ("tensorflow-cpu==2.18.1", "keras==3.6.0", "jax==0.4.35", "jaxlib==0.4.35", "dm-tree", "numpy<2.1", "scipy",
                 "pillow"),
    "py312tf219": ("tensorflow-cpu==2.19.1", "tf_keras==2.19.0", "keras==3.10.0", "scipy", "pillow"),
    "py312tf220": ("tensorflow-cpu==2.20.0", "tf_keras==2.20.1", "keras==3.11.3", "scipy", "pillow"),
    "py313now": ("tensorflow-cpu==2.21.0", "keras==3.15.1", "jax", "jaxlib", "scipy", "pillow"),
}  # fmt: skip
"""Pins that were made to work, by environment; the Python is in the name."""


@dataclass(frozen=True)
class Stack:
    """What opens the files of a release.

    `beside` is a package that comes before the environment's own; `library` is what it is imported as.
    """

    environment: str
    library: str
    beside: str = ""
    env: dict[str, str] = field(default_factory=dict)

    def python(self, folder: Path) -> Path:
        """The interpreter; of TensorFlow.js that is Node."""
        return (
            Path(shutil.which("node") or "node")
            if self.library == "tfjs"
            else folder / "envs" / self.environment / "bin" / "python"
        )

    @property
    def version(self) -> str:
        """That of the Python, which the name of the environment begins with: ``py310tf213``."""
        digits = re.match(r"py(\d)(\d+)", self.environment.partition("tf")[0].partition("k")[0].partition("now")[0])
        return f"{digits[1]}.{digits[2]}" if digits else ""

    def path(self, folder: Path) -> Path | None:
        """What goes to PYTHONPATH."""
        return folder / "keras" / self.beside.replace("==", "-") if self.beside else None


def _keras(environment: str, *versions: str) -> dict[str, Stack]:
    """Minors of Keras that an environment's TensorFlow runs."""
    on = {"KERAS_BACKEND": "tensorflow"}
    return {"keras-" + version.rpartition(".")[0]: Stack(environment, "keras", f"keras=={version}", on) for version in versions}


def _tf_keras(environment: str, version: str, beside: bool = True) -> dict[str, Stack]:
    name = "tf_keras-" + version.rpartition(".")[0]
    return {name: Stack(environment, "tf_keras", f"tf_keras=={version}" if beside else "")}


STACKS: dict[str, Stack] = {
    **_keras("py36tf18", "2.0.9", "2.1.5"),
    **_keras("py36tf114", "2.2.4", "2.3.1"),
    **{"tf.keras-" + version: Stack(environment, "tf.keras") for version, environment in {
        "1.14": "py36tf114", "1.15": "py36tf115", "2.0": "py37tf20", "2.1": "py37tf21", "2.2": "py37tf22", "2.3": "py37tf23",
        "2.4": "py38tf24", "2.5": "py39tf25", "2.6": "py39tf26", "2.7": "py39tf27", "2.8": "py38tf28", "2.9": "py310tf29",
        "2.10": "py310tf210", "2.11": "py39tf211", "2.12": "py310tf212", "2.13": "py310tf213", "2.14": "py310tf214",
        "2.15": "py310tf215"}.items()},
    **_tf_keras("py310tf215", "2.15.1"), **_tf_keras("py311tf216", "2.16.0", False), **_tf_keras("py312tf217", "2.17.0", False),
    **_tf_keras("py312k36", "2.18.0"), **_tf_keras("py312tf219", "2.19.0", False), **_tf_keras("py312tf220", "2.20.1", False),
    **_tf_keras("py313now", "2.21.0"),
    **_keras("py312k36", "3.0.5", "3.1.1", "3.2.1", "3.3.3", "3.4.1", "3.5.0", "3.6.0", "3.7.0", "3.8.0"),
    **_keras("py313now", "3.9.2", "3.10.0", "3.11.3", "3.12.0", "3.13.2", "3.14.1", "3.15.1"),
    "tfjs": Stack("", "tfjs"),
}  # fmt: skip
"""By release, in the order of their history."""


def find_python(version: str) -> str:
    """An interpreter ``3.10``: of pyenv, else on the path. Raises FileNotFoundError."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = [str(path) for path in sorted(root.glob(f"versions/{version}.*/bin/python"))]
    on_path = shutil.which(f"python{version}")
    if not found and on_path is None:
        raise FileNotFoundError(f"there is no Python {version}: pyenv install {version}")
    return found[-1] if found else str(on_path)


def build(release: str, folder: Path) -> Stack:
    """The stack of a release, made where it is not there yet."""
    stack = STACKS[release]
    if stack.library == "tfjs" and not (folder / "tfjs" / "node_modules").exists():
        run("npm", "install", "--silent", "--prefix", str(folder / "tfjs"), "@tensorflow/tfjs@4.22.0")
    if stack.library == "tfjs":
        return stack
    python = stack.python(folder)
    if not python.exists():
        version = stack.version
        maker = ["-m", "virtualenv", "-q", "-p", find_python(version)] if version == "2.7" else ["-m", "venv"]
        run(sys.executable if version == "2.7" else find_python(version), *maker, str(python.parent.parent))
        if version in ("3.6", "3.7", "3.8"):
            run(str(python), "-m", "pip", "install", "-q", "pip==21.3.1", "setuptools<58", "wheel<0.38")
        run(str(python), "-m", "pip", "install", "-q", WHEELS_ONLY, *ENVIRONMENTS[stack.environment])
    beside = stack.path(folder)
    if beside is not None and not beside.exists():
        maker = [find_python(stack.version), "-m", "pip", "install", "-q", "--no-deps", "--no-compile", "--target"]
        run(*maker, str(beside), stack.beside)
    return stack


def run(*command: str) -> None:
    """One step of a build; nothing of this interpreter's own path goes into it."""
    clean = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
    subprocess.run(command, check=True, env=clean)


def main(folder: str, releases: Iterable[str]) -> None:
    for release in list(releases) or STACKS:
        stack = build(release, Path(folder))
        print(release, stack.python(Path(folder)), stack.path(Path(folder)) or "", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
