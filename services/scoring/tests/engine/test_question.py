from decimal import Decimal

import pytest

from incognita_scoring.engine.question import score_question
from incognita_shared.events.scoring import Outcome
from incognita_shared.questionnaire.answers import ReadAnswers
from incognita_shared.questionnaire.model import Questionnaire

CHOICES = [
    {"id": "yes", "label": {"en": "Yes, fully"}, "points": 4},
    {"id": "partly", "label": {"en": "Partly"}, "points": 1},
    {"id": "no", "label": {"en": "No"}, "points": -2},
]
BANDS = [
    {"maximum": 2, "points": 4},
    {"minimum": 2, "maximum": 4, "points": 2},
    {"minimum": 5, "points": 0},
]


def scored(question, answers, *others):
    """The score of ``question``, asked last, after ``others``."""
    definition = {
        "title": {"en": "T"},
        "default_language": "en",
        "languages": ["en"],
        "sections": [
            {
                "id": "s",
                "title": {"en": "S"},
                "questions": [
                    {"label": {"en": one["id"]}, **one}
                    for one in (*others, {"id": "q", **question})
                ],
            }
        ],
    }
    questionnaire = Questionnaire.model_validate(definition)
    section = questionnaire.sections[0]
    read = ReadAnswers(questionnaire, answers)
    return score_question(section, section.questions[-1], read, language="en")


def boolean(expected=True, **fields):
    scoring = {"method": "expected_value", "expected": expected, "points": 2}
    return {"type": "boolean", "scoring": scoring | fields.pop("scoring", {}), **fields}


def of_type(kind, method, points=4, **fields):
    scoring = {"method": method, "points": points}
    scoring |= {
        name: fields.pop(name) for name in ("expected", "bands", "standard") if name in fields
    }
    return {"type": kind, "scoring": scoring, **fields}


def expects(kind, expected, **fields):
    return of_type(kind, "expected_value", expected=expected, **fields)


def timed(kind, **standard):
    return of_type(kind, "timed_standard", standard=standard)


MET, PARTIAL, MISSED = Outcome.MET, Outcome.PARTIAL, Outcome.MISSED


