"""The words of the engine itself around those of the questionnaire's author, by language."""

from collections.abc import Mapping
from functools import lru_cache

from incognita_scoring.engine.phrases.english import ENGLISH
from incognita_scoring.engine.phrases.french import FRENCH
from incognita_scoring.engine.phrases.russian import RUSSIAN
from incognita_scoring.engine.phrases.turkish import TURKISH
from incognita_scoring.engine.phrases.wording import Phrases

__all__ = ["LANGUAGES", "Phrases", "phrases_in"]

LANGUAGES: Mapping[str, Phrases] = {"en": ENGLISH, "fr": FRENCH, "tr": TURKISH, "ru": RUSSIAN}


@lru_cache(maxsize=1_000)
def phrases_in(language: str) -> Phrases:
    """Those of the language tag, of whatever region; English for any other language."""
    return LANGUAGES.get(language.partition("-")[0].lower(), ENGLISH)
