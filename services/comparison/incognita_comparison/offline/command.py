"""``incognita-compare``: standings and forecasts from a file of visits, without a server.

Exit codes: 0 done (also where nothing can be ranked, which the columns then say), 2 the command or
a whole file is wrong.
"""

import argparse
import os
import sys
from pathlib import Path

from incognita_comparison.offline.outcome import outcome, say
from incognita_comparison.offline.problems import CannotRead, Problems


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; the outcome is the exit code."""
    options = _parser().parse_args(arguments)
    return outcome("incognita-compare", lambda: _fitted(options))


def _fitted(options: argparse.Namespace) -> None:
    try:
        _run(options)
    except (ArithmeticError, ValueError) as error:
        raise CannotRead(f"the model could not be fitted: {error}") from error


def _run(options: argparse.Namespace) -> None:
    # one thread: the matrices are small, and several threads only wait for each other
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from incognita_comparison.offline.work import predict, rank

    if not options.out.parent.is_dir():
        raise CannotRead(f"{options.out.parent} is no directory")
    if options.scale[1] <= options.scale[0]:
        raise CannotRead("--scale: the second number must be larger than the first")
    problems = Problems()
    work = rank if options.command == "standings" else predict
    try:
        work(options, problems, say)
    finally:
        for line in problems.report():
            say(line)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="incognita-compare", description="Branches compared honestly: files in, files out."
    )
    commands = parser.add_subparsers(required=True, dest="command", metavar="standings|predict")
    ranking = commands.add_parser("standings", help="a league table with its uncertainty")
    _columns(ranking)
    ranking.add_argument(
        "--precision", type=float, default=2.0, metavar="POINTS",
        help="half the width of the interval that visits_to_precision is counted for (2)",
    )  # fmt: skip
    ranking.add_argument("--shoppers", type=Path, metavar="FILE", help="leniency of shoppers, too")
    ranking.add_argument(
        "--rollup", nargs=2, metavar=("COLUMN", "FILE"), help="by franchisee, city, …, too"
    )
    ranking.add_argument(
        "--within", metavar="COLUMN", help="of the roll-up: take out the mix of these, such as city"
    )
    forecasting = commands.add_parser("predict", help="the score of each future visit")
    _columns(forecasting)
    forecasting.add_argument("future", type=Path, metavar="future.csv")
    return parser


def _columns(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("visits", type=Path, metavar="visits.csv")
    parser.add_argument("--branch", default="branch_id", metavar="COLUMN", help="(branch_id)")
    parser.add_argument("--shopper", metavar="COLUMN", help="(shopper_id where it is there)")
    parser.add_argument("--score", default="score", metavar="COLUMN", help="(score)")
    parser.add_argument("--time", default="visited_at", metavar="COLUMN", help="(visited_at)")
    parser.add_argument(
        "--group", action="append", default=[], metavar="COLUMN",
        help="a covariate such as city or kind; may be given more than once",
    )  # fmt: skip
    parser.add_argument(
        "--plain", action="store_true", help="don't use columns such as city or kind unasked"
    )
    parser.add_argument(
        "--scale", nargs=2, type=float, default=(0.0, 100.0), metavar=("LOWEST", "HIGHEST"),
        help="of the scores in the file (0 100)",
    )  # fmt: skip
    parser.add_argument(
        "--date-format", metavar="FORMAT", help="such as %%m/%%d/%%Y; else ISO 8601"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.csv|FILE.parquet")


def console() -> None:
    """Entry point of the console script."""
    sys.exit(main())


if __name__ == "__main__":
    console()
