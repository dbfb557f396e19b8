"""Why a rebuild is not done."""


class Refused(Exception):
    """Nothing was changed; the text says why, and what to do."""


class Stopped(Exception):
    """The rebuild stands where it was; the same command goes on from there."""
