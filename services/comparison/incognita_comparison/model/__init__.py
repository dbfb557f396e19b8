"""The comparison's model: numbers in, numbers out. See docs/comparison.md for formulas."""
