"""Ten more steps of training: Keras 3 after AnyKeras, against the Keras 2.1.5 that wrote the file.

    python benchmarks/loss_curves.py [--svg docs/loss_curves.svg]

Reads the recordings training/curves (of scripts/fixtures/loss_curves.py), trains on the running backend, prints the largest
difference of each curve, and draws them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import anykeras

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from genuine import FOLDER

CURVES = FOLDER / "training" / "curves"
TITLES = {"cnn": "CNN, Adam with decay", "lstm": "LSTM, RMSprop"}
WIDTH, HEIGHT, LEFT, TOP, GAP = 340, 220, 56, 36, 40


@dataclass(frozen=True)
class Curve:
    """Losses step by step: `old` has shape (runs, steps), `theano`, `live` and `converted` (steps,)."""

    name: str
    old: np.ndarray
    theano: np.ndarray | None
    live: np.ndarray
    converted: np.ndarray

    @property
    def difference(self) -> float:
        """The largest distance to the closest run of the old stack, over both ways of opening."""
        ours = np.stack([self.live, self.converted])
        return float(np.abs(ours[:, None] - self.runs[None]).max(axis=2).min(axis=1).max())

    @property
    def runs(self) -> np.ndarray:
        """All runs of the old stack, shape (runs, steps)."""
        return self.old if self.theano is None else np.concatenate([self.old, self.theano[None]])

    @property
    def spread(self) -> float:
        """How far the runs of the old stack lie apart."""
        return float((self.runs.max(axis=0) - self.runs.min(axis=0)).max())


def trained(model: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The loss of each step; `x` and `y` have shape (steps, batch, ...)."""
    return np.array([float(np.ravel(model.train_on_batch(a, b))[0]) for a, b in zip(x, y, strict=True)])


def measured(name: str) -> Curve:
    """The curve of one file, opened live and converted for stock Keras."""
    import keras

    with np.load(CURVES / f"{name}.npz", allow_pickle=False) as recorded:
        x, y, old = recorded["x"], recorded["y"], recorded["loss"]
        theano = recorded.get("theano")
    path = CURVES / f"{name}.h5"
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        target = Path(folder) / "converted.keras"
        anykeras.convert(path, target)
        live, stock = anykeras.load_model(path), keras.models.load_model(target)
    return Curve(name, old, theano, trained(live, x, y), trained(stock, x, y))


def drawn(curves: Sequence[Curve]) -> str:
    """One panel a curve, as SVG."""
    width = len(curves) * (LEFT + WIDTH + GAP)
    panels = "".join(_panel(curve, i * (LEFT + WIDTH + GAP) + LEFT) for i, curve in enumerate(curves))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {TOP + HEIGHT + 84}" font-family="sans-serif" '
        f'font-size="12" fill="#222"><rect width="100%" height="100%" fill="#fff"/>{panels}</svg>\n'
    )


def _panel(curve: Curve, left: int) -> str:
    low, high = float(min(curve.runs.min(), curve.live.min())), float(max(curve.runs.max(), curve.live.max()))
    low, high = low - 0.05 * (high - low), high + 0.05 * (high - low)

    def at(step: int, loss: float) -> tuple[float, float]:
        x = left + WIDTH * step / (curve.old.shape[1] - 1)
        return round(x, 1), round(TOP + HEIGHT * (high - loss) / (high - low), 1)

    parts = [_text(left + WIDTH / 2, 22, TITLES[curve.name], "middle", 14)]
    parts += _axes(curve, left, low, high, at)
    parts += [_line([at(i, v) for i, v in enumerate(run)], "#9ab", 5) for run in curve.old]
    if curve.theano is not None:
        parts.append(_line([at(i, v) for i, v in enumerate(curve.theano)], "#e7b94c", 5))
    parts.append(_line([at(i, v) for i, v in enumerate(curve.live)], "#c33", 1.5))
    parts += [f'<circle cx="{x}" cy="{y}" r="3.5" fill="none" stroke="#1a1"/>' for x, y in
              (at(i, v) for i, v in enumerate(curve.converted))]  # fmt: skip
    below = TOP + HEIGHT + 50
    for place, colour, words in (
        (0, "#9ab", f"Keras 2.1.5, TensorFlow 1.8 ({len(curve.old)} runs)"),
        (212, "#e7b94c", "Theano" if curve.theano is not None else ""),
        (268, "#c33", "AnyKeras"),
        (336, "#1a1", "converted"),
    ):
        if not words:
            continue
        x = left - 44 + place
        parts.append(f'<rect x="{x}" y="{below - 8}" width="10" height="8" fill="{colour}"/>')
        parts.append(_text(x + 14, below, words, "start", 11))
    parts.append(_text(left + WIDTH / 2, below + 22, f"largest difference {curve.difference:.1g}", "middle", 12))
    return "".join(parts)


def _axes(curve: Curve, left: int, low: float, high: float, at: Callable[[int, float], tuple[float, float]]) -> list[str]:
    parts = [f'<rect x="{left}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>']
    for loss in np.linspace(low, high, 5)[1:-1]:
        y = at(0, float(loss))[1]
        parts.append(f'<path d="M{left} {y}h{WIDTH}" stroke="#eee"/>' + _text(left - 6, y + 4, f"{loss:.2f}", "end", 11))
    for step in range(curve.old.shape[1]):
        parts.append(_text(at(step, low)[0], TOP + HEIGHT + 16, str(step + 1), "middle", 11))
    return [*parts, _text(left + WIDTH / 2, TOP + HEIGHT + 32, "step after loading", "middle", 11)]


def _line(points: Sequence[tuple[float, float]], colour: str, width: float) -> str:
    way = " ".join(f"{x},{y}" for x, y in points)
    return f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def _text(x: float, y: float, words: str, anchor: str, size: int) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}">{words}</text>'


def main() -> None:
    """Print the differences and draw the curves."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--svg", type=Path, help="where to draw the curves")
    arguments = parser.parse_args()
    curves = [measured(name) for name in TITLES]
    for curve in curves:
        print(f"{TITLES[curve.name]}: {curve.difference:.2g} from the old stack, whose own runs differ by {curve.spread:.2g}")
    if arguments.svg:
        arguments.svg.write_text(drawn(curves), "utf8")


if __name__ == "__main__":
    main()
