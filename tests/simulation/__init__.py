"""The delivery core on a simulated broker and store, under a seeded scheduler.

The consumer loop and the relay run as they are; what they stand on is simulated, so that a fault
may strike at every await and the same seed gives the same run. It complements the tests on real
servers: those show that the servers behave as assumed, this shows what follows from it.
"""
