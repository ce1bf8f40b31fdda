"""What genuine stacks say when they load genuine files, kept for the tests of ``anykeras explain``.

    python scripts/make_messages.py collect MESSAGES.jsonl --envs FOLDER --keras FOLDER [--only STACK] [FILES...]
    python scripts/make_messages.py pack MESSAGES.jsonl     # one of each wording into tests/recordings/messages.zip

`collect` runs scripts/fixtures/messages_worker.py in each stack over a sample of files and over cases that are made here (a
pointer of git-lfs, a page of HTML, a truncated file, a model with an edited configuration ...). A stack that crashes goes on
after the file that crashed it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py

from anykeras.explaining import explain_message
from recordings import write_archive

WORKER = Path(__file__).parent / "fixtures" / "messages_worker.py"
ARCHIVE = Path(__file__).parents[1] / "tests" / "recordings" / "messages.zip"
SUFFIXES = {".h5", ".hdf5", ".keras", ".json", ".yaml"}
PER_FOLDER = 5
# name: environment, loader, a Keras to put before it
STACKS = {
    "keras1.2": ("py27", "keras", "keras-1.2.2"),
    "keras2.0": ("py27", "keras", "keras-2.0.9"),
    "keras2.1": ("py36tf18", "keras", "keras-2.1.5"),
    "keras2.2": ("py36tf114", "keras", "keras-2.2.4"),
    "keras2.3": ("py37tf115", "keras", "keras-2.3.1"),
    "tf1.14": ("py36tf114", "tf.keras", None),
    "tf2.3": ("py37tf23", "tf.keras", None),
    "tf2.4": ("py38tf24", "tf.keras", None),
    "tf2.6": ("py39tf26", "tf.keras", None),
    "tf2.8": ("py38tf28", "tf.keras", None),
    "tf2.11": ("py39tf211", "tf.keras", None),
    "tf2.13": ("py310tf213", "tf.keras", None),
    "tf2.15": ("py310tf215", "tf.keras", None),
    "tf_keras2.16": ("py311tf216", "tf_keras", None),
    "keras3.0": ("py311tf216", "keras", "keras-3.0.5"),
    "keras3.3": ("py311tf216", "keras", "keras-3.3.3"),
    "keras3.6": ("py312k36", "keras", None),
    "keras3.8": ("py312k36", "keras", "keras-3.8.0"),
    "keras3.11": ("py312k36", "keras", "keras-3.11.3"),
    "keras3.15": ("py313now", "keras", None),
}


def sample(folders: list[Path]) -> Iterator[tuple[str, Path]]:
    """Some files of every folder, SavedModels as a whole; by a seed."""
    draw = random.Random(14)
    for root in folders:
        by_folder: dict[Path, list[Path]] = {}
        for path in sorted(root.rglob("*")):
            if path.name == "saved_model.pb":
                by_folder.setdefault(path.parent.parent, []).append(path.parent)
            elif (
                path.suffix in SUFFIXES
                and not path.name.endswith(".meta.json")
                and path.stat().st_size < 3_000_000
                and not path.name.startswith(".")
            ):
                by_folder.setdefault(path.parent, []).append(path)
        for _, files in sorted(by_folder.items()):
            for path in draw.sample(files, min(PER_FOLDER, len(files))):
                yield str(path.relative_to(root)), path


def make_cases(folder: Path, genuine: Path) -> Iterator[tuple[str, Path]]:
    """Files that are no models, as people have them: from one genuine HDF5 model `genuine`."""
    data = genuine.read_bytes()
    zipped = folder / "zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("notes.txt", "hello")
    bytes_of = {
        "pointer.h5": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 17225924\n",
        "page.h5": b"<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head></html>",
        "truncated.h5": data[: len(data) // 2],
        "empty.h5": b"",
        "hdf5.keras": data,
        "text.keras": b"hello",
        "other.keras": zipped.read_bytes(),
        "hdf5.model": data,
        "zip.h5": zipped.read_bytes(),
        "pickle.h5": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07nothing\x94.",
        "checkpoint.ckpt": b"\x00" * 64,
        "frozen.pb": b"\x0a\x10\x0a\x01x\x12\x0bPlaceholder",
        "damaged.h5": data[:600] + bytes(200) + data[800:],
    }
    for name, content in bytes_of.items():
        (folder / name).write_bytes(content)
        yield f"case/{name}", folder / name
    yield "case/missing.h5", folder / "missing.h5"
    yield "case/missing.keras", folder / "missing.keras"
    yield "case/missing_folder", folder / "missing_folder"
    (folder / "empty_folder").mkdir()
    yield "case/empty_folder", folder / "empty_folder"
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "checkpoint").write_text('model_checkpoint_path: "x"\n')
    yield "case/checkpoints", folder / "checkpoints"


def edit(key: str, value: object, name: str = "config") -> Callable[[dict[str, Any]], None]:
    """Set, or with None take away, a key of the last layer, or of its configuration."""

    def change(layer: dict[str, Any]) -> None:
        target = layer["config"] if name == "config" else layer
        if value is None:
            target.pop(key)
        else:
            target[key] = value

    return change


# what is done to the last layer of a genuine model, a Dense
EDITS = {
    "drop-size": edit("units", None),
    "drop-config": edit("config", None, "layer"),
    "drop-class": edit("class_name", None, "layer"),
    "unknown-key": edit("frobnicate", 1),
    "key-of-keras-3": edit("quantization_config", {}),
    "own-class": edit("class_name", "MyFancyBlock", "layer"),
    "registered-class": edit("class_name", "mypack>Fancy", "layer"),
    "package-class": edit("class_name", "CRF", "layer"),
    "dtype-unknown": edit("dtype", "float17"),
    "dtype-policy": edit("dtype", {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}),
    "activation-unknown": edit("activation", "swooosh"),
    "initializer-unknown": edit("kernel_initializer", {"class_name": "MyInit", "config": {}}),
    "regularizer-unknown": edit("kernel_regularizer", {"class_name": "MyReg", "config": {}}),
    "units-text": edit("units", "many"),
    "name-with-slash": edit("name", "dense/last"),
}


def make_spoilt(folder: Path, genuine: Path) -> Iterator[tuple[str, Path]]:
    """Copies of an HDF5 model, each spoilt in one known way: in its configuration, or in its groups and attributes."""
    with h5py.File(genuine) as file:
        config = json.loads(file.attrs["model_config"])
        layer_names = list(file["model_weights"].attrs["layer_names"])

    def copy(name: str, change: Callable[[h5py.File], None]) -> tuple[str, Path]:
        path = folder / f"spoilt-{name}.h5"
        shutil.copy(genuine, path)
        with h5py.File(path, "a") as file:
            change(file)
        return f"case/{path.name}", path

    for name, spoil in EDITS.items():
        other = copy_json(config)
        inner = other["config"]
        spoil((inner if isinstance(inner, list) else inner["layers"])[-1])
        yield copy(name, write_config(json.dumps(other)))
    yield copy("config-cut", write_config(json.dumps(config)[:200]))
    yield copy("config-gone", lambda file: file.attrs.__delitem__("model_config"))
    yield copy("weights-gone", lambda file: file.__delitem__("model_weights"))
    yield copy("names-gone", lambda file: file["model_weights"].attrs.__delitem__("layer_names"))
    yield copy("last-gone", lambda file: file["model_weights"].attrs.__setitem__("layer_names", layer_names[:-1]))


def write_config(text: str) -> Callable[[h5py.File], None]:
    """Put a text in the place of the configuration."""
    return lambda file: file.attrs.__setitem__("model_config", text.encode())


def copy_json(value: Any) -> Any:
    """A deep copy."""
    return json.loads(json.dumps(value))


def collect(output: Path, envs: Path, kerases: Path, only: str, folders: list[Path]) -> None:
    with tempfile.TemporaryDirectory() as made:
        files = list(sample(folders))
        genuine = next(path for _, path in files if path.suffix == ".h5")
        files = [*make_cases(Path(made), genuine), *make_spoilt(Path(made), genuine), *files]
        with output.open("a") as out:
            for stack, (env, loader, keras) in STACKS.items():
                if only in ("", stack):
                    for record in run(envs / env / "bin" / "python", loader, kerases / keras if keras else None, files):
                        out.write(json.dumps({"name": stack, **record}) + "\n")
                        out.flush()


def run(python: Path, loader: str, keras: Path | None, files: list[tuple[str, Path]]) -> Iterator[dict[str, str]]:
    """Every message of one stack."""
    environment = {**os.environ, "PYTHONPATH": str(keras or ""), "KERAS_BACKEND": "tensorflow"}
    left = files
    while left:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as listed:
            json.dump([[name, str(path)] for name, path in left], listed)
            listed.flush()
            process = subprocess.run(
                ["nice", "-n", "19", str(python), str(WORKER), loader, listed.name],
                env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            )  # fmt: skip
        reached = None
        for line in process.stdout.splitlines():
            record = json.loads(line)
            if "begin" in record:
                reached = record["begin"]
            else:
                yield record
        names = [name for name, _ in left]
        if process.returncode == 0 or reached is None:
            return
        left = left[names.index(reached) + 1 :]


def shape_of(message: str) -> str:
    """A message without what differs from file to file."""
    text = re.sub(r"'[^']{0,200}'|\"[^\"]{0,200}\"|`[^`]{0,200}`", "'_'", message[:400])
    return re.sub(r"\{.*|\[.*|\(.*?\)|/\S+|<.*?>|= '_'|\d+", "_", text)[:160]


def pack(messages: Path) -> None:
    """One message of each wording, cause and stack generation. A person looks through the causes before they are committed."""
    kept: dict[tuple[str, str, str | None], dict[str, str | None]] = {}
    for line in messages.read_text().splitlines():
        record = json.loads(line)
        found = explain_message(record["message"]).cause
        cause = found.id if found else None
        key = (record["name"].split(".")[0], shape_of(record["message"]), cause)
        kept.setdefault(key, {**record, "message": record["message"][:2500], "cause": cause})
    write({"messages/messages.jsonl": "".join(json.dumps(record) + "\n" for record in kept.values())})
    print(len(kept), "messages of", len({record["cause"] for record in kept.values()}), "causes")


def write(texts: dict[str, str]) -> None:
    """Texts into the archive, beside those that are there."""
    if ARCHIVE.exists():
        with zipfile.ZipFile(ARCHIVE) as held:
            texts = {**{name: held.read(name).decode() for name in held.namelist()}, **texts}
    write_archive(ARCHIVE, {name: text.encode() for name, text in sorted(texts.items())})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["collect", "pack"])
    parser.add_argument("messages", type=Path)
    parser.add_argument("--envs", type=Path, default=Path("old-stacks/envs"))
    parser.add_argument("--keras", type=Path, default=Path("old-stacks/keras"))
    parser.add_argument("--only", default="")
    parser.add_argument("folders", type=Path, nargs="*")
    given = parser.parse_intermixed_args()
    if given.action == "pack":
        pack(given.messages)
    else:
        collect(given.messages, given.envs, given.keras, given.only, given.folders)
