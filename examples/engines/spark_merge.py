#!/usr/bin/env python3
"""Merges parts with Spark: spark-submit spark_merge.py 'stats/*.parquet' -o all.parquet

The statement is the same. Spark writes a folder; here its one file takes the folder's place. It writes no metadata of
ours, so that qviz takes what was merged for one shard, and reads from the bins how many were asked for.
"""
import shutil
from pathlib import Path

from pyspark.sql import SparkSession

from parts import STATEMENT, arguments, once


def main():
    paths, output = arguments(__doc__)
    spark = SparkSession.builder.appName("qviz merge").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    read = lambda files: spark.read.parquet(*files)  # noqa: E731
    tensors = read(paths).where("row = 'tensor' AND kind = 'activation'")
    held = tensors.selectExpr("run", "shard", "_metadata.file_path AS file").distinct().collect()
    files = once([(row.run, row.shard, row.file.removeprefix("file:").replace("//", "/")) for row in held])

    read(sorted(set(files.values()))).createOrReplaceTempView("parts")
    folder = Path(f"{output}.spark")
    spark.sql(STATEMENT.read_text()).coalesce(1).write.mode("overwrite").option("compression", "gzip").parquet(str(folder))
    (merged,) = folder.glob("*.parquet")
    merged.replace(output)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
