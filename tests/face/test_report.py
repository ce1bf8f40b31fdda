"""The page of a file: what it shows, in a real browser, and that nothing of a file becomes markup."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import anykeras
from anykeras.cli.main import app
from genuine import FIXTURES

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
QUIET = "headless=new no-sandbox disable-gpu disable-background-networking disable-component-update disable-sync no-first-run"
LAMBDAS = FIXTURES / "tfkeras1.15" / "lambdas_in_submodels.h5"
EVIL = "</script><img src=x onerror=\"document.title='owned'\">"


def write_json(path: Path, layers: list[dict[str, Any]], name: str = "m") -> Path:
    """An architecture of Keras 2 with these layers behind an input."""
    first = {
        "class_name": "InputLayer",
        "name": "i",
        "config": {"name": "i", "batch_input_shape": [None, 8]},
        "inbound_nodes": [],
    }
    inside = {
        "name": name,
        "layers": [first, *layers],
        "input_layers": [["i", 0, 0]],
        "output_layers": [[layers[-1]["name"], 0, 0]],
    }
    path.write_text(json.dumps({"class_name": "Model", "keras_version": "2.2.4", "backend": "tensorflow", "config": inside}))
    return path


def dense(name: str, *before: str) -> dict[str, Any]:
    kind = "Dense" if len(before) == 1 else "Add"
    config = {"name": name, "units": 8} if kind == "Dense" else {"name": name}
    return {"class_name": kind, "name": name, "config": config, "inbound_nodes": [[[source, 0, 0, {}] for source in before]]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("Chromium and its driver are not installed")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in QUIET.split():
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def show(browser: Any, page: Path) -> None:
    """Open a page, which must not log an error or ask for anything but itself."""
    browser.get_log("performance")
    browser.get(page.as_uri())
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = {m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"}
    assert {url for url in asked if not url.startswith("data:")} <= {page.as_uri()}


def find(browser: Any, css: str) -> list[Any]:
    return list(browser.find_elements("css selector", css))


def press(browser: Any, box: Any) -> None:
    """Enter on a box, wherever the drawing is moved to."""
    browser.execute_script("arguments[0].dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true}))", box)


def test_a_page_shows_the_model_and_opens_what_is_in_it(tmp_path: Path, browser: Any) -> None:
    page = tmp_path / "r.html"
    result = CliRunner().invoke(app, ["report", str(LAMBDAS), "-o", str(page), "--stats"])
    assert result.exit_code == 0, result.output
    show(browser, page)
    assert "tf.keras 2.2.4-tf" in browser.find_element("id", "writer").text
    boxes = len(find(browser, ".box"))
    closed = next(box for box in find(browser, ".box.model") if not box.get_attribute("class").count("cluster"))
    name = closed.get_attribute("data-id")
    press(browser, closed)
    assert len(find(browser, ".box")) > boxes and find(browser, f".box.cluster[data-id='{name}']")
    find(browser, "#close-all")[0].click()
    assert len(find(browser, ".box")) == boxes
    find(browser, "#rows tr")[1].click()
    assert "In Keras 3" in browser.find_element("id", "detail").text
    assert find(browser, "#code-list pre span.k"), "the recovered functions are highlighted"
    assert find(browser, "#rows svg.bars rect"), "--stats draws a histogram of each weight"
    browser.find_element("id", "search").send_keys("zz no such layer")
    assert not [row for row in find(browser, "#rows tr") if row.is_displayed()]
    before = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    find(browser, "#theme")[0].click()
    assert browser.execute_script("return getComputedStyle(document.body).backgroundColor") != before


def test_a_phone_shows_whole_words_and_nothing_beside_the_screen(tmp_path: Path, browser: Any) -> None:
    anykeras.report(write_json(tmp_path / "m.json", [dense("batch_normalization_of_the_encoder", "i")]), tmp_path / "r.html")
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        show(browser, tmp_path / "r.html")
        assert browser.execute_script("return document.documentElement.scrollWidth") == 390
        cell = next(row for row in find(browser, "#rows tr") if "batch_normalization" in row.text).find_elements(
            "css selector", "td"
        )[1]
        assert cell.text == "Dense" and cell.size["height"] < 40
        assert browser.execute_script("return document.querySelector('.wide').scrollWidth") > 390
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_two_thousand_layers_stay_usable(tmp_path: Path, browser: Any) -> None:
    layers, last = [], "i"
    for number in range(1000):
        layers += [dense(f"d{number}", last), dense(f"a{number}", last, f"d{number}")]
        last = f"a{number}"
    anykeras.report(write_json(tmp_path / "big.json", layers), tmp_path / "r.html")
    show(browser, tmp_path / "r.html")
    boxes = find(browser, ".box")
    assert 2 < len(boxes) <= 150
    press(browser, find(browser, ".box.model")[0])
    assert len(find(browser, ".box")) > len(boxes)


def test_names_of_a_file_stay_text(tmp_path: Path, browser: Any) -> None:
    source = write_json(tmp_path / f"{EVIL.replace('/', '')}.json", [dense(EVIL, "i")], EVIL)
    anykeras.report(source, tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text()
    assert "<img" not in text and text.count("</script>") == 3
    show(browser, tmp_path / "r.html")
    assert browser.title != "owned" and not find(browser, "img")
    assert any(EVIL in row.text for row in find(browser, "#rows tr"))


def test_every_kind_of_file_has_a_page(tmp_path: Path) -> None:
    """Also weights alone, and a file that is refused."""
    weights = FIXTURES / "keras1-theano" / "mnist_cnn.weights.h5"
    refused = write_json(tmp_path / "own.json", [{**dense("d", "i"), "class_name": "Mine"}])
    for number, source in enumerate((weights, refused)):
        anykeras.report(source, tmp_path / f"{number}.html")
        data = re.search(r'id="data">(.*?)</script>', (tmp_path / f"{number}.html").read_text(), re.S)
        assert data is not None and json.loads(data[1])["layers"]
    with pytest.raises(anykeras.AnyKerasError, match="already exists"):
        anykeras.report(weights, tmp_path / "0.html")
    with pytest.raises(anykeras.AnyKerasError, match=r"\.html"):
        anykeras.report(weights, tmp_path / "page.txt")


def test_a_tree_in_the_terminal() -> None:
    result = CliRunner().invoke(app, ["inspect", str(LAMBDAS), "--graph"], env={**os.environ, "COLUMNS": "20"})
    lines = result.output.splitlines()
    assert result.exit_code == 0 and any(line.startswith("  ") for line in lines), "nested models are indented"
    assert max(map(len, lines)) > 20, "what is piped is not cut"
    assert re.search(r"  \d+(×\d+)*$", lines[-1]), "what leaves the last layer is said too"


def test_a_scan_writes_a_page_a_file_and_an_index(tmp_path: Path, browser: Any) -> None:
    models = tmp_path / "models"
    (models / "deep").mkdir(parents=True)
    shutil.copy(LAMBDAS, models / "deep" / "a b#1.h5")
    write_json(models / f"{EVIL.replace('/', '')}.json", [dense("d", "i")])
    found = anykeras.scan(str(models), results=str(tmp_path / "r.sqlite"), jobs=1, html=str(tmp_path / "pages"))
    assert found.files == 2
    show(browser, tmp_path / "pages" / "index.html")
    assert len(find(browser, "#rows tr")) == 2 and not find(browser, "img")
    browser.find_element("id", "search").send_keys("a b#1")
    (link,) = find(browser, "#rows a")
    link.click()
    assert "tf.keras" in browser.find_element("id", "writer").text


def test_notebooks_show_parts_that_open(tmp_path: Path) -> None:
    source = write_json(tmp_path / "m.json", [dense(EVIL, "i")], EVIL)
    opened = anykeras.open(source)
    converted = anykeras.convert(LAMBDAS, tmp_path / "m.keras")
    found = anykeras.inspect(LAMBDAS)
    for result in (opened, converted, anykeras.inspect(source), found):
        text = result._repr_html_()
        assert text.startswith("<div>") and len(text) < 60_000 and "<img" not in text
    one = anykeras.open(FIXTURES / "keras2.1-tf-py27" / "yolo.h5")
    assert "1 finding," in repr(one) and "1 findings" not in one._repr_html_()
    report = anykeras.verify(LAMBDAS, converted.path)
    assert "<th>verdict</th>" in report._repr_html_() and "what: " not in report._repr_html_()
    assert "<details><summary>Functions" in found._repr_html_() and "<details><summary>Layers" in opened._repr_html_()


def test_errors_in_a_notebook_begin_with_the_message() -> None:
    """IPython asks an exception for what it shows; frames of AnyKeras are left out, those of the user stay."""
    with pytest.raises(anykeras.AnyKerasError) as refused:
        anykeras.load_model("no such file.h5")
    first, _, *frames = refused.value._render_traceback_()
    assert first.startswith("MissingFile: [AK1001]")
    assert any("test_report.py" in line for line in frames) and not any("src/anykeras" in line for line in frames)
