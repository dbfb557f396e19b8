"""Texts by language as columns."""

from collections.abc import Mapping, Sequence

from incognita_xlsform.languages import language_name


def translated(
    column: str, texts: Mapping[str, str], languages: Sequence[str], fallback: str | None
) -> dict[str, str]:
    """One column a language; with a ``fallback`` language no cell stays empty.

    pyxform shows a dash where a text lacks a language.
    """
    if not texts:
        return {}
    instead = texts.get(fallback, next(iter(texts.values()))) if fallback else ""
    return {
        f"{column}::{language_name(language)}": texts.get(language) or instead
        for language in languages
        if texts.get(language) or instead
    }
