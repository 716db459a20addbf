"""A family, a publisher and the families behind figures, for the sample site."""

from datetime import date

from config.method import Words
from reports.chapters import DiffusionRow, EventView, FamilyFigure, ShareLine
from reports.profile import (
    Account,
    DownloadPoint,
    LicenceSpan,
    Profile,
    ProfileKind,
    ReleaseLine,
    ReleaseMonth,
    ScoreLine,
    Standing,
)
from rules.types import Risk


def standing() -> Standing:
    """Return what stands on the hub for the sample's family."""
    return Standing(
        "huggingface", date(2026, 8, 2), 107, 103, 176_035_383, 700, 176_215_581, 0.426, 673, 0.261,
        {"finetune": 460, "merge": 204, "quantized": 5, "adapter": 4}, 33,
    )  # fmt: skip


def family() -> Profile:
    """Return a family that everything is known of."""
    url = "https://epoch.ai/data/ai-models"
    month = date(2026, 2, 1)
    event = EventView(
        date(2025, 7, 10),
        "incident",
        Words(zh="恶意软件调用Qwen", en="Malware calls Qwen"),
        "Tocsin",
        "https://cert.example.org/",
    )
    row = DiffusionRow("Qwen/Qwen3-235B", "Alibaba", None, "medium", None, 23.1, 24.7)
    return Profile(
        kind=ProfileKind.FAMILY, name="Qwen", organisations=("Alibaba",), families=("Qwen",),
        jurisdictions=("CN",),
        accounts=(
            Account("huggingface", "qwen", "Alibaba", "Qwen", "CN", "company", date(2022, 1, 1),
                    None, "tracked_models", "https://example.org/registry"),
            Account("modelscope", "qwen", "Alibaba", "Qwen", "CN", "company", date(2022, 1, 1),
                    None, "Tocsin", "https://tocsin.example/registry"),
        ),
        releases=(
            ReleaseLine("Qwen 3.8 Max", date(2026, 7, 19), None, "closed", "API access", None,
                        "Epoch AI", url),
            ReleaseLine("Qwen3.6-27B", date(2026, 2, 21), date(2026, 2, 21), "open", "Apache 2.0",
                        27_781_427_952, "Epoch AI", url),
        ),
        by_openness={"open": 214, "closed": 22, "unknown": 2}, undated=94,
        months=(ReleaseMonth(month, 3, 0, 1), ReleaseMonth(date(2026, 3, 1), 0, 2, 0)),
        licences=(
            LicenceSpan("Open weights (restricted use)", "open", 10, date(2023, 8, 24), month),
            LicenceSpan("Apache 2.0", "open", 9, date(2025, 4, 27), date(2026, 2, 23)),
        ),
        downloads=(
            DownloadPoint(date(2026, 5, 24), 170_000_000, 103),
            DownloadPoint(date(2026, 8, 2), 176_035_383, 103),
        ),
        scores=(
            ScoreLine("arena_text", date(2026, 6, 1), "open", "qwen3-235b", date(2025, 7, 25),
                      1430.0, 1425.0, 1435.0, 40, 300, 1470.0),
            ScoreLine("arena_text", date(2026, 8, 1), "open", "qwen3-235b", date(2025, 7, 25),
                      1438.0, None, None, 44, 310, 1477.0),
            ScoreLine("eci", date(2025, 12, 19), "open", "Qwen3-235B", date(2025, 7, 25), 145.26,
                      141.93, 148.42, 14, 140, 145.26),
            ScoreLine("eci", date(2026, 8, 11), "open", "Qwen3-235B", date(2025, 7, 25), 144.61,
                      142.38, 147.0, 63, 222, 157.01),
        ),
        standings=(standing(),), events=(event,), incidents=((2024, 1), (2025, 2)),
        diffusion=(row,), indicators=("S05", "G01"),
    )  # fmt: skip


def publisher() -> Profile:
    """Return a publisher of whom nearly nothing is known."""
    return Profile(
        kind=ProfileKind.PUBLISHER, name="Alibaba", organisations=("Alibaba",),
        families=("Qwen",), jurisdictions=("CN", "unknown"), accounts=family().accounts[:1],
        by_openness={"open": 1}, undated=1,
        releases=(ReleaseLine("Marco-1", None, None, "open", "", None, "tracked_models", ""),),
    )  # fmt: skip


def family_figures() -> dict[Risk, tuple[FamilyFigure, ...]]:
    """Return two figures of misuse, one of spillover and none of backdoor."""
    on, hub = date(2026, 8, 2), "Hugging Face Hub"
    return {
        Risk.MISUSE: (
            FamilyFigure("frontier", "S05", (
                ShareLine("Kimi", "Moonshot AI", "CN", 157.01),
                ShareLine("DeepSeek", "DeepSeek", "CN", 152.53),
            ), None, 0.0, 13, 0.0, 0, date(2026, 8, 11), "Epoch AI", "CC BY 4.0"),
            FamilyFigure("removed", "S02", (
                ShareLine("Qwen", "Alibaba", "CN", 33.0, 33 / 86),
            ), 86.0, 31.0, 6, 22.0, 9, on, hub, "Apache-2.0"),
        ),
        Risk.SPILLOVER: (
            FamilyFigure("downloads", "G01", (
                ShareLine("Qwen", "Alibaba", "CN", 175_961_147.0, 0.83),
                ShareLine("DeepSeek", "DeepSeek", "CN", 22_149_988.0, 0.10),
            ), 212_561_699.0, 0.0, 0, 0.0, 0, on, hub, "Apache-2.0"),
        ),
    }  # fmt: skip
