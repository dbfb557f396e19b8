"""A downloaded form, and filling it in: an instance as the phone would write it."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml.ElementTree import fromstring

from incognita_shared.ids import new_id

JAVAROSA = "{http://openrosa.org/javarosa}"
META = "http://openrosa.org/xforms"
Answers = Mapping[str, Any]
"""Element → text; a repeated group's element → a list of such."""


@dataclass
class Instance:
    """A filled form, with the media that it names: file name → (content type, bytes)."""

    form_id: str
    xml: bytes
    media: dict[str, tuple[str, bytes]] = field(default_factory=dict)


class CollectForm:
    """The form with this XML. Raises for one that a phone could not open."""

    def __init__(self, xml: bytes) -> None:
        self._primary = next(each for each in fromstring(xml).iter() if _name(each) == "instance")[
            0
        ]
        self.form_id = self._primary.attrib["id"]
        self.version = self._primary.attrib["version"]

    def names(self) -> list[str]:
        """The elements that can hold something, in order."""
        return [_name(each) for each in self._primary.iter() if len(each) == 0]

    def asked(self) -> set[str]:
        """Every element, groups too."""
        return {_name(each) for each in self._primary.iter()}

    def fill(
        self,
        answers: Answers,
        *,
        started_at: str,
        ended_at: str,
        media: Mapping[str, tuple[str, bytes]] | None = None,
        instance_id: str | None = None,
        **changes: str,
    ) -> Instance:
        """An instance with these answers, each of which the form must have an element for."""
        root = deepcopy(self._primary)
        noted = {"ms_start": started_at, "ms_end": ended_at, "instanceID": ""}
        noted["instanceID"] = instance_id or f"uuid:{new_id()}"
        left = {**noted, **answers}
        _fill(root, left)
        if left:
            raise LookupError(f"the form has no {sorted(left)}")
        for name, text in changes.items():
            SubElement(root, name).text = text
        return Instance(self.form_id, tostring(root, encoding="utf-8"), dict(media or {}))


def _fill(group: Element, answers: dict[str, Any]) -> None:
    for element in list(group):
        name = _name(element)
        rows = answers.get(name)
        if f"{JAVAROSA}template" in element.attrib or isinstance(rows, list):
            _repeat(group, element, answers.pop(name, []) if rows is not None else [])
        elif len(element):
            _fill(element, answers)
        elif name in answers:
            element.text = answers.pop(name)


def _repeat(group: Element, element: Element, rows: Sequence[Answers]) -> None:
    at = list(group).index(element)
    group.remove(element)
    for other in [each for each in group if _name(each) == _name(element)]:
        group.remove(other)  # the first repetition that a form begins with
    for offset, row in enumerate(rows):
        repetition = deepcopy(element)
        repetition.attrib.pop(f"{JAVAROSA}template", None)
        left = dict(row)
        _fill(repetition, left)
        if left:
            raise LookupError(f"a repetition of {_name(element)} has no {sorted(left)}")
        group.insert(at + offset, repetition)


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]
