"""Reports over HTTP, from the request to the event on Kafka: ``python -m benchmarks.ingestion``."""
