"""How fast the engine scores a report of 60 questions: ``python benchmarks/scoring_engine.py``."""

import random
import statistics
import time
from typing import Any

from incognita_scoring.engine import score_visit
from incognita_shared.questionnaire.model import Questionnaire

QUESTIONS, SECTIONS, REPORTS = 60, 6, 2_000
TARGET_MS = 3.0


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


def main() -> None:
    """Print the median time of a report and its ratio to the target."""
    questionnaire = form()
    chance = random.Random(1)
    reports = [{f"q{n}": answer(n, chance) for n in range(QUESTIONS)} for _ in range(REPORTS)]
    times = []
    for answers in reports:
        begin = time.perf_counter()
        score_visit(questionnaire, answers)
        times.append((time.perf_counter() - begin) * 1_000)
    median, p99 = statistics.median(times), sorted(times)[-REPORTS // 100]
    per_minute = 60_000 / statistics.mean(times)
    print(f"{QUESTIONS} questions: median {median:.2f} ms, p99 {p99:.2f} ms")
    print(f"{median / TARGET_MS:.2f} of the {TARGET_MS} ms allowed; {per_minute:,.0f} a minute")


if __name__ == "__main__":
    main()
