"""Texts that MongoDB, JSON and a person's screen can all take."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field


def _fit(text: str) -> str:
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\n":
            raise ValueError(f"contains the character U+{ord(char):04X}")
    return unicodedata.normalize("NFC", text.strip())


def _filled(text: str) -> str:
    if not text:
        raise ValueError("is blank")
    return text


Plain = Annotated[str, AfterValidator(_fit)]
"""Outer blanks are taken off; control characters and lone surrogates refused."""

Name = Annotated[Plain, Field(min_length=1, max_length=200), AfterValidator(_filled)]
Note = Annotated[Plain, Field(max_length=2_000)]
Language = Annotated[
    str, Field(max_length=35, pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$")
]
"""A BCP 47 tag: language, and where it matters script and region, like ``en`` or ``pt-BR``."""
