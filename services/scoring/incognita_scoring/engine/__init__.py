"""The scoring engine: answers and a questionnaire in, points with their reasons out. Pure."""

from incognita_scoring.engine.visit import VisitScore, score_visit

ENGINE_VERSION = "1.1.0"
"""Kept with every score. It changes whenever the same answers could score differently; the words
of their reasons may change without it."""

__all__ = ["ENGINE_VERSION", "VisitScore", "score_visit"]
