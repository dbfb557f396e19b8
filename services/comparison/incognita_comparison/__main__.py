"""``python -m incognita_comparison``."""

from incognita_comparison.main import main

main()
