"""The parameters of the model: how much each kind of effect varies, and how fast it drifts."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Components:
    """Variances as multiples of the noise of a single visit, itself ``noise`` (squared units).

    A branch is ``branch`` (lasting) + ``drift`` (Ornstein-Uhlenbeck, forgotten at the rate of
    ``drift_days``) + ``pair`` (what a shopper finds there again and again). A shopper is
    ``shopper`` + ``shopper_drift``; ``season`` is common to all. ``groups``: by name.
    """

    noise: float = 1.0
    branch: float = 0.3
    drift: float = 0.2
    drift_days: float = 400.0
    pair: float = 0.1
    shopper: float = 0.2
    shopper_drift: float = 0.1
    shopper_drift_days: float = 400.0
    season: float = 0.05
    season_days: float = 200.0
    groups: Mapping[str, float] = field(default_factory=dict)
