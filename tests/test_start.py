"""What a process imports: by lists of modules, so that it does not depend on the machine or the clock."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from anykeras.migrations import rulebook
from genuine import FIXTURES

PLAIN = FIXTURES / "keras2.1-tf" / "nadam.h5"
OLD = FIXTURES / "keras1-tf" / "vae.h5"
FRAMEWORKS = {"keras", "tensorflow", "jax", "torch"}
HDF5 = {"h5py", "ml_dtypes", "containers.hdf5.structures"}
UNUSED = {"numpy", "h5py", "ml_dtypes", "xml.etree", "asyncio", "ctypes", "html"}
FOR_TERMINALS = {"pydantic", "rich"}  # typer's conversion of numbers, and colours
ROOMS = {
    "api", "bytecode", "catalog", "compat", "containers", "custom", "matching", "migrations", "opened", "parse", "pipeline",
    "recovery", "shims", "targets", "verification", "weights_only",
}  # fmt: skip


def modules_of(code: str) -> set[str]:
    """Every module that a process has imported after running `code`; ours without the name of the package."""
    text = f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    return {name.removeprefix("anykeras.") for name in json.loads(done.stdout.splitlines()[-1])}


def command(*arguments: str) -> str:
    """Code that runs a command line of ours."""
    return f"""
import contextlib, io
sys.argv = ["anykeras", *{list(arguments)!r}]
from anykeras.cli.main import app
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    app()
"""


def test_importing_the_package_imports_neither_numpy_nor_rooms() -> None:
    assert not modules_of("import anykeras") & (FRAMEWORKS | HDF5 | ROOMS | {"numpy", "typer", "rich"})


@pytest.mark.parametrize("arguments", [["--help"], ["explain", "AK2153"]])
def test_help_and_explain_import_no_step_of_a_file(arguments: Sequence[str]) -> None:
    found = modules_of(command(*arguments))
    assert not found & (FRAMEWORKS | HDF5 | {"numpy", "document.model", "catalog.base", "parse.parsing", "recovery.lift"})
    assert not found & (FOR_TERMINALS if arguments == ["--help"] else {"pydantic"})


@pytest.mark.parametrize("name", ["keras2.2-tf/depthwise_and_separable.h5", "keras3.3-tf/attention.keras"])
def test_the_command_inspects_without_arrays(name: str) -> None:
    """Names, shapes and types are known without a library for arrays or one for HDF5."""
    found = modules_of(command("inspect", str(FIXTURES / name)))
    assert not found & (FRAMEWORKS | FOR_TERMINALS | UNUSED - {"html"})


def test_inspecting_imports_what_the_file_needs(tmp_path: Path) -> None:
    found = modules_of(f"import anykeras; anykeras.inspect({str(PLAIN)!r}).as_dict()")
    assert not found & (FRAMEWORKS | {"h5py", "typer", "rich"})
    unused = (
        "bytecode.",
        "matching.pairing",
        "recovery.lift",
        "recovery.functions",
        "shims.keras_contrib",
        "verification.numeric",
    )
    unused += (
        "containers.wire",
        "containers.checkpoint",
        "containers.pickled",
        "containers.config_text.yaml",
        "targets.keras_",
    )
    assert not [name for name in found if name.startswith(unused)]
    assert not {name for name in found if name.startswith(("migrations.rules.keras0", "migrations.rules.keras1"))}
    code = modules_of(f"import anykeras; anykeras.inspect({str(OLD)!r}).as_dict()")
    assert "recovery.lift" in code
    assert not code & (FRAMEWORKS | {"h5py"})


def test_a_text_is_inspected_without_what_reads_hdf5(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    layers = [{"class_name": "Dense", "config": {"name": "d", "units": 2, "batch_input_shape": [None, 3]}}]
    path.write_text(
        json.dumps({"class_name": "Sequential", "keras_version": "2.2.4", "config": {"name": "s", "layers": layers}})
    )
    found = modules_of(f"import anykeras; anykeras.inspect({str(path)!r}).as_dict()")
    assert not found & (FRAMEWORKS | HDF5)


def test_the_index_of_rules_is_that_of_their_modules() -> None:
    index = Path(rulebook.__file__).parent / rulebook.INDEX
    assert index.read_text("utf8") == rulebook.write_index(), "run scripts/make_docs.py"
