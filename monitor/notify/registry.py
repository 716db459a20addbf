"""The channels by the word that a receiver's `channel` says."""

from collections.abc import Mapping

from monitor.notify.alertmanager import Alertmanager
from monitor.notify.apprise_ import Apprise
from monitor.notify.cap import Cap
from monitor.notify.channel import Channel
from monitor.notify.email import Email
from monitor.notify.webhook import Webhook

CHANNELS: Mapping[str, Channel] = {
    "email": Email(),
    "webhook": Webhook(),
    "alertmanager": Alertmanager(),
    "apprise": Apprise(),
    "cap": Cap(),
}
