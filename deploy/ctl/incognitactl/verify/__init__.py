"""The checker: reads every store and every topic from offset 0, and compares them."""
