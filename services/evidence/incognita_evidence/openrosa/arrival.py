"""One filled form as it came from a phone, in however many requests."""

import unicodedata
from typing import Self

from incognita_evidence.openrosa.storing import Staged
from incognita_shared.ids import derived_id
from incognita_shared.values import Id, Moment, Sha256, Value

_LONGEST_NAME = 255


class ArrivedFile(Value):
    """A file that came with it and is stored. ``name``: what the phone calls it.

    ``duration_s``: of a recording, as its bytes say.
    """

    name: str
    sha256: Sha256
    size_bytes: int
    declared_type: str
    types: tuple[str, ...] = ()
    duration_s: float | None = None

    @classmethod
    def of(cls, staged: Staged, *, duration_s: float | None) -> Self:
        """What is noted of a file once it is where it belongs."""
        return cls(
            name=plain_name(staged.name),
            sha256=staged.sha256,
            size_bytes=staged.size,
            declared_type=staged.declared_type[:100],
            types=staged.types[:5],
            duration_s=duration_s,
        )


class Arrival(Value):
    """An instance of a form: unique by chain, form and the instance id that the phone made.

    ``xml_sha256``: of the XML that came first, under which it lies in the object store beside the
    files; ``versions``: of all that came, for a phone may send another under the same id.
    """

    id: Id
    visit_id: Id
    form_id: str
    form_version: str | None
    instance_id: str
    xml_sha256: Sha256
    versions: tuple[Sha256, ...] = ()
    files: tuple[ArrivedFile, ...] = ()
    begun_at: Moment | None = None
    updated_at: Moment | None = None

    @staticmethod
    def id_of(chain_id: str, form_id: str, instance_id: str) -> str:
        """The same for the same instance, whenever and however often it comes."""
        return derived_id("openrosa", chain_id, form_id, instance_id)

    @property
    def stage_id(self) -> str | None:
        """The stage that the form is of, if it is not of the whole visit."""
        return self.form_id.partition(".")[2] or None

    def submission_key(self, xml_sha256: str) -> str:
        """Under which that version of it is handed in."""
        return derived_id("openrosa", self.id, xml_sha256)

    def file(self, name: str) -> ArrivedFile | None:
        """The last file that came under that name."""
        plain = plain_name(name)
        return next((each for each in reversed(self.files) if each.name == plain), None)

    def sha256_of(self, name: str) -> str | None:
        """The file's, if it has come."""
        file = self.file(name)
        return None if file is None else file.sha256


def plain_name(name: str) -> str:
    """A file's name without folders, and the same however its letters are composed."""
    plain = name.replace("\\", "/").rpartition("/")[2]
    return unicodedata.normalize("NFC", plain)[:_LONGEST_NAME]
