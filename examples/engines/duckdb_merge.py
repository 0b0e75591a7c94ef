#!/usr/bin/env python3
"""Merges parts with DuckDB: python duckdb_merge.py 'stats/*.parquet' -o all.parquet

In the shell of DuckDB it is the statement alone: CREATE VIEW parts AS FROM read_parquet('stats/*.parquet'); .read merge.sql
"""
import duckdb

from parts import STATEMENT, arguments, in_steps, metadata, of_one, once


def text(value):
    return "'" + str(value).replace("'", "''") + "'"


def listed(files):
    return "[" + ", ".join(map(text, files)) + "]"


def main():
    paths, output = arguments(__doc__)
    db = duckdb.connect()
    held = db.execute(f"""
        SELECT DISTINCT run, shard, filename FROM read_parquet({listed(paths)}, filename = true)
        WHERE row = 'tensor' AND kind = 'activation'
    """).fetchall()
    files = once(held)
    bins = db.execute(f"SELECT DISTINCT decode(value) FROM parquet_kv_metadata({listed(paths)}) WHERE decode(key) = 'qviz.bins'")
    said = metadata(files, of_one({row[0] for row in bins.fetchall()}))
    said = ", ".join(f"{text(key)}: {text(value)}" for key, value in said.items())

    def merge(some, to, folder):
        noted = "" if to else f", KV_METADATA {{{said}}}"
        # Grouping takes the memory that it may have; beyond that, the disk.
        with duckdb.connect(config={"memory_limit": "2GB", "temp_directory": folder}) as db:
            db.execute(f"CREATE VIEW parts AS FROM read_parquet({listed(some)})")
            db.execute(f"COPY ({STATEMENT.read_text()}) TO {text(to or output)} (FORMAT parquet, CODEC zstd{noted})")

    in_steps(files.values(), merge)


if __name__ == "__main__":
    main()
