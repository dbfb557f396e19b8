"""What ``benchmarks.comparison`` is made of."""
