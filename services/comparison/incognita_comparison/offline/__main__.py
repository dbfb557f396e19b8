"""``python -m incognita_comparison.offline``."""

from incognita_comparison.offline.command import console

console()
