"""The reasons of a score, in the language of the questionnaire."""

import re
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from incognita_scoring.engine import score_visit
from incognita_scoring.engine.phrases import LANGUAGES, Phrases, phrases_in
from incognita_scoring.engine.rulings import RulingKind
from incognita_shared.questionnaire.model import Questionnaire, QuestionType
from incognita_xlsform.reading import read_workbook

EXAMPLES = sorted((Path(__file__).parents[4] / "examples" / "questionnaires").glob("*.xlsx"))
TEMPLATES = [each.name for each in fields(Phrases) if each.name not in ("decimal_mark", "points")]
BROKEN = {"/": [1, 0]}
CHOICES = ("a", "b")


def scoring(method, points=2, **how):
    return {"method": method, "points": points, **how}


def asked(kind, method, points=2, *, asked=None, **how):
    return {"type": kind, "scoring": scoring(method, points, **how), **(asked or {})}


def expects(kind, expected, **fields_):
    return asked(kind, "expected_value", expected=expected, **fields_)


def banded(*bands):
    return asked("decimal", "bands", bands=list(bands))


def timed(kind, **standard):
    return asked(kind, "timed_standard", standard=standard)


OPTIONAL = {"required": False}
CASES = {
    "as_expected": (expects("boolean", True), True),
    "otherwise": (expects("boolean", True), False),
    "choice": (expects("single_choice", list(CHOICES)), "c"),
    "chosen": (asked("multiple_choice", "choice_points"), ["a"]),
    "quoted": (expects("text", "{0}"), "{points}"),
    "below": (banded({"maximum": "2.5", "points": 2}), "1.5"),
    "between": (banded({"minimum": "2.5", "maximum": 4, "points": 1}), 3),
    "above": (banded({"minimum": 4, "points": 1}), 5),
    "open": (banded({"points": 1}), 5),
    "no_band": (banded({"minimum": 4, "points": 1}), 1),
    "took": (timed("duration", minimum_s=60, maximum_s=7200, grace_s=30), "3661.5"),
    "counted": (asked("integer", "counted_standard", count={"minimum": 2, "maximum": 4}), 5),
    "bonus": (expects("boolean", True, bonus=True), True),
    "blank": (expects("boolean", True), None),
    "optional": (expects("boolean", True, asked=OPTIONAL), None),
    "not_scored": ({"type": "text"}, "x"),
    "not_asked": (expects("boolean", True, asked={"relevant": False}), True),
    "excluded": (expects("boolean", True, not_applicable_allowed=True), None),
    "start": (asked("time", "none", not_applicable_allowed=True), None),
    "no_start": (timed("time", start_question_id="start", maximum_s=1), "12:00"),
    "unknown": (expects("boolean", True, asked={"relevant": BROKEN}), True),
    "unreadable": (expects("boolean", True), "maybe"),
    "misfit": (asked("boolean", "bands", bands=[{"points": 1}]), True),
    "begun": (asked("moment", "none", asked=OPTIONAL), "2026-11-22T12:00:00Z"),
    "ended_early": (timed("moment", start_question_id="begun"), "2026-11-22T11:00:00Z"),
    "other_types": (timed("time", start_question_id="begun"), "12:00"),
    "unsaid": (asked("time", "none"), None),
    "start_missing": (timed("time", start_question_id="unsaid"), "12:00"),
    "position": (asked("position", "choice_points"), {"latitude": 1, "longitude": 2}),
    "granted": (expects("boolean", True), False),
    "left_out": (expects("boolean", True), False),
    "reckoned": (
        asked("calculated", "expected_value", expected=1,
              asked={"calculation": {"+": [{"var": "answers.sum"}, 1]}}), None,
    ),
    "sum": (asked("integer", "none", asked=OPTIONAL), None),
}  # fmt: skip
COUNTED_NA = {"id": "zero", **expects("boolean", True, not_applicable_allowed=True)}
RULINGS = {
    ("granted", None): RulingKind.FULL_POINTS,
    ("left_out", None): RulingKind.DOES_NOT_COUNT,
}
ANSWERS = {name: answer for name, (_, answer) in CASES.items() if name != "unsaid"}
ANSWERS["zero"] = None


