"""``incognita-customers``: segments, cohorts, churn and value from a file of orders.

Exit codes: 0 done (also where there is too little to tell, which the files then say), 2 the command
or a whole file is wrong.
"""

import argparse
import os
import sys
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from incognita_comparison.offline.outcome import outcome, say
from incognita_comparison.offline.problems import CannotRead, Problems

FORMATS = ("csv", "parquet")
MOST_WEEKS = 1040


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; the outcome is the exit code."""
    options = _parser().parse_args(arguments)
    return outcome("incognita-customers", lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    # one thread: the matrices are small, and several threads only wait for each other
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from incognita_comparison.customers.amounts import Mark
    from incognita_comparison.customers.analysis import Asked, analyse
    from incognita_comparison.customers.reading import Wanted, read_orders
    from incognita_comparison.customers.value import Horizon

    wanted = Wanted(
        options.customer, options.time, options.amount, options.branch, options.order,
        options.lines, _zone(options.zone), Mark(options.decimal) if options.decimal else None,
        options.date_format, options.encoding,
    )  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    problems = Problems()
    try:
        orders = read_orders(options.orders, wanted, problems, say)
    finally:
        for line in problems.report():
            say(line)
    horizon = Horizon(options.weeks, options.discount, options.margin)
    asked = Asked(options.out, options.format, horizon, options.until, options.branch is not None)
    analyse(orders, asked, problems.skipped, say)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise CannotRead(f"--zone: {name!r} is none, such as Europe/Istanbul") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="incognita-customers",
        description="What an order file says of its customers: segments, cohorts, churn, value.",
    )
    parser.add_argument("orders", type=Path, metavar="ORDERS.csv|ORDERS.parquet")
    for name in ("customer", "time", "amount"):
        parser.add_argument(f"--{name}", required=True, metavar="COLUMN")
    parser.add_argument("--branch", metavar="COLUMN", help="rolls customers up by branch")
    parser.add_argument(
        "--order", metavar="COLUMN", help="order ids; a second row of one is left out"
    )
    parser.add_argument("--lines", action="store_true", help="rows of one order id are its lines")
    parser.add_argument("--out", type=Path, required=True, metavar="DIRECTORY")
    parser.add_argument("--format", choices=FORMATS, default="csv", help="of the tables (csv)")
    parser.add_argument("--until", type=_day, metavar="YYYY-MM-DD",
                        help="last day that counts (the last in the file)")  # fmt: skip
    parser.add_argument("--weeks", type=_positive, default=52.0, help="to look ahead (52)")
    parser.add_argument("--discount", type=_share, default=0.1, help="per year (0.1)")
    parser.add_argument("--margin", type=_share, default=1.0, help="share of revenue kept (1)")
    parser.add_argument("--zone", default="UTC", help="whose days count, as Europe/Moscow (UTC)")
    parser.add_argument("--decimal", choices=("point", "comma"), help="(found by the amounts)")
    parser.add_argument(
        "--date-format", metavar="FORMAT", help="such as %%m/%%d/%%Y; else ISO 8601"
    )
    parser.add_argument("--encoding", choices=("utf-8", "cp1251", "cp1254"), help="(utf-8)")
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2026-01-31") from None


def _positive(text: str) -> float:
    value = _number(text)
    if not 0 < value <= MOST_WEEKS:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and up to {MOST_WEEKS}")
    return value


def _share(text: str) -> float:
    value = _number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 1")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None


def console() -> None:
    """Entry point of the console script."""
    sys.exit(main())


if __name__ == "__main__":
    console()
