"""The pages of the codes that reading and following stored code can end with."""

from ..registry import Page, document

document(
    Page(
        "AK3101",
        "Stored code that is no code",
        "The bytes of a stored function are cut off, changed, or not what any Python marshals.",
        "Following them would be following noise.",
        "Get an undamaged copy of the file, or give the function in custom_objects.",
    ),
    Page(
        "AK3102",
        "Code of an unknown Python",
        "The bytes fit no Python from 2.7 and 3.4 to 3.14: opcodes, jumps, caches or stack depths contradict each.",
        "A newer Python, a damaged file, or a file from Windows whose damage cannot be undone.",
        "The findings say why each Python was ruled out.",
    ),
    Page(
        "AK3103",
        "Something that the machine does not do",
        "The code defines a class, decides by the values of a tensor, writes into one, or asks for what is not listed.",
        "Only listed operations are handed to stored code; everything else is refused, whatever it is.",
    ),
    Page(
        "AK3104",
        "Code that asks for too much",
        "Following the code passed a limit on steps, depth, sizes or time.",
        "A loop without an end, or an attack.",
        "Widen `limits.steps` if the file is yours.",
    ),
    Page(
        "AK3105",
        "A name that is not known",
        "The code uses a global name that is neither in the file nor in the tables of functions.",
        "Keras stores the code of one function, not of those that it calls.",
        "Give it by name in custom_objects.",
    ),
    Page(
        "AK3106",
        "The code raised an error",
        "Followed on tensors of the shapes that reach it, the function ends in an exception of its own.",
        "It would do so in Python too: often a default or a closure that old Keras did not store.",
    ),
    Page(
        "AK3107",
        "A function in an unknown spelling",
        "The value that should hold a stored function is none of the forms that Keras ever wrote.",
        "The file was damaged or edited by hand.",
    ),
)