def reasons(language):
    """Question id → why, of a form in which every reason that there is occurs."""

    def labelled(question):
        choices = [
            {"id": one, "label": {language: one.upper()}, "points": 1} for one in (*CHOICES, "c")
        ]
        choice = {"choices": choices} if "choice" in question["type"] else {}
        return {"label": {language: "?"}, **choice, **question}

    questions = [labelled({"id": name, **each}) for name, (each, _) in CASES.items()]
    sections = [
        {"id": "s", "title": {language: "S"}, "questions": questions},
        {"id": "n", "title": {language: "N"}, "questions": [labelled(COUNTED_NA)],
         "not_applicable": "zero"},
    ]  # fmt: skip
    head = {"title": {language: "T"}, "default_language": language, "languages": [language]}
    form = Questionnaire.model_validate({**head, "sections": sections})
    visit = score_visit(form, ANSWERS, rulings=RULINGS)
    return {one.question_id: one.why for one in visit.questions}


@pytest.fixture
def marked(monkeypatch):
    """A language whose every phrase says its name."""
    english = LANGUAGES["en"]
    told = {name: f"<{name}>{getattr(english, name)}" for name in TEMPLATES}
    monkeypatch.setitem(LANGUAGES, "xx", replace(english, **told))
    phrases_in.cache_clear()
    yield "xx"
    phrases_in.cache_clear()


def test_every_phrase_is_said_somewhere_and_nothing_is_said_without_one(marked):
    whys = reasons(marked)
    assert set(re.findall(r"<(\w+)>", " ".join(whys.values()))) == set(TEMPLATES)
    assert all(why.startswith("<") for why in whys.values())


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("fr", {
            "otherwise": "Réponse : non, attendu : oui — 0 point sur 2.",
            "quoted": "Réponse : « {points} », attendu : « {0} » — 0 point sur 2.",
            "below": "Réponse : 1,5, tranche de moins de 2,5 — 2 points sur 2.",
            "took": "Durée : 1 h 1 min 1,5 s, norme : au moins 1 min et au plus 2 h "
            "(plus 30 s de tolérance) — 2 points sur 2.",
            "zero": "Sans objet, selon le client mystère, ce qui compte dans cette section — "
            "0 point sur 2.",
        }),
        ("tr", {
            "otherwise": "Yanıt: hayır, beklenen: evet — 2 üzerinden 0 puan.",
            "between": "Yanıt: 3, aralık: en az 2,5 ve 4 altı — 2 üzerinden 1 puan.",
            "took": "Süre: 1 sa 1 dk 1,5 sn, standart: en az 1 dk ve en fazla 2 sa "
            "(artı 30 sn tolerans) — 2 üzerinden 2 puan.",
            "ended_early": "Puanlanmadı. Bitiş, başlangıçtan önce.",
        }),
        ("ru", {
            "otherwise": "Ответ: нет, ожидалось: да — 0 баллов из 2.",
            "choice": "Ответ: «C», ожидалось: «A» или «B» — 0 баллов из 2.",
            "between": "Ответ: 3, диапазон: не меньше 2,5 и меньше 4 — 1 балл из 2.",
            "took": "Время: 1 ч 1 мин 1,5 с, норматив: не менее 1 мин и не более 2 ч "
            "(и допуск 30 с) — 2 балла из 2.",
            "bonus": "Ответ: да, как и ожидалось — 2 балла из 2 (бонус).",
        }),
        ("de", {"otherwise": "Answered no, expected yes: 0 of 2 points."}),
        ("fr-CA", {"otherwise": "Réponse : non, attendu : oui — 0 point sur 2."}),
    ],
)  # fmt: skip
def test_a_reason_is_a_sentence_of_the_language(language, expected):
    whys = reasons(language)
    assert {name: whys[name] for name in expected} == expected
    assert all(why.endswith(".") and why[0].isupper() for why in whys.values())


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", {"1": "1 of 7 points", "-2": "-2 of 7 points", "0.5": "0.5 of 7 points"}),
        ("fr", {"0": "0 point", "1": "1 point", "1.5": "1,5 point", "-1": "-1 point",
                "2": "2 points", "-2": "-2 points", "2.50": "2,5 points"}),
        ("tr", {"1": "7 üzerinden 1 puan", "12.5": "7 üzerinden 12,5 puan"}),
        ("ru", {"0": "0 баллов", "1": "1 балл", "2": "2 балла", "4": "4 балла", "5": "5 баллов",
                "11": "11 баллов", "12": "12 баллов", "14": "14 баллов", "21": "21 балл",
                "22": "22 балла", "25": "25 баллов", "101": "101 балл", "111": "111 баллов",
                "-1": "-1 балл", "-3": "-3 балла", "1.5": "1,5 балла", "5.10": "5,1 балла"}),
    ],
)  # fmt: skip
def test_points_have_the_form_that_their_number_asks_for(language, told):
    phrases = LANGUAGES[language]
    ends = {"fr": " sur 7", "ru": " из 7"}
    for number, expected in told.items():
        said = phrases.points(Decimal(number), Decimal(7))
        assert said == expected + ends.get(language, "")
    assert LANGUAGES["en"].points(Decimal(0), Decimal(1)) == "0 of 1 point"


