"""What every command needs: settings, home folder, store, lake and the clock."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine

from config.errors import ConfigError
from config.method import Method, load_method
from config.secret import read_secret
from config.settings import Settings, load_settings
from monitor.lake import Lake
from monitor.store.engine import open_store, sqlite_url

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the real time; the one place that asks for it."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Context:
    """One installation, opened; store and lake are opened when first used."""

    home: Path
    """Folder of database, lake and site."""
    settings: Settings
    settings_file: Path | None
    now: Clock = utc_now

    @cached_property
    def engine(self) -> Engine:
        """The store, created or upgraded."""
        try:
            self.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            expected = f"a folder that can be made ({error.strerror})"
            raise ConfigError(self.home, "--home", expected) from error
        return open_store(self.store_url)

    def close(self) -> None:
        """Give back the connections of the store, if it was opened."""
        if "engine" in vars(self):
            self.engine.dispose()

    @cached_property
    def lake(self) -> Lake:
        """The lake."""
        return Lake(self.settings.lake.url or str(self.home / "lake"), self.engine)

    @cached_property
    def method(self) -> Method:
        """The method in force."""
        return load_method(self.settings.method, self.settings.method_folder)

    def judge_by(self, method: Method) -> None:
        """Put a method in force that was read and checked anew while we run."""
        self.__dict__["method"] = method

    @property
    def store_url(self) -> str:
        """URL of the store; may hold a password, so never print it."""
        store = self.settings.store
        return read_secret(store.url, store.url_file) or sqlite_url(self.home / "tocsin.db")

    @property
    def site(self) -> Path:
        """Folder of the two site trees."""
        return self.home / "site"


def settings_file(home: Path, named: Path | None) -> Path | None:
    """Return the settings file: the named one, TOCSIN_CONFIG, HOME/tocsin.yaml or ./tocsin.yaml."""
    if named := named or _from_environment():
        if not named.is_file():
            raise ConfigError(named, "file", "an existing settings file")
        return named
    return next((f for f in (home / "tocsin.yaml", Path("tocsin.yaml")) if f.is_file()), None)


def _from_environment() -> Path | None:
    value = os.environ.get("TOCSIN_CONFIG")
    return Path(value) if value else None


def open_context(home: Path, config: Path | None = None, now: Clock = utc_now) -> Context:
    """Return the installation in `home`; raises ConfigError before anything is touched."""
    file = settings_file(home, config)
    return Context(home.resolve(), load_settings(file), file, now)
