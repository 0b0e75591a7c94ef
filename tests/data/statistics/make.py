"""Statistics of a few values as engines write them: python make.py QVIZ, with pyarrow, duckdb and polars."""
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow.parquet as pq

here = Path(__file__).parent
values = np.array([[1.0, -2.0, 0.0], [np.nan, 3.5, np.inf], [-0.0, 1e-40, 7.0], [0.1, 0.2, -0.3]], np.float32)
with tempfile.TemporaryDirectory() as folder:
    for name, array in (("x", values), ("y/relu", np.maximum(values, 0))):
        path = Path(folder) / f"{name}.npy"
        path.parent.mkdir(exist_ok=True)
        np.save(path, array)
    part = here / "part.parquet"
    part.unlink(missing_ok=True)
    subprocess.run([sys.argv[1], "stats", folder, "-o", part, "--bins", "64", "--per-channel", "x=1"], check=True)

table = pq.read_table(part)
pq.write_table(table, here / "zstd-v2.parquet", compression="zstd", data_page_version="2.0")
pq.write_table(table, here / "gzip.parquet", compression="gzip")
pq.write_table(table, here / "plain.parquet", compression="none", use_dictionary=False, data_page_version="2.0")
encodings = {"idx": "DELTA_BINARY_PACKED", "n": "DELTA_BINARY_PACKED", "tensor": "DELTA_BYTE_ARRAY", "min": "BYTE_STREAM_SPLIT"}
pq.write_table(table, here / "delta.parquet", use_dictionary=False, column_encoding=encodings)
# Rows in another order, columns too, all of them nullable, no metadata, integers widened, floats as doubles.
wide = "CAST(idx AS BIGINT) AS idx, CAST(sign AS BIGINT) AS sign, CAST(min AS DOUBLE) AS min, 1 AS more"
query = f"SELECT * EXCLUDE (idx, sign, min), {wide} FROM '{part}' ORDER BY hash(n, idx, tensor)"
duckdb.sql(f"COPY ({query}) TO '{here / 'duckdb.parquet'}' (FORMAT parquet)")
pl.read_parquet(part).sample(fraction=1.0, shuffle=True, seed=1).write_parquet(here / "polars.parquet")
