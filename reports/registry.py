"""Every kind of report: its name on the command line, who may read it, and what renders it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reports.alert import render_alert, render_pack
from reports.annual import render_annual
from reports.model import Audience
from reports.quarterly import render_quarterly
from reports.site import render_all
from reports.special import render_special


@dataclass(frozen=True)
class Kind:
    """One kind of report."""

    name: str
    title_zh: str
    title_en: str
    audiences: tuple[Audience, ...]
    render: Callable[..., Any]


BOTH = (Audience.INTERNAL, Audience.PUBLIC)

KINDS = (
    Kind("site", "状态网站", "Status site", BOTH, render_all),
    Kind("alert", "预警报告", "Alert report", BOTH, render_alert),
    Kind("pack", "会商材料", "Joint-meeting pack", (Audience.INTERNAL,), render_pack),
    Kind("annual", "年度报告", "Annual report", BOTH, render_annual),
    Kind("special", "专项风险评估", "Special assessment", BOTH, render_special),
    Kind("quarterly", "季度简报", "Quarterly brief", BOTH, render_quarterly),
)


def kind(name: str) -> Kind:
    """Return the kind of a name; KeyError where there is none."""
    return {k.name: k for k in KINDS}[name]
