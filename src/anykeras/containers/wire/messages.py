"""The messages of TensorFlow that are read, with the numbers of their fields; what is not listed is skipped.

Source: the .proto files of TensorFlow 2.21 (``tensorflow/core/protobuf`` and ``tensorflow/core/framework``) and Keras 2.15
(``keras/protobuf/saved_metadata.proto``); the numbers have not changed since TensorFlow 1.4.
"""

from __future__ import annotations

from dataclasses import field

from .fields import BYTES, DOUBLE, FIXED32, FLOAT, INTEGER, TEXT, many, mapping, maybe, message, one

# -- tensor bundle (tensor_bundle.proto, tensor_shape.proto, tensor_slice.proto)


@message
class DimensionDef:
    """``TensorShapeProto.Dim``: -1 where the size is open."""

    size: int = one(1, INTEGER)


@message
class ShapeDef:
    """``TensorShapeProto``."""

    dimensions: tuple[DimensionDef, ...] = many(2, "DimensionDef")
    unknown_rank: int = one(3, INTEGER)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The size of each axis."""
        return tuple(dimension.size for dimension in self.dimensions)


@message
class BundleHeader:
    """``BundleHeaderProto``, under the empty key: how many data files there are, and the order of bytes (0 little)."""

    shards: int = one(1, INTEGER)
    endianness: int = one(2, INTEGER)


@message
class Extent:
    """``TensorSliceProto.Extent``: a range of one axis; the whole axis where `length` is not given (-1 here)."""

    start: int = one(1, INTEGER)
    length: int = field(default=-1, metadata={"wire": (2, INTEGER, False, None)})


@message
class SliceDef:
    """``TensorSliceProto``."""

    extents: tuple[Extent, ...] = many(1, "Extent")


@message
class BundleEntry:
    """``BundleEntryProto``: where the bytes of one tensor lie; `slices` where it was saved in parts."""

    dtype: int = one(1, INTEGER)
    shape: ShapeDef | None = one(2, "ShapeDef")
    shard: int = one(3, INTEGER)
    offset: int = one(4, INTEGER)
    size: int = one(5, INTEGER)
    crc32c: int = one(6, FIXED32)
    slices: tuple[SliceDef, ...] = many(7, "SliceDef")

    @property
    def sizes(self) -> tuple[int, ...]:
        """The shape."""
        return self.shape.sizes if self.shape is not None else ()


# -- objects of a checkpoint (trackable_object_graph.proto)


@message
class Child:
    """``ObjectReference``: the attribute `name` of an object is the object of number `node`."""

    node: int = one(1, INTEGER)
    name: str = one(2, TEXT)


@message
class SlotVariable:
    """``SlotVariableReference``: the optimizer keeps the variable `node` as its `slot` of the variable `original`."""

    original: int = one(1, INTEGER)
    slot: str = one(2, TEXT)
    node: int = one(3, INTEGER)


@message
class SavedValue:
    """``SerializedTensor``: a value of an object (`name` is VARIABLE_VALUE) lies under `key`; `full_name` is the variable's."""

    name: str = one(1, TEXT)
    full_name: str = one(2, TEXT)
    key: str = one(3, TEXT)


@message
class TrackedObject:
    """``TrackableObject``."""

    children: tuple[Child, ...] = many(1, "Child")
    values: tuple[SavedValue, ...] = many(2, "SavedValue")
    slots: tuple[SlotVariable, ...] = many(3, "SlotVariable")


@message
class TrackedObjects:
    """``TrackableObjectGraph``: the objects of a checkpoint; the first is the root."""

    nodes: tuple[TrackedObject, ...] = many(1, "TrackedObject")


# -- SavedModel (saved_model.proto, meta_graph.proto, saved_object_graph.proto)


@message
class MetaInfo:
    """``MetaGraphDef.MetaInfoDef``."""

    tags: tuple[str, ...] = many(4, TEXT)
    tensorflow_version: str = one(5, TEXT)


@message
class UserObject:
    """``SavedUserObject``: `metadata` is JSON in what Keras 2.0 to 2.4 wrote."""

    identifier: str = one(1, TEXT)
    metadata: str = one(3, TEXT)


@message
class SavedVariable:
    """``SavedVariable``."""

    dtype: int = one(1, INTEGER)
    shape: ShapeDef | None = one(2, "ShapeDef")
    trainable: int = one(3, INTEGER)
    name: str = one(6, TEXT)


@message
class SavedAsset:
    """``SavedAsset``: the number of its entry among the assets of the meta graph."""

    index: int = one(1, INTEGER)


