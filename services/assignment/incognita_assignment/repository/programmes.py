"""The collection ``programmes``: standing orders that waves belong to."""

from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

Document = dict[str, Any]


async def find_programme(
    db: AsyncDatabase[Document], chain_id: str, programme_id: str
) -> Document | None:
    """``{_id, chain_id, name, purpose, created_at}``, or None."""
    raise NotImplementedError
