"""The providers of this process: none until ``start_telemetry``, none again after it."""

from dataclasses import dataclass, field

from opentelemetry.metrics import Meter, MeterProvider, NoOpMeterProvider
from opentelemetry.trace import NoOpTracerProvider, Tracer, TracerProvider

_NAME = "incognita"


@dataclass(slots=True)
class Providers:
    """Where spans and measurements go. ``sample_ratio`` is the share of traces that is kept."""

    tracers: TracerProvider = field(default_factory=NoOpTracerProvider)
    meters: MeterProvider = field(default_factory=NoOpMeterProvider)
    sample_ratio: float = 1.0
    tracer: Tracer = field(init=False)
    meter: Meter = field(init=False)

    def __post_init__(self) -> None:
        self.tracer = self.tracers.get_tracer(_NAME)
        self.meter = self.meters.get_meter(_NAME)


_current = [Providers()]


def providers() -> Providers:
    """The providers in use."""
    return _current[-1]


def enter(new: Providers) -> None:
    """Put ``new`` to use until ``leave``."""
    _current.append(new)


def leave() -> None:
    """Go back to the providers from before the last ``enter``."""
    if len(_current) > 1:
        _current.pop()


def tracer() -> Tracer:
    """What makes spans; before ``start_telemetry`` one that makes none."""
    return _current[-1].tracer
