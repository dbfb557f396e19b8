"""Scoring reports again under a corrected questionnaire or a newer engine: preview, then apply."""
