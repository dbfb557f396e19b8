"""The last screen of a visit's form: the evidence that its terms ask for, or why there is none."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from incognita_shared.values import EvidenceKind, EvidenceRequirement
from incognita_xlsform.claims import agreed_name, reason_name
from incognita_xlsform.languages import language_name, word

Row = dict[str, str]

GROUP = "ms_agreed"
TYPES: Mapping[EvidenceKind, str] = {
    EvidenceKind.PHOTO: "image",
    EvidenceKind.RECEIPT: "image",
    EvidenceKind.BUSINESS_CARD: "image",
    EvidenceKind.AUDIO: "audio",
    EvidenceKind.VIDEO: "video",
    EvidenceKind.DOCUMENT: "file",
}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "title": {
        "en": "Evidence agreed on",
        "fr": "Preuves convenues",
        "tr": "Kararlaştırılan kanıtlar",
        "ru": "Согласованные подтверждения",
        "de": "Vereinbarte Belege",
        "es": "Pruebas acordadas",
    },
    "why": {
        "en": "If there is none, say why",
        "fr": "S'il n'y en a pas, dites pourquoi",
        "tr": "Yoksa nedenini yazın",
        "ru": "Если нет, укажите причину",
        "de": "Wenn es keinen gibt: warum",
        "es": "Si no hay, diga por qué",
    },
}


def agreed_rows(
    agreed: Sequence[EvidenceRequirement],
    *,
    also: Iterable[EvidenceKind],
    brought: Mapping[EvidenceKind, Sequence[str]],
    languages: Iterable[str],
) -> list[Row]:
    """A group with the files to bring, and for each kind, ``also`` others, a reason for none.

    ``brought``: kind → the elements of the form's questions that hold files of it. A file is not
    asked for where they hold enough.
    """
    tags = tuple(languages)
    asked = {each.kind: each.minimum_count for each in agreed}
    kinds = [*asked, *(kind for kind in also if kind not in asked)]
    if not kinds:
        return []
    rows: list[Row] = [{"type": "begin_group", "name": GROUP, **_texts("title", tags)}]
    for kind in kinds:
        rows += _files(kind, asked.get(kind, 0), brought.get(kind, ()), tags)
        label = {tag: f"{word(kind.value, tag)}: {_word('why', tag)}" for tag in tags}
        rows.append({"type": "text", "name": reason_name(kind), **_labels(label)})
    return [*rows, {"type": "end_group"}]


def not_explained(kind: EvidenceKind) -> str:
    """Holds while the shopper has not said why evidence of the kind will not come."""
    return f"${{{reason_name(kind)}}} = ''"


def _files(
    kind: EvidenceKind, count: int, brought: Sequence[str], tags: tuple[str, ...]
) -> Iterator[Row]:
    there = " + ".join(f"if(${{{name}}} != '', 1, 0)" for name in brought)
    for number in range(1, count + 1):
        tests = [not_explained(kind), *([f"({there}) < {number}"] if there else [])]
        label = {tag: f"{word(kind.value, tag)} {number}" for tag in tags}
        yield {
            "type": TYPES[kind],
            "name": agreed_name(kind, number),
            "required": " and ".join(tests),
            **_labels(label),
        }


def _texts(key: str, tags: tuple[str, ...]) -> Row:
    return _labels({tag: _word(key, tag) for tag in tags})


def _labels(texts: Mapping[str, str]) -> Row:
    return {f"label::{language_name(tag)}": text for tag, text in texts.items()}


def _word(key: str, tag: str) -> str:
    texts = _WORDS[key]
    return texts.get(tag) or texts.get(tag.partition("-")[0]) or texts["en"]
