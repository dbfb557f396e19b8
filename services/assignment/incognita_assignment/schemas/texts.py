"""Texts that MongoDB, JSON and a person's screen can all take, and fields that may be left out."""

import unicodedata
from typing import Annotated, Any

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


PLAIN = AfterValidator(_fit)
"""Outer blanks are taken off; control characters and lone surrogates refused.

It stands behind the field's length: what stands in front of it is also in the OpenAPI document.
"""
FILLED = AfterValidator(_filled)

Name = Annotated[str, Field(min_length=1, max_length=200), PLAIN, FILLED]
Note = Annotated[str, Field(max_length=2_000), PLAIN]
Language = Annotated[
    str, Field(max_length=35, pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$")
]
"""A BCP 47 tag: language, and where it matters script and region, like ``en`` or ``pt-BR``."""


def left_out() -> Any:
    """A field of a patch that may be missing, and then changes nothing; null is another matter."""
    return Field(default_factory=lambda: None)
