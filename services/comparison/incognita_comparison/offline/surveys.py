"""``incognita-surveys``: NPS, CSI and response rates from a file of interviews.

Exit codes: 0 done (also where nobody answered), 2 the command or a whole file is wrong.
"""

import argparse
import sys
from pathlib import Path

from incognita_comparison.offline.outcome import outcome, say
from incognita_comparison.offline.problems import CannotRead, Problems

WITH_SCALE, WITH_IMPORTANCE = 4, 2


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; the outcome is the exit code."""
    options = _parser().parse_args(arguments)
    return outcome("incognita-surveys", lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    from incognita_comparison.customers.answers import Columns, indicators_table, read_interviews
    from incognita_comparison.customers.surveys import Question
    from incognita_comparison.offline.tables import write_table

    questions = {name: Question(*numbers) for name, numbers in options.csi}
    if options.nps is None and not questions:
        raise CannotRead("nothing to reckon: say --nps or --csi")
    if options.nps in questions:
        raise CannotRead(f"{options.nps!r} is for --nps or for --csi, not for both")
    columns = Columns(options.nps, questions, options.channel, options.group, options.encoding)
    problems = Problems()
    try:
        found = read_interviews(options.answers, columns, problems)
    finally:
        for line in problems.report():
            say(line)
    write_table(options.out, indicators_table(found, questions))
    say(f"{len(found.channel):,} were asked, {int(found.answered.sum()):,} answered")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="incognita-surveys",
        description="NPS, CSI and response rates of interviews, with intervals of 90 %%.",
    )
    parser.add_argument("answers", type=Path, metavar="ANSWERS.csv|ANSWERS.parquet",
                        help="one row for each person who was asked")  # fmt: skip
    parser.add_argument("--nps", metavar="COLUMN", help="ratings from 0 to 10")
    parser.add_argument(
        "--csi", type=_question, action="append", default=[],
        metavar="COLUMN[:IMPORTANCE[:LOWEST:HIGHEST]]",
        help="ratings (importance 1, from 1 to 10); may be given more than once",
    )  # fmt: skip
    parser.add_argument("--channel", metavar="COLUMN", help="such as phone or link")
    parser.add_argument("--group", metavar="COLUMN", help="such as the branch: a row for each")
    parser.add_argument("--encoding", choices=("utf-8", "cp1251", "cp1254"), help="(utf-8)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.csv|FILE.parquet")
    return parser


def _question(text: str) -> tuple[str, tuple[float, ...]]:
    name, *rest = text.split(":")
    try:
        numbers = tuple(float(number) for number in rest)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: after the column come numbers") from None
    if not name or len(numbers) + 1 not in (1, WITH_IMPORTANCE, WITH_SCALE):
        raise argparse.ArgumentTypeError(f"{text!r} is not COLUMN[:IMPORTANCE[:LOWEST:HIGHEST]]")
    if numbers and numbers[0] < 0:
        raise argparse.ArgumentTypeError(f"{text!r}: the importance is below 0")
    if len(numbers) + 1 == WITH_SCALE and numbers[2] <= numbers[1]:
        raise argparse.ArgumentTypeError(f"{text!r}: the scale has no width")
    return name, numbers


def console() -> None:
    """Entry point of the console script."""
    sys.exit(main())


if __name__ == "__main__":
    console()
