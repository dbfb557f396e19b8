"""The names of our own attributes, declared before they are used anywhere."""

from typing import Final

CHAIN_ID: Final = "incognita.chain.id"
VISIT_ID: Final = "incognita.visit.id"
BRANCH_ID: Final = "incognita.branch.id"
WAVE_ID: Final = "incognita.wave.id"
EVENT_ID: Final = "incognita.event.id"
EVENT_TYPE: Final = "incognita.event.type"
CLIENT_TRACEPARENT: Final = "incognita.client.traceparent"
"""The ``traceparent`` that a client sent, where the visit's own trace took its place."""
DELIVERY_ID: Final = "incognita.delivery.id"
DELIVERY_ATTEMPT: Final = "incognita.delivery.attempt"
REPORT_REVISION: Final = "incognita.report.revision"
SCORE_REVISION: Final = "incognita.score.revision"
ITEM_KIND: Final = "incognita.item.kind"
OUTBOX_COLLECTION: Final = "incognita.outbox.collection"
DEAD_LETTER_CAUSE: Final = "incognita.dead_letter.cause"
