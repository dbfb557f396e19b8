"""The delivery core against a bare consume → produce loop: ``python -m benchmarks.delivery``."""
