"""Forms as authors write them elsewhere: each element survives or is reported by name."""

from typing import Any

import pytest

from incognita_shared.questionnaire.model import Questionnaire, QuestionType
from incognita_xlsform.odk_validate import validated
from incognita_xlsform.reading import Imported
from incognita_xlsform.writing import write_workbook

from .test_broken_workbooks import Rows, read, workbook

CHOICES = [["list_name", "name", "label"], ["l", "a", "A"], ["l", "b", "B"],
           ["n", 1, "One"], ["n", 2, "Two"]]  # fmt: skip
SETTINGS = [["form_title", "default_language"], ["Wild", "English (en)"]]
NO_POINTS = "nothing has points yet"


def form(rows: Rows, *, columns: tuple[str, ...] = (), choices: Rows = CHOICES) -> Imported:
    survey = [["type", "name", "label", *columns], *rows]
    return read(workbook(survey=survey, choices=choices, settings=SETTINGS))


def sound(imported: Imported) -> Questionnaire:
    """The questionnaire, which phones take and which comes back from its own workbook."""
    assert imported.errors == []
    questionnaire = imported.questionnaire
    assert questionnaire
    assert validated(questionnaire).problems == []
    assert read(write_workbook(questionnaire)).questionnaire == questionnaire
    return questionnaire


def places(problems: list[Any]) -> set[tuple[str | None, int | None, str | None]]:
    return {(each.sheet, each.row, each.column) for each in problems}


HOUSEHOLD: Rows = [
    ["start", "start"], ["deviceid", "deviceid"], ["audit", "audit"],
    ["begin group", "intro", "Introduction", "Introduction"],
    ["note", "welcome", "Welcome", "Bienvenue"],
    ["select_one yesno", "consent", "Do you consent?", "Consentez-vous ?", "yes"],
    ["end group"],
    ["begin group", "hh", "Household", "Ménage", None, "${consent} = 'yes'"],
    ["text", "head", "Name of the head", "Nom du chef", "yes", None,
     "regex(., '^[A-Za-z ]{2,40}$')", "letters only", "lettres seulement"],
    ["integer", "size", "Household size", "Taille", "yes", None, ". > 0 and . < 30",
     "1 to 29", "1 à 29"],
    ["begin repeat", "member", "Member", "Membre", *[None] * 6, "${size}"],
    ["date", "dob", "Date of birth", "Naissance", None, None, ". <= today()", "later", "futur"],
    ["calculate", "age", *[None] * 7, "int((today() - ${dob}) div 365.25)"],
    ["select_multiple crops", "grows", "Grows", "Cultive", None, "${age} >= 15"],
    ["begin group", "women", "Women", "Femmes", None, "${age} > 12"],
    ["integer", "births", "Births", "Naissances", None, "${age} < 50", ". >= 0", "neg", "nég"],
    ["end group"],
    ["end repeat"],
    ["calculate", "years", *[None] * 7, "sum(${age})"],
    ["select_one region", "region", "Region", "Région"],
    ["select_one district", "district", "District", "District", *[None] * 7, "region = ${region}"],
    ["dateTime", "when", "When", "Quand", None, None, ". <= now()", "future", "futur"],
    ["text", "why", "Why", "Pourquoi", "${years} < 3", "selected(${district}, 's1')"],
    ["end group"],
]  # fmt: skip


def household() -> Imported:
    survey = [["type", "name", "label::English", "label::Français", "required", "relevance",
               "constraint", "constraint_message::English", "constraint_message::Français",
               "calculation", "repeat_count", "choice_filter"], *HOUSEHOLD]  # fmt: skip
    choices = [["list_name", "name", "label::English", "label::Français", "region"],
               ["yesno", "yes", "Yes", "Oui"], ["yesno", "no", "No", "Non"],
               ["crops", "maize", "Maize", "Maïs"], ["crops", "rice", "Rice", "Riz"],
               ["region", "n", "North", "Nord"], ["region", "s", "South", "Sud"],
               ["district", "n1", "N1", "N1", "n"],
               ["district", "s1", "S1", "S1", "s"]]  # fmt: skip
    settings = [["form_title", "default_language", "style"], ["Household", "English", "pages"]]
    return read(workbook(survey=survey, choices=choices, settings=settings))