@pytest.mark.parametrize(
    ("question", "answer", "outcome", "why"),
    [
        (boolean(), True, MET, "Answered yes, as expected: 2 of 2 points."),
        (boolean(), False, MISSED, "Answered no, expected yes: 0 of 2 points."),
        (boolean(False), False, MET, "Answered no, as expected: 2 of 2 points."),
        (boolean(scoring={"points": 1}), True, MET, "Answered yes, as expected: 1 of 1 point."),
        (
            expects("single_choice", "yes", choices=CHOICES),
            "no",
            MISSED,
            "Answered “No”, expected “Yes, fully”: 0 of 4 points.",
        ),
        (
            expects("single_choice", ["yes", "partly"], choices=CHOICES),
            "no",
            MISSED,
            "Answered “No”, expected “Yes, fully” or “Partly”: 0 of 4 points.",
        ),
        (expects("single_choice", ["yes", "partly"], choices=CHOICES), "partly", MET, None),
        (expects("multiple_choice", ["yes", "no"], choices=CHOICES), ["no", "yes"], MET, None),
        (
            expects("multiple_choice", ["yes", "no"], choices=CHOICES),
            ["no"],
            MISSED,
            "Answered “No”, expected “Yes, fully”, “No”: 0 of 4 points.",
        ),
        (expects("decimal", 0.1), "0.10", MET, "Answered 0.1, as expected: 4 of 4 points."),
        (expects("decimal", 0.3), 0.1 + 0.2, MET, None),
        (expects("integer", [2, 3]), 3, MET, None),
        (expects("text", "Ёлка"), " Ёлка ", MET, None),
        (expects("text", "İstanbul"), "istanbul", MISSED, None),
        (expects("date", "2026-11-22"), "2026-11-22", MET, None),
        (
            of_type("single_choice", "choice_points", choices=CHOICES),
            "partly",
            PARTIAL,
            "Answered “Partly”: 1 of 4 points.",
        ),
        (
            of_type("single_choice", "choice_points", choices=CHOICES),
            "no",
            MISSED,
            "Answered “No”: -2 of 4 points.",
        ),
        (
            of_type("multiple_choice", "choice_points", points=5, choices=CHOICES),
            ["yes", "partly"],
            MET,
            "Answered “Yes, fully”, “Partly”: 5 of 5 points.",
        ),
        (
            of_type("integer", "bands", bands=BANDS),
            1,
            MET,
            "Answered 1, which lies below 2: 4 of 4 points.",
        ),
        (
            of_type("integer", "bands", bands=BANDS),
            2,
            PARTIAL,
            "Answered 2, which lies from 2 and below 4: 2 of 4 points.",
        ),
        (
            of_type("integer", "bands", bands=BANDS),
            4,
            MISSED,
            "Answered 4, which lies in no band: 0 of 4 points.",
        ),
        (
            of_type("decimal", "bands", bands=BANDS),
            "3.999",
            PARTIAL,
            "Answered 3.999, which lies from 2 and below 4: 2 of 4 points.",
        ),
        (
            of_type("rating", "bands", bands=BANDS, minimum=0, maximum=10),
            10,
            MISSED,
            "Answered 10, which lies from 5: 0 of 4 points.",
        ),
        (
            timed("duration", maximum_s=300, grace_s=30),
            330,
            MET,
            "Took 5 min 30 s, the standard is at most 5 min (and 30 s of grace): 4 of 4 points.",
        ),
        (timed("duration", maximum_s=300, grace_s=30), "330.001", MISSED, None),
        (
            timed("duration", minimum_s=420),
            419.5,
            MISSED,
            "Took 6 min 59.5 s, the standard is at least 7 min: 0 of 4 points.",
        ),
        (timed("duration", minimum_s=420, grace_s=1), 419, MET, None),
        (timed("duration", minimum_s=10, grace_s=60), 0, MET, None),
        (timed("duration", minimum_s=60, maximum_s=7200), 7201, MISSED, None),
    ],
)
def test_an_answer_earns_points_for_a_reason_in_words(question, answer, outcome, why):
    score = scored(question, {"q": answer}).score
    assert score.outcome is outcome
    assert score.possible == Decimal(question["scoring"]["points"])
    if why:
        assert score.why == why


START = {"id": "start", "type": "time", "scoring": {"not_applicable_allowed": True}}
START_MOMENT = {"id": "start", "type": "moment"}
BY_CLOCK = timed("time", start_question_id="start", maximum_s=3600, grace_s=60)
BY_MOMENT = timed("moment", start_question_id="start", maximum_s=3600)


@pytest.mark.parametrize(
    ("question", "start", "times", "outcome", "took"),
    [
        (BY_CLOCK, START, ("12:00", "13:00"), MET, "Took 1 h,"),
        (BY_CLOCK, START, ("12:00", "13:01"), MET, "Took 1 h 1 min,"),
        (BY_CLOCK, START, ("12:00", "13:01:01"), MISSED, "Took 1 h 1 min 1 s,"),
        (BY_CLOCK, START, ("23:50", "00:20"), MET, "Took 30 min,"),
        (BY_CLOCK, START, ("12:00", "12:00"), MET, "Took 0 s,"),
        (BY_CLOCK, START, ("12:01", "12:00"), MISSED, "Took 23 h 59 min,"),
        (
            BY_MOMENT,
            START_MOMENT,
            ("2026-11-22T23:30:00+03:00", "2026-11-22T21:30:00Z"),
            MET,
            "Took 1 h,",
        ),
        (
            BY_MOMENT,
            START_MOMENT,
            ("2026-11-22T20:30:00Z", "2026-11-22T21:30:00.250Z"),
            MISSED,
            "Took 1 h 0.25 s,",
        ),
    ],
)
def test_a_standard_is_measured_between_two_answers(question, start, times, outcome, took):
    score = scored(question, {"start": times[0], "q": times[1]}, start).score
    assert score.outcome is outcome
    assert score.why.startswith(took)


