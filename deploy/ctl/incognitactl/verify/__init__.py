"""The checker: reads every store and every topic from offset 0, and compares them."""

from incognitactl.verify.known import Known, Verdict, Violation
from incognitactl.verify.run import Options, verify
from incognitactl.verify.unsettled import settled

__all__ = ["Known", "Options", "Verdict", "Violation", "settled", "verify"]
