"""What a report costs when thousands, and a million, are stored: ``python -m benchmarks.scale``."""
