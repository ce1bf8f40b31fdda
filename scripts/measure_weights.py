"""Old weights into live models: every pair of an architecture and its weights in the corpus, under three namings.

    python scripts/measure_weights.py [SELECTION [EVERY]]

Right: every output within rtol 1e-4, atol 1e-5 of what the old stack recorded. The models are opened with their own
architecture, rebuilt under the names of the file, under those that Keras 3 generates, and under names of nobody's, and their
variables scrambled; then `anykeras.load_weights(model, file, defaults="mine")` fills them.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import keras
import numpy as np

import anykeras
from anykeras import targets
from anykeras.catalog.layout import list_layers
from anykeras.catalog.operations import spell_in_snake_case
from anykeras.document.edit import rename_layers
from anykeras.document.model import Layer

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from genuine import CORPUS, Recording, outputs, recordings

Naming = Callable[[Layer], str]


def generated() -> Naming:
    """The names that Keras 3 gives in a fresh session."""
    counts: Counter[str] = Counter()

    def name(layer: Layer) -> str:
        stem = spell_in_snake_case(layer.bare_class_name)
        counts[stem] += 1
        return stem if counts[stem] == 1 else f"{stem}_{counts[stem] - 1}"

    return name


def foreign() -> Naming:
    """Names that say nothing."""
    number = count(1)
    return lambda layer: f"zz{next(number) * 7 % 101}q{next(number)}"


def rename(layer: Layer, name: Naming) -> Layer:
    """A layer in which every layer has another name."""

    def inside(value: object) -> object:
        if isinstance(value, Layer):
            return replace(rename(value, name), name=name(value))
        return tuple(map(inside, value)) if isinstance(value, tuple) else value

    config = {key: inside(value) for key, value in layer.config.items()}
    graph = layer.graph
    if graph is not None:
        ordered = graph.layers if graph.sequential else list_layers(graph)
        names = {inner.name: name(inner) for inner in ordered}
        names |= {inner.name: name(inner) for inner in graph.layers if inner.name not in names}
        graph = replace(graph, layers=tuple(rename(inner, name) for inner in graph.layers))
        graph = rename_layers(graph, names)
    return replace(layer, config=config, graph=graph)  # type: ignore[arg-type]


def is_right(model: keras.Model, file: Recording) -> bool:
    """Whether a model gives what was recorded."""
    found, wanted = outputs(model, file), file.series("out")
    return len(found) == len(wanted) and all(
        a.shape == b.shape and np.allclose(a, b, rtol=1e-4, atol=1e-5) for a, b in zip(found, wanted, strict=True)
    )


def scramble(model: keras.Model) -> None:
    """Other numbers in every variable."""
    random = np.random.default_rng(0)
    for variable in model.weights:
        if "seed" not in variable.path:
            variable.assign(random.uniform(0.5, 1.5, variable.shape))


def measure(file: Recording) -> Iterator[tuple[str, str]]:
    """The outcome under each naming; nothing where the pair does not open right with its own architecture."""
    try:
        opened = anykeras.open(file.path, weights=file.weights)
        if not is_right(opened.build(compile=False), file):
            return
    except anykeras.AnyKerasError:
        return
    assert file.weights is not None
    for label, naming in (("names of the file", None), ("generated names", generated), ("other names", foreign)):
        document = opened.document
        if naming is not None:
            document = replace(document, model=rename(document.model, naming()))
        model = targets.build(document, compile=False)
        scramble(model)
        try:
            anykeras.load_weights(model, file.weights, defaults="mine")
            yield label, "right" if is_right(model, file) else "WRONG"
        except anykeras.AnyKerasError as refusal:
            yield label, f"refused {refusal.code}"


def main() -> None:
    """Measure and print."""
    selection = sys.argv[1] if len(sys.argv) > 1 else ""
    every = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    pairs = [file for file in recordings(CORPUS) if file.weights and file.path.suffix == ".json" and selection in file.id]
    if not pairs:
        sys.exit(f"no architecture with weights{f' of {selection!r}' if selection else ''} in {CORPUS}")
    found: Counter[tuple[str, str]] = Counter()
    for file in pairs[::every]:
        for label, outcome in measure(file):
            found[label, outcome] += 1
            if outcome != "right":
                print(file.id, label, outcome, flush=True)
    for (label, outcome), number in sorted(found.items()):
        print(f"{label:20} {outcome:20} {number}")


if __name__ == "__main__":
    main()
