"""Models inside pickle and joblib files: the opcodes are walked, nothing is made but plain values."""
