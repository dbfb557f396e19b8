"""Breaks the running system by a seeded schedule, then holds every store and topic to account."""
