"""Every verb on files that name what no model may name: nothing of them runs, is imported, opened or written on."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import anykeras

HERE = Path(__file__).parent

SCRIPT = """
import os, sys, tempfile, zipfile
from pathlib import Path
import keras
import anykeras, hostile_names, measure_burdens as verbs
from anykeras.boundary import guard_verb

folder, outputs, every = sys.argv[1], sys.argv[2], int(sys.argv[3])
files = hostile_names.make_all(Path(folder))[::every]
keras.config.enable_unsafe_deserialization()
verbs.import_all(True)
own = (sys.prefix, sys.base_prefix, os.path.dirname(anykeras.__path__[0]), folder, outputs, "/proc", "/dev/null")
known = {name.split(".")[0] for name in sys.modules} | set(sys.stdlib_module_names) | {"linkify_it", "ctags"}
watching = False

def watch(event, args):
    if not watching:
        return
    if event == "open" and isinstance(args[0], str):
        stays = args[0].startswith(own) and not (args[0].startswith(folder) and set(args[1] or "") & set("wax+"))
    elif event == "import":
        stays = args[0].split(".")[0] in known
    else:
        stays = not event.startswith(("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.", "socket.", "urllib.",
                                      "ctypes.", "pickle.", "sqlite3.", "http.", "webbrowser."))
    if not stays:
        print("EVENT", event, args)

sys.addaudithook(watch)
count = 0
for file in files:
    for name in VERBS:
        with tempfile.TemporaryDirectory(dir=outputs) as output:
            watching = True
            try:
                guard_verb(verbs.VERBS[name])(str(file), output)
            except anykeras.errors.Bug as error:
                print("BUG", name, file.name, repr(error.__cause__))
            except anykeras.AnyKerasError:
                pass
            watching = False
            count += 1
            for path in Path(output).rglob("*"):
                if path.suffix not in (".html", "") and path.is_file():
                    data = path.read_bytes() if path.suffix != ".keras" else zipfile.ZipFile(path).read("config.json")
                    if found := [mark for mark in hostile_names.MARKS if mark.encode() in data]:
                        print("WRITTEN", name, file.name, found)
print(count > 100, os.listdir("."))
"""


def _run(tmp_path: Path, verbs: str, every: int) -> str:
    for name in ("files", "outputs", "empty"):
        (tmp_path / name).mkdir()
    paths = [str(Path(anykeras.__file__).parents[1]), str(HERE), str(HERE.parent / "scripts")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "KERAS_BACKEND": "numpy", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [
        sys.executable,
        "-c",
        SCRIPT.replace("VERBS:", f"{verbs}:", 1),
        str(tmp_path / "files"),
        str(tmp_path / "outputs"),
    ]
    done = subprocess.run([*command, str(every)], capture_output=True, text=True, cwd=tmp_path / "empty", env=env, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_nothing_of_a_file_runs_or_is_written_on(tmp_path: Path) -> None:
    assert (
        _run(tmp_path, '("convert", "tfjs", "older", "load_model", "verify", "report", "check", "explain")', 3) == "True []\n"
    )


def test_a_name_in_a_cell_is_written_for_no_release(tmp_path: Path) -> None:
    import hostile

    cell = hostile.thing("os", "system", {"command": "touch canary"})
    hostile.as_keras(hostile.sequential(hostile.layer("RNN", {"name": "rnn", "cell": cell})))(tmp_path / "x")
    assert zipfile.is_zipfile(tmp_path / "x.keras")
    for target, name in (("keras", "a.keras"), ("keras-3.6", "b.keras"), ("tf.keras-2.15", "c.h5"), ("tfjs", "d")):
        try:
            anykeras.convert(tmp_path / "x.keras", tmp_path / name, target=target)
        except anykeras.AnyKerasError as error:
            assert error.code in ("AK6002", "AK6040"), error
        assert not (tmp_path / name).exists()
