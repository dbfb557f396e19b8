"""Scores as documents, between versions of the service."""

from incognita_scoring.repository import REVISIONS, SCORES
from incognita_scoring.repository.documents import read_revision, read_score
from incognita_shared.mongo.pending import WITHOUT_PENDING


async def test_what_a_later_version_wrote_is_read_without_what_it_added(
    db, handle, published, report, finding
):
    """While services are updated one by one, the old ones meet documents of the new ones."""
    await handle(published, report("visit-1", findings=(finding("major"),)))
    score = await db[SCORES].find_one({"_id": "visit-1"}, WITHOUT_PENDING)
    revision = await db[REVISIONS].find_one({"visit_id": "visit-1"})
    for document, read in ((score, read_score), (revision, read_revision)):
        findings = [{**each, "colour": "blue"} for each in document["findings"]]
        assert findings
        assert read({**document, "findings": findings, "mood": "fair"}) == read(document)
