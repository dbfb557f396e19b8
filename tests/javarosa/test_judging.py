"""What a phone lets a shopper say, the server takes; what it does not, the server finds."""

import random
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from incognita_local.progress import Display
from incognita_shared.questionnaire.conditions import Context
from incognita_shared.questionnaire.model import Questionnaire
from incognita_xlsform.reading import read_workbook
from incognita_xlsform.xform import form_of, template_of
from tests.collect.form import CollectForm
from tests.javarosa.answering import random_answers
from tests.javarosa.comparing import (
    answers_of,
    differences,
    errors_of,
    first_beyond,
    path_of,
    without,
)
from tests.javarosa.engine import Judge, missing

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "questionnaires"
DEFINITIONS = [
    *sorted(Path(__file__).parent.glob("*.json")),
    *sorted(EXAMPLES.glob("*.xlsx")),
    *sorted(EXAMPLES.glob("*.json")),
]
NOTED: dict[str, Any] = {
    "started_at": "2026-05-04T10:00:00.000Z",
    "ended_at": "2026-05-04T11:00:00.000Z",
}
INSTANCES = 70
"""Of each questionnaire."""


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    """JavaRosa, for all tests."""
    with Display() as display, Judge.running(display) as running:
        yield running


def questionnaire_of(path: Path) -> Questionnaire:
    """Of a workbook, or of JSON."""
    content = path.read_bytes()
    if path.suffix == ".json":
        return Questionnaire.model_validate(orjson.loads(content))
    questionnaire = read_workbook(content, file_name=path.name).questionnaire
    assert questionnaire is not None, path
    return questionnaire


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.stem)
@pytest.mark.timeout(600)
def test_phone_and_server_agree_on_random_answers(judge: Judge, path: Path) -> None:
    questionnaire = questionnaire_of(path)
    rng = random.Random(1)
    found: dict[str, list[str]] = {}
    for number in range(INSTANCES):
        context = _context(questionnaire, rng)
        form = form_of(questionnaire, form_id="0" * 32, version="1", title="T", context=context)
        texts = random_answers(questionnaire, rng)
        told = list(_seen_differently(judge, questionnaire, form, texts, context))
        if told:
            found[f"instance {number}"] = told
    assert found == {}


def test_a_form_that_asks_for_something_else_is_seen(judge: Judge) -> None:
    """The counterpart: a bound, a relevance and a calculation that the server does not know."""
    questionnaire = questionnaire_of(Path(__file__).with_name("every_rule.json"))
    context = Context(branch={"drive_through": True}, visit={"scenario": "s", "channel": "visit"})
    form = form_of(questionnaire, form_id="0" * 32, version="1", title="T", context=context)
    texts = {"how_many": "10", "many": "red", "paid": "3.5", "price": "1"}
    assert not list(_seen_differently(judge, questionnaire, form, dict(texts), context))
    for name, honest, other in (
        ("how_many", b". &lt;= 10", b". &lt;= 9"),
        ("likes_red", b"'red'", b"'grey'"),
        ("odd", b"mod 2", b"mod 3"),
    ):
        assert form.count(honest) >= 1, name
        told = list(
            _seen_differently(
                judge, questionnaire, form.replace(honest, other), dict(texts), context
            )
        )
        assert told, name


def _seen_differently(
    judge: Judge, questionnaire: Questionnaire, form: bytes, texts: dict[str, Any], context: Context
) -> Iterator[str]:
    """Values that only one of them lets pass, one by one; then, without them, all the rest."""
    while True:
        filled = CollectForm(form).fill(texts, **NOTED).xml
        verdicts, offered = judge.judge(form, filled)
        verdict = first_beyond(verdicts, offered)
        if verdict is None:
            break
        path = path_of(questionnaire, verdict)
        if verdict.relevant and path not in errors_of(questionnaire, filled, context):
            yield f"{path} = {verdict.value!r}: not let pass on the phone, sound here"
        without(texts, verdict)
    answers = answers_of(questionnaire, filled)
    yield from differences(questionnaire, answers, verdicts, offered, context)
    for stage in questionnaire.stages:
        template = template_of(
            questionnaire, context=context, stage_id=stage.id, answers=deepcopy(answers)
        )
        part = template.form(form_id="0" * 32, version="1", title="T")
        verdicts, offered = judge.judge(part, _of_stage(CollectForm(part), texts))
        for told in differences(questionnaire, deepcopy(answers), verdicts, offered, context):
            yield f"stage {stage.id}: {told}"


def _of_stage(form: CollectForm, texts: dict[str, Any]) -> bytes:
    """The stage's form with those of the texts that it asks for."""
    asked = form.asked()
    return form.fill({name: text for name, text in texts.items() if name in asked}, **NOTED).xml


def _context(questionnaire: Questionnaire, rng: random.Random) -> Context:
    now = datetime.now(UTC)
    return Context(
        branch={"city": rng.choice(("Arezzo", "İzmir")), "drive_through": rng.random() < 0.5},
        visit={
            "scenario": rng.choice(questionnaire.scenarios or ("walk-in guest",)),
            "channel": rng.choice(("visit", "phone")),
        },
        now=now,
        today=now.date(),
    )
