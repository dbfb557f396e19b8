"""Programmes over HTTP."""

from pydantic import ConfigDict

from incognita_assignment.schemas.texts import Name, Note
from incognita_shared.values import Id, Moment, Value


class NewProgramme(Value):
    """A standing order: what is measured, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Delivery 2026", "purpose": "Are the phone and delivery standards kept?"}
            ]
        }
    )

    name: Name
    purpose: Note = ""


class ProgrammeView(Value):
    """A programme."""

    programme_id: Id
    name: str
    purpose: str
    created_at: Moment
