"""Why a risk stands where it stands, in one sentence of each language."""

from config.method import Words
from rules.types import Level, RiskAssessment

NO_CLAUSE = Words(zh="没有条款成立", en="no clause holds")
KEPT = Words(
    zh="条款已不成立，级别尚在保持期内", en="no clause holds any more; the level is still kept"
)


def because(risk: RiskAssessment) -> Words:
    """Return the clauses that hold, joined; without one, what else decides the level.

    A person's level is told with its reason, an unassigned one with coverage and gate.
    """
    if risk.override is not None and risk.level is risk.override.level:
        said = risk.override.reason
        return Words(zh=f"人工裁定：{said}", en=f"decided by a person: {said}")
    if risk.level is Level.UNASSIGNED:
        share, gate = f"{100 * risk.coverage:.0f}", f"{100 * risk.coverage_gate:.0f}"
        return Words(
            zh=f"指标覆盖{share}%，未到{gate}%的门槛",
            en=f"coverage is {share} %, short of the {gate} % gate",
        )
    held = [c.because for c in risk.clauses if c.holds and c.because.get("zh")]
    if held:
        return Words(
            zh="；".join(s["zh"].rstrip("。") for s in held),
            en="; ".join((s.get("en") or s["zh"]).rstrip(".") for s in held),
        )
    return NO_CLAUSE if risk.level is Level.GREEN else KEPT
