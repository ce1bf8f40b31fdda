"""One verb a file; each has a function of the verb's name."""
