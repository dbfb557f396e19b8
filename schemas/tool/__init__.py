"""Writes and checks ``schemas/``: event schemas and examples, AsyncAPI, OpenAPI."""