@message
class SavedFunction:
    """``SavedFunction``: the names of its concrete functions."""

    concrete: tuple[str, ...] = many(1, TEXT)


@message
class SavedConstant:
    """``SavedConstant``: the name of its node in the graph."""

    operation: str = one(1, TEXT)


@message
class SavedObject:
    """``SavedObject``: one of its kinds is given."""

    children: tuple[Child, ...] = many(1, "Child")
    slots: tuple[SlotVariable, ...] = many(3, "SlotVariable")
    user: UserObject | None = one(4, "UserObject")
    asset: SavedAsset | None = one(5, "SavedAsset")
    function: SavedFunction | None = one(6, "SavedFunction")
    variable: SavedVariable | None = one(7, "SavedVariable")
    constant: SavedConstant | None = one(9, "SavedConstant")


@message
class StructuredList:
    """``ListValue`` and ``TupleValue`` of struct.proto."""

    values: tuple[Structured, ...] = many(1, "Structured")


@message
class StructuredMapping:
    """``DictValue``."""

    fields: dict[str, Structured] = mapping(1, TEXT, "Structured")


@message
class Structured:
    """``StructuredValue``, as far as flags stand in it (tensorflow/core/protobuf/struct.proto)."""

    flag: int | None = maybe(14, INTEGER)
    items: StructuredList | None = one(51, "StructuredList")
    parts: StructuredList | None = one(52, "StructuredList")
    entries: StructuredMapping | None = one(53, "StructuredMapping")

    @property
    def flags(self) -> tuple[bool, ...]:
        """Every flag in it."""
        held = [*(self.items.values if self.items else ()), *(self.parts.values if self.parts else ())]
        held += self.entries.fields.values() if self.entries else ()
        own = () if self.flag is None else (bool(self.flag),)
        return (*own, *(flag for value in held for flag in value.flags))


@message
class ConcreteFunction:
    """``SavedConcreteFunction``: the objects that the function captures, by their numbers, and what it was traced for."""

    captures: tuple[int, ...] = many(2, INTEGER)
    signature: Structured | None = one(3, "Structured")

    @property
    def flags(self) -> tuple[bool, ...]:
        """Truth values among its arguments, such as ``training``."""
        return self.signature.flags if self.signature is not None else ()


@message
class SavedObjects:
    """``SavedObjectGraph``."""

    nodes: tuple[SavedObject, ...] = many(1, "SavedObject")
    functions: dict[str, ConcreteFunction] = mapping(2, TEXT, "ConcreteFunction")


@message
class TensorInfo:
    """``TensorInfo``: one input or output of a signature."""

    name: str = one(1, TEXT)
    dtype: int = one(2, INTEGER)
    shape: ShapeDef | None = one(3, "ShapeDef")
    sparse: memoryview = one(4, BYTES)  # three tensors in place of one
    composite: memoryview = one(5, BYTES)


@message
class SignatureDef:
    """``SignatureDef``."""

    inputs: dict[str, TensorInfo] = mapping(1, TEXT, "TensorInfo")
    outputs: dict[str, TensorInfo] = mapping(2, TEXT, "TensorInfo")
    method: str = one(3, TEXT)


@message
class AssetFile:
    """``AssetFileDef``: `filename` is a label, not believed to be a path; loading puts it into the constant `tensor`."""

    tensor: TensorInfo | None = one(1, "TensorInfo")
    filename: str = one(2, TEXT)


@message
class Saver:
    """``SaverDef``: the node that restores all variables."""

    restore: str = one(3, TEXT)


@message
class ByteList:
    """``CollectionDef.BytesList``."""

    values: tuple[memoryview, ...] = many(1, BYTES)


@message
class Collection:
    """``CollectionDef``, where it holds bytes."""

    held: ByteList | None = one(2, "ByteList")


@message
class VariableNote:
    """``VariableDef``: the name of a variable that a collection of TensorFlow 1 holds."""

    name: str = one(1, TEXT)


@message
class MetaGraph:
    """``MetaGraphDef``; the graph stays bytes until it is asked for."""

    info: MetaInfo | None = one(1, "MetaInfo")
    graph: memoryview = one(2, BYTES)
    saver: Saver | None = one(3, "Saver")
    collections: dict[str, Collection] = mapping(4, TEXT, "Collection")
    signatures: dict[str, SignatureDef] = mapping(5, TEXT, "SignatureDef")
    assets: tuple[AssetFile, ...] = many(6, "AssetFile")
    objects: SavedObjects | None = one(7, "SavedObjects")