IRRELEVANT = {"==": [{"var": "answers.gate"}, True]}
GATE = {"id": "gate", "type": "boolean"}
BROKEN = {"/": [1, 0]}


@pytest.mark.parametrize(
    ("question", "answers", "others", "outcome", "doubt"),
    [
        ({"type": "text"}, {"q": "x"}, [], Outcome.UNSCORED, None),
        (
            boolean(relevant=IRRELEVANT),
            {"gate": False, "q": False},
            [GATE],
            Outcome.NOT_ASKED,
            None,
        ),
        (
            boolean(scoring={"not_applicable_allowed": True}),
            {"q": None},
            [],
            Outcome.NOT_APPLICABLE,
            None,
        ),
        (boolean(required=False), {}, [], Outcome.UNSCORED, None),
        (BY_CLOCK, {"start": None, "q": "12:00"}, [START], Outcome.NOT_APPLICABLE, None),
        (
            BY_CLOCK,
            {"gate": False, "start": "11:00", "q": "12:00"},
            [GATE, {**START, "relevant": IRRELEVANT}],
            Outcome.NOT_APPLICABLE,
            None,
        ),
        (boolean(relevant=BROKEN), {"q": True}, [], Outcome.UNSCORED, "Whether it applies"),
        (boolean(), {"q": "yes"}, [], Outcome.UNSCORED, "must be true or false"),
        (BY_CLOCK, {"q": "12:00"}, [START], Outcome.UNSCORED, "was not answered"),
        (
            BY_MOMENT,
            {"start": "2026-11-22T20:30:00Z", "q": "2026-11-22T20:29:59Z"},
            [START_MOMENT],
            Outcome.UNSCORED,
            "ended before it started",
        ),
        (BY_MOMENT, {"start": "20:30", "q": "2026-11-22T20:29:59Z"}, [START],
         Outcome.UNSCORED, "not of the same type"),
        (expects("integer", "two"), {"q": 2}, [], Outcome.UNSCORED, "does not fit the question"),
        (of_type("boolean", "bands", bands=BANDS), {"q": True}, [], Outcome.UNSCORED, "a number"),
        (timed("text", maximum_s=1), {"q": "x"}, [], Outcome.UNSCORED, "a duration"),
    ],
)  # fmt: skip
def test_what_does_not_count_has_no_points(question, answers, others, outcome, doubt):
    found = scored(question, answers, *others)
    assert found.score.outcome is outcome
    assert found.score.earned == found.score.possible == 0
    assert found.score.why
    if doubt is None:
        assert found.doubt is None
    else:
        assert doubt in found.doubt
        assert found.doubt.startswith("q: ")


@pytest.mark.parametrize("answers", [{}, {"q": None}])
def test_an_answer_that_had_to_be_given_is_missed_when_it_is_not(answers):
    score = scored(boolean(), answers).score
    assert (score.outcome, score.earned, score.possible) == (MISSED, 0, 2)
    assert score.why == "Not answered, although it had to be: 0 of 2 points."


def test_a_critical_question_without_points_is_met_or_missed():
    question = boolean(scoring={"points": 0, "critical": "fail_visit"})
    assert not scored(question, {"q": True}).missed_critical
    assert scored(question, {"q": False}).missed_critical


def test_a_critical_question_that_does_not_count_is_not_missed():
    critical = {"critical": "fail_visit", "not_applicable_allowed": True}
    assert not scored(boolean(scoring=critical), {"q": None}).missed_critical
    relevant = boolean(scoring=critical, relevant=False)
    assert not scored(relevant, {"q": False}).missed_critical


def test_a_long_answer_is_cut_in_the_reason():
    score = scored(expects("text", "short"), {"q": "x" * 10_000}).score
    assert len(score.why) < 200
