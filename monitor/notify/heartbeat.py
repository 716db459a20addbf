"""The dead man's switch: call an address after each good cycle, so that our silence alarms there.

Any service that waits for pings will do (Healthchecks, Uptime Kuma, an Alertmanager dead-man rule).
The address is a secret and is never logged.
"""

import logging

import requests

from config.notify import NotifySettings

log = logging.getLogger(__name__)
TIMEOUT_SECONDS = 10


def beat(notify: NotifySettings) -> bool | None:
    """Return whether the address took the ping; None if none is set.

    A failed ping is logged and nothing else: what matters is that the other side hears nothing.
    """
    url = notify.heartbeat()
    if url is None:
        return None
    try:
        answer = requests.get(url, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        log.warning("heartbeat: %s", type(error).__name__)
        return False
    if answer.status_code >= 300:
        log.warning("heartbeat: answered %d", answer.status_code)
    return answer.status_code < 300
