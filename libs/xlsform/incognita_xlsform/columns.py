"""The order of an exported workbook's columns; ``{}`` stands for a language."""

SURVEY = (
    "type", "name", "label::{}", "hint::{}", "guidance_hint::{}", "required",
    "required_message::{}", "relevant", "constraint", "constraint_message::{}", "calculation",
    "choice_filter", "default", "read_only", "appearance", "parameters", "image::{}",
    "big-image::{}", "audio::{}", "video::{}",
    "ms_type", "ms_minimum", "ms_maximum", "ms_method", "ms_points", "ms_expected", "ms_bands",
    "ms_start", "ms_max_seconds", "ms_min_seconds", "ms_grace_seconds", "ms_max_count",
    "ms_min_count", "ms_unit::{}", "ms_critical", "ms_cap", "ms_bonus", "ms_na", "ms_indicator",
    "ms_importance", "ms_visible", "ms_evidence", "ms_compares", "ms_weight", "ms_na_policy",
    "ms_stage", "ms_subject", "ms_aggregation", "ms_min_repeats", "ms_max_repeats", "ms_exact",
)  # fmt: skip
CHOICES = ("list_name", "name", "label::{}", "ms_points")
SETTINGS = (
    "form_title", "form_id", "version", "default_language", "ms_title::{}", "ms_pass_mark",
    "ms_decimals", "ms_scenarios",
)  # fmt: skip
STAGES = ("id", "title::{}", "channel", "opens_after_days", "due_after_days")
SHEETS = {"survey": SURVEY, "choices": CHOICES, "settings": SETTINGS, "stages": STAGES}

TRANSLATED_PRESENTATION = ("guidance_hint", "image", "big-image", "audio", "video")
PLAIN_PRESENTATION = ("appearance", "parameters", "read_only")


def headers_of(sheet: str, languages: list[str]) -> list[str]:
    """The sheet's headers for these languages, spelled as in ``label::Turkish (tr)``."""
    return [
        header.format(language)
        for header in SHEETS[sheet]
        for language in (languages if "{}" in header else [""])
    ]
