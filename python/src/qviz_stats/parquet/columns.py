"""Columns in memory."""
from typing import NamedTuple

# Parquet's numbers for its types.
INT32, INT64, FLOAT, TEXT = 1, 2, 4, 6
NUMPY = {INT32: "<i4", INT64: "<i8", FLOAT: "<f4"}


class Texts(NamedTuple):
    """Texts, most of which are the same."""

    values: list
    codes: object
    """Which of the values each row has; anything where the row has none."""


class Column(NamedTuple):
    """One column."""

    name: str
    type: int
    values: object
    """An array, or `Texts`: of all rows, those without a value too."""
    valid: object = None
    """Which rows have a value; None where it is required of all."""
