"""The rules of the way back, family by family."""
