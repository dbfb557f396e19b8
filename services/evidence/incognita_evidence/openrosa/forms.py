"""Which forms a shopper's phone has: one for each open visit, or for each open stage of it."""

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from incognita_evidence.report import Report, ReportState
from incognita_evidence.repository.reports import Reports
from incognita_evidence.rules.stages import outstanding
from incognita_evidence.visit import Visit
from incognita_shared.questionnaire.conditions import Context, names
from incognita_shared.questionnaire.model import Questionnaire
from incognita_shared.values import Channel
from incognita_xlsform.problems import NotExpressible
from incognita_xlsform.xform import FormTemplate, template_of

ON_THE_SPOT = frozenset({Channel.VISIT, Channel.DELIVERY})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it is served. ``md5``: hexadecimal, of the very bytes."""

    form_id: str
    title: str
    version: str
    description: str
    xml: bytes

    @property
    def md5(self) -> str:
        """What a phone compares to find out whether the form has changed."""
        return hashlib.md5(self.xml, usedforsecurity=False).hexdigest()


class Templates:
    """The forms generated last, each without what makes it a single visit's."""

    def __init__(self, most: int = 500) -> None:
        self._most = most
        self._kept: OrderedDict[bytes, FormTemplate] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()
        self._asked: dict[tuple[str, str], frozenset[str]] = {}

    async def get(
        self, questionnaire: Questionnaire, visit: Visit, stage_id: str | None, report: Report
    ) -> FormTemplate:
        """Generated once for all visits of which conditions can tell nothing apart.

        Raises NotExpressible.
        """
        asked = self._asked_by(questionnaire, visit)
        branch = {name: told for name, told in visit.branch.items() if f"branch.{name}" in asked}
        facts = {"scenario": visit.scenario, "channel": visit.channel.value}
        answers = {
            name: answer for name, answer in report.answers.items() if f"answers.{name}" in asked
        }
        agreed = visit.evidence if _is_last(questionnaire, stage_id) else ()
        key = orjson.dumps(
            [
                *(visit.chain_id, visit.questionnaire_key, stage_id, branch, facts),
                answers if stage_id else None,
                [each.model_dump(mode="json") for each in agreed],
            ],
            option=orjson.OPT_SORT_KEYS,
        )
        async with self._one_at_a_time:  # a phone asks for many forms at once, most of them alike
            template = self._kept.get(key)
            if template is None:
                template = await asyncio.to_thread(
                    template_of,
                    questionnaire,
                    context=Context(branch=branch, visit=facts),
                    stage_id=stage_id,
                    agreed=agreed,
                    answers=answers if stage_id else None,
                    located=_channel(questionnaire, visit, stage_id) in ON_THE_SPOT,
                )
                self._kept[key] = template
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return template

    def _asked_by(self, questionnaire: Questionnaire, visit: Visit) -> frozenset[str]:
        """The paths that any rule of the visit's questionnaire reads, worked out once."""
        version = (visit.chain_id, visit.questionnaire_key)
        if version not in self._asked:
            if len(self._asked) >= self._most:
                self._asked.clear()
            self._asked[version] = _asked(questionnaire)
        return self._asked[version]


async def forms_of(visit: Visit, *, reports: Reports, templates: Templates) -> list[Form]:
    """The visit's forms that are still to be filled; none for what a form cannot say."""
    questionnaire = await reports.get_questionnaire(visit)
    report = await reports.find_report(visit.id) or Report.of(visit)
    if report.state is ReportState.COMPLETED:
        return []
    found = []
    for stage_id in _stages(questionnaire, report):
        try:
            template = await templates.get(questionnaire, visit, stage_id, report)
        except NotExpressible as error:
            _log.warning("no form for %s: %s", visit.questionnaire_key, str(error)[:300])
            continue
        form_id = visit.id if stage_id is None else f"{visit.id}.{stage_id}"
        version, title = str(visit.questionnaire_version), _title(questionnaire, visit, stage_id)
        xml = template.form(form_id=form_id, version=version, title=title)
        found.append(Form(form_id, title, version, _description(visit), xml))
    return found


def _stages(questionnaire: Questionnaire, report: Report) -> Iterator[str | None]:
    """The stages still to come; None for a visit without stages."""
    if not questionnaire.stages:
        yield None
    yield from outstanding(report, questionnaire)


def _is_last(questionnaire: Questionnaire, stage_id: str | None) -> bool:
    return stage_id is None or stage_id == questionnaire.stages[-1].id


def _asked(questionnaire: Questionnaire) -> frozenset[str]:
    """The paths that any rule of the questionnaire reads."""
    found: set[str] = set()
    for section in questionnaire.sections:
        if section.relevant is not None:
            found |= names(section.relevant)
        for question in section.questions:
            for rule in question.conditions():
                found |= names(rule)
    return frozenset(found)


def _channel(questionnaire: Questionnaire, visit: Visit, stage_id: str | None) -> Channel:
    """The stage's own, where it is one."""
    own = (stage.channel for stage in questionnaire.stages if stage.id == stage_id)
    return next(own, visit.channel)


def _title(questionnaire: Questionnaire, visit: Visit, stage_id: str | None) -> str:
    """Questionnaire, stage, place and scenario, in the questionnaire's own language."""
    language = questionnaire.default_language
    parts = [questionnaire.title.get(language) or next(iter(questionnaire.title.values()))]
    parts += [
        stage.title.get(language) or next(iter(stage.title.values()))
        for stage in questionnaire.stages
        if stage.id == stage_id
    ]
    return " · ".join([*parts, *filter(None, (visit.place, visit.scenario))])


def _description(visit: Visit) -> str:
    due = f"{visit.channel.value}, due {visit.due_at:%Y-%m-%d %H:%M} UTC"
    return f"{due}. Returned: {visit.return_reason}" if visit.return_reason else due
