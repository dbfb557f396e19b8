"""Invariants 7, 9 and 10, as far as they need nothing but what the observer knows."""

from incognitactl.verify.dossier import Dossier
from incognitactl.verify.findings import Findings
from incognitactl.verify.known import Known

RECOVERY_S = 15.0


def check_accepted(dossier: Dossier, known: Known, findings: Findings) -> None:
    """A 2xx means that the revision is there; nothing is there that nobody was told of."""
    if not known.accepted or dossier.subject in known.uncertain:
        return
    told, completed = known.accepted.get(dossier.subject, 0), dossier.completed
    findings.checked(7)
    if told > completed:
        what = "evidence reports lacks a revision that was answered with 2xx"
        findings.add(7, what, f"{dossier.subject} has {completed} of {told}")
    elif completed > told:
        what = "evidence reports has a completed revision that nobody was told of"
        findings.add(7, what, f"{dossier.subject} has {completed}, told {told}")


def check_known(known: Known, findings: Findings) -> None:
    """What can be held against itself alone."""
    for key, answers in known.answers.items():
        findings.checked(7)
        if len(set(answers)) > 1:
            findings.add(7, "one Idempotency-Key was answered differently", key)
    if known.recovered_within_s is not None:
        findings.checked(9)
        if known.recovered_within_s > RECOVERY_S:
            findings.add(
                9, f"settled {known.recovered_within_s:.1f} s after the last fault, "
                f"not within {RECOVERY_S:.0f} s",
            )  # fmt: skip
    for key, is_valid in known.webhooks or ():
        if not is_valid:
            findings.add(10, "a webhook came with a signature that is not valid", key)
