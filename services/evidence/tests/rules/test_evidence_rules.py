"""What a question asks of the items that prove it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from incognita_evidence.inspection import Exif
from incognita_evidence.report import Item, Report
from incognita_evidence.rules.evidence_rules import rule_findings
from incognita_evidence.visit import Visit
from incognita_shared.questionnaire.model import Questionnaire

Make = Callable[..., Any]


@pytest.fixture
def found(make_visit: Make, make_report: Make, questionnaire: Questionnaire) -> Make:
    """The findings of a report whose question ``dirty`` has the rule's fields and these items."""

    def run(*items: Item, **rule: Any) -> list[tuple[str, str | None]]:
        definition = questionnaire.model_dump(mode="json")
        definition["sections"][0]["questions"][2]["evidence"] = [{"kind": "photo", **rule}]
        visit: Visit = make_visit()
        report: Report = make_report(visit, items=items)
        told = rule_findings(report, Questionnaire.model_validate(definition))
        return [(finding.code, finding.item_id) for finding in told]

    return run


def test_more_items_than_asked_for_are_found_once(found: Make, make_item: Make) -> None:
    items = [make_item(question_id="dirty", sha256=digit * 64) for digit in "abc"]
    assert found(*items, maximum_count=2) == [("too_many_items", None)]
    assert found(*items, maximum_count=3) == []
    assert found(*(make_item(sha256=digit * 64) for digit in "abc"), maximum_count=1) == []


def test_an_item_older_than_allowed_is_stale_by_the_cameras_word(
    found: Make, make_item: Make, make_report: Make, make_visit: Make
) -> None:
    ended_at = make_report(make_visit()).ended_at
    old = ended_at - timedelta(hours=2)
    fresh, by_device = (
        make_item(question_id="dirty", exif=Exif(taken_at=ended_at), captured_at=old),
        make_item(question_id="dirty", exif=Exif(), captured_at=old),
    )
    assert found(fresh, maximum_age_s=3600) == []
    assert found(by_device, maximum_age_s=3600) == [("stale_item", by_device.item_id)]
    assert found(by_device, maximum_age_s=7200) == []


def test_a_file_from_the_gallery_is_found_where_the_question_wants_a_fresh_one(
    found: Make, make_item: Make
) -> None:
    item = make_item(question_id="dirty", from_gallery=True)
    assert found(item, gallery_allowed=False) == [("from_gallery", item.item_id)]
    assert found(item) == []
    assert found(make_item(question_id="dirty"), gallery_allowed=False) == []
