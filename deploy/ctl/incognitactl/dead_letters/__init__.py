"""Dead letters: what a service could not read, and what an operator has done about it.

Kafka can't take a single record off a topic, so what was done is written down in the database of
the service that refused the record (``resolutions.py``), in one transaction with its effect.
"""