@message
class SavedModel:
    """``SavedModel``: one meta graph a set of tags."""

    schema: int = one(1, INTEGER)
    meta_graphs: tuple[MetaGraph, ...] = many(2, "MetaGraph")


@message
class KerasObject:
    """``SavedObject`` of saved_metadata.proto: the Keras metadata (JSON) of the object of number `node`."""

    node: int = one(2, INTEGER)
    path: str = one(3, TEXT)
    identifier: str = one(4, TEXT)
    metadata: str = one(5, TEXT)


@message
class KerasMetadata:
    """``SavedMetadata``, the file keras_metadata.pb of tf.keras 2.5 to 2.15."""

    nodes: tuple[KerasObject, ...] = many(1, "KerasObject")


# -- graph (graph.proto, node_def.proto, attr_value.proto, tensor.proto, function.proto)


@message
class TensorValue:
    """``TensorProto``: the values of a constant, as bytes or one by one; floats of 16 bits are given as their bits."""

    dtype: int = one(1, INTEGER)
    shape: ShapeDef | None = one(2, "ShapeDef")
    content: memoryview = one(4, BYTES)
    floats: tuple[float, ...] = many(5, FLOAT)
    doubles: tuple[float, ...] = many(6, DOUBLE)
    small: tuple[int, ...] = many(7, INTEGER)
    texts: tuple[memoryview, ...] = many(8, BYTES)
    complexes: tuple[float, ...] = many(9, FLOAT)
    integers: tuple[int, ...] = many(10, INTEGER)
    flags: tuple[int, ...] = many(11, INTEGER)
    wide_complexes: tuple[float, ...] = many(12, DOUBLE)
    halves: tuple[int, ...] = many(13, INTEGER)
    unsigned: tuple[int, ...] = many(16, INTEGER)
    wide_unsigned: tuple[int, ...] = many(17, INTEGER)


@message
class FunctionName:
    """``NameAttrList``: a function as an attribute."""

    name: str = one(1, TEXT)


@message
class AttributeList:
    """``AttrValue.ListValue``."""

    texts: tuple[memoryview, ...] = many(2, BYTES)
    integers: tuple[int, ...] = many(3, INTEGER)
    numbers: tuple[float, ...] = many(4, FLOAT)
    flags: tuple[int, ...] = many(5, INTEGER)
    types: tuple[int, ...] = many(6, INTEGER)
    shapes: tuple[ShapeDef, ...] = many(7, "ShapeDef")
    functions: tuple[FunctionName, ...] = many(9, "FunctionName")


@message
class AttrValue:
    """``AttrValue``: one of its fields is given."""

    items: AttributeList | None = one(1, "AttributeList")
    text: memoryview | None = maybe(2, BYTES)
    integer: int | None = maybe(3, INTEGER)
    number: float | None = maybe(4, FLOAT)
    flag: int | None = maybe(5, INTEGER)
    type: int | None = maybe(6, INTEGER)
    shape: ShapeDef | None = one(7, "ShapeDef")
    tensor: TensorValue | None = one(8, "TensorValue")
    function: FunctionName | None = one(10, "FunctionName")


@message
class NodeDef:
    """``NodeDef``; its attributes are read where they are asked for."""

    name: str = one(1, TEXT)
    op: str = one(2, TEXT)
    inputs: tuple[str, ...] = many(3, TEXT)
    attributes: dict[str, memoryview] = mapping(5, TEXT, BYTES)


@message
class ArgumentDef:
    """``OpDef.ArgDef``."""

    name: str = one(1, TEXT)


@message
class FunctionSignature:
    """``OpDef`` of a function."""

    name: str = one(1, TEXT)
    inputs: tuple[ArgumentDef, ...] = many(2, "ArgumentDef")
    outputs: tuple[ArgumentDef, ...] = many(3, "ArgumentDef")


@message
class FunctionDef:
    """``FunctionDef``; its nodes stay bytes until they are asked for."""

    signature: FunctionSignature | None = one(1, "FunctionSignature")
    nodes: tuple[memoryview, ...] = many(3, BYTES)
    returns: dict[str, str] = mapping(4, TEXT, TEXT)
    attributes: dict[str, memoryview] = mapping(5, TEXT, BYTES)


@message
class FunctionLibrary:
    """``FunctionDefLibrary``; functions stay bytes until they are asked for."""

    functions: tuple[memoryview, ...] = many(1, BYTES)


@message
class GraphDef:
    """``GraphDef``."""

    nodes: tuple[memoryview, ...] = many(1, BYTES)
    library: FunctionLibrary | None = one(2, "FunctionLibrary")
