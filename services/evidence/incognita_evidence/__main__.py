"""``python -m incognita_evidence``."""

from incognita_evidence.main import main

main()
