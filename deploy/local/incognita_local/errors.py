"""Errors that end a command with a message instead of a traceback."""


class LocalError(Exception):
    """Something the reader can mend; the message says what failed, where, and what to do."""


class DamagedArtefactError(LocalError):
    """A file in the cache is not what it was when it was put there."""


class NotReadyError(Exception):
    """A server does not answer a real write and read yet; asked again until the deadline."""
