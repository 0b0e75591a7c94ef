#!/usr/bin/env bash
# Merges tables of statistics on engines that exist, holds each against `qviz merge`, and measures what it costs.
#
#     benches/engines.sh [--parts 1 10 100 1000] [--engines duckdb polars spark qviz python dask ray]
#
# QVIZ names a qviz that is built; without it one is built. Where there is no cargo, or QVIZ is empty, the package in python/
# is the reference. The packages come from PyPI into a folder of their own (ENGINES, 1.5 GB), Java from Debian where it is missing.
# A thousand parts take 3 GB.
set -euo pipefail
cd "$(dirname "$0")/.."

engines=${ENGINES:-${TMPDIR:-/tmp}/qviz-engines}
mkdir -p "$engines"
if [ ! -x "$engines/venv/bin/python" ]; then
    python3 -m venv "$engines/venv"
fi
"$engines/venv/bin/pip" install --quiet --disable-pip-version-check duckdb polars pyspark 'dask[bag]' distributed ray pyarrow psutil ./python
if ! command -v java >/dev/null; then
    apt-get install -y --no-install-recommends default-jre-headless >"$engines/java.log" 2>&1 ||
        echo "no Java is here and none could be installed ($engines/java.log): Spark is left out" >&2
fi
if [ -z "${QVIZ+named}" ] && command -v cargo >/dev/null; then
    cargo build --release --locked --quiet
    QVIZ=${CARGO_TARGET_DIR:-target}/release/qviz
fi
export QVIZ=${QVIZ:-}
exec "$engines/venv/bin/python" benches/engines.py --folder "$engines/data" "$@"
