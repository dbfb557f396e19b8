"""Turns an event into a letter: subject, plain text and HTML, in the reader's language.

The texts are in ``texts/<language>.toml``: a subject and a sentence for each event, and the labels
of the details. What comes from data is a value of a template, never part of one, and is escaped in
HTML.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import Environment, PackageLoader, StrictUndefined

Language = Literal["en", "fr", "tr", "ru"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
MAX_SUBJECT = 150
MAX_LINE = 600
MAX_FINDINGS = 10


@dataclass(frozen=True, slots=True)
class Letter:
    """``subject`` is one line without control characters."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class News:
    """What a letter tells: the message as webhooks get it, and the names that go with it."""

    type: str
    timestamp: str
    data: Mapping[str, Any]
    test: bool = False
    chain: Mapping[str, Any] = field(default_factory=dict)
    branch: Mapping[str, Any] = field(default_factory=dict)


def write_letter(language: Language, news: News) -> Letter:
    """The letter about ``news``; an event without its own text gets the generic one."""
    texts = _texts(language)
    text = texts.get(_short(news.type), texts["generic"])
    names = {
        "type": news.type,
        "chain": news.chain.get("name") or news.data.get("chain_id", ""),
        "branch": news.branch.get("name") or news.data.get("branch_id", ""),
        "wave": news.data.get("name") or news.data.get("wave_id", ""),
        "state": news.data.get("state", ""),
    }
    plain = _environment(escape=False)
    subject = _one_line(plain.from_string(text["subject"]).render(names), MAX_SUBJECT)
    notes = ("test", "sent") if news.test else ("sent",)
    content = {
        "language": language,
        "subject": subject,
        "sentence": _one_line(plain.from_string(text["text"]).render(names)),
        "details": list(_details(texts, news)),
        "footer": [
            _one_line(plain.from_string(texts["footer"][note]).render(names)) for note in notes
        ],
    }
    return Letter(
        subject=subject,
        text=plain.get_template("layout.txt.j2").render(content),
        html=_environment(escape=True).get_template("layout.html.j2").render(content),
    )


@cache
def _texts(language: Language) -> dict[str, Any]:
    source = files("incognita_notification.mail") / "texts" / f"{language}.toml"
    return tomllib.loads(source.read_text("utf-8"))


@cache
def _environment(*, escape: bool) -> Environment:
    return Environment(
        loader=PackageLoader("incognita_notification.mail", "."),
        autoescape=escape,  # noqa: S701 (off for plain text alone)
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _short(event_type: str) -> str:
    """``incognita.report.approved.v1`` → ``report.approved``."""
    return ".".join(event_type.split(".")[1:3])


def _one_line(text: str, limit: int = MAX_LINE) -> str:
    printable = "".join(char if char.isprintable() else " " for char in text)
    line = " ".join(printable.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _details(texts: Mapping[str, Any], news: News) -> Iterator[tuple[str, str]]:
    """Label and value of everything that the event knows and a reader wants."""
    data, branch, labels = news.data, news.branch, texts["labels"]
    mark = texts["decimal_mark"]
    values = {
        "branch": branch.get("name") or data.get("branch_id"),
        "address": branch.get("address"),
        "city": branch.get("city"),
        "score": _number(data.get("score", data.get("visit_score")), mark),
        "mean": _number(data.get("mean_score"), mark),
        "visits": data.get("visits"),
        "verdict": _verdict(data.get("passed"), labels),
        "question": data.get("question_id"),
        "decision": _decision(data.get("upheld"), labels),
        "critical": ", ".join(data.get("critical_failed") or ()),
        "findings": "; ".join(
            finding["detail"] for finding in (data.get("findings") or ())[:MAX_FINDINGS]
        ),
        "reason": data.get("reason"),
        "fee": _money(data.get("fee"), mark),
        "reimbursement": _money(data.get("reimbursement"), mark),
        "reference": data.get("reference"),
        "due": _moment(data.get("due_at") or data.get("due_on") or data.get("decide_by"), branch),
        "when": _moment(news.timestamp, branch),
        "wave": data.get("wave_id"),
        "visit": data.get("visit_id"),
    }
    for name, value in values.items():
        if value is not None and value != "":
            yield labels[name], _one_line(str(value))


def _number(value: Any, mark: str) -> str | None:
    return None if value is None else str(value).replace(".", mark)


def _money(value: Any, mark: str) -> str | None:
    if not isinstance(value, Mapping):
        return None
    return f"{_number(value.get('amount'), mark)} {value.get('currency')}"


def _verdict(passed: Any, labels: Mapping[str, str]) -> str | None:
    if not isinstance(passed, bool):
        return None
    return labels["passed" if passed else "failed"]


def _decision(upheld: Any, labels: Mapping[str, str]) -> str | None:
    if not isinstance(upheld, bool):
        return None
    return labels["upheld" if upheld else "declined"]


def _moment(value: Any, branch: Mapping[str, Any]) -> str | None:
    """Local time at the branch where its zone is known, else UTC; ISO order in every language."""
    if not isinstance(value, str):
        return None
    try:
        zone = ZoneInfo(branch.get("time_zone") or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = ZoneInfo("UTC")
    return f"{datetime.fromisoformat(value).astimezone(zone):%Y-%m-%d %H:%M} ({zone.key})"
