"""SavedModel folders of tf.keras: opened without TensorFlow, with the outputs and the next step of the stack that wrote them.

The folders were made by scripts/fixtures/make_savedmodels.py in TensorFlow 2.4, 2.6 and 2.15, the checkpoint of Keras 3 by
make_graphs.py. Checkpoints are compared with TensorFlow's own reader where the corpus lies beside the repository.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

import anykeras
from anykeras import pipeline, targets
from anykeras.cli.main import app
from anykeras.containers.checkpoint import bundle
from anykeras.containers.checkpoint.bundle import Bundle, encode_slice_key, read_bundle
from anykeras.containers.checkpoint.table import inflate_snappy
from anykeras.containers.checksums import compute_crc32c, unmask_crc32c
from anykeras.containers.source import open_source
from anykeras.containers.wire import read_message
from anykeras.containers.wire.messages import Extent, ShapeDef
from anykeras.errors import AnyKerasError
from genuine import ATOL, CORPUS, FOLDER, RTOL

FOLDERS = sorted((FOLDER / "savedmodel").glob("*/*.savedmodel"))
CHECKPOINTS = sorted((FOLDER / "savedmodel").glob("*/*.checkpoint"))
MADE = CORPUS.parent / "savedmodel" / "made"
TEXT = "vocabulary"


def recorded(folder: Path) -> dict[str, np.ndarray]:
    with np.load(folder.with_suffix(".npz")) as arrays:
        return dict(arrays)


def check(model: keras.Model, arrays: dict[str, np.ndarray]) -> None:
    found = keras.tree.flatten(model.predict(inputs(arrays), verbose=0))
    expected = [arrays[key] for key in sorted(arrays) if key.startswith("out")]
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, RTOL, ATOL)


def inputs(arrays: dict[str, np.ndarray]) -> object:
    given: list[object] = [arrays[key] for key in sorted(arrays) if key.startswith("in")]
    if arrays["in0"].dtype.kind == "U":
        tensorflow = pytest.importorskip("tensorflow")
        given = [tensorflow.constant(array) for array in given]
    return given[0] if len(given) == 1 else given


@pytest.mark.framework
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_genuine_folder_gives_what_its_stack_recorded(folder: Path) -> None:
    if folder.stem == TEXT and keras.backend.backend() != "tensorflow":
        pytest.skip("text needs TensorFlow")
    arrays = recorded(folder)
    model = anykeras.load_model(folder)
    check(model, arrays)
    if "y0" in arrays:
        model.train_on_batch(inputs(arrays), arrays["y0"])
        np.testing.assert_allclose(model.predict(inputs(arrays), verbose=0), arrays["after0"], RTOL, ATOL)


def test_folders_were_found() -> None:
    assert {folder.stem for folder in FOLDERS} >= {"mlp", "named", "vocabulary"}
    assert len({folder.parent.name for folder in FOLDERS}) >= 3


@pytest.mark.parametrize("folder", [f for f in FOLDERS if f.stem == TEXT], ids=lambda p: p.parent.name)
def test_a_vocabulary_is_read_out_of_the_folder(folder: Path) -> None:
    """The words that were adapted to; that their order is right shows in the outputs on TensorFlow."""
    layers = pipeline.read(folder).architecture["config"]["layers"]  # type: ignore[index,call-overload]
    words = next(layer["config"]["vocabulary"] for layer in layers if layer["class_name"] == "TextVectorization")
    special = {"", "[UNK]"}  # which TensorFlow 2.4 keeps in the table
    assert sorted(set(words) - special) == ["a", "cat", "dog", "ran", "sat", "the"]


def test_the_ways_to_name_a_folder(tmp_path: Path) -> None:
    source = FOLDER / "savedmodel" / "tf2.4" / "mlp.savedmodel"
    served = tmp_path / "served"
    shutil.copytree(source, served / "7")
    shutil.copytree(source, served / "12")
    for path in (served, served / "12", served / "12" / "saved_model.pb"):
        assert "tf.keras 2.4.0" in repr(anykeras.inspect(path))


def test_a_folder_converts_for_stock_keras(tmp_path: Path) -> None:
    source = next(folder for folder in FOLDERS if folder.stem == "named")
    anykeras.convert(source, tmp_path / "new.keras")
    check(keras.models.load_model(tmp_path / "new.keras"), recorded(source))


@pytest.mark.parametrize("folder", CHECKPOINTS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_checkpoint_goes_into_the_architecture_beside_it(folder: Path) -> None:
    ways = (folder, folder / "weights", folder / "weights.index")
    path = ways[CHECKPOINTS.index(folder) % len(ways)]
    check(anykeras.load_model(folder / "model.json", weights=path), recorded(folder))


LATER = sorted((FOLDER / "savedmodel").glob("*/mlp_later.h5"))


@pytest.mark.framework
@pytest.mark.parametrize("path", LATER, ids=lambda p: p.parent.name)
def test_training_goes_on_with_the_state_of_the_checkpoint(path: Path) -> None:
    """A compiled model with other weights and another state takes both: the next step is that of its stack."""
    arrays = recorded(path.with_name("mlp"))
    model = anykeras.load_model(path, weights=path.with_name("mlp.checkpoint") / "weights")
    check(model, arrays)
    assert int(model.optimizer.iterations) == 2
    model.train_on_batch(inputs(arrays), arrays["y0"])
    np.testing.assert_allclose(model.predict(inputs(arrays), verbose=0), arrays["after0"], RTOL, ATOL)


@pytest.mark.parametrize("path", LATER, ids=lambda p: p.parent.name)
def test_weights_of_a_checkpoint_go_into_a_model_that_is_there(path: Path) -> None:
    model = anykeras.load_model(path)
    anykeras.load_weights(model, path.with_name("mlp.checkpoint") / "weights")
    check(model, recorded(path.with_name("mlp")))


def test_a_state_that_nothing_is_compiled_for_is_named(tmp_path: Path) -> None:
    folder = next(folder for folder in CHECKPOINTS if folder.stem == "mlp")
    found = anykeras.convert(folder / "model.json", tmp_path / "new.keras", weights=folder)
    (said,) = [finding for finding in found.findings if finding.code == "AK4018"]
    assert "m, v" in said.seen


def test_the_state_of_a_checkpoint_by_names(tmp_path: Path) -> None:
    """As ``tf.train.AdamOptimizer`` keeps it beside the variables: moments by the name of their variable."""
    tensorflow = pytest.importorskip("tensorflow")
    path = next(path for path in LATER if path.parent.name == "tf2.4")
    raw = pipeline.read(path.with_name("mlp.checkpoint"))
    values = {name.removesuffix(":0"): tensor.read() for group in raw.weights.groups for name, tensor in group.weights}  # type: ignore[union-attr]
    keys = {tensor.origin: name.removesuffix(":0") for group in raw.weights.groups for name, tensor in group.weights}  # type: ignore[union-attr]
    ends = {"m": "Adam", "v": "Adam_1"}
    values["global_step"] = dict(raw.optimizer)["iterations"].read()
    values |= {f"{keys[slot.owner]}/{ends[slot.kind]}": slot.tensor.read() for slot in raw.slots}
    prefix = os.fspath(tmp_path / "model.ckpt-2")
    tensorflow.raw_ops.SaveV2(
        prefix=prefix, tensor_names=list(values), shape_and_slices=[""] * len(values), tensors=list(values.values())
    )
    model, expected = (anykeras.load_model(path, weights=given) for given in (prefix, path.with_name("mlp.checkpoint")))
    assert len(model.optimizer.variables) == len(expected.optimizer.variables) > 4
    for one, other in zip(model.optimizer.variables, expected.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one, other)


def test_checkpoints_were_found() -> None:
    assert {folder.stem for folder in CHECKPOINTS} == {"mlp", "named", "objects", "recurrent", "trained"}


TRAINED = FOLDER / "savedmodel" / "tf2.4" / "trained.checkpoint"
FOUR: dict[str, tuple[Path, list[str]]] = {
    "tf.keras 2.4 with a custom layer": (FOLDER / "graphs" / "tf2.4" / "own_layer.savedmodel", []),
    "simple_save of TensorFlow 1.15": (FOLDER / "graphs" / "tf1.15" / "simple.savedmodel", []),
    "model.export of Keras 3": (FOLDER / "graphs" / "keras3" / "export.savedmodel", []),
    "ModelCheckpoint beside its JSON": (TRAINED / "model.json", ["--weights", str(TRAINED / "weights")]),
}
"""What TensorFlow leaves behind, each with what a command line says of it."""


@pytest.mark.parametrize("kind", FOUR)
def test_each_kind_converts_and_is_cross_checked_in_one_command(kind: str, tmp_path: Path) -> None:
    path, options = FOUR[kind]
    made = str(tmp_path / "new.keras")
    done = CliRunner().invoke(app, ["convert", str(path), made, "--check", *options])
    assert done.exit_code == 0 and ("in NumPy" in done.stdout or "objects of the checkpoint" in done.stdout), done.stdout
    assert keras.models.load_model(made).weights
    for files in ([str(path)], [str(path), made]):
        shown = CliRunner().invoke(app, ["verify", *files, *options])
        assert shown.exit_code == 0, shown.stdout
        assert shown.stdout.splitlines()[-1].startswith("PASS: same ")
        assert shown.stdout.splitlines()[-1].endswith(" (cross-checked)")


@pytest.mark.framework
@pytest.mark.parametrize("kind", FOUR)
def test_each_kind_trains_a_step(kind: str, tmp_path: Path) -> None:
    path, options = FOUR[kind]
    weights = {"weights": options[1]} if options else {}
    anykeras.convert(path, tmp_path / "new.keras", **weights)  # type: ignore[arg-type]
    for model in (anykeras.load_model(path, **weights), keras.models.load_model(tmp_path / "new.keras")):  # type: ignore[arg-type]
        x = np.random.default_rng(2).normal(size=(4, *model.inputs[0].shape[1:])).astype("float32")
        before = [keras.ops.convert_to_numpy(weight) for weight in model.trainable_weights]
        outputs = model(x)
        target = keras.tree.map_structure(lambda tensor: np.ones(tensor.shape, "float32"), outputs)
        model.compile("sgd", keras.tree.map_structure(lambda _: "mse", outputs))
        losses = [float(keras.tree.flatten(model.train_on_batch(x, target))[0]) for _ in range(2)]
        assert np.isfinite(losses).all() and losses[1] < losses[0]
        after = [keras.ops.convert_to_numpy(weight) for weight in model.trainable_weights]
        assert before and sum(not np.array_equal(a, b) for a, b in zip(before, after, strict=True)) > len(before) // 2


def test_objects_of_a_checkpoint_tell_weights_that_are_swapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names say which weights go where, and objects say it again; what neither leads to is named."""
    build = targets.build

    def swap(document: object, **options: object) -> keras.Model:
        model = build(document, **options)
        gamma, beta = model.get_layer("norm").weights[:2]
        held = [keras.ops.convert_to_numpy(weight) for weight in (beta, gamma)]
        gamma.assign(held[0])
        beta.assign(held[1])
        return model

    assert str(anykeras.verify(TRAINED / "model.json", weights=TRAINED).verdict) == "PASS"
    monkeypatch.setattr(targets, "build", swap)
    report = anykeras.verify(TRAINED / "model.json", weights=TRAINED)
    assert str(report.verdict) == "FAIL"
    assert "layer_with_weights-1/" in report.checks[0].detail
    twice = TRAINED.parent / "recurrent.checkpoint"  # a layer of two models, which its objects are reached by once
    monkeypatch.setattr(targets, "build", build)
    report = anykeras.verify(twice / "model.json", weights=twice)
    assert str(report.verdict) == "NOT VERIFIED" and "shared/kernel" in report.checks[0].detail


