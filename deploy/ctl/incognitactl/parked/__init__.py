"""Parked visits: what waits because one of its events keeps failing, and the way back."""
