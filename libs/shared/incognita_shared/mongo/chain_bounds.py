"""What binds filters, documents, updates and pipelines to one chain."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from pymongo import DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne

Document: TypeAlias = dict[str, Any]
Filter: TypeAlias = Mapping[str, Any]
Update: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]]
Write: TypeAlias = (
    InsertOne[Document] | UpdateOne | UpdateMany | ReplaceOne[Document] | DeleteOne | DeleteMany
)

CHAIN = "chain_id"
_READ_ELSEWHERE = frozenset({"$lookup", "$graphLookup", "$unionWith", "$collStats"})
_WRITE_ELSEWHERE = frozenset({"$out", "$merge"})
_KEEP_FIELDS = frozenset({"$set", "$addFields", "$unset"})
_MAY_NAME_CHAIN = frozenset({"$set", "$setOnInsert"})


class ForeignChain(Exception):
    """Code tried to reach past its chain: a mistake in the program, never the client's."""


def bound_filter(where: Filter, chain_id: str) -> Document:
    """``where``, for this chain's documents only."""
    if where.get(CHAIN, chain_id) != chain_id:
        raise ForeignChain("the filter names another chain")
    return {**where, CHAIN: chain_id}


def owned_document(document: Mapping[str, Any], chain_id: str) -> Document:
    """``document`` as this chain's."""
    if document.get(CHAIN, chain_id) != chain_id:
        raise ForeignChain("the document names another chain")
    return {**document, CHAIN: chain_id}


def kept_update(update: Update, chain_id: str) -> Update:
    """``update``, after a check that the document stays the chain's."""
    if isinstance(update, Mapping):
        for operator, change in update.items():
            if not operator.startswith("$"):
                raise ForeignChain("an update consists of operators, or is a replacement")
            _check_change(operator, change, chain_id)
        return update
    for stage in update:
        if not _KEEP_FIELDS.issuperset(stage):
            raise ForeignChain(f"{', '.join(stage)} could take the document from its chain")
        for operator, change in stage.items():
            _check_change(operator, change, chain_id)
    return update


def _check_change(operator: str, change: Any, chain_id: str) -> None:
    if isinstance(change, Mapping):
        named = {*change, *(value for value in change.values() if operator == "$rename")}
    else:
        named = {change} if isinstance(change, str) else set(change)
    touched = {name for name in named if isinstance(name, str) and name.split(".")[0] == CHAIN}
    if not touched:
        return
    same = isinstance(change, Mapping) and touched == {CHAIN} and change.get(CHAIN) == chain_id
    if operator not in _MAY_NAME_CHAIN or not same:
        raise ForeignChain("the update would take the document from its chain")


def bound_pipeline(pipeline: Sequence[Mapping[str, Any]], chain_id: str) -> list[Document]:
    """``pipeline``, over this chain's documents only, in this collection only."""
    _check_stages(pipeline)
    if pipeline and "$geoNear" in pipeline[0]:  # must stay the first stage
        near = dict(pipeline[0]["$geoNear"])
        near["query"] = bound_filter(near.get("query", {}), chain_id)
        return [{"$geoNear": near}, *map(dict, pipeline[1:])]
    return [{"$match": {CHAIN: chain_id}}, *map(dict, pipeline)]


def _check_stages(pipeline: Sequence[Mapping[str, Any]]) -> None:
    for stage in pipeline:
        foreign = (_READ_ELSEWHERE | _WRITE_ELSEWHERE).intersection(stage)
        if foreign:
            raise ForeignChain(f"{', '.join(sorted(foreign))} can reach past the chain")
        for part in stage.get("$facet", {}).values():
            _check_stages(part)


def bound_write(write: Write, chain_id: str) -> Write:
    """A copy of ``write``, bound to the chain. PyMongo has no public access to its parts."""
    bound = copy.copy(write)
    if isinstance(bound, InsertOne):
        bound._doc = owned_document(bound._doc, chain_id)
        return bound
    bound._filter = bound_filter(bound._filter, chain_id)
    if isinstance(bound, ReplaceOne):
        bound._doc = owned_document(bound._doc, chain_id)
    elif isinstance(bound, UpdateOne | UpdateMany):
        bound._doc = kept_update(bound._doc, chain_id)
    return bound
