"""One loopback server that speaks as the hubs, catalogues, databases and feeds do."""

from tests.standin.faults import Fault, Kind
from tests.standin.server import StandIn

__all__ = ["Fault", "Kind", "StandIn"]
