#!/usr/bin/env python3
"""Merges parts with DuckDB: python duckdb_merge.py 'stats/*.parquet' -o all.parquet

In the shell of DuckDB it is the statement alone: CREATE VIEW parts AS FROM read_parquet('stats/*.parquet'); .read merge.sql
"""
import duckdb

from parts import STATEMENT, arguments, metadata, once


def main():
    paths, output = arguments(__doc__)
    db = duckdb.connect()
    db.execute("SET memory_limit = '2GB'")  # it takes what it may, and beyond that the disk
    text = lambda value: "'" + str(value).replace("'", "''") + "'"  # noqa: E731
    listed = lambda files: "[" + ", ".join(map(text, files)) + "]"  # noqa: E731

    held = db.execute(f"""
        SELECT DISTINCT run, shard, filename FROM read_parquet({listed(paths)}, filename = true)
        WHERE row = 'tensor' AND kind = 'activation'
    """).fetchall()
    files = once(held)
    bins = db.execute(f"SELECT DISTINCT decode(value) FROM parquet_kv_metadata({listed(paths)}) WHERE decode(key) = 'qviz.bins'")
    ((bins,),) = bins.fetchall()  # one, or they do not go together

    db.execute(f"CREATE VIEW parts AS FROM read_parquet({listed(sorted(set(files.values())))})")
    said = ", ".join(f"{text(key)}: {text(value)}" for key, value in metadata(files, bins).items())
    db.execute(f"COPY ({STATEMENT.read_text()}) TO {text(output)} (FORMAT parquet, CODEC zstd, KV_METADATA {{{said}}})")


if __name__ == "__main__":
    main()