def test_a_household_survey_keeps_its_questions_skips_constraints_lists_and_languages() -> None:
    imported = household()
    questionnaire = sound(imported)
    assert [section.id for section in questionnaire.sections] == ["intro", "hh", "member", "hh_2"]
    assert list(questionnaire.by_id) == [
        "welcome", "consent", "head", "size", "dob", "age", "grows", "women", "births", "years",
        "region", "district", "when", "why",
    ]  # fmt: skip
    assert questionnaire.languages == ("en", "fr")
    by_id = questionnaire.by_id
    consent = {"==": [{"var": "answers.consent"}, "yes"]}
    assert all(section.relevant == consent for section in questionnaire.sections[1:])
    assert by_id["women"].type is QuestionType.NOTE
    assert by_id["births"].relevant == {
        "and": [{">": [{"var": "answers.age"}, 12]}, {"<": [{"var": "answers.age"}, 50]}]
    }
    assert by_id["size"].constraint_message == {"en": "1 to 29", "fr": "1 à 29"}
    assert [choice.relevant for choice in by_id["district"].choices] == [
        {"==": [{"var": "answers.region"}, "n"]},
        {"==": [{"var": "answers.region"}, "s"]},
    ]
    assert by_id["years"].calculation == {"sum": [{"var": "answers.age"}]}
    named = places(imported.warnings)
    assert {("survey", row, "type") for row in (2, 3, 4, 16)} <= named
    assert ("survey", 12, "repeat_count") in named
    assert ("settings", 2, "style") in named


REFUSED = [
    ("geotrace", "line"), ("geoshape", "area"), ("rank l", "ranking"),
    ("select_one_from_file x.csv", "file"), ("select_multiple ${r}", "repeat ${r}"),
    ("osm", "OpenStreetMap"), ("begin loop over l", "begin loop"), ("select_one", "select_one"),
    ("textt", "textt"), ("select_one nolist", "nolist"), ("csv-external", "file"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "named"), REFUSED)
def test_a_type_that_is_not_carried_is_refused_by_name(type_: str, named: str) -> None:
    imported = form([["text", "q", "Q"], [type_, "x", "X"]])
    assert any(
        (each.row, each.column) == (3, "type") and named in each.cause for each in imported.errors
    )


FUNCTIONS = [
    "pulldata('f', 'a', 'b', ${t}) = 1", "indexed-repeat(${age}, ${r}, 1) > 4",
    "position(..) = 1", "format-date(today(), '%Y') = 2020", "substr(${t}, 0, 2) = 'ab'",
    "selected-at(${m}, 0) = 'a'", "uuid() = 'x'", "random() > 0.5", "regex(${t}, '(?=x)y')",
    "instance('x')/root/item[name = ${t}]/label = 'A'", "${nobody} = 1", "${age} > 3",
    "join(', ', ${age}) = 'x'", "${t} > 'a'", "if(1,", "${t} =", "'open", "${start} = 1",
    "${last-saved#t} = 1", "count(${t}) = 1",
]  # fmt: skip


@pytest.mark.parametrize("expression", FUNCTIONS)
@pytest.mark.parametrize("column", ["relevant", "constraint", "calculation", "required"])
def test_an_expression_that_is_not_carried_is_refused_at_its_cell(
    expression: str, column: str
) -> None:
    type_ = "calculate" if column == "calculation" else "text"
    imported = form([
        ["start", "start"], ["text", "t", "T"], ["select_multiple l", "m", "M"],
        ["begin repeat", "r", "R"], ["integer", "age", "Age"], ["end repeat"],
        [type_, "x", "X", expression],
    ], columns=(column,))  # fmt: skip
    assert ("survey", 8, column) in places(imported.errors)


def test_groups_that_do_not_close_are_named() -> None:
    imported = form([
        ["begin_group", "g", "G"], ["text", "q", "Q"], ["end_repeat"], ["end_group"],
        ["begin repeat", "r", "R"], ["text", "z", "Z"],
        ["begin repeat", "inner", "I"], ["text", "y", "Y"], ["end repeat"],
    ])  # fmt: skip
    assert {row for _, row, _ in places(imported.errors)} == {4, 5, 6, 8}


