"""The pictures of docs/report.md: pages of three models in headless Chromium.

python scripts/make_screenshots.py        # needs anykeras[report], selenium, chromium and chromedriver
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from selenium import webdriver

import anykeras

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from face.test_report import dense, write_json  # noqa: E402
from genuine import FIXTURES  # noqa: E402


def write_long(path: Path) -> Path:
    """1,000 Dense layers with a sum behind each."""
    layers, last = [], "i"
    for number in range(1000):
        layers += [dense(f"dense_{number}", last), dense(f"add_{number}", last, f"dense_{number}")]
        last = f"add_{number}"
    return write_json(path, layers)


def main() -> None:
    """Write docs/images/report-*.png."""
    options = webdriver.ChromeOptions()
    for flag in ("headless=new", "no-sandbox", "disable-gpu", "window-size=1100,900"):
        options.add_argument(f"--{flag}")
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    with tempfile.TemporaryDirectory() as folder:
        sources = {
            "small": FIXTURES / "keras1-theano" / "mnist_cnn.h5",
            "nested": FIXTURES / "tfkeras1.15" / "lambdas_in_submodels.h5",
            "2000-layers": write_long(Path(folder) / "long.json"),
        }
        for name, source in sources.items():
            beside = Path(folder) / source.name
            if beside != source:
                shutil.copy(source, beside)
            page = Path(folder) / f"{name}.html"
            anykeras.report(beside, page, stats=True)
            driver.get(page.as_uri())
            driver.execute_script("document.getElementById('title').textContent = arguments[0]", source.name)
            if name == "nested":
                driver.find_element("id", "open-all").click()
            driver.save_screenshot(str(ROOT / "docs" / "images" / f"report-{name}.png"))
    driver.quit()


if __name__ == "__main__":
    main()
