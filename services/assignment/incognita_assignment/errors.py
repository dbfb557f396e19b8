"""Errors that several use cases of this service raise."""

from incognita_shared.problems import Invalid, NotFound, field_error


def no_such(noun: str, identity: str) -> NotFound:
    """The chain has no such thing; whether another chain has it is not said."""
    return NotFound(f"There is no {noun} {identity}")


def invalid(field: str, cause: str, detail: str | None = None) -> Invalid:
    """One field is wrong."""
    return Invalid(detail or f"{field}: {cause}", errors=[field_error(field, cause)])
