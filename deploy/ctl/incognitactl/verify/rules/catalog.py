"""The catalog: the newest state of each entry is on the topic and in every service's copy."""

from collections.abc import Collection, Mapping
from typing import Any

from incognita_shared.events import assignment
from incognitactl.verify.dossier import Dossier
from incognitactl.verify.findings import Findings
from incognitactl.verify.ledger import Kind
from incognitactl.verify.rules.topics import first_copies
from incognitactl.verify.stores import COPIED_TO
from incognitactl.verify.words import Said

TOPIC = assignment.CATALOG


def check_catalog(dossier: Dossier, *, injected: Collection[str], findings: Findings) -> list[Said]:
    """One entry; the first copies of its events. A compacted topic may have lost older ones."""
    records = [record for record in dossier.records if record.topic == TOPIC]
    copies = [record for record in first_copies(TOPIC, records, injected, findings)
              if record.id not in injected]  # fmt: skip
    source = dossier.one(Kind.SOURCE)
    if source is None:
        for record in copies[:1]:
            findings.add(4, f"{TOPIC}: nothing stands behind {record.word}", dossier.subject)
        for copy in dossier.all(Kind.COPY)[:1]:
            what = f"{copy['service']} has a {copy['kind']} that assignment has not"
            findings.add(1, what, dossier.subject)
        return copies
    findings.checked(3, len(copies))
    findings.checked(4)
    versions = [record.order for record in copies]
    if versions != sorted(set(versions)):
        findings.add(3, f"{TOPIC}: versions out of order", f"{dossier.subject} {versions[:12]}")
    if not copies:
        findings.add(4, f"{TOPIC}: missing {source['kind']}", dossier.subject)
        return copies
    newest = max(copies, key=lambda record: record.order)
    if not _is_newest(newest, source):
        what = f"{TOPIC}: missing the newest state of a {source['kind']}"
        findings.add(4, what, f"{dossier.subject} {newest.order} of {source['version']}")
        return copies
    _check_copies(dossier, source, newest, findings)
    return copies


def _is_newest(newest: Said, source: Mapping[str, Any]) -> bool:
    if source["kind"] == "wave":  # some of its versions only leave the planner a job
        is_state: bool = newest.detail == source["fields"]["state"]
        return is_state and newest.order <= source["version"]
    return bool(newest.order == source["version"])


def _check_copies(
    dossier: Dossier, source: Mapping[str, Any], newest: Said, findings: Findings
) -> None:
    copies = {copy["service"]: copy for copy in dossier.all(Kind.COPY)}
    kind = source["kind"]
    for service in sorted(COPIED_TO[kind]):
        copy = copies.get(service)
        findings.checked(1)
        if copy is None:
            findings.add(1, f"{service} lacks a {kind} of the catalog", dossier.subject)
        elif copy["version"] not in (None, newest.order):
            findings.add(1, f"{service} has an old {kind} of the catalog", dossier.subject)
        elif copy["fields"] and copy["fields"] != source["fields"]:
            findings.add(
                2, f"{service} adds a {kind} up under another city, region or owner",
                dossier.subject,
            )  # fmt: skip
