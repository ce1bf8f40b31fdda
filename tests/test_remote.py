"""Files and folders of other machines as stores give them: a website that knows ranges, S3, and a store in memory."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from typer.testing import CliRunner

import anykeras
from anykeras.cli.main import app
from genuine import FIXTURES, FOLDER

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed: pip install 'anykeras[remote]'")
MODEL = FIXTURES / "keras2.1-tf" / "nadam.h5"
SAVED = next(iter(sorted(FOLDER.glob("savedmodel/tf2.4/*/saved_model.pb")))).parent


class Ranges(SimpleHTTPRequestHandler):
    """Python's own file server, and the ranges of bytes that it does not know."""

    served: ClassVar[list[int]] = []

    def do_GET(self) -> None:
        path = self.translate_path(self.path)
        asked = self.headers.get("Range")
        if asked is None or not os.path.isfile(path):
            super().do_GET()
            return
        start, _, end = asked.removeprefix("bytes=").partition("-")
        data = Path(path).read_bytes()
        part = data[int(start) : int(end) + 1]
        self.served.append(len(part))
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{int(start) + len(part) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def website(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    (tmp_path / "site").mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *given: Ranges(*given, directory=str(tmp_path / "site")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", tmp_path / "site"
    server.shutdown()
    server.server_close()


def copy_folder(store: object, folder: Path, to: str) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            store.pipe(f"{to}/{path.relative_to(folder)}", path.read_bytes())  # type: ignore[attr-defined]


def check_a_folder(url: str, tmp_path: Path) -> None:
    """A SavedModel by its URL is what it is on the disk."""
    here, there = anykeras.inspect(SAVED), anykeras.inspect(url)
    assert there.as_dict()["layers"] == here.as_dict()["layers"] and len(here.as_dict()["layers"]) > 1
    anykeras.convert(SAVED, tmp_path / "here.keras")
    anykeras.convert(url, tmp_path / "there.keras")
    assert (tmp_path / "here.keras").stat().st_size == (tmp_path / "there.keras").stat().st_size
    assert anykeras.audit(url).severity == anykeras.audit(SAVED).severity
    assert {"folder"} <= set(anykeras.audit(url).kinds)


def test_a_website_is_read_by_ranges(website: tuple[str, Path], tmp_path: Path) -> None:
    pytest.importorskip("aiohttp")
    address, site = website
    (site / "old.h5").write_bytes(MODEL.read_bytes())
    (site / "large.h5").write_bytes(MODEL.read_bytes() + bytes(64 << 20))
    assert anykeras.inspect(f"{address}/old.h5").as_dict()["layers"] == anykeras.inspect(MODEL).as_dict()["layers"]
    Ranges.served.clear()
    anykeras.inspect(f"{address}/large.h5")
    assert 0 < sum(Ranges.served) < 8 << 20
    anykeras.convert(f"{address}/old.h5", tmp_path / "new.keras")
    missing = CliRunner().invoke(app, ["inspect", f"{address}/nothing.h5"])
    assert missing.exit_code == 2 and "AK1001" in missing.stderr and missing.stderr.count("nothing.h5") == 1
    silent = CliRunner().invoke(app, ["inspect", "http://127.0.0.1:1/old.h5"])  # nobody there: not the same as no such file
    assert silent.exit_code == 2 and "AK1002" in silent.stderr and "connect" in silent.stderr


def test_a_savedmodel_of_a_website(website: tuple[str, Path], tmp_path: Path) -> None:
    pytest.importorskip("aiohttp")
    address, site = website
    shutil.copytree(SAVED, site / "model")
    check_a_folder(f"{address}/model/", tmp_path)


def test_a_savedmodel_in_s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moto = pytest.importorskip("moto.server", reason="moto is not installed: pip install 'moto[server,s3]' s3fs")
    pytest.importorskip("s3fs")
    server = moto.ThreadedMotoServer(port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        for name, value in (("ACCESS_KEY_ID", "a"), ("SECRET_ACCESS_KEY", "b"), ("ENDPOINT_URL", f"http://{host}:{port}")):
            monkeypatch.setenv(f"AWS_{name}", value)
        store = fsspec.filesystem("s3")
        store.mkdir("bucket")
        copy_folder(store, SAVED, "bucket/models/one")
        store.pipe("bucket/models/old.h5", MODEL.read_bytes())
        check_a_folder("s3://bucket/models/one", tmp_path)
        done = CliRunner().invoke(app, ["inspect", "s3://bucket/models/", "--format", "json"])
        paths = [one["path"] for one in json.loads(done.output)["results"]]
        assert paths == ["s3://bucket/models/old.h5", "s3://bucket/models/one"], done.output
    finally:
        server.stop()


def test_a_savedmodel_in_memory_and_what_is_none(tmp_path: Path) -> None:
    store = fsspec.filesystem("memory")
    copy_folder(store, SAVED, "/folders/one")
    store.pipe("/folders/other/readme.txt", b"hello")
    try:
        check_a_folder("memory://folders/one", tmp_path)
        done = CliRunner().invoke(app, ["inspect", "memory://folders/other/"])
        assert done.exit_code == 2 and "AK1149" in done.output + done.stderr  # its only file is no model
        refused = CliRunner().invoke(app, ["inspect", "memory://folders/other"])
        assert refused.exit_code == 2 and "AK1144" in refused.output + refused.stderr
    finally:
        store.rm("/folders", recursive=True)
