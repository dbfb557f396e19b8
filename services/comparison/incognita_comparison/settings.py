"""All settings of the comparison service, read from the environment once."""

from dataclasses import dataclass
from typing import ClassVar

from incognita_shared.settings import ServiceSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ServiceSettings):
    """What ``main`` passes down."""

    port: ClassVar[int] = 8104
