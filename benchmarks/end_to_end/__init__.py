"""From a report accepted over HTTP to the standing and the webhook: ``benchmarks.end_to_end``."""
