"""Branches over HTTP, and the filter that waves choose branches by."""

from typing import Annotated

from pydantic import Field

from incognita_shared.values import Id, Ownership, Text, Value


class BranchFilter(Value):
    """Which branches; an empty list allows all. Lists are joined by *and*."""

    branch_ids: Annotated[tuple[Id, ...], Field(max_length=10_000)] = ()
    store_ids: Annotated[tuple[Text, ...], Field(max_length=10_000)] = ()
    cities: Annotated[tuple[Text, ...], Field(max_length=1_000)] = ()
    regions: Annotated[tuple[Text, ...], Field(max_length=1_000)] = ()
    franchisee_ids: Annotated[tuple[Text, ...], Field(max_length=1_000)] = ()
    ownership: Annotated[tuple[Ownership, ...], Field(max_length=4)] = ()
