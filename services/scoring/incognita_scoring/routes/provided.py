"""What the routes need of the app and of the caller."""

from typing import Annotated, Any

from fastapi import Depends, Path, Request

from incognita_scoring.repository.reviews import Reviews
from incognita_scoring.repository.scores import Scores
from incognita_scoring.settings import ScoringSettings
from incognita_scoring.visibility import CLIENTS, FULL, visible_scores
from incognita_shared.auth import Principal, Role, allow
from incognita_shared.values import Id

VisitId = Annotated[
    Id, Path(description="The visit's id", examples=["0193c1f0a1b27c3d8e4f5a6b7c8d9e0f"])
]
WaveId = Annotated[
    Id, Path(description="The wave's id", examples=["0193c1f0a1b27c3d8e4f5a6b7c8d9e01"])
]
Reader = Annotated[Principal, Depends(allow(*FULL, *CLIENTS))]
Reviewer = Annotated[Principal, Depends(allow(*FULL))]
Agency = Annotated[Principal, Depends(allow(Role.AGENCY))]


async def scores_read(request: Request, reader: Reader) -> Scores:
    """The scores of the reader's chain."""
    return Scores(request.app.state.db, reader.chain)


async def scores_reviewed(request: Request, reviewer: Reviewer) -> Reviews:
    """The scores of the reviewer's chain."""
    return Reviews(request.app.state.db, reviewer.chain)


async def settings_of(request: Request) -> ScoringSettings:
    """The service's own settings."""
    settings: ScoringSettings = request.app.state.settings.scoring
    return settings


ReadScores = Annotated[Scores, Depends(scores_read)]
ReviewedScores = Annotated[Reviews, Depends(scores_reviewed)]
OwnSettings = Annotated[ScoringSettings, Depends(settings_of)]


async def visible(reader: Reader, scores: ReadScores) -> dict[str, Any]:
    """What the reader may see of them."""
    return await visible_scores(scores, reader)


Visible = Annotated[dict[str, Any], Depends(visible)]
