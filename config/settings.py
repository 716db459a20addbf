"""Settings of one installation: `tocsin.yaml`, then the environment (`TOCSIN_…`, nested by `__`).

Secrets come from the environment or from files (`*_file`), and are never printed.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from config.errors import ConfigError
from config.notify import NotifySettings
from config.secret import read_secret
from config.zone import Zone

PREFIX = "TOCSIN_"
NOT_SETTINGS = {"TOCSIN_HOME", "TOCSIN_CONFIG", "TOCSIN_SHARED"}
"""Variables that say where to look, or belong to the tests; they are no settings."""


class Section(BaseModel):
    """Frozen; a key that nobody knows is an error, not a silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceSettings(Section):
    """What an operator may say of one source; everything else is the collector's own."""

    enabled: bool = True
    base_url: str | None = None
    key: SecretStr | None = None
    key_file: Path | None = None
    schedule: str | None = None
    """Cron (`5 * * * *`, a zone may follow) or interval (`6h`); default: the source's rhythm."""
    jitter_seconds: int | None = Field(default=None, ge=0, le=86_400)
    """How much later than on schedule a run may begin; default: a twentieth of the rhythm."""
    deadline_seconds: int | None = Field(default=None, ge=1)
    floor: int = Field(default=10, ge=0)
    """30-day downloads under which the active pass stops."""
    passes: tuple[str, ...] = ()
    watch: tuple[str, ...] = ()
    extra: dict[str, str] = {}

    def secret(self) -> str | None:
        """Return the key, if one is set."""
        return read_secret(self.key, self.key_file)


class LakeSettings(Section):
    url: str | None = None
    """Where observed facts are kept; default `HOME/lake`. `s3://…` through fsspec."""
    engine: Literal["duckdb", "spark"] = "duckdb"
    spark_url: str | None = None
    """Spark Connect address (`sc://host:15002`) of an existing cluster."""
    memory: str = "1500MB"
    threads: int = Field(default=2, ge=1)


class StoreSettings(Section):
    url: SecretStr | None = None
    """`postgresql+psycopg://…`; default SQLite in `HOME/tocsin.db`."""
    url_file: Path | None = None


class SiteSettings(Section):
    languages: tuple[Literal["zh", "en"], ...] = ("zh", "en")
    public_url: str | None = None
    """Address under which readers find the site; used in notices."""
    title: str | None = None


class ServeSettings(Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8787, ge=0, le=65535)
    audience: Literal["public", "internal"] = "public"
    with_daemon: bool = False
    """Whether the daemon serves the site, health and metrics itself."""


class DaemonSettings(Section):
    zone: Zone = "UTC"
    """Zone of the tz database in which cron lines are read, unless they name their own."""
    judge: str = "10 * * * *"
    """When levels are judged (cron or interval)."""
    house: str = "40 19 * * *"
    """When old files are thinned out and many small ones rewritten: a quiet hour."""
    log: Literal["console", "json"] = "console"
    late_after_seconds: int = Field(default=7200, ge=60)
    """A cycle this late raises an operations alarm."""


class _Environment(EnvSettingsSource):
    """The environment; TOCSIN_HOME is the folder, so the country is TOCSIN_HOME_COUNTRY."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        variables = dict(super()._load_env_vars())
        for name in NOT_SETTINGS:
            variables.pop(name.lower(), None)
        if country := variables.pop("tocsin_home_country", None):
            variables["tocsin_home"] = country
        return variables


class RetentionSettings(Section):
    """How long repeating batches are kept whole; conclusions and the audit log stay for ever."""

    replay_days: int = Field(default=400, ge=90)
    """Within this horizon every batch stays, so any day of it replays byte for byte."""
    thin: bool = True
    """Beyond it, keep one census a week and one pass of counters a day."""
    refused_days: int = Field(default=90, ge=1)
    """How long refused payloads are kept."""
    raw_days: int = Field(default=14, ge=0)
    """How long every payload is kept as it came, so that it can be parsed again; 0 = none is."""


class Settings(BaseSettings):
    """All settings, typed; made by `load_settings`, which raises ConfigError."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    home: str = Field(default="CN", pattern=r"^[A-Z]{2}$")
    """Home country (ISO 3166-1 alpha-2): what is domestic and what is foreign."""
    method: str = "2026"
    method_folder: Path | None = None
    """Folder of method versions beside the shipped ones."""
    sources: dict[str, SourceSettings] = {}
    lake: LakeSettings = LakeSettings()
    store: StoreSettings = StoreSettings()
    site: SiteSettings = SiteSettings()
    serve: ServeSettings = ServeSettings()
    daemon: DaemonSettings = DaemonSettings()
    notify: NotifySettings = NotifySettings()
    retention: RetentionSettings = RetentionSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file."""
        return _Environment(settings_cls), init_settings


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(file, "file", f"a readable file ({error.strerror})") from error
    except yaml.YAMLError as error:
        raise ConfigError(file, "file", f"valid YAML ({error})") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigError(file, "top level", "keys and values, such as `home: CN`")
    return document


def _unknown_variables() -> list[str]:
    known = {name.upper() for name in Settings.model_fields} | {"HOME_COUNTRY"}
    names = (n for n in os.environ if n.startswith(PREFIX) and n not in NOT_SETTINGS)
    return sorted(n for n in names if n.removeprefix(PREFIX).split("__")[0] not in known)


def explain(file: str, error: ValidationError) -> ConfigError:
    """Return the first thing wrong as file, key and what was expected; values are never quoted."""
    first = error.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(part) for part in first["loc"]) or "top level"
    if first["type"] == "extra_forbidden":
        return ConfigError(file, key, f"a known key ({_siblings(first['loc'])})")
    return ConfigError(file, key, first["msg"].lower())


def _siblings(location: tuple[int | str, ...]) -> str:
    model: type[BaseModel] = Settings
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        inner = [a for a in _inner(field.annotation if field else None) if _is_model(a)]
        model = inner[0] if inner else model
    return ", ".join(sorted(model.model_fields))


def _inner(annotation: Any) -> list[Any]:
    return [annotation, *getattr(annotation, "__args__", ())]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def load_settings(file: Path | None) -> Settings:
    """Return the settings of `file` (None: defaults) under the environment.

    Raises ConfigError with file, key and what was expected.
    """
    if unknown := _unknown_variables():
        names = ", ".join(f"{PREFIX}{n.upper()}" for n in Settings.model_fields)
        raise ConfigError("environment", unknown[0], f"one of {names} (nested by __)")
    try:
        return Settings(**(_read_yaml(file) if file else {}))
    except (ValidationError, SettingsError) as error:
        if isinstance(error, SettingsError):
            raise ConfigError("environment", "TOCSIN_…", str(error)) from error
        raise explain(str(file) if file else "environment", error) from error
