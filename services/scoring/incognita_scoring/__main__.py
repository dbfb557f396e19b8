"""``python -m incognita_scoring``."""

from incognita_scoring.main import main

main()
