"""The `.keras` archive of Keras 2.12 and later, read in place without extracting anything."""
