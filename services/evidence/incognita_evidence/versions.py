"""The versions of objects: listed, hidden by a delete marker, shown again, removed for good."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice

from minio import Minio

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


async def objects_after(store: ObjectStore, key: str | None) -> list[Listed]:
    """The next ``PAGE`` versions after the object ``key``, by object; none at the bucket's end.

    Of the last one the oldest versions may be left out.
    """
    return await store.run("ListObjectVersions", key, _listed(store.bucket, "", key))


async def remove_object(store: ObjectStore, key: str) -> None:
    """Remove all versions of the object, if there are any. Raises Unavailable."""
    while found := await store.run("ListObjectVersions", key, _listed(store.bucket, key, None)):
        exact = [each for each in found if each.key == key]
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


def _listed(bucket: str, prefix: str, after: str | None) -> Callable[[Minio], list[Listed]]:
    def listed(client: Minio) -> list[Listed]:
        found = client.list_objects(
            bucket, prefix=prefix, recursive=True, start_after=after, include_version=True
        )
        return [
            Listed(
                key,
                tuple(
                    Version(each.version_id, each.last_modified or now(), each.is_delete_marker)
                    for each in versions
                ),
            )
            for key, versions in groupby(islice(found, PAGE), lambda each: each.object_name or "")
        ]

    return listed


def _without(bucket: str, key: str, version_id: str | None) -> Callable[[Minio], None]:
    return lambda client: client.remove_object(bucket, key, version_id=version_id)
