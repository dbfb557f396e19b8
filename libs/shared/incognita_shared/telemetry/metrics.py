"""Every instrument of the product, declared once, named by the semantic conventions."""

from dataclasses import dataclass

from opentelemetry.metrics import Counter, Histogram, Meter
from opentelemetry.metrics import _Gauge as Gauge

from incognita_shared.telemetry.state import providers

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SIZES = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000)


@dataclass(frozen=True, slots=True)
class Instruments:
    """What is measured. ``http.server.*`` comes from the web framework itself."""

    consumed_messages: Counter
    process_duration: Histogram
    sent_messages: Counter
    consumer_lag: Gauge
    batch_size: Histogram
    outbox_age: Gauge
    dead_letters: Counter
    parked_visits: Gauge
    removed_objects: Counter


_made: tuple[Meter, Instruments] | None = None


def instruments() -> Instruments:
    """The instruments of the providers in use; measuring costs nothing when there are none."""
    global _made  # noqa: PLW0603 — one set for each meter, made on first use
    meter = providers().meter
    if _made is None or _made[0] is not meter:
        _made = (meter, _declare(meter))
    return _made[1]


def _declare(meter: Meter) -> Instruments:
    return Instruments(
        consumed_messages=meter.create_counter(
            "messaging.client.consumed.messages",
            unit="{message}",
            description="Messages delivered to the service",
        ),
        process_duration=meter.create_histogram(
            "messaging.process.duration",
            unit="s",
            description="Time to process one batch",
            explicit_bucket_boundaries_advisory=_SECONDS,
        ),
        sent_messages=meter.create_counter(
            "messaging.client.sent.messages",
            unit="{message}",
            description="Messages that the brokers have acknowledged",
        ),
        consumer_lag=meter.create_gauge(
            "incognita.consumer.lag",
            unit="{message}",
            description="Messages of a partition that are not processed yet",
        ),
        batch_size=meter.create_histogram(
            "incognita.consumer.batch.size",
            unit="{message}",
            description="Messages in one transaction",
            explicit_bucket_boundaries_advisory=_SIZES,
        ),
        outbox_age=meter.create_gauge(
            "incognita.outbox.age",
            unit="s",
            description="Age of the oldest event that is not published yet",
        ),
        dead_letters=meter.create_counter(
            "incognita.dead_letters",
            unit="{message}",
            description="Messages that can't be read or understood",
        ),
        parked_visits=meter.create_gauge(
            "incognita.parked.visits",
            unit="{visit}",
            description="Visits whose events wait until an operator unparks them",
        ),
        removed_objects=meter.create_counter(
            "incognita.objects.removed",
            unit="{object}",
            description="Objects removed from the store: their retention ended, or nobody's",
        ),
    )
