"""``python -m incognita_assignment``."""

from incognita_assignment.main import main

main()
