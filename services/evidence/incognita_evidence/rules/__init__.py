"""Pure rules: what counts as evidence, what is missing, what looks wrong. No I/O in here."""