def test_questions_outside_of_groups_make_sections_of_their_own() -> None:
    questionnaire = sound(form([
        ["text", "first", "First"], ["begin_group", "g", "G"], ["text", "second", "Second"],
        ["end_group"], ["text", "third", "Third"],
    ]))  # fmt: skip
    assert [(each.id, each.questions[0].id) for each in questionnaire.sections] == [
        ("main", "first"), ("g", "second"), ("main_2", "third"),
    ]  # fmt: skip


def test_names_of_other_letters_become_latin_ids_and_stay_in_conditions() -> None:
    imported = form(
        [["text", "имя", "Имя"], ["text", "müşteri", "M", "${имя} = 'Ёж'"]], columns=("relevant",)
    )
    questionnaire = sound(imported)
    assert list(questionnaire.by_id) == ["ima", "musteri"]
    assert questionnaire.by_id["musteri"].relevant == {"==": [{"var": "answers.ima"}, "Ёж"]}
    assert {("survey", 2, "name"), ("survey", 3, "name")} <= places(imported.warnings)


def test_one_name_in_two_groups_becomes_two_ids_and_no_condition_may_mean_either() -> None:
    rows: Rows = [["begin_group", "g", "G"], ["text", "q", "Q"], ["end_group"],
                  ["begin_group", "h", "H"], ["text", "q", "Q"], ["end_group"]]  # fmt: skip
    imported = form(rows)
    assert list(sound(imported).by_id) == ["q", "q_2"]
    assert ("survey", 6, "name") in places(imported.warnings)
    both = form([*rows, ["text", "x", "X", "${q} = 'a'"]], columns=("relevant",))
    assert ("survey", 8, "relevant") in places(both.errors)


def test_or_other_adds_a_choice_and_the_text_that_says_which() -> None:
    questionnaire = sound(form([["select_one l or_other", "s", "S"]]))
    asked, specified = questionnaire.by_id.values()
    assert [choice.id for choice in asked.choices] == ["a", "b", "other"]
    assert specified.relevant == {"==": [{"var": "answers.s"}, "other"]}


@pytest.mark.parametrize(
    ("type_", "becomes"),
    [("barcode", "text"), ("acknowledge", "boolean"), ("background-audio", "audio"),
     ("start-geopoint", "position")],
)  # fmt: skip
def test_a_type_that_becomes_another_is_named_in_a_warning(type_: str, becomes: str) -> None:
    imported = form([["text", "q", "Q"], [type_, "x", "X"]])
    assert str(sound(imported).by_id["x"].type) == becomes
    assert ("survey", 3, "type") in places(imported.warnings)


def test_numbers_as_names_of_choices_can_be_reckoned_with() -> None:
    questionnaire = sound(form(
        [["select_one n", "mark", "Mark"], ["text", "why", "Why?", "${mark} < 2"]],
        columns=("relevant",),
    ))  # fmt: skip
    assert questionnaire.by_id["why"].relevant == {"<": [{"+": [{"var": "answers.mark"}]}, 2]}


def test_a_message_that_lacks_a_language_is_refused_and_a_label_is_named() -> None:
    survey = [["type", "name", "label::English (en)", "label::Turkish (tr)", "constraint",
               "constraint_message::English (en)"],
              ["integer", "q", "Q", None, ". > 1", "More than 1"]]  # fmt: skip
    imported = read(workbook(survey=survey, settings=SETTINGS))
    (error,) = imported.errors
    assert (error.row, error.column) == (2, "constraint_message::English (en)")
    assert "Turkish (tr)" in error.cause
    assert ("survey", 2, "label::English (en)") in places(imported.warnings)


def test_presentation_that_is_not_carried_is_named() -> None:
    imported = form(
        [
            ["begin_group", "g", "G", "field-list"],
            ["select_one l", "s", "S", "minimal", "pic.png", "${t}", "x"],
            ["end_group"],
        ],
        columns=("appearance", "media::image", "default", "bind::odk:length"),
        choices=[[*CHOICES[0], "image"], *([*row, "c.png"] for row in CHOICES[1:3])],
    )
    sound(imported)
    assert {
        ("survey", 2, "appearance"), ("survey", 3, "media::image"), ("survey", 3, "default"),
        ("survey", 1, "bind::odk:length"), ("choices", 2, "image"),
    } <= places(imported.warnings)  # fmt: skip


def test_a_choice_list_that_nobody_uses_is_named() -> None:
    imported = form([["select_one l", "s", "S"]])
    assert any("list n" in each.cause for each in imported.warnings)
