"""The pages of the codes with which opening a file can end."""

from ..registry import Page, document

_FOREIGN = (
    "A name says nothing about the bytes: AnyKeras looks at the bytes and says what it found, so that the right file "
    "can be fetched."
)
_SPEC = "HDF5 File Format Specification 3.0"

document(
    Page(
        "AK1001",
        "Nothing lies at this path",
        "There is no file or folder of this name.",
        "Old loaders answer a wrong path with talk of SavedModel or of zip files. The message here names the folder "
        "from which a relative path was looked up.",
        references=("keras#20259", "tensorflow#35909"),
    ),
    Page(
        "AK1002",
        "Not a regular file that can be read",
        "The path is a pipe, a device or a folder, or the rights to read it are missing.",
        "Reading a pipe could wait for ever, and a device is no model.",
    ),
    Page(
        "AK1003",
        "The file asks for more than the limits allow",
        "A size, a depth, a number of values or the work of reading exceeds `anykeras.limits`.",
        "A small file can declare terabytes, or structures that point at themselves. Every bound is checked before "
        "memory is taken.",
        "Widen the named bound when you trust the file.",
        "`with anykeras.limits.limited(config_bytes=1 << 30): anykeras.load_model(path)`",
        references=("CVE-2026-0897",),
    ),
    Page(
        "AK1101",
        "An unknown kind of file",
        "The first bytes belong to no kind of file that AnyKeras knows.",
        _FOREIGN,
    ),
    Page(
        "AK1102",
        "An empty file",
        "The file has no bytes, or nothing but zeros.",
        "A download that failed, or a disk that was full while the model was saved.",
    ),
    Page(
        "AK1103",
        "A damaged HDF5 file",
        "A structure inside the HDF5 file contradicts another, or itself.",
        "Bytes changed since the file was written. AnyKeras reads HDF5 without the C library, so that damage ends in "
        "this message and not in a crash.",
        references=(_SPEC, "CVE-2025-2153", "CVE-2025-6269"),
    ),
    Page(
        "AK1104",
        "The file is cut off",
        "The file is shorter than it says itself.",
        "A download or copy that stopped early. The message gives both sizes where the file tells them.",
        references=("h5py#757",),
    ),
    Page(
        "AK1105",
        "HDF5, and no Keras model in it",
        "The file is a sound HDF5 file without `model_config`, without layers and without Keras weights.",
        "Data sets, MATLAB files and other programs' models are HDF5 too. A model inside another group is found up to "
        "four levels deep.",
    ),
    Page(
        "AK1106",
        "The HDF5 file reaches outside itself",
        "An external link, a soft link, or an array whose numbers lie in another file.",
        "Following it would read a file of the reader's machine into the weights. Keras writes hard links only.",
        "The whole file is refused.",
        references=("CVE-2026-1669", "GHSA-27f4-p4xq-cxg8"),
    ),
    Page(
        "AK1107",
        "A form of HDF5 that holds no weights",
        "An array of texts or records, a compression, or a storage layout that Keras does not write.",
        "Weights are integers, floats and booleans, stored as they are or with gzip, shuffle and fletcher32.",
    ),
    Page(
        "AK1108",
        "More declared than stored",
        "The arrays of the file declare far more bytes than the file holds.",
        "An array can be declared with any shape and no content; reading it would fill the memory with zeros. All "
        "arrays are added up.",
        "Widen `limits.unstored_bytes` when you trust the file.",
        references=("CVE-2026-0897",),
    ),
    Page(
        "AK1109",
        "The list of weights and the weights disagree",
        "A layer or a weight is listed and not stored, listed twice, or not listed at all.",
        "The file was not finished when it was written (old Keras left such files behind when saving failed), or it "
        "was edited.",
    ),
    Page(
        "AK1110",
        "A damaged zip archive",
        "A checksum is wrong, compressed bytes do not inflate, or the end record is not at the end.",
        "Bytes changed since the file was written.",
    ),
    Page(
        "AK1111",
        "An archive or folder that readers would not agree about",
        "A name twice, a name that leads outside, headers that contradict the directory, bytes between the files, a "
        "link, encryption.",
        "Two programs can see two different models in such a file; that is how a scanner is passed. Keras writes none "
        "of this, and AnyKeras extracts nothing.",
        references=("CVE-2025-12060", "CVE-2025-12638", "CVE-2024-55459"),
    ),
    Page(
        "AK1112",
        "A zip archive that is no `.keras` file",
        "`config.json` is missing at the top of the archive, or holds no model.",
        _FOREIGN,
    ),
    Page(
        "AK1114",
        "Damaged weights in NumPy form",
        "`model.weights.npz` holds something else than dictionaries of numeric arrays.",
        "The members of this file are pickles. They are walked as words and never executed; only arrays are taken.",
    ),
    Page(
        "AK1120",
        "Damaged JSON",
        "The text of the architecture is no JSON.",
        "It was cut off, edited, or encoded in an unknown way.",
    ),
    Page(
        "AK1121",
        "A text that is no architecture",
        "The JSON or YAML is well formed and describes no model.",
        "A vocabulary, a tokenizer, or the settings of a project have the same form.",
    ),
    Page(
        "AK1122",
        "A key twice, or a number beyond a float",
        "The text gives one key two values, or a number such as 1e999.",
        "Readers disagree about which value counts, so the same file would be two models. `NaN` and `Infinity`, which "
        "Python itself writes, are read as floats.",
    ),
    Page(
        "AK1123",
        "Damaged YAML",
        "The text of the architecture is no YAML as Keras wrote it.",
        "It was cut off, edited, or uses forms that PyYAML never writes.",
    ),
    Page(
        "AK1124",
        "A YAML tag that would make an object",
        "The text asks its reader to build or call something (`!!python/object/apply:...`).",
        "With PyYAML's full loader that is running a program. AnyKeras has no constructing loader: numbers and lists "
        "that numpy and TensorFlow left behind are read as data by a table, everything else is refused.",
        references=("CVE-2021-37678",),
    ),
    Page("AK1125", "Bytes that are not text", "The architecture is neither UTF-8 nor UTF-16.", "The file is damaged."),
    Page(
        "AK1130",
        "A git-lfs pointer",
        "The file is the note of about 130 bytes that git keeps in place of a large file.",
        _FOREIGN,
        "Run `git lfs pull`, or download the file itself.",
        references=("keras#19164", "NudeNet#18"),
    ),
    Page("AK1131", "A web page", "The file is HTML: an error page, a login, a warning of a download service.", _FOREIGN),
    Page(
        "AK1132",
        "A pickle",
        "The file is a pickle or joblib file, or holds one where arrays belong.",
        "A pickle is a program. AnyKeras runs nothing from a file.",
        references=("CVE-2025-49655",),
    ),
    Page("AK1133", "NumPy arrays", "The file is .npy or .npz: arrays without layers.", _FOREIGN),
    Page("AK1134", "A TensorFlow.js model", "The file is the model.json of TensorFlow.js.", _FOREIGN),
    Page("AK1135", "A TensorFlow Lite model", "The file is compiled for devices; the layers are gone.", _FOREIGN),
    Page("AK1136", "An ONNX model", "The file holds operations, not Keras layers.", _FOREIGN),
    Page(
        "AK1137",
        "A TensorFlow SavedModel",
        "The folder or file is a SavedModel.",
        "Its layers are in protobuf messages and its weights in a checkpoint; AnyKeras does not read them yet.",
    ),
    Page("AK1139", "A PyTorch file", "The zip holds a pickle of PyTorch.", _FOREIGN),
    Page("AK1140", "A safetensors file", "The file holds arrays by name, without layers.", _FOREIGN),
    Page("AK1141", "A compressed archive", "gzip, tar, 7z, rar, xz, bzip2 or zstd.", _FOREIGN),
    Page("AK1142", "A picture, document or program", "The file is something else altogether.", _FOREIGN),
    Page("AK1143", "A TensorFlow checkpoint", "Weights by object; the layers are in the code that made them.", _FOREIGN),
    Page(
        "AK1144",
        "A folder without a model",
        "The folder holds no config.json beside model.weights.h5; files that look like models are named.",
        _FOREIGN,
    ),
    Page("AK1145", "A frozen TensorFlow graph", "The file holds operations, not Keras layers.", _FOREIGN),
    Page(
        "AK1146",
        "HDF5 behind something else",
        "The signature of HDF5 stands at 512 bytes or later, behind foreign bytes.",
        "A file that is two things at once shows each reader something else. Keras writes nothing before the model.",
    ),
    Page(
        "AK1147",
        "Several models in one file",
        "Two or more groups of the HDF5 file hold a model, none of them outermost.",
        "Choosing one in silence could choose the wrong one.",
    ),
    Page(
        "AK1148",
        "The index of split weights",
        "The JSON says in which files the parts of the weights lie (`max_shard_size` of Keras 3.10 and later).",
        "The numbers are in the other files.",
    ),
    Page("AK1149", "A text", "The file is text, and no architecture of a model.", _FOREIGN),
)
