"""What of each service follows from the topics, and what does not."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from incognita_shared.events.assignment import (
    CATALOG,
    ApiKeyChanged,
    BranchChanged,
    ChainChanged,
    QuestionnairePublished,
    VisitAccepted,
    VisitCancelled,
    VisitDeclined,
    VisitExpired,
    VisitOffered,
    VisitReturned,
    WaveChanged,
)
from incognita_shared.events.envelope import Event
from incognita_shared.events.evidence import ReportCompleted
from incognita_shared.events.scoring import (
    AppealDecided,
    AppealOpened,
    ReportApproved,
    ReportRejected,
    ReportReturned,
    ReportUnapproved,
    VisitScored,
)
from incognita_shared.kafka.incoming import Handlers, Reads
from incognitactl.rebuild.errors import Refused
from incognitactl.services import Code, code_of

Events = tuple[type[Event], ...]


@dataclass(frozen=True)
class Projection:
    """Collections that only make sense together, and the events from which they follow.

    ``needs`` are events that are read with them, for their handlers read what those leave.
    """

    collections: tuple[str, ...]
    events: Events
    needs: Events = ()


@dataclass(frozen=True)
class Step:
    """One topic, and what is done with its events. Steps come one after the other."""

    topic: str
    handlers: Handlers
    reads: Reads


@dataclass(frozen=True)
class Plan:
    """How a service is rebuilt. ``kept``: collection → why it can't be."""

    service: str
    projections: Mapping[str, Projection]
    kept: Mapping[str, str]
    code: Callable[[], Code]
    may_read_again: bool = True
    """Whether the service, reading a topic from its beginning, says nothing a second time."""
    own_topic: str | None = None
    """A topic that the service writes and does not read, but its rebuild does."""

    def chosen(self, names: Collection[str]) -> Mapping[str, Projection]:
        """These projections, or all. Raises Refused where there is no such thing to rebuild."""
        if not self.projections:
            raise Refused(
                f"{self.service}: " + "; ".join(f"{name}: {why}" for name, why in self.kept.items())
            )
        for name in names:
            if name in self.kept:
                raise Refused(f"{self.service} {name}: {self.kept[name]}")
            if name not in self.projections:
                raise Refused(f"{self.service} has {', '.join(self.projections)}; not {name}")
        return {name: each for name, each in self.projections.items() if not names or name in names}

    def steps(self, names: Collection[str]) -> Sequence[Step]:
        """The topics in the order in which they must be read: first what others refer to."""
        wanted = {
            event for each in self.chosen(names).values() for event in (*each.events, *each.needs)
        }
        handlers, reads = self.code()
        return [
            Step(
                topic,
                {event: handlers[event] for event in wanted if event.topic == topic},
                {event: each for event, each in reads.items() if event in wanted},
            )
            for topic in _ORDER
            if any(event.topic == topic for event in wanted)
        ]


_ORDER = (CATALOG, "assignment.events.v1", "evidence.events.v1", "scoring.events.v1")
_JUDGED: Events = (
    VisitScored, ReportApproved, ReportReturned, ReportRejected, ReportUnapproved,
)  # fmt: skip
_VISITS: Events = (
    VisitOffered, VisitAccepted, VisitDeclined, VisitExpired, VisitCancelled, VisitReturned,
)  # fmt: skip
_TRUTH = "said first here, by HTTP; restore it from a backup of the database"


def _catalog(**events: type[Event]) -> dict[str, Projection]:
    return {name: Projection((name,), (event,)) for name, event in events.items()}


def _scoring() -> Code:
    from incognitactl.rebuild.scoring import HANDLERS, READS

    return Code(HANDLERS, READS)


PLANS: Mapping[str, Plan] = {
    plan.service: plan
    for plan in (
        Plan("assignment", {}, {"every collection": _TRUTH}, lambda: code_of("assignment")),
        Plan(
            "evidence",
            _catalog(questionnaires=QuestionnairePublished, api_keys=ApiKeyChanged)
            | {"visits": Projection(("visits",), _VISITS)},
            {
                "reports": _TRUTH,
                "arrivals": _TRUTH,
                "media": "what reports use of the bucket's objects; " + _TRUTH,
            },
            lambda: code_of("evidence"),
        ),
        Plan(
            "scoring",
            _catalog(
                branches=BranchChanged,
                waves=WaveChanged,
                questionnaires=QuestionnairePublished,
                api_keys=ApiKeyChanged,
                cancelled_visits=VisitCancelled,
            )
            | {
                "scores": Projection(
                    ("scores", "score_revisions"),
                    (ReportCompleted, *_JUDGED, AppealOpened, AppealDecided),
                    needs=(QuestionnairePublished, VisitCancelled, WaveChanged),
                )
            },
            dict.fromkeys(
                ("appeals", "review_rules", "rescores", "rescore_changes", "wave_versions"), _TRUTH
            ),
            _scoring,
            own_topic="scoring.events.v1",
        ),
        Plan(
            "comparison",
            _catalog(
                branches=BranchChanged,
                waves=WaveChanged,
                questionnaires=QuestionnairePublished,
                api_keys=ApiKeyChanged,
            )
            | {"results": Projection(("results", "branch_waves"), _JUDGED)},
            {},
            lambda: code_of("comparison"),
            may_read_again=False,
        ),
        Plan(
            "notification",
            _catalog(chains=ChainChanged, branches=BranchChanged, api_keys=ApiKeyChanged),
            {"subscriptions": _TRUTH, "deliveries": "what was sent to whom; " + _TRUTH},
            lambda: code_of("notification"),
        ),
    )
}
