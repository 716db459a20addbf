"""The services by prefix: a prefix is the id of a source of the program."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.standin.message import Service
from tests.standin.services.capability import ArtificialAnalysis, Epoch, Lmarena
from tests.standin.services.feeds import Feeds
from tests.standin.services.huggingface import HuggingFace, Recorded
from tests.standin.services.incidents import Aiid, Atlas
from tests.standin.services.markets import Civitai, ModelsDev, Ollama, OpenRouter
from tests.standin.services.modelscope import ModelScope
from tests.standin.services.osv import GithubAdvisories, Kev, Osv
from tests.standin.services.policy import Cac, FederalRegister, GovCn

if TYPE_CHECKING:
    from tests.standin.server import StandIn

SERVICES: dict[str, Callable[["StandIn"], Service]] = {
    "huggingface": HuggingFace,
    "recorded": Recorded,
    "modelscope": ModelScope,
    "epoch": Epoch,
    "lmarena": Lmarena,
    "artificial_analysis": ArtificialAnalysis,
    "models_dev": ModelsDev,
    "openrouter": OpenRouter,
    "aiid": Aiid,
    "atlas": Atlas,
    "osv": Osv,
    "github_advisories": GithubAdvisories,
    "kev": Kev,
    "federal_register": FederalRegister,
    "govcn": GovCn,
    "cac": Cac,
    "feeds": Feeds,
    "civitai": Civitai,
    "ollama": Ollama,
}


def keyed() -> tuple[str, ...]:
    """Return the prefixes of which a part answers only to a key."""
    return ("artificial_analysis", "openrouter")
