"""What systemd is told of us, where it asks: ready, stopping, and still turning (sd_notify(3)).

Without NOTIFY_SOCKET in the environment (a container, a terminal) nothing is sent.
"""

import os
import socket
import time
from collections.abc import Mapping


class Service:
    """The socket of the service manager; a manager that went away is no reason to fail."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        micro = int(environment.get("WATCHDOG_USEC") or 0)
        ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._beat = micro / 2_000_000 if ours else 0.0
        """Seconds between two signs of life: half of what the unit allows; 0 if none is asked."""
        self._next = 0.0

    def tell(self, state: str) -> None:
        """Send one state, such as `READY=1`."""
        if not self._address:
            return
        # An address that begins with @ lies in the abstract name space.
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            try:
                line.sendto(state.encode(), address)
            except OSError:
                return

    def turning(self) -> None:
        """Say that the main loop turns, if it is time to say so again."""
        if self._beat and time.monotonic() >= self._next:
            self._next = time.monotonic() + self._beat
            self.tell("WATCHDOG=1")