ANSWERED = {
    QuestionType.BOOLEAN: lambda _, chance: chance.choice([True, False, None]),
    QuestionType.SINGLE_CHOICE: lambda asked, chance: chance.choice(asked.choices).id,
    QuestionType.MULTIPLE_CHOICE: lambda asked, chance: [chance.choice(asked.choices).id],
    QuestionType.TEXT: lambda _, chance: chance.choice(["…", None]),
    QuestionType.TIME: lambda _, chance: f"{chance.randrange(24):02}:{chance.randrange(60):02}",
    QuestionType.DECIMAL: lambda _, chance: chance.randrange(900) / 8,
    QuestionType.INTEGER: lambda _, chance: chance.randrange(9),
    QuestionType.RATING: lambda _, chance: chance.randrange(9),
    QuestionType.DURATION: lambda _, chance: chance.randrange(9_000),
}


def answers_to(form, chance):
    """Any answers, of the right kind or none."""
    return {
        question.id: ANSWERED.get(question.type, lambda *_: None)(question, chance)
        for _, question in form.questions()
    }


def words(text):
    """Without numbers, moments, quoted words of the author and one-letter words."""
    return set(re.findall(r"[^\W\d_]{2,}", re.sub(r"“.*?”|«.*?»|\d\d:\d\d", "", text).lower()))


def words_of(phrases):
    templates = [re.sub(r"{\w*}", "", getattr(phrases, name)) for name in TEMPLATES]
    points = [phrases.points(Decimal(each), Decimal(5)) for each in ("0", "1", "2.5")]
    return words(" ".join([*templates, *points]))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", ["fr", "tr", "ru"])
def test_a_translated_questionnaire_leaves_no_english_word(path, language):
    read = read_workbook(path.read_bytes(), file_name=path.name).questionnaire
    assert read is not None
    form = Questionnaire.model_validate(
        {**read.model_dump(mode="json"), "default_language": language}
    )
    units = {
        question.scoring.count.unit.get(language, "")
        for _, question in form.questions()
        if question.scoring.count
    }
    own = words_of(LANGUAGES[language]) | words(" ".join(units))
    chance = Random(f"{path.stem} {language}")
    for _ in range(30):
        for one in score_visit(form, answers_to(form, chance)).questions:
            assert words(one.why) <= own, one.why


@pytest.mark.parametrize("language", ["fr", "tr", "ru"])
def test_no_language_has_borrowed_a_phrase(language):
    phrases, english = LANGUAGES[language], LANGUAGES["en"]
    alike = {name for name in TEMPLATES if getattr(phrases, name) == getattr(english, name)}
    assert alike <= {"hours", "minutes", "seconds", "quoted"}
    names = {name: set(re.findall(r"{(\w*)}", getattr(english, name))) for name in TEMPLATES}
    assert names == {
        name: set(re.findall(r"{(\w*)}", getattr(phrases, name))) for name in TEMPLATES
    }
    if language == "ru":
        assert not re.search("[a-z]", " ".join(words_of(phrases)))
