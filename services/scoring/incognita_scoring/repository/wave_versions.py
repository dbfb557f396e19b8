"""Versions by which a rescore has a wave's later reports scored."""

from incognita_scoring.corrected import Corrected
from incognita_scoring.repository.questionnaires import find_for_event
from incognita_scoring.repository.rescore_indexes import WAVE_VERSIONS
from incognita_shared.events.evidence import ReportCompleted
from incognita_shared.mongo.work import Work
from incognita_shared.questionnaire.model import Questionnaire


class _WaveVersions:
    """Versions of waves as one batch has read them: its reports are mostly of one wave."""

    def __init__(self) -> None:
        self._work: Work | None = None
        self._known: dict[str, int | None] = {}

    async def of(
        self, work: Work, report: ReportCompleted, asked: Questionnaire
    ) -> Corrected | None:
        """The later version that the report of the wave is to be scored by, if there is one."""
        if self._work is not work:
            self._work, self._known = work, {}
        if report.wave_id not in self._known:
            where = {"_id": report.wave_id, "chain_id": report.chain_id}
            document = await work.find_one(WAVE_VERSIONS, where)
            self._known[report.wave_id] = None if document is None else document["version"]
        version = self._known[report.wave_id]
        if version is None or version <= report.questionnaire_version:
            return None
        found = await find_for_event(work, report.chain_id, report.questionnaire_id, version)
        return None if found is None else Corrected(version, found, asked)


wave_version = _WaveVersions().of
