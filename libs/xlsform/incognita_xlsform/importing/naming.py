"""Ids from names: an id is of Latin letters and stable for ever, a name need be neither."""

import re
import unicodedata

from incognita_xlsform.names import id_of

_ALLOWED = re.compile(r"[A-Za-z0-9_:-]{1,64}")
_SPELLED = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_LETTERS = str.maketrans(
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюяıøłđßæœ",
    "abvgdeejziiklmnoprstufhccssiyieuaioldsao",
)


def identifier_of(name: str) -> str:
    """The id for an element's name: the name itself, where it is Latin."""
    identifier = id_of(name)
    if (_SPELLED if identifier != name else _ALLOWED).fullmatch(identifier):
        return identifier
    plain = unicodedata.normalize("NFKD", name.lower() if not name.isascii() else name)
    plain = plain.translate(_LETTERS)
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return re.sub(r"[^A-Za-z0-9_:-]", "_", plain)[:64] or "_"
