"""Conditions, between JsonLogic and the XPath that forms speak."""
