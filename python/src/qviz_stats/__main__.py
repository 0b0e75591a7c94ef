"""`python -m qviz_stats merge PARTS... -o ALL`: where qviz itself is not at hand."""
import argparse
import sys
import warnings

from . import StatsError, merge


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="qviz-stats", description="Tables of statistics for qviz.")
    commands = parser.add_subparsers(dest="command", required=True)
    merging = commands.add_parser("merge", help="merges parts into one table, exactly")
    merging.add_argument("parts", nargs="+", metavar="PART")
    merging.add_argument("-o", "--output", required=True, metavar="FILE")
    merging.add_argument("--runs", action="store_true", help="merge parts of several runs, too")
    merging.add_argument("--force", action="store_true", help="replace the file where it is there")
    options = parser.parse_args(arguments)
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            held = merge(options.parts, options.output, runs=options.runs, replace=options.force)
    except StatsError as error:
        sys.stderr.write(f"qviz-stats: {error}\n")
        return 1
    for warning in said:
        sys.stderr.write(f"note: {warning.message}\n")
    sys.stderr.write(f"{options.output}: {len(held)} shards\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
