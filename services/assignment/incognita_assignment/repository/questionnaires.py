"""The collection ``questionnaires``: one document a version."""

from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from incognita_shared.questionnaire.model import Questionnaire

Document = dict[str, Any]


async def find_published(
    db: AsyncDatabase[Document], chain_id: str, questionnaire_id: str, version: int
) -> Questionnaire | None:
    """The version, if it is published."""
    raise NotImplementedError
