"""Which bytes pass for what was declared."""

import pytest

from incognita_evidence.rules.media_types import ALLOWED, Fit, judge
from incognita_shared.values import EvidenceKind


@pytest.mark.parametrize(
    ("kind", "declared", "candidates", "fit", "found"),
    [
        ("photo", "image/jpeg", ("image/jpeg",), Fit.SAME, "image/jpeg"),
        ("photo", "image/heic", ("image/heif",), Fit.SAME, "image/heic"),
        ("photo", "image/heic", ("image/jpeg",), Fit.OTHER_ALLOWED, "image/jpeg"),
        ("photo", "image/jpeg", ("text/plain",), Fit.REFUSED, "text/plain"),
        ("photo", "image/jpeg", ("text/html",), Fit.REFUSED, "text/html"),
        ("photo", "image/jpeg", ("application/pdf",), Fit.REFUSED, "application/pdf"),
        ("photo", "image/jpeg", (), Fit.REFUSED, "an unknown type"),
        ("receipt", "application/pdf", ("application/pdf",), Fit.SAME, "application/pdf"),
        ("receipt", "application/pdf", ("image/png",), Fit.OTHER_ALLOWED, "image/png"),
        ("audio", "audio/mp4", ("video/mp4",), Fit.SAME, "audio/mp4"),
        ("audio", "audio/webm", ("video/webm",), Fit.SAME, "audio/webm"),
        ("audio", "audio/x-wav", ("audio/wav", "video/avi"), Fit.SAME, "audio/wav"),
        ("audio", "audio/amr", ("audio/amr",), Fit.SAME, "audio/amr"),
        ("audio", "audio/x-amr", ("audio/amr-wb",), Fit.SAME, "audio/amr"),
        ("audio", "audio/mp4", ("audio/amr",), Fit.OTHER_ALLOWED, "audio/amr"),
        ("photo", "image/jpeg", ("audio/amr",), Fit.REFUSED, "audio/amr"),
        ("audio", "audio/ogg", ("image/jpeg",), Fit.REFUSED, "image/jpeg"),
        ("document", "application/pdf", ("text/plain",), Fit.REFUSED, "text/plain"),
    ],
)
def test_bytes_are_judged_by_kind_and_declaration(
    kind: str, declared: str, candidates: tuple[str, ...], fit: Fit, found: str
) -> None:
    judgement = judge(EvidenceKind(kind), declared, candidates)
    assert (judgement.fit, judgement.found) == (fit, found)


def test_every_kind_has_its_types() -> None:
    assert set(ALLOWED) == set(EvidenceKind)
