"""Truncations, bit flips and crossed pointers of genuine and made files: one clear error each."""

from __future__ import annotations

import pytest
from container_fuzz import fuzz


@pytest.mark.parametrize("seed", [101, 202, 303])
def test_damaged_files_give_one_clear_error(seed: int) -> None:
    seen, _ = fuzz(1000, seed)
    refused = sum(number for code, number in seen.items() if code != "ok")
    assert refused > 300, seen
