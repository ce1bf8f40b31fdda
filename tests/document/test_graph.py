"""Order, parents and users of graphs, and the one editor, on graphs made by hand."""

from __future__ import annotations

import pytest

from anykeras.document import graph as graphs
from anykeras.document.build import make_sequential
from anykeras.document.edit import GraphEditor, UniqueNames, change_calls, change_layers, replace_refs
from anykeras.document.model import Call, Graph, Layer, Member, Ref
from anykeras.document.walk import rebuild, walk


def diamond() -> Graph:
    """x -> a -> (b, c) -> d, listed backwards, with `a` called once more on what `c` gives."""
    return Graph(
        layers=(*(Layer("Dense", name) for name in "dcba"), Layer("InputLayer", "x")),
        calls={
            "d": (Call(((Ref("b"), Ref("c")),)),),
            "c": (Call((Ref("a"),)),),
            "b": (Call((Ref("a"),)),),
            "a": (Call((Ref("x"),)), Call((Ref("c"),))),
            "x": (Call(),),
        },
        inputs=(Ref("x"),),
        outputs=(Ref("d"),),
    )


def test_each_node_has_its_parents_in_the_order_of_its_arguments() -> None:
    found = graphs.find_parents(diamond())
    assert found["d", 0] == [("b", 0), ("c", 0)]
    assert found["a", 0] == [("x", 0)]
    assert found["a", 1] == [("c", 0)]
    assert found["x", 0] == []


def test_an_input_without_a_call_is_a_node() -> None:
    graph = Graph((Layer("Dense", "a"),), {"a": (Call((Ref("x"),)),)}, (Ref("x"),), (Ref("a"),))
    assert graphs.find_parents(graph) == {("a", 0): [("x", 0)], ("x", 0): []}
    assert graphs.sort_topologically(graph) == [("x", 0), ("a", 0)]


def test_keyword_arguments_come_last_by_name() -> None:
    call = Call((Ref("q"),), {"value": Ref("v"), "key": [Ref("k"), 3, None], "flag": True})
    assert graphs.iterate_arguments(call) == [Ref("q"), Ref("k"), Ref("v")]


def test_leaves_of_a_mapping_come_in_the_order_of_its_keys() -> None:
    assert graphs.iterate_leaves({"b": [1, (2, {"z": 4, "y": 3})], "a": 0}) == [0, 1, 2, 3, 4]


def test_users_are_the_other_direction_each_once() -> None:
    graph = Graph((), {"x": (Call(),), "twice": (Call(((Ref("x"), Ref("x")),)),)}, (Ref("x"),), (Ref("twice"),))
    assert graphs.find_users(graph) == {("x", 0): [("twice", 0)]}
    assert graphs.find_users(diamond())["a", 0] == [("c", 0), ("b", 0)]


def test_readers_count_calls_and_being_an_output() -> None:
    counts = graphs.count_readers(diamond())
    assert (counts[Ref("a")], counts[Ref("a", 1)], counts[Ref("c")], counts[Ref("d")]) == (2, 0, 2, 1)


def test_every_node_comes_after_those_it_takes() -> None:
    graph = diamond()
    order = graphs.sort_topologically(graph)
    assert sorted(order) == sorted(node for node, _ in graphs.calls(graph))
    places = {node: at for at, node in enumerate(order)}
    assert all(places[source] < places[node] for node, taken in graphs.find_parents(graph).items() for source in taken)


def test_a_loop_and_what_is_behind_it_have_no_order() -> None:
    calls = {
        "x": (Call(),),
        "a": (Call(((Ref("x"), Ref("b")),)),),
        "b": (Call((Ref("a"),)),),
        "behind": (Call((Ref("b"),)),),
        "of_nobody": (Call((Ref("nowhere"),)),),
    }
    graph = Graph(tuple(Layer("Dense", name) for name in calls), calls, (Ref("x"),), (Ref("behind"),))
    assert graphs.sort_topologically(graph) == [("x", 0)]


def test_a_long_chain_needs_no_stack_of_its_length() -> None:
    count = 20_000
    calls = {f"n{i}": (Call((Ref(f"n{i - 1}"),) if i else ()),) for i in reversed(range(count))}
    graph = Graph((), calls, (Ref("n0"),), (Ref(f"n{count - 1}"),))
    assert graphs.sort_topologically(graph) == [(f"n{i}", 0) for i in range(count)]
    assert len(graphs.find_reachable(graph)) == count


def test_what_no_output_needs_is_not_reachable() -> None:
    assert graphs.find_reachable(diamond()) == {(name, 0) for name in "abcdx"}


def test_steps_of_a_graph_are_its_calls_in_order() -> None:
    names = [(layer.name, number) for layer, number, _ in graphs.iterate_steps(diamond())]
    assert names == graphs.sort_topologically(diamond())


