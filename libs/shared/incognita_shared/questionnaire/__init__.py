"""The native questionnaire: its model, the check of answers against it, and its conditions."""
