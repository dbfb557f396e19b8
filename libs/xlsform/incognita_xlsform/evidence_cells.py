"""The column ``ms_evidence``: ``photo 1..3; receipt 1 when ${bought} = 'yes'``."""

from collections.abc import Callable, Sequence
from typing import Any

from incognita_shared.questionnaire.model import EvidenceRule

Write = Callable[[dict[str, Any] | bool], str]


def evidence_cell(rules: Sequence[EvidenceRule], write: Write) -> str:
    """The rules in words; ``write`` makes XPath of a condition."""
    return "; ".join(_one(rule, write) for rule in rules)


def _one(rule: EvidenceRule, write: Write) -> str:
    words = [str(rule.kind), f"{rule.minimum_count}..{rule.maximum_count}"]
    if rule.position_required:
        words.append("position")
    if not rule.gallery_allowed:
        words.append("no_gallery")
    if rule.maximum_age_s is not None:
        words.append(f"age={rule.maximum_age_s}")
    if rule.retention_days is not None:
        words.append(f"keep={rule.retention_days}")
    if rule.when is not None:
        words.append(f"when {write(rule.when)}")
    return " ".join(words)
