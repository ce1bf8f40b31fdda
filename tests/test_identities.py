"""Layers are told apart by their paths: nothing in a document is looked up by the identity of an object."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from anykeras.document.model import Call, Graph, Layer, Ref
from anykeras.document.walk import fill_weights, find_frozen_layers, rebuild_paths, walk
from anykeras.tensors import constant

SRC = Path(__file__).parent.parent / "src" / "anykeras"
# Where an object's identity is what is meant, and why.
ALLOWED = {
    "auditing/functions.py": "a code object that is shared is visited once",
    "bytecode/source/__init__.py": "an expression that is computed once is printed once",
    "bytecode/source/naming.py": "an expression that is shared is evaluated once",
    "bytecode/source/expressions.py": "an expression that is shared is visited, and printed, once",
    "bytecode/checks.py": "a code object that is shared is visited once",
    "containers/pickled/container.py": "a pickled object that is shared is visited once",
    "compat/tensor.py": "two legacy tensors are the same where they wrap the same live one",
    "custom/trace.py": "live variables of Keras, which have no other identity",
    "document/model.py": "one class or function of the user, which need not be hashable",
    "matching/pairing.py": "a lazy tensor, before its weights have paths",
    "programs/ways.py": "what a program made while it ran has no other identity",
    "targets/live_paths.py": "live variables of Keras, which have no other identity",
    "graphs/writer.py": "a weight that two layers share is the same lazy tensor",
    "keras_private.py": "live variables of Keras, which have no other identity",
    "programs/architecture.py": "what a program made while it ran has no other identity",
    "programs/models.py": "what a program made while it ran has no other identity",
    "programs/names.py": "what a program made while it ran has no other identity",
    "programs/program.py": "what a program made while it ran has no other identity",
    "programs/recording.py": "what a program made while it ran has no other identity",
    "programs/sequential.py": "what a program made while it ran has no other identity",
    "programs/tensors.py": "what a program made while it ran has no other identity",
    "programs/runtime.py": "what a program made while it ran has no other identity",
    "programs/running.py": "a statement of a syntax tree",
    "recovery/functions/live.py": "the same live tensor",
    "targets/keras_custom.py": "live variables of Keras, which have no other identity",
    "targets/keras_read.py": "live layers and nodes of Keras, and the layers just read from them, before they have paths",
    "weights_only/sketch.py": "a layer of the chain, which two places may describe alike",
    "targets/keras_live.py": "live variables of Keras, which have no other identity",
    "verification/objects.py": "live variables of Keras, which have no other identity",
}


def users() -> dict[str, int]:
    """How often the modules of the package ask for the identity of an object."""
    found: dict[str, int] = {}
    for path in sorted(SRC.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "id":
                name = path.relative_to(SRC).as_posix()
                found[name] = found.get(name, 0) + 1
    return found


def test_nothing_in_a_document_is_known_by_its_identity() -> None:
    assert sorted(set(users()) - set(ALLOWED)) == []


def twins() -> Layer:
    """A model in which names repeat: in a sequence, in a nested model, in configurations, and one object stands twice."""
    dense = Layer("Dense", "d", {"units": 1})
    inner = Layer("Sequential", "d", {}, graph=Graph((dense, dense, Layer("Dense", "")), sequential=True))
    wrapper = Layer("Bidirectional", "d", {"layer": dense, "backward_layer": dense, "cells": (dense, {"x": dense})})
    graph = Graph((inner, wrapper), {"d": (Call(),)}, Ref("d"), Ref("d"))
    return Layer("Functional", "d", {"trainable": True, "d": dense}, graph=graph)


def test_a_path_is_unique_whatever_the_names() -> None:
    paths = [path for path, _ in walk(twins())]
    assert len(paths) == 11
    assert len(set(paths)) == len(paths)


def test_walking_and_rebuilding_see_the_same_paths() -> None:
    seen = []

    def change(path: tuple[object, ...], layer: Layer) -> Layer:
        seen.append((path, layer.class_name))
        return layer

    rebuild_paths(twins(), change)
    assert sorted(seen, key=str) == sorted(((path, layer.class_name) for path, layer in walk(twins())), key=str)


@pytest.mark.parametrize("number", range(11))
def test_weights_go_to_one_layer_even_where_one_object_stands_for_two(number: int) -> None:
    path, _ = list(walk(twins()))[number]
    filled = fill_weights(twins(), {path: {"kernel": constant(1.0, "float32", "here")}})
    assert [at for at, layer in walk(filled) if layer.weights] == [path]


def test_what_is_inside_a_frozen_layer_is_frozen() -> None:
    frozen = Layer("Bidirectional", "b", {"layer": Layer("LSTM", "l"), "trainable": False})
    model = Layer("Sequential", "s", graph=Graph((frozen, Layer("Dense", "d")), sequential=True))
    assert {path[-1] if isinstance(path[-1], str) else path[-1][0] for path in find_frozen_layers(model)} == {"b", "layer"}
