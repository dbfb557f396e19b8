"""Workbook files: read within bounds, and written."""