def test_a_sequential_model_is_called_layer_by_layer() -> None:
    plain = Graph((Layer("Dense", "a"), Layer("Dense", "b")), sequential=True)
    assert [call.args for _, _, call in graphs.iterate_steps(plain)] == [(graphs.ENTRY,), (Ref("a"),)]
    assert (graphs.list_inputs(plain), graphs.list_outputs(plain)) == ([graphs.ENTRY], Ref("b"))
    with_input = Graph((Layer("InputLayer", "x"), Layer("Dense", "a")), sequential=True)
    assert [call.args for _, _, call in graphs.iterate_steps(with_input)] == [(), (Ref("x"),)]
    assert graphs.list_inputs(with_input) == [Ref("x")]
    assert graphs.list_outputs(Graph((), sequential=True)) == graphs.ENTRY


def test_names_are_unique_and_take_the_lowest_free_number() -> None:
    names = UniqueNames(["dense", "dense_2"])
    assert [names.claim(name) for name in ("dense", "dense", "other", "other")] == ["dense_3", "dense_4", "other", "other_2"]
    assert [names.number("other"), names.number("other")] == ["other_1", "other_3"]
    assert "dense_4" in names and "dense_5" not in names


def test_an_editor_without_changes_gives_the_very_graph() -> None:
    graph = diamond()
    editor = GraphEditor(graph)
    assert not editor.changed
    assert editor.finish() is graph


def test_an_inserted_operation_stands_between_a_tensor_and_its_readers() -> None:
    graph = diamond()
    editor = GraphEditor(graph, "model")
    end = editor.op("c", "relu", Ref("c"), negative_slope=0.5)
    editor.replace_ref(Ref("c"), end)
    new = editor.finish()
    assert end == Ref("c_2")
    assert new.calls["c_2"] == (Call((Ref("c"),), {"negative_slope": 0.5}),)
    assert graphs.find_users(new)["c", 0] == [("c_2", 0)]
    assert set(graphs.find_users(new)["c_2", 0]) == {("d", 0), ("a", 1)}
    added = new.layers[-1]
    assert (added.name, added.class_name, added.operation, added.address) == ("c_2", "relu", True, "model")
    assert graph == diamond()


def test_a_replaced_output_is_an_output_no_more() -> None:
    editor = GraphEditor(diamond())
    editor.replace_ref(Ref("d"), editor.op("end", "copy", Ref("d")))
    assert graphs.list_refs(editor.finish().outputs) == [Ref("end")]


def test_calls_and_layers_are_replaced_in_place() -> None:
    editor = GraphEditor(diamond())
    again = editor.append_call("b", Call((Ref("d"),)))
    editor.replace_call("b", 0, Call((Ref("x"),)))
    editor.replace_layer(Layer("Activation", "a"))
    new = editor.finish()
    assert again == Ref("b", 1)
    assert new.calls["b"] == (Call((Ref("x"),)), Call((Ref("d"),)))
    assert [layer.name for layer in new.layers] == ["d", "c", "b", "a", "x"]
    assert new.layers[3].class_name == editor.layer("a").class_name == "Activation"


def test_what_is_not_there_is_not_replaced() -> None:
    editor = GraphEditor(diamond())
    with pytest.raises(KeyError):
        editor.replace_layer(Layer("Dense", "nobody"))
    with pytest.raises(KeyError):
        editor.replace_call("nobody", 0, Call())
    with pytest.raises(IndexError):
        editor.replace_call("a", 2, Call())
    assert not editor.changed


def test_a_model_in_which_nothing_changes_stays_the_very_model() -> None:
    model = Layer("Functional", "m", graph=diamond())
    assert change_layers(model, lambda layer: layer) is model
    assert change_calls(model, lambda layer, call: call) is model
    leaf = Layer("Dense", "leaf")
    assert change_layers(leaf, lambda layer: layer.with_config(units=1)) is leaf


def test_each_layer_and_each_call_can_change() -> None:
    model = Layer("Functional", "m", graph=diamond())
    wider = change_layers(model, lambda layer: layer.with_config(units=3) if layer.name == "b" else layer)
    assert wider.graph is not None and [layer.config.get("units") for layer in wider.graph.layers] == [
        None,
        None,
        3,
        None,
        None,
    ]
    moved = change_calls(model, lambda layer, call: replace_refs(call, {Ref("a"): Ref("a", 1)}))
    assert moved.graph is not None and moved.graph.calls["b"] == (Call((Ref("a", 1),)),)
    assert moved.graph.calls["x"] == (Call(),)


def test_a_change_of_some_classes_passes_by_what_holds_none_of_them() -> None:
    cell = Layer("LSTMCell", "cell")
    held = Layer("Functional", "held", graph=make_sequential("inner", Layer("RNN", "rnn", {"cell": cell, "n": (1, 2)})).graph)
    model = make_sequential("m", Layer("Functional", "plain", graph=diamond()), held, Layer("Dropout", "end"))
    assert model.class_names >= {"Sequential", "Functional", "RNN", "LSTMCell", "Dropout"}
    seen: list[str] = []

    def change(layer: Layer) -> Layer:
        seen.append(layer.name)
        return layer.with_config(units=1) if layer.class_name == "LSTMCell" else layer

    changed = rebuild(model, change, frozenset({"LSTMCell"}))
    assert seen == ["cell", "rnn", "held", "m"]
    assert {path for path, layer in walk(changed) if layer.config.get("units") == 1} == {
        (Member("held"), Member("rnn"), "cell")
    }
