"""What a phone is answered: XML by the OpenRosa specifications."""

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from starlette.responses import Response

VERSION = {"X-OpenRosa-Version": "1.0"}
_TYPE = "text/xml; charset=utf-8"
_LIST = "http://openrosa.org/xforms/xformsList"
_REPLY = "http://openrosa.org/http/response"


@dataclass(frozen=True, slots=True)
class FormEntry:
    """One line of the list. ``md5``: hexadecimal, of the bytes that ``url`` gives."""

    form_id: str
    name: str
    version: str
    md5: str
    description: str
    url: str


def form_list(entries: Iterable[FormEntry]) -> Response:
    """The forms that there are. An entry that lacks something would make a phone drop them all."""
    root = Element("xforms", {"xmlns": _LIST})
    for entry in entries:
        form = SubElement(root, "xform")
        for name, text in (
            ("formID", entry.form_id),
            ("name", entry.name),
            ("version", entry.version),
            ("hash", f"md5:{entry.md5}"),
            ("descriptionText", entry.description),
            ("downloadUrl", entry.url),
        ):
            SubElement(form, name).text = text
    return xml(_bytes(root))


def message(text: str, *, status: int) -> Response:
    """A short word that the phone may show."""
    root = Element("OpenRosaResponse", {"xmlns": _REPLY})
    SubElement(root, "message", {"nature": "submit_success" if status == 201 else "error"}).text = (  # noqa: PLR2004
        text
    )
    return xml(_bytes(root), status=status)


def xml(content: bytes, *, status: int = 200) -> Response:
    """``content`` as it is."""
    return Response(content, status_code=status, headers={**VERSION, "Content-Type": _TYPE})


def nothing(headers: dict[str, str]) -> Response:
    """204 with what the headers say."""
    return Response(status_code=204, headers={**VERSION, **headers})


def _bytes(root: Element) -> bytes:
    content: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return content
