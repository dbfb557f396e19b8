"""ODK Collect's way with a server, as its source has it: what it insists on, and how it sends.

The list of forms is dropped whole if one entry lacks something; a form is downloaded when its hash
is new; media are split over requests, each with the XML, and sent again from the first after any
failure; only 201 and 202 are success.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

import httpx
from defusedxml.ElementTree import fromstring

from tests.collect.form import CollectForm, Instance

ASSUMED_LENGTH = 10_000_000
"""What Collect assumes of a server that does not say how much it takes."""
MOST_PARTS = 100
XFORMS = "{http://openrosa.org/xforms/xformsList}"
TAKEN = (201, 202)


class Refused(Exception):
    """The server did not take it; Collect shows the text and keeps the form."""

    def __init__(self, status: int, told: str) -> None:
        super().__init__(f"{status}: {told}")
        self.status = status


@dataclass(frozen=True)
class Listed:
    """One form of the list."""

    form_id: str
    name: str
    version: str
    hash: str
    url: str


@dataclass
class Collect:
    """A phone set up with ``server``, an address with its key in it, and the forms it has."""

    http: httpx.AsyncClient
    server: str
    forms: dict[str, CollectForm] = field(default_factory=dict)
    downloads: int = 0
    _hashes: dict[str, str] = field(default_factory=dict)
    _most: int = ASSUMED_LENGTH

    async def list_forms(self) -> list[Listed]:
        """The forms that the server has. Raises for a list that Collect would drop."""
        answer = await self._get(f"{self.server}/formList")
        root = fromstring(answer.content)
        if root.tag != f"{XFORMS}xforms":
            raise ValueError("no OpenRosa form list")
        return [_listed(each) for each in root if each.tag == f"{XFORMS}xform"]

    async def update(self) -> None:
        """Download the forms whose hash is new; forget those that are gone."""
        listed = await self.list_forms()
        for each in listed:
            if self._hashes.get(each.form_id) == each.hash:
                continue
            xml = (await self._get(each.url)).content
            if each.hash != f"md5:{hashlib.md5(xml).hexdigest()}":  # noqa: S324
                raise ValueError(f"{each.form_id}: not the bytes of its hash")
            self.forms[each.form_id] = CollectForm(xml)
            self._hashes[each.form_id] = each.hash
            self.downloads += 1
        for gone in self.forms.keys() - {each.form_id for each in listed}:
            del self.forms[gone], self._hashes[gone]

    async def send(
        self,
        instance: Instance,
        *,
        order: Callable[[list[str]], Sequence[str]] = list,
        most_requests: int | None = None,
    ) -> list[httpx.Response]:
        """Send it in as many requests as it takes. Raises Refused.

        ``order`` changes the order of the media. With ``most_requests`` the connection is lost
        after so many.
        """
        await self._ask_for_length()
        answers = []
        for number, names in enumerate(self._split(instance, list(order([*instance.media])))):
            if most_requests is not None and number >= most_requests:
                break
            answers.append(await self.post(instance, names))
        return answers

    async def post(self, instance: Instance, names: Sequence[str]) -> httpx.Response:
        """One request with the XML and these media."""
        files = [("xml_submission_file", ("submission.xml", instance.xml, "text/xml"))]
        for name in names:
            content_type, data = instance.media[name]
            files.append((name, (name, data, content_type)))
        fields = {} if set(names) == set(instance.media) else {"*isIncomplete*": "yes"}
        answer = await self.http.post(
            f"{self.server}/submission?deviceID=collect%3Atest",
            data=fields,
            files=files,
            headers={"X-OpenRosa-Version": "1.0"},
        )
        if answer.status_code not in TAKEN:
            raise Refused(answer.status_code, answer.text)
        return answer

    def _split(self, instance: Instance, names: list[str]) -> Iterator[list[str]]:
        if not names:
            yield []
        batch: list[str] = []
        size = len(instance.xml)
        for at, name in enumerate(names):
            batch.append(name)
            size += len(instance.media[name][1])
            following = names[at + 1 : at + 2]
            after = size + sum(len(instance.media[each][1]) for each in following)
            if not following or len(batch) > MOST_PARTS or after > self._most:
                yield batch
                batch, size = [], len(instance.xml)

    async def _ask_for_length(self) -> None:
        answer = await self.http.head(f"{self.server}/submission?deviceID=collect%3Atest")
        if answer.status_code != 204:
            raise Refused(answer.status_code, answer.text)
        self._most = int(answer.headers.get("X-OpenRosa-Accept-Content-Length", ASSUMED_LENGTH))

    async def _get(self, url: str) -> httpx.Response:
        answer = await self.http.get(url, headers={"X-OpenRosa-Version": "1.0"})
        if answer.status_code != 200 or answer.headers.get("X-OpenRosa-Version") != "1.0":
            raise Refused(answer.status_code, answer.text)
        if not answer.headers["Content-Type"].startswith("text/xml"):
            raise ValueError(f"{url}: {answer.headers['Content-Type']}")
        return answer


def _listed(entry: Element) -> Listed:
    texts = {child.tag.removeprefix(XFORMS): (child.text or "").strip() for child in entry}
    needed = ("formID", "name", "version", "hash", "downloadUrl")
    if not all(texts.get(name) for name in needed) or not texts["hash"].startswith("md5:"):
        raise ValueError(f"Collect drops the whole list for {texts}")
    return Listed(*(texts[name] for name in needed))
