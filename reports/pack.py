"""The joint-meeting pack: agenda, evidence, options, parties, draft plan, signatures."""

from reports.alert import render_pack

__all__ = ["render_pack"]
