"""Where in the workbook a part of the questionnaire came from."""

from incognita_xlsform.importing.form import Form
from incognita_xlsform.importing.sections import Sections

_COLUMNS = {
    "id": "name", "label": "label", "title": "label", "choices": "type", "minimum": "ms_minimum",
    "maximum": "ms_maximum", "weight": "ms_weight", "stage_id": "ms_stage",
    "subject": "ms_subject", "not_applicable": "ms_na_policy", "compares": "ms_compares",
    "evidence": "ms_evidence", "visible_to_client": "ms_visible", "scoring": "ms_method",
    "method": "ms_method", "points": "ms_points", "expected": "ms_expected", "bands": "ms_bands",
    "standard": "ms_max_seconds", "start_question_id": "ms_start", "maximum_s": "ms_max_seconds",
    "minimum_s": "ms_min_seconds", "grace_s": "ms_grace_seconds", "count": "ms_max_count",
    "critical": "ms_critical", "cap": "ms_cap", "indicator": "ms_indicator",
    "importance": "ms_importance", "bonus": "ms_bonus", "repeat": "ms_max_repeats",
}  # fmt: skip
_SETTINGS = {"title": "form_title", "pass_mark": "ms_pass_mark", "decimals": "ms_decimals",
             "scenarios": "ms_scenarios", "default_language": "default_language"}  # fmt: skip
_TO_QUESTION = 4


class Places:
    """Reports problems of the model at the cells that made it."""

    def __init__(self, sections: Sections, form: Form) -> None:
        self._sections = sections
        self._form = form

    def report(self, path: tuple[int | str, ...], cause: str) -> None:
        """``path`` like ``("sections", 0, "questions", 2, "scoring", "cap")``."""
        cause = cause.removeprefix("Value error, ")
        steps = [str(step) for step in path]
        if steps[0] != "sections" or len(steps) < 2 or not steps[1].isdecimal():  # noqa: PLR2004
            self._report_whole(steps, cause)
            return
        row, questions = self._sections.rows[int(steps[1])]
        if steps[2:3] == ["questions"] and len(steps) >= _TO_QUESTION:
            question = questions[int(steps[3])]
            rest = steps[_TO_QUESTION:]
            if rest[:1] == ["choices"] and rest[1:2] and rest[1].isdecimal():
                self._report_choice(question.type.list_name, int(rest[1]), rest[2:], cause)
                return
            column = self._column(rest)
            self._form.error(question.row, column, f"{question.id}: {cause}")
        elif row is not None:
            self._form.error(row, self._column(steps[2:]), cause)
        else:
            self._form.found.error("survey", None, None, f"{'.'.join(steps)}: {cause}")

    def _column(self, steps: list[str]) -> str:
        for step in reversed(steps):
            if step in _COLUMNS:
                return _COLUMNS[step]
        return steps[0] if steps else "name"

    def _report_choice(self, name: str, number: int, steps: list[str], cause: str) -> None:
        entry = self._form.lists[name]
        row = entry.rows[number] if number < len(entry.rows) else entry.rows[-1]
        column = "ms_points" if steps[:1] == ["points"] else "label" if "label" in steps else "name"
        self._form.found.error("choices", row.number, row.header(column), cause)

    def _report_whole(self, steps: list[str], cause: str) -> None:
        if steps[0] == "stages":
            row = int(steps[1]) + 2 if len(steps) > 1 and steps[1].isdecimal() else None
            self._form.found.error("stages", row, steps[2] if len(steps) > 2 else None, cause)  # noqa: PLR2004
            return
        column = next((_SETTINGS[step] for step in reversed(steps) if step in _SETTINGS), None)
        sheet = "settings" if column else "survey"
        self._form.found.error(sheet, None, column, f"{steps[0]}: {cause}")
