"""How fast reports of 60 questions are checked and scored: ``python -m benchmarks.scoring_engine``.

Beside each other in one process, by its CPU time: a bare loop that only looks up 60 answers and
adds their points up as decimals; reading the answers with every rule, and all that a second look at
a device's report finds; the score with every reason; both, as a report meets them in two services;
and what a rescore costs, which reads the answers by two versions.
"""

import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from incognita_scoring.corrected import Corrected, score_anew
from incognita_scoring.engine import score_visit
from incognita_shared.questionnaire.answers import ReadAnswers
from incognita_shared.questionnaire.conditions import NO_CONTEXT
from incognita_shared.questionnaire.model import Questionnaire
from incognita_shared.questionnaire.reevaluation import findings_of

QUESTIONS, SECTIONS, REPORTS, ROUNDS = 60, 6, 1_000, 5
TARGET_MS = 3.0
A_MINUTE = 20_000
Answers = Mapping[str, Any]


def question(number: int) -> dict[str, Any]:
    """A yes-or-no, a choice or a count, every other one behind a condition."""
    common: dict[str, Any] = {"id": f"q{number}", "label": {"en": f"Question {number}"}}
    if number % 2:
        common["relevant"] = {"!=": [{"var": f"answers.q{number - number % 10}"}, False]}
    match number % 3:
        case 0:
            scoring: dict[str, Any] = {"method": "expected_value", "expected": True}
            return {**common, "type": "boolean", "scoring": scoring}
        case 1:
            choices = [{"id": f"c{i}", "label": {"en": f"{i}"}, "points": i} for i in range(5)]
            scoring = {"method": "choice_points", "points": 4}
            return {**common, "type": "single_choice", "choices": choices, "scoring": scoring}
        case _:
            bands = [{"maximum": 3, "points": 2}, {"minimum": 3, "points": 1}]
            scoring = {"method": "bands", "points": 2, "bands": bands}
            return {**common, "type": "integer", "scoring": scoring}


def answer(number: int, chance: random.Random) -> object:
    """Any answer that fits."""
    match number % 3:
        case 0:
            return chance.random() < 0.8
        case 1:
            return f"c{chance.randrange(5)}"
        case _:
            return chance.randrange(6)


def form() -> Questionnaire:
    """All of them, in sections."""
    each = QUESTIONS // SECTIONS
    sections = [
        {
            "id": f"s{place}",
            "title": {"en": f"Section {place}"},
            "questions": [question(number) for number in range(place * each, (place + 1) * each)],
        }
        for place in range(SECTIONS)
    ]
    return Questionnaire.model_validate(
        {"title": {"en": "T"}, "default_language": "en", "languages": ["en"], "sections": sections}
    )


def works(questionnaire: Questionnaire) -> dict[str, Callable[[Answers], object]]:
    """What is measured, by name; the bare loop first."""
    points = {name: question.scoring.points for name, question in questionnaire.by_id.items()}
    corrected = Corrected(2, questionnaire, form())

    def bare(answers: Answers) -> object:
        earned = Decimal(0)
        for name, of in points.items():
            if answers.get(name) is not None:
                earned += of
        return earned

    def checked(answers: Answers) -> object:
        return findings_of(ReadAnswers(questionnaire, answers))

    def scored(answers: Answers) -> object:
        return score_visit(questionnaire, answers)

    return {
        "bare loop": bare,
        "read and checked": checked,
        "scored": scored,
        "checked and scored": lambda answers: (checked(answers), scored(answers)),
        "scored by a corrected version": lambda answers: score_anew(corrected, answers, NO_CONTEXT),
    }


def cpu_ms(work: Callable[[Answers], object], reports: Sequence[Answers]) -> float:
    """Milliseconds of CPU for a report, over all of them."""
    begin = time.process_time()
    for answers in reports:
        work(answers)
    return (time.process_time() - begin) * 1_000 / len(reports)


def main() -> None:
    """Print each, in turn and in rounds: the median, its ratio to the bare loop, how many fit."""
    questionnaire = form()
    chance = random.Random(1)
    reports = [{f"q{n}": answer(n, chance) for n in range(QUESTIONS)} for _ in range(REPORTS)]
    measured: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, work in works(questionnaire).items():
            measured.setdefault(name, []).append(cpu_ms(work, reports))
    print(f"{QUESTIONS} questions, ms of CPU a report, median of {ROUNDS} rounds of {REPORTS}")
    (bare, *_) = (statistics.median(each) for each in measured.values())
    for name, each in measured.items():
        median = statistics.median(each)
        print(
            f"{name:30} {median:7.3f} ms, {median / bare:6.1f} of the bare loop, "
            f"{median / TARGET_MS:5.2f} of {TARGET_MS:g} ms, {60_000 / median:9,.0f} a minute"
        )
    both = statistics.median(measured["checked and scored"])
    enough = "reached" if 60_000 / both >= A_MINUTE else "missed"
    print(f"{A_MINUTE:,} reports a minute on one core, checked and scored: {enough}")


if __name__ == "__main__":
    main()
