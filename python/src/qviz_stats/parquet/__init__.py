"""As much of Parquet as the table needs, with NumPy alone: flat columns, written in one way and read in several."""
from .columns import INT32, INT64, FLOAT, TEXT, Column, Texts
from .reader import read
from .writer import write

__all__ = ["FLOAT", "INT32", "INT64", "TEXT", "Column", "Texts", "read", "write"]
