"""Rebuild a projection, or all of a service's that can be, from the topics.

The topics are read again from their first record into a database beside the service's own, by the
service's own handlers and in the same transactions (``reading.py``), up to where the service had
read them; what the handlers say meanwhile is dropped, for it was said then. Only what is complete
takes the place of what was there (``swap.py``). All the while the service's checkpoints are held
(``hold.py``), so that a service started by mistake waits instead of working on half a truth.
"""
