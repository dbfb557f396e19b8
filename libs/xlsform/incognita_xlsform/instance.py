"""Reads a submitted form instance: XML from a phone, which may hold anything."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

LARGEST_BYTES = 1_000_000
MOST_ELEMENTS = 20_000
DEEPEST = 20
LONGEST_NAME = 200


class UnreadableInstance(ValueError):
    """The XML is no form instance, or one that nobody would send in good faith."""


@dataclass(slots=True)
class Element:
    """One element of the instance: a group, a repetition, or the answer to a question.

    ``name`` is without its namespace; ``text`` is the answer as the device wrote it, untouched.
    """

    name: str
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def each(self, name: str) -> Iterator["Element"]:
        """Its children of that name, in order."""
        return (child for child in self.children if child.name == name)

    def text_of(self, name: str) -> str | None:
        """The text of its first child of that name; None for no child, or one without text."""
        found = next(self.each(name), None)
        return found.text.strip() or None if found else None


@dataclass(frozen=True, slots=True)
class Instance:
    """A filled form. ``version``: what the form itself says; ``instance_id``: what makes it one.

    ``instance_id`` is None where the device gives none.
    """

    form_id: str
    version: str | None
    instance_id: str | None
    root: Element


def read_instance(xml: bytes) -> Instance:
    """The instance in ``xml``, of at most 1 MB, 20,000 elements, 20 levels.

    Raises UnreadableInstance for what is no sound XML or no form instance, and for a DOCTYPE,
    entities and processing instructions, whatever the encoding hides them in.
    """
    if len(xml) > LARGEST_BYTES:
        raise UnreadableInstance(f"it has more than {LARGEST_BYTES:,} bytes")
    tree = _Tree()
    parser = DefusedXMLParser(
        target=tree, forbid_dtd=True, forbid_entities=True, forbid_external=True
    )
    try:
        parser.feed(xml)
        parser.close()
    except UnreadableInstance:
        raise
    except DefusedXmlException:
        raise UnreadableInstance("it holds a DOCTYPE or an entity") from None
    except (ParseError, LookupError, ValueError) as error:
        raise UnreadableInstance(f"it is no sound XML: {error}") from None
    return _instance(tree)


def _instance(tree: "_Tree") -> Instance:
    root = tree.root
    form_id = tree.attributes.get("id") or tree.namespace
    if root is None or not form_id:
        raise UnreadableInstance("its first element does not say which form it is of")
    if tree.attributes.get("encrypted") == "yes":
        raise UnreadableInstance("it is encrypted")
    meta = next(root.each("meta"), None) or Element("meta")
    instance_id = meta.text_of("instanceID") or tree.attributes.get("instanceID")
    named = {"form": form_id, "version": tree.attributes.get("version"), "instance": instance_id}
    for what, name in named.items():
        if name and len(name) > LONGEST_NAME:
            raise UnreadableInstance(f"its {what} id has more than {LONGEST_NAME} characters")
    return Instance(form_id, named["version"], instance_id, root)


class _Tree:
    """The parser's target: builds elements, and refuses too many, too deep, and instructions."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self.attributes: dict[str, str] = {}
        self.namespace = ""
        self._open: list[Element] = []
        self._count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS:
            raise UnreadableInstance(f"it has more than {MOST_ELEMENTS:,} elements")
        if len(self._open) >= DEEPEST:
            raise UnreadableInstance(f"it is nested more than {DEEPEST} levels deep")
        namespace, _, name = tag.rpartition("}")
        element = Element(name)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root, self.namespace = element, namespace.removeprefix("{")
            self.attributes = {key.rpartition("}")[2]: text for key, text in attributes.items()}
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        if self._open:
            self._open[-1].text += text

    def pi(self, *_: str) -> None:
        raise UnreadableInstance("it holds a processing instruction")

    def close(self) -> None:
        """Nothing is left to do; the parser asks for it."""
