"""What a filled form claims, as native answers."""

from typing import Any

import pytest

from incognita_shared.questionnaire.model import Questionnaire
from incognita_shared.values import EvidenceKind
from incognita_xlsform.claims import ClaimedFile, Claims, claims_of
from incognita_xlsform.instance import read_instance

HASH = "a" * 64


def question(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "type": kind, "label": {"en": name}, **more}


CHOICES = [{"id": each, "label": {"en": each}} for each in ("red", "green", "blue")]
QUESTIONNAIRE = Questionnaire.model_validate(
    {
        "title": {"en": "All types"},
        "default_language": "en",
        "languages": ["en"],
        "sections": [
            {
                "id": "all",
                "title": {"en": "All"},
                "questions": [
                    question("one", "single_choice", choices=CHOICES),
                    question("many", "multiple_choice", choices=CHOICES),
                    question("yes", "boolean", scoring={"not_applicable_allowed": True}),
                    question("whole", "integer"),
                    question("broken", "decimal"),
                    question("words", "text"),
                    question("day", "date"),
                    question("clock", "time"),
                    question("moment", "moment"),
                    question("took", "duration"),
                    question("stars", "rating", minimum=0, maximum=10),
                    question("picture", "photo", evidence=[{"kind": "receipt"}]),
                    question("place", "position"),
                    question("sum", "calculated", calculation={"+": [1, 2]}),
                    question("2b", "integer"),
                ],
            },
            {
                "id": "staff",
                "title": {"en": "Staff"},
                "repeat": {"maximum": 5},
                "questions": [question("greeted", "boolean"), question("badge", "photo")],
            },
        ],
    }
)


def claims(inner: str, **files: str) -> Claims:
    xml = f'<data id="f"><all>{inner}</all></data>'.encode()
    return claims_of(QUESTIONNAIRE, read_instance(xml), files.get)


@pytest.mark.parametrize(
    ("inner", "answers"),
    [
        ("<one>red</one>", {"one": "red"}),
        ("<many>red  blue</many>", {"many": ["red", "blue"]}),
        ("<yes>no</yes>", {"yes": False}),
        ("<yes/><ms_na_yes>OK</ms_na_yes>", {"yes": None}),
        ("<yes>no</yes><ms_na_yes>OK</ms_na_yes>", {"yes": None}),
        ("<ms_na_yes>OK</ms_na_yes><yes>no</yes>", {"yes": None}),
        ("<ms_screen_yes><yes>yes</yes><ms_na_yes/></ms_screen_yes>", {"yes": True}),
        ("<whole> -7 </whole>", {"whole": -7}),
        ("<broken>2.50</broken>", {"broken": 2.5}),
        ("<broken>1.0E7</broken>", {"broken": 10_000_000}),
        ("<words> as  it is </words>", {"words": " as  it is "}),
        ("<day>2026-05-04</day>", {"day": "2026-05-04"}),
        ("<clock>23:50:30.000+03:00</clock>", {"clock": "23:50:30"}),
        (
            "<moment>2026-05-04T23:50:00.000+03:00</moment>",
            {"moment": "2026-05-04T23:50:00.000+03:00"},
        ),
        ("<took>90.5</took>", {"took": 90.5}),
        ("<stars>10</stars>", {"stars": 10}),
        ("<picture>1.jpg</picture>", {"picture": [HASH]}),
        (
            "<picture>1.jpg</picture><ms_file_2_picture>2.jpg</ms_file_2_picture>",
            {"picture": [HASH, "b" * 64]},
        ),
        ("<picture>not there.jpg</picture>", {}),
        (
            "<place>43.5 11.25 200 12.5</place>",
            {"place": {"latitude": 43.5, "longitude": 11.25, "accuracy_m": 12.5}},
        ),
        ("<sum>3</sum>", {"sum": "3"}),
        ("<ms_id_2b>7</ms_id_2b>", {"2b": 7}),
        ("<one/><words>  </words>", {}),
    ],
)
def test_an_answer_is_what_json_would_hold(inner: str, answers: dict[str, Any]) -> None:
    assert claims(inner, **{"1.jpg": HASH, "2.jpg": "b" * 64}).answers == answers


@pytest.mark.parametrize(
    ("inner", "answers"),
    [
        ("<whole>3,5</whole>", {"whole": "3,5"}),
        ("<whole>3.0</whole>", {"whole": "3.0"}),
        ("<whole>99999999999999999999</whole>", {"whole": "99999999999999999999"}),
        ("<broken>2,5</broken>", {"broken": "2,5"}),
        ("<broken>1e99</broken>", {"broken": "1e99"}),
        ("<yes>maybe</yes>", {"yes": "maybe"}),
        ("<place>here</place>", {"place": "here"}),
        ("<one>red</one><one>green</one>", {"one": ["red", "green"]}),
        ("<smuggled>1</smuggled>", {"smuggled": "1"}),
        ("<größe>1</größe>", {"gr__e": "1"}),
        ("<staff>a text, no group</staff>", {"staff": [{}]}),
    ],
)
def test_what_is_no_answer_stays_as_it_is_for_the_re_evaluation_to_find(
    inner: str, answers: dict[str, Any]
) -> None:
    assert claims(inner).answers == answers


def test_repetitions_are_a_list_under_their_section_in_order() -> None:
    found = claims(
        "<staff><greeted>yes</greeted></staff><staff><badge>1.jpg</badge></staff><staff/>",
        **{"1.jpg": HASH},
    )
    assert found.answers == {"staff": [{"greeted": True}, {"badge": [HASH]}, {}]}


def test_files_of_questions_of_their_evidence_and_of_the_terms_are_named_there_or_not() -> None:
    found = claims(
        "<picture>1.jpg</picture><ms_evidence_0_1_picture>r.jpg</ms_evidence_0_1_picture>"
        "<ms_agreed><ms_agreed_audio_1>a.m4a</ms_agreed_audio_1>"
        "<ms_reason_video> no battery </ms_reason_video>"
        "<ms_agreed_treasure_1>x</ms_agreed_treasure_1>"
        "</ms_agreed><ms_evidence_7_1_picture>s.jpg</ms_evidence_7_1_picture>"
    )
    assert found.files == [
        ClaimedFile("1.jpg", EvidenceKind.PHOTO, "picture"),
        ClaimedFile("r.jpg", EvidenceKind.RECEIPT, "picture"),
        ClaimedFile("a.m4a", EvidenceKind.AUDIO, None),
    ]
    assert found.reasons == {EvidenceKind.VIDEO: "no battery"}


def test_what_the_form_notes_by_itself_is_no_answer() -> None:
    xml = (
        b'<data id="f"><ms_start>2026-05-04T12:00:00.000+02:00</ms_start>'
        b"<ms_end>2026-05-04T12:30:00.000+02:00</ms_end><ms_position>43.5 11.2 0 5</ms_position>"
        b"<ms_branch_city>Arezzo</ms_branch_city><meta><instanceID>x</instanceID></meta></data>"
    )
    found = claims_of(QUESTIONNAIRE, read_instance(xml), {}.get)
    assert found.answers == {}
    assert found.started_at == "2026-05-04T12:00:00.000+02:00"
    assert found.ended_at == "2026-05-04T12:30:00.000+02:00"
    assert found.position == {"latitude": 43.5, "longitude": 11.2, "accuracy_m": 5.0}
