"""The pages of the codes with which opening a file can end."""

from ..registry import Page, document

_SPEC = "HDF5 File Format Specification 3.0"


def _foreign(code: str, title: str, what: str, to_do: str, references: tuple[str, ...] = ()) -> Page:
    """The page of a file that is something else than a Keras model."""
    return Page(code, title, what, "File type is detected from content, not from the name.", to_do, references=references)


document(
    Page(
        "AK1001",
        "No such file",
        "There is no file or folder at this path.",
        "A relative path is looked up from the current directory, which the message names.",
        "Check the spelling and the current directory.",
        references=("keras#20259", "tensorflow#35909"),
    ),
    Page(
        "AK1002",
        "Not a regular file that can be read",
        "The path is a pipe, a device or a folder, or the rights to read it are missing.",
        "Reading a pipe could block for ever, and a device is no model.",
        "Give the path of a model file, and check its permissions.",
    ),
    Page(
        "AK1003",
        "The file asks for more than the limits allow",
        "A size, a depth, a number of values or the work of reading exceeds `anykeras.limits`.",
        "A small file can declare terabytes, or structures that point at themselves. Every limit is checked before "
        "memory is allocated.",
        "If you trust the file, raise the limit that the message names.",
        "`with anykeras.limits.override(config_bytes=1 << 30): anykeras.load_model(path)`",
        references=("CVE-2026-0897",),
    ),
    _foreign(
        "AK1101",
        "Unknown file type",
        "The content is not of any file type that AnyKeras knows.",
        "Check that this is the file that Keras wrote: a .h5, .hdf5, .keras, .json or .yaml file.",
    ),
    Page(
        "AK1102",
        "An empty file",
        "The file has no bytes, or nothing but zeros.",
        "The download failed, or the disk was full while the model was saved.",
        "Download or copy the file again.",
    ),
    Page(
        "AK1103",
        "A damaged HDF5 file",
        "A structure inside the HDF5 file contradicts another, or itself.",
        "Bytes changed since the file was written. AnyKeras reads HDF5 without the C library, so that a damaged file ends "
        "in this message and not in a crash.",
        "Get the file again from its source.",
        references=(_SPEC, "CVE-2025-2153", "CVE-2025-6269"),
    ),
    Page(
        "AK1104",
        "The file is cut off",
        "The file is shorter than it says itself.",
        "A download or copy that stopped early. The message gives both sizes where the file states them.",
        "Download or copy the file again.",
        references=("h5py#757",),
    ),
    Page(
        "AK1105",
        "HDF5 without a Keras model",
        "The HDF5 file is intact and has no `model_config`, no layers and no Keras weights.",
        "Data sets, MATLAB files and models of other programs are HDF5 too. A model inside another group is found up to "
        "four levels deep.",
        "Give the file that model.save() or model.save_weights() wrote.",
    ),
    Page(
        "AK1106",
        "The HDF5 file reaches outside itself",
        "The file has an external link, a soft link, or an array whose data is in another file.",
        "Following it would read files of your machine into the weights. Keras writes hard links only.",
        "The file is refused. Do not load it unless you know who made it.",
        references=("CVE-2026-1669", "GHSA-27f4-p4xq-cxg8"),
    ),
    Page(
        "AK1107",
        "An HDF5 type or layout that Keras does not write",
        "The file has an array of text or records, or a compression or storage layout that Keras does not write.",
        "Weights are integers, floats and booleans, stored plainly or with gzip, shuffle and fletcher32.",
        "Open the file with h5py and save it again with default settings.",
    ),
    Page(
        "AK1108",
        "More bytes declared than stored",
        "The arrays of the file declare far more bytes than the file holds.",
        "An array can be declared with any shape and no content; reading it would fill the memory with zeros. All "
        "arrays are added up.",
        "If you trust the file, raise `limits.unstored_bytes`.",
        references=("CVE-2026-0897",),
    ),
    Page(
        "AK1109",
        "The list of weights and the weights disagree",
        "A layer or a weight is listed and not stored, listed twice, or not listed at all.",
        "Saving stopped before the file was complete (old Keras left such files behind when saving failed), or the file "
        "was edited.",
        "Use another save of the same model; the weights that the message names are not in this file.",
    ),
    Page(
        "AK1110",
        "A damaged zip archive",
        "A checksum is wrong, compressed bytes do not inflate, or the end record is not at the end.",
        "Bytes changed since the file was written.",
        "Get the file again from its source.",
    ),
    Page(
        "AK1111",
        "An archive that hides content from scanners",
        "Two members have the same name, a name leads outside the archive, headers contradict the directory, bytes lie "
        "between the members, or there is a link or encryption.",
        "Two programs can see two different models in such a file, which is a known way to get past a scanner. Keras "
        "writes none of this, and AnyKeras extracts nothing.",
        "Do not load this file.",
        references=("CVE-2025-12060", "CVE-2025-12638", "CVE-2024-55459"),
    ),
    _foreign(
        "AK1112",
        "A zip archive that is no `.keras` file",
        "`config.json` is missing at the top of the archive, or describes no model.",
        "If the model is a file inside the zip, unpack it and open that file.",
    ),
    Page(
        "AK1114",
        "Weights in NumPy form that cannot be read",
        "A pickle is damaged, or `model.weights.npz` holds something else than dictionaries of numeric arrays.",
        "The members of such a file are pickles. Their opcodes are read and never executed; only arrays are taken.",
        "Where the model was made, save it as .keras with HDF5 weights.",
    ),
    Page(
        "AK1120",
        "Text that is not valid JSON",
        "The text of the architecture is not valid JSON.",
        "It was cut off, edited, or encoded in an unknown way.",
        "Export the architecture again with model.to_json().",
    ),
    Page(
        "AK1121",
        "JSON or YAML that is no Keras architecture",
        "The JSON or YAML is well formed and describes no model.",
        "Vocabularies, tokenizers and project settings have the same form.",
        "Give the file that model.to_json() or model.to_yaml() wrote.",
    ),
    Page(
        "AK1122",
        "A duplicate key, or a number too large for a float",
        "The text gives one key two values, or a number such as 1e999.",
        "Programs disagree about which of the two values counts. `NaN` and `Infinity`, which Python itself writes, are "
        "read as floats.",
        "Keras never writes this: the text was edited. Remove one of the two.",
    ),
    Page(
        "AK1123",
        "Text that is not valid YAML",
        "The text of the architecture is not YAML as Keras wrote it.",
        "It was cut off, edited, or uses forms that PyYAML never writes.",
        "Export the architecture again where the model was made.",
    ),
    Page(
        "AK1124",
        "A YAML tag that constructs an object",
        "The text asks the program that loads it to construct or call something (`!!python/object/apply:...`).",
        "PyYAML's full loader would run code here. AnyKeras reads the numbers and lists that numpy and TensorFlow left "
        "behind as data and refuses every other tag.",
        "Do not load this file with another YAML loader unless you know who made it.",
        references=("CVE-2021-37678",),
    ),
    Page(
        "AK1125",
        "Bytes that are not text",
        "The architecture is neither UTF-8 nor UTF-16.",
        "The file is damaged, or was converted to another encoding.",
        "Get the file again from its source.",
    ),
    _foreign(
        "AK1130",
        "A git-lfs pointer",
        "The file is the pointer of about 130 bytes that git keeps in place of a large file.",
        "Run `git lfs pull`, or download the file itself.",
        references=("keras#19164", "NudeNet#18"),
    ),
    _foreign(
        "AK1131",
        "A web page",
        "The file is HTML: an error page, a login, or a warning of a download service.",
        "Open it in a browser to see what it says, then download the raw file.",
    ),
    Page(
        "AK1132",
        "A pickle",
        "The file is a pickle or joblib file, or holds one where arrays belong.",
        "Loading a pickle runs code. AnyKeras runs nothing from a file.",
        "Load it in the environment that wrote it, and call model.save(...).",
        references=("CVE-2025-49655",),
    ),
    _foreign(
        "AK1133",
        "NumPy arrays",
        "The file is .npy or .npz: arrays without layers.",
        "Load it with numpy.load and set the arrays on the model that they were taken from.",
    ),
    _foreign(
        "AK1134",
        "A TensorFlow.js model",
        "The file is the model.json of TensorFlow.js.",
        "Convert it back with `tensorflowjs_converter --input_format tfjs_layers_model --output_format keras`, or give the "
        "Keras file that it was converted from.",
    ),
    _foreign(
        "AK1135",
        "A TensorFlow Lite model",
        "The file is compiled for devices and no longer holds layers.",
        "Give the Keras file that it was converted from.",
    ),
    _foreign(
        "AK1136",
        "An ONNX model",
        "The file holds operations, not Keras layers.",
        "Give the Keras file that it was exported from.",
    ),
    Page(
        "AK1137",
        "A TensorFlow SavedModel",
        "The folder or file is a SavedModel.",
        "Its layers are in protobuf messages and its weights in a checkpoint; AnyKeras does not read them yet.",
        "Where the model was made, save it as .h5 or .keras.",
    ),
    _foreign(
        "AK1139",
        "A PyTorch file",
        "The zip holds a pickle of PyTorch.",
        "Open it with torch.load(..., weights_only=True).",
    ),
    _foreign(
        "AK1140",
        "A safetensors file",
        "The file holds arrays by name, without layers.",
        "Load it with the safetensors package into the model that it was saved from.",
    ),
    _foreign(
        "AK1141",
        "A compressed archive",
        "The file is gzip, tar, 7z, rar, xz, bzip2 or zstd.",
        "Unpack it and give the model file inside.",
    ),
    _foreign(
        "AK1142",
        "A picture, document or program",
        "The file is no model: PNG, JPEG, GIF, PDF, RIFF, OLE, a program or a script.",
        "Check the path, or download the model again. If it is a program, do not run it.",
    ),
    _foreign(
        "AK1143",
        "A TensorFlow checkpoint",
        "The file holds weights by object; the layers are in the code that built the model.",
        "In the environment that wrote it, build the model, load the weights and call model.save(...).",
    ),
    _foreign(
        "AK1144",
        "A folder without a model",
        "The folder has no config.json beside model.weights.h5.",
        "Give the path of a model file; the message names candidates in the folder.",
    ),
    _foreign(
        "AK1145",
        "A frozen TensorFlow graph",
        "The file holds operations, not Keras layers.",
        "Give the Keras file that it was frozen from.",
    ),
    Page(
        "AK1146",
        "HDF5 with other bytes in front",
        "The HDF5 signature is at byte 512 or later, behind other bytes.",
        "Such a file can be two file types at once and show each program something else. Keras writes nothing in front "
        "of the model.",
        "If you know what the bytes in front are, cut them off.",
    ),
    Page(
        "AK1147",
        "Several models in one file",
        "Two or more groups of the HDF5 file hold a model, none of them outermost.",
        "Picking one silently could pick the wrong one.",
        "Copy the one that you want into a file of its own.",
    ),
    Page(
        "AK1148",
        "The index of split weights",
        "The JSON lists the files that hold the parts of the weights (`max_shard_size` of Keras 3.10 and later).",
        "The weights are in the other files.",
        "Load it with Keras 3.10 or later and save the model as one .keras file.",
    ),
    _foreign(
        "AK1149",
        "Plain text",
        "The file is plain text, not a Keras architecture.",
        "Give the file that model.save(), model.to_json() or model.to_yaml() wrote.",
    ),
)
