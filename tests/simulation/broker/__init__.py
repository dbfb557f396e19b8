"""Kafka as far as the delivery core relies on it."""
