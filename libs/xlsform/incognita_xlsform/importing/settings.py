"""The sheets settings and stages."""

from typing import Any

from incognita_shared.values import Channel
from incognita_xlsform.importing.cells import number_of, whole_number_of, word_of
from incognita_xlsform.importing.found import Found
from incognita_xlsform.importing.headers import Row, Table
from incognita_xlsform.importing.texts import Languages

_OWN = ("form_title", "default_language", "ms_pass_mark", "ms_decimals", "ms_scenarios")
_SAID_ELSEWHERE = ("form_id", "version", "name")
_FORM_ALONE = (
    "instance_name", "style", "public_key", "submission_url", "auto_send", "auto_delete",
    "namespaces", "clean_text_values", "omit_instanceid", "sms_keyword", "client_editable",
)  # fmt: skip

KNOWN_SETTINGS = (*_OWN, *_SAID_ELSEWHERE, *_FORM_ALONE, "allow_choice_duplicates")


def settings_row(table: Table | None, found: Found) -> Row:
    """The only row; an empty one where there is none."""
    rows = table.rows if table else []
    for row in rows[1:]:
        found.error("settings", row.number, None, "the settings have one row, and this is another")
    return rows[0] if rows else Row(2, {}, {}, {})


def settings_of(row: Row, languages: Languages, found: Found, file_name: str) -> dict[str, Any]:
    """Title, score rules and scenarios."""
    title = {tag: text for tag, text in languages.of(row, "ms_title").items() if text}
    if row.get("form_title"):
        title = {languages.default: row.get("form_title")} | title
    if not title:
        found.warning("settings", None, "form_title", "is missing: the title is the file's name")
        title = {languages.default: file_name}
    score: dict[str, Any] = {
        "pass_mark": number_of("settings", row, "ms_pass_mark", found),
        "decimals": whole_number_of("settings", row, "ms_decimals", found),
    }
    scenarios = [each.strip() for each in row.get("ms_scenarios").split("|") if each.strip()]
    _report_left_out(row, found)
    return {
        "title": title,
        "scenarios": scenarios,
        "score": {name: value for name, value in score.items() if value is not None},
    }


def _report_left_out(row: Row, found: Found) -> None:
    for column, text in row.plain.items():
        if column in _OWN + _SAID_ELSEWHERE:
            continue
        if column == "allow_choice_duplicates":
            if text.lower() in ("yes", "true"):
                cause = "choices of one list have one name each"
                found.error("settings", row.number, row.header(column), cause)
            continue
        if column.lower().replace(" ", "_") in _FORM_ALONE:
            cause = f"{text!r} is for the form alone, and not carried"
            found.warning("settings", row.number, row.header(column), cause)


def stages_of(table: Table | None, languages: Languages, found: Found) -> list[dict[str, Any]]:
    """The stages, in order."""
    stages = []
    for row in table.rows if table else []:
        stage: dict[str, Any] = {
            "id": row.get("id"),
            "title": languages.checked(table, row, "title", found) if table else {},
            "channel": word_of("stages", row, "channel", found, Channel),
            "opens_after_days": whole_number_of("stages", row, "opens_after_days", found),
            "due_after_days": whole_number_of("stages", row, "due_after_days", found),
        }
        for column in ("id", "title", "channel"):
            if not stage[column] and not row.get(column):
                found.error("stages", row.number, column, "is missing")
        stages.append({name: value for name, value in stage.items() if value is not None})
    return stages
