"""Applies a file to the catalog in batches: one read and one write each."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from pymongo.errors import PyMongoError

from incognita_assignment.attributes import MOST, merged
from incognita_assignment.branches import branch_id_of, new_branch, revision_of
from incognita_assignment.imports.cells import Draft, read_row
from incognita_assignment.imports.report import Problem, Report, Severity
from incognita_assignment.imports.rows import Row
from incognita_assignment.imports.seen import SeenStores
from incognita_assignment.repository import branches as repository
from incognita_shared.mongo.client import Database
from incognita_shared.problems import Conflict, Unavailable

BATCH = 500
_ATTEMPTS = 5
Reader = Callable[[BinaryIO], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class Options:
    """What holds for the whole file; ``defaults`` give a new branch what its row leaves out."""

    defaults: Mapping[str, Any]
    close_missing: bool = False


async def import_branches(
    db: Database, chain_id: str, file: BinaryIO, reader: Reader, options: Options
) -> Report:
    """Read the file twice: to its end for what breaks it, then to apply it row by row.

    Raises ``BrokenFile`` before anything is changed; ``Unavailable``, with the rows applied so
    far, when the database goes away. The same file may be sent again, at any time.
    """
    await asyncio.to_thread(_read_through, reader, file)
    report = Report()
    try:
        with SeenStores() as seen:
            rows = reader(file)
            while drafts := await asyncio.to_thread(_next_drafts, rows, seen, report, options):
                await _apply(
                    db, chain_id, [each for each in drafts if not each.rejected], report, options
                )
            if options.close_missing:
                await _close_missing(db, chain_id, seen, report)
    except PyMongoError as error:
        applied = report.created + report.updated + report.unchanged
        raise Unavailable(
            f"The database failed after {applied} rows; send the same file again to go on",
            rows_applied=applied,
        ) from error
    return report


def _read_through(reader: Reader, file: BinaryIO) -> None:
    for _ in reader(file):
        pass


def _next_drafts(
    rows: Iterator[Row], seen: SeenStores, report: Report, options: Options
) -> list[Draft]:
    drafts = [read_row(row) for row in islice(rows, BATCH)]
    for draft in drafts:
        if not draft.rejected:
            first = seen.first_row(draft.store_id, draft.row.number)
            if first != draft.row.number:
                draft.problems.clear()
                draft.reject("store_id", f"is the store of row {first} already", draft.store_id)
            elif options.close_missing:
                draft.fields.setdefault("closed", False)
        report.rows += 1
        for problem in draft.problems:
            report.add(problem)
    return drafts


async def _apply(
    db: Database, chain_id: str, drafts: list[Draft], report: Report, options: Options
) -> None:
    """Compare with what is stored and write the differences; again if another writer was faster."""
    by_id = {branch_id_of(chain_id, draft.store_id): draft for draft in drafts}
    first = True
    for _ in range(_ATTEMPTS):
        stored = await repository.find_branches(db, chain_id, list(by_id))
        if first:
            _refuse_unzoned(by_id, stored, report, options)
            _refuse_crowded(by_id, stored, report)
        new = [
            new_branch(chain_id, draft.store_id, {**options.defaults, **draft.fields})
            for branch_id, draft in by_id.items()
            if branch_id not in stored
        ]
        revisions = [
            revision
            for branch_id, document in stored.items()
            if branch_id in by_id and (revision := revision_of(document, by_id[branch_id].fields))
        ]
        if first:
            known = {name: each for name, each in stored.items() if name in by_id}
            _count(report, known, new, revisions)
            first = False
        if await repository.write_branches(db, chain_id, new, revisions):
            return
    raise Conflict("Others keep changing the same branches; send the same file again")


def _refuse_unzoned(
    by_id: dict[str, Draft],
    stored: Mapping[str, repository.Document],
    report: Report,
    options: Options,
) -> None:
    """A branch whose time zone nobody says would get its visits at the wrong hours."""
    if "time_zone" in options.defaults:
        return
    for branch_id in [each for each in by_id if each not in stored]:
        if "time_zone" not in by_id[branch_id].fields:
            draft = by_id.pop(branch_id)
            draft.problems.clear()
            draft.reject("time_zone", "is not said: add the column, or ?time_zone= for all rows")
            report.add(draft.problems[0])


def _refuse_crowded(
    by_id: dict[str, Draft], stored: Mapping[str, repository.Document], report: Report
) -> None:
    """A row whose attributes, with those that its branch has, are more than a branch may have."""
    for branch_id, document in stored.items():
        draft = by_id[branch_id]
        told = merged(document.get("attributes", {}), draft.fields.get("attributes", {}))
        if len(told) > MOST:
            del by_id[branch_id]
            draft.problems.clear()
            draft.reject("attributes", f"would become {len(told)}; a branch has at most {MOST}")
            report.add(draft.problems[0])


def _count(
    report: Report,
    stored: Mapping[str, repository.Document],
    new: list[repository.Document],
    revisions: list[repository.Revision],
) -> None:
    report.created += len(new)
    report.updated += len(revisions)
    report.unchanged += len(stored) - len(revisions)
    turned = [
        revision.fields["closed"]
        for revision in revisions
        if revision.fields.get("closed", stored[revision.branch_id]["closed"])
        != stored[revision.branch_id]["closed"]
    ]
    report.closed += sum(turned) + sum(document["closed"] for document in new)
    report.reopened += len(turned) - sum(turned)


async def _close_missing(db: Database, chain_id: str, seen: SeenStores, report: Report) -> None:
    """Close what the file doesn't name; not if rows were rejected, one may be such a store."""
    if report.rejected:
        cause = f"nothing was closed, because {report.rejected} rows were rejected; mend them first"
        report.add(Problem(None, None, "close_missing", cause, Severity.WARNING))
        return
    async for page in repository.open_store_ids(db, chain_id):
        missing = await asyncio.to_thread(seen.missing, page)
        report.closed += await _close(db, chain_id, [page[store] for store in missing])


async def _close(db: Database, chain_id: str, branch_ids: list[str]) -> int:
    for _ in range(_ATTEMPTS):
        stored = await repository.find_branches(db, chain_id, branch_ids)
        revisions = [
            revision
            for document in stored.values()
            if (revision := revision_of(document, {"closed": True}))
        ]
        if await repository.write_branches(db, chain_id, [], revisions):
            return len(branch_ids)
    raise Conflict("Others keep changing the same branches; send the same file again")
