"""Free ports on loopback. Taken outside the kernel's own range for outgoing connections: inside it a probe of a port
that nobody listens on can be given that very port as its source, and then talks to itself."""

import random
import socket
from pathlib import Path

HOST = "127.0.0.1"
LOWEST = 20000
RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")
TRIES = 200


class FreePorts:
    """Hands out ports that are free now, and none twice at a time."""

    def __init__(self) -> None:
        self._taken: set[int] = set()
        self._range = range(LOWEST, _first_outgoing())

    def take(self) -> int:
        for _ in range(TRIES):
            port = random.choice(self._range)
            if port not in self._taken and is_free(port):
                self._taken.add(port)
                return port
        return _any_port()

    def hold(self, port: int) -> None:
        """Don't hand out this one, which somebody of ours has already."""
        self._taken.add(port)

    def give_back(self, port: int) -> None:
        self._taken.discard(port)


def is_free(port: int) -> bool:
    """Whether a server could listen there, even one that does not set SO_REUSEADDR."""
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _any_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _first_outgoing() -> int:
    try:
        first = int(RANGE_FILE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 32768
    # A machine whose range begins this low leaves no room outside it.
    return first if first > LOWEST + 1000 else 32768
