"""``python -m incognita_notification``."""

from incognita_notification.main import main

main()