def test_large_tensors_are_read_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Converting holds no large tensor as a whole."""
    monkeypatch.setattr(bundle, "CHECKED_BYTES", 8)
    raw = pipeline.read(next(folder for folder in CHECKPOINTS if folder.stem == "mlp"))
    tensors = [tensor for group in raw.weights.groups for _, tensor in group.weights]  # type: ignore[union-attr]
    assert any(tensor.stream is not None for tensor in tensors)
    for tensor in tensors:
        assert b"".join(map(bytes, tensor.blocks())) == tensor.read().tobytes()


def test_two_checkpoints_in_a_folder_are_named(tmp_path: Path) -> None:
    for name in ("one", "two"):
        shutil.copy(CHECKPOINTS[0] / "weights.index", tmp_path / f"{name}.index")
    with pytest.raises(AnyKerasError, match="one, two") as caught:
        anykeras.inspect(tmp_path)
    assert caught.value.code == "AK1143"


def test_variables_by_name_go_into_an_architecture(tmp_path: Path) -> None:
    """As ``tf.train.Saver`` of TensorFlow 1 writes them, beside what its optimizer keeps."""
    tensorflow = pytest.importorskip("tensorflow")
    source = next(folder for folder in CHECKPOINTS if folder.stem == "mlp")
    raw = pipeline.read(source)
    values = {name.removesuffix(":0"): tensor.read() for group in raw.weights.groups for name, tensor in group.weights}  # type: ignore[union-attr]
    slots = {f"{name}/Adam{end}": value for name, value in values.items() for end in ("", "_1")}
    values = {**values, **slots, "beta1_power": np.float32(0.9), "global_step": np.int64(3)}
    prefix = os.fspath(tmp_path / "model.ckpt-3")
    tensorflow.raw_ops.SaveV2(
        prefix=prefix, tensor_names=list(values), shape_and_slices=[""] * len(values), tensors=list(values.values())
    )
    check(anykeras.load_model(source / "model.json", weights=prefix), recorded(source))


@pytest.mark.skipif(not MADE.exists(), reason="the corpus is not beside the repository")
def test_exports_of_tensorflow_1_open() -> None:
    for folder in sorted(CORPUS.glob("py37tf115-tfkeras-tf/*.savedmodel")):
        with np.load(folder.with_suffix(".golden.npz")) as arrays:
            check(anykeras.load_model(folder), dict(arrays))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda folder: (folder / "variables" / "variables.index").unlink(), "AK1153"),
        (lambda folder: next(folder.glob("variables/*.data-*")).unlink(), "AK1153"),
        (lambda folder: (folder / "saved_model.pb").write_bytes(b"version https://git-lfs.github.com/spec/v1\n"), "AK1130"),
        (lambda folder: (folder / "saved_model.pb").write_bytes((folder / "saved_model.pb").read_bytes()[:9000]), "AK1150"),
        (lambda folder: spoil(folder / "variables" / "variables.index", 20), "AK1150"),
        (lambda folder: spoil(next(folder.glob("variables/*.data-*")), 6), "AK1152"),
        (lambda folder: link(folder / "variables" / "variables.index"), "AK1111"),
    ],
)
def test_a_folder_that_is_not_whole_is_named(tmp_path: Path, change: object, code: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(next(folder for folder in FOLDERS if folder.stem == "mlp"), folder)
    change(folder)  # type: ignore[operator]
    with pytest.raises(AnyKerasError) as caught:
        anykeras.convert(folder, tmp_path / "new.keras")
    assert caught.value.code == code
    assert not (tmp_path / "new.keras").exists()


def spoil(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


def link(path: Path) -> None:
    moved = path.with_name("moved")
    path.rename(moved)
    path.symlink_to(moved)


def test_checksums_are_those_of_the_standard() -> None:
    """Test vectors of RFC 3720, appendix B.4, and a masked one of tensorflow/core/lib/hash/crc32c_test.cc."""
    assert compute_crc32c(bytes(32)) == 0x8A9136AA
    assert compute_crc32c(b"\xff" * 32) == 0x62A8AB43
    assert compute_crc32c(bytes(range(32))) == 0x46DD794E
    assert compute_crc32c(b"123456789") == 0xE3069283
    assert unmask_crc32c(((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) & 0xFFFFFFFF) == 0xE3069283


def test_lanes_give_the_checksum_of_the_plain_way() -> None:
    data = np.random.default_rng(0).bytes(70_001)
    state = 0xFFFFFFFF
    for byte in data:  # the definition, bit by bit
        state ^= byte
        for _ in range(8):
            state = (state >> 1) ^ (0x82F63B78 if state & 1 else 0)
    assert compute_crc32c(data) == state ^ 0xFFFFFFFF


def test_snappy_blocks() -> None:
    """Literal, a copy that overlaps itself, and refusals (format_description.txt of google/snappy)."""
    assert inflate_snappy(b"\x07\x00a\x09\x01", 100, "t") == b"aaaaaaa"
    for bad in (b"\x07\x00a", b"\x07\x00a\x09\x09", b"\xff\xff\xff\xff\x0f\x00a"):
        with pytest.raises(AnyKerasError):
            inflate_snappy(bad, 100, "t")


def test_messages_are_bounded() -> None:
    deep = b"\x12\x02\x08\x01"
    assert read_message(ShapeDef, deep, "t").sizes == (1,)
    for bad in (b"\x12\x7f", b"\x0b", b"\x12", b"\x18" + b"\xff" * 11):
        with pytest.raises(AnyKerasError):
            read_message(ShapeDef, bad, "t")
    with anykeras.limits.override(work=1000), pytest.raises(AnyKerasError) as caught:
        read_message(ShapeDef, b"\x18\x01" * 5000, "t")
    assert caught.value.code == "AK1003"


def test_keys_of_parts_are_in_ordered_code() -> None:
    """As TensorFlow 1.15 wrote it for a variable of 130 rows in two parts (extents 0,65 and all of the other axis)."""
    key = encode_slice_key("w", [Extent(65, 65), Extent(0, -1)])
    assert key == b"\x00w\x00\x01\x01\x02" + b"\xc0\x41" * 2 + b"\x80\x7f"


def bundle_at(prefix: str) -> Bundle:
    return read_bundle(open_source(prefix + ".index"), lambda i, n: open_source(f"{prefix}.data-{i:05}-of-{n:05}"))


@pytest.mark.skipif(not MADE.exists(), reason="the corpus is not beside the repository")
def test_every_tensor_is_the_one_that_tensorflow_reads() -> None:
    tensorflow = pytest.importorskip("tensorflow")
    prefixes = sorted(str(path)[: -len(".index")] for root in (MADE, CORPUS) for path in root.rglob("*.index"))
    assert len(prefixes) > 90
    for prefix in prefixes[::3]:
        reader, ours = tensorflow.train.load_checkpoint(prefix), bundle_at(prefix)
        assert set(ours.entries) == set(reader.get_variable_to_shape_map())
        for key in ours.entries:
            one = ours.tensor(key).read()
            other = np.asarray(reader.get_tensor(key), one.dtype if one.dtype == object else None)
            assert one.shape == other.shape
            assert list(one.ravel()) == list(other.ravel()) if one.dtype == object else one.tobytes() == other.tobytes()


def test_partitioned_variables_and_every_dtype(tmp_path: Path) -> None:
    tensorflow = pytest.importorskip("tensorflow")
    prefix = os.fspath(tmp_path / "ckpt")
    whole = np.arange(24, dtype="float32").reshape(6, 4)
    names = (
        "float32",
        "float64",
        "float16",
        "bfloat16",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "bool",
        "complex64",
    )
    values = {name: tensorflow.cast([[0, 1], [1, 0]], name) for name in names}
    values["text"] = tensorflow.constant([b"", b"a\x00b", "ä".encode() * 200])
    tensorflow.raw_ops.SaveV2(
        prefix=prefix,
        tensor_names=[*values, "w", "w"],
        shape_and_slices=[""] * len(values) + ["6 4 0,2:-", "6 4 2,4:-"],
        tensors=[*values.values(), whole[:2], whole[2:]],
    )
    ours = bundle_at(prefix)
    np.testing.assert_array_equal(ours.tensor("w").read(), whole)
    assert list(ours.tensor("text").read()) == list(values["text"].numpy())
    for name in names:
        assert ours.tensor(name).dtype == name
        assert ours.tensor(name).read().tobytes() == values[name].numpy().tobytes()
