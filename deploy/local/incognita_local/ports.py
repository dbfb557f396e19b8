"""Free ports on the loopback address, remembered so that URLs stay the same."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterable

# below Linux's ephemeral range (32768-60999): no outgoing connection takes one meanwhile
CHOICES = range(20_000, 32_000)
_ANY = random.SystemRandom()


def is_free(port: int) -> bool:
    """True when a server could listen on 127.0.0.1:port now."""
    with socket.socket() as probe:
        # as servers do: connections of an earlier run that still linger are no hindrance
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """True when something listens on 127.0.0.1:port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def choose(avoid: Iterable[int] = ()) -> int:
    """A free port, none of `avoid`."""
    taken = set(avoid)
    while True:
        port = _ANY.choice(CHOICES)
        if port not in taken and is_free(port):
            return port
