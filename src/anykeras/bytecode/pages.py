"""The pages of the codes that reading and following stored code can end with."""

from ..registry import Page, document

_BY_NAME = "Pass the function in custom_objects, under the name that the message gives."

document(
    Page(
        "AK3101",
        "Stored bytes that are not a Python function",
        "The bytes of a stored function are cut off, changed, or not what any Python marshals.",
        "AnyKeras does not guess what unknown code does.",
        _BY_NAME,
    ),
    Page(
        "AK3102",
        "Ambiguous bytecode: the Python version cannot be determined",
        "The bytes fit no Python from 2.7 and 3.4 to 3.14: opcodes, jumps, caches or stack depths contradict each one.",
        "A newer Python wrote the code, the file is damaged, or it was saved on Windows and the damage that Keras did "
        "there cannot be undone. The findings say why each Python was ruled out.",
        _BY_NAME,
    ),
    Page(
        "AK3103",
        "Unsupported operation in a stored function",
        "The code decides by the values of a tensor, writes into one, or calls something that is not on the list of "
        "supported operations.",
        "AnyKeras follows stored code without running it, and knows only the operations on its list.",
        _BY_NAME,
    ),
    Page(
        "AK3104",
        "Stored function exceeds a limit",
        "Following the code exceeded a limit on steps, depth or sizes.",
        "It contains an endless loop, or was made to use up time or memory.",
        "If you trust the file, raise `limits.steps`.",
    ),
    Page(
        "AK3105",
        "Unknown global name in a stored function",
        "The code uses a global name that is neither in the file nor in the tables of Keras, TensorFlow and NumPy functions.",
        "Keras stores the code of one function, not of the functions that it calls.",
        "Pass it in custom_objects under that name.",
    ),
    Page(
        "AK3106",
        "Stored function raises an error",
        "Followed on tensors of the shapes that reach it, the function ends in an exception.",
        "Python would raise it too. Often a default or a closure is missing that old Keras did not store.",
        _BY_NAME,
    ),
    Page(
        "AK3107",
        "Stored function in an unknown format",
        "The value that should hold a stored function is in none of the formats that Keras ever wrote.",
        "The configuration was edited, or written by another program.",
        _BY_NAME,
    ),
)
