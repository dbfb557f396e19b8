"""The versions of objects: listed, hidden by a delete marker, shown again, removed for good."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from minio import Minio
from minio.datatypes import Object, parse_list_objects

from incognita_shared.clock import now
from incognita_shared.objects import ObjectStore

PAGE = 1_000
"""As many versions as the store lists in one answer."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object; ``is_marker``: one that hides the others."""

    version_id: str | None
    stored_at: datetime
    is_marker: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """An object with its versions, the newest first."""

    key: str
    versions: tuple[Version, ...]

    @property
    def is_hidden(self) -> bool:
        """Whether who asks for it is told that it is not there."""
        return self.versions[0].is_marker


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the store. ``last``: the key after which there is more; None at the end."""

    objects: tuple[Listed, ...]
    last: str | None


async def list_objects(store: ObjectStore, *, after: str | None) -> Page:
    """The objects after that key, up to ``PAGE`` versions.

    Of the last one the oldest versions may be left out.
    """
    return await store.run("ListObjectVersions", after, _page(store.bucket, "", after))


async def remove_object(store: ObjectStore, key: str) -> None:
    """Remove all versions of the object, if there are any. Raises Unavailable."""
    while True:
        found = await store.run("ListObjectVersions", key, _page(store.bucket, key, None))
        exact = [each for each in found.objects if each.key == key]
        if not exact:
            return
        await remove_versions(store, exact[0])


async def remove_versions(store: ObjectStore, listed: Listed) -> None:
    """Remove these versions, whatever came since. The oldest first: it stays hidden meanwhile."""
    for version in reversed(listed.versions):
        await store.run(
            "DeleteObject", listed.key, _without(store.bucket, listed.key, version.version_id)
        )


async def hide_object(store: ObjectStore, key: str) -> None:
    """Put a delete marker in front of the versions."""
    await store.run("DeleteObject", key, _without(store.bucket, key, None))


async def show_object(store: ObjectStore, listed: Listed) -> None:
    """Take the marker away that hides it."""
    marker = listed.versions[0]
    await store.run(
        "DeleteObject", listed.key, _without(store.bucket, listed.key, marker.version_id)
    )


def _page(bucket: str, prefix: str, after: str | None) -> Callable[[Minio], Page]:
    query: dict[str, Any] = {
        "versions": "", "delimiter": "", "encoding-type": "url", "max-keys": str(PAGE),
        "prefix": prefix,
    }  # fmt: skip
    if after is not None:
        query["key-marker"] = after

    def page(client: Minio) -> Page:
        # the client's own listing runs on over pages, and puts a page's markers behind its versions
        answer = client._execute("GET", bucket, query_params=query)
        found, is_truncated, last, _ = parse_list_objects(answer)
        return Page(_by_key(found), last if is_truncated else None)

    return page


def _by_key(found: Iterable[Object]) -> tuple[Listed, ...]:
    versions: defaultdict[str, list[Object]] = defaultdict(list)
    for each in found:
        versions[each.object_name or ""].append(each)
    return tuple(
        Listed(
            key,
            tuple(
                Version(each.version_id, each.last_modified or now(), each.is_delete_marker)
                for each in sorted(versions[key], key=_newest_first)
            ),
        )
        for key in sorted(versions)
    )


def _newest_first(each: Object) -> tuple[bool, float]:
    age = -each.last_modified.timestamp() if each.last_modified else 0.0
    return (each.is_latest or "").lower() != "true", age


def _without(bucket: str, key: str, version_id: str | None) -> Callable[[Minio], None]:
    return lambda client: client.remove_object(bucket, key, version_id=version_id)
