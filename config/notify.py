"""Who is told what, and by which way: receivers, mail server, routes.

One receiver is one address: one mailbox, one URL, one folder. That is what makes "once each" a
promise that can be kept; several people are several receivers, or one mailing list.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from config.secret import read_secret

RiskSlug = Literal["misuse", "spillover", "backdoor"]
LevelWord = Literal["green", "yellow", "red", "unassigned"]
KindWord = Literal[
    "rise", "fall", "reminder", "escalation", "all-clear", "retraction", "began", "operations"
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Smtp(_Section):
    """The mail server; `starttls` and `tls` verify its certificate, `none` is for loopback."""

    host: str = "localhost"
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    """Certificate authority of the server where it is not a public one."""
    timeout_seconds: int = Field(default=30, ge=1, le=300)

    def secret(self) -> str | None:
        """Return the password, if one is set."""
        return read_secret(self.password, self.password_file)


class _Receiver(_Section):
    language: Literal["zh", "en"] = "zh"
    audience: Literal["internal", "public"] = "internal"


class EmailReceiver(_Receiver):
    channel: Literal["email"]
    to: str = Field(pattern=r"^[^@\s<>,]+@[^@\s<>,]+$")


class _HttpReceiver(_Receiver):
    url: str = Field(pattern=r"^https?://[^\s/@]+(/\S*)?$")
    """Without user or password in it; credentials are settings of their own."""
    timeout_seconds: int = Field(default=20, ge=1, le=60)


class WebhookReceiver(_HttpReceiver):
    """A signed POST (Standard Webhooks). While `old_secret` is set, both signatures are sent."""

    channel: Literal["webhook"]
    secret: SecretStr | None = None
    secret_file: Path | None = None
    old_secret: SecretStr | None = None
    old_secret_file: Path | None = None
    allow_private: bool = False
    """Whether the address may be loopback or of a private network, and plain http."""

    @model_validator(mode="after")
    def _signed_and_guarded(self) -> Self:
        if self.secret is None and self.secret_file is None:
            raise ValueError("secret or secret_file (whsec_… of 24 to 64 bytes)")
        if self.url.startswith("http://") and not self.allow_private:
            raise ValueError("an https URL (plain http only with allow_private: true)")
        return self

    def secrets(self) -> tuple[str, ...]:
        """Return the secrets to sign with, the newest first."""
        both = (
            read_secret(self.secret, self.secret_file),
            read_secret(self.old_secret, self.old_secret_file),
        )
        return tuple(secret for secret in both if secret)


class AlertmanagerReceiver(_HttpReceiver):
    """Prometheus Alertmanager, API v2; `url` is its root, usually inside one's own network."""

    channel: Literal["alertmanager"]
    user: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    allow_private: bool = True

    def secret(self) -> str | None:
        """Return the password, if one is set."""
        return read_secret(self.password, self.password_file)


class AppriseReceiver(_Receiver):
    """Any of Apprise's services (DingTalk, WeCom, Feishu, Slack, Teams…); the URL is the secret."""

    channel: Literal["apprise"]
    url: SecretStr | None = None
    url_file: Path | None = None

    @model_validator(mode="after")
    def _has_url(self) -> Self:
        if self.url is None and self.url_file is None:
            raise ValueError("url or url_file (an Apprise URL such as dingtalk://…)")
        return self

    def secret(self) -> str | None:
        """Return the URL, which holds the token."""
        return read_secret(self.url, self.url_file)


class CapReceiver(_Receiver):
    """A folder that another system reads CAP 1.2 files from."""

    channel: Literal["cap"]
    folder: Path


Receiver = Annotated[
    EmailReceiver | WebhookReceiver | AlertmanagerReceiver | AppriseReceiver | CapReceiver,
    Field(discriminator="channel"),
]


class Route(_Section):
    """Notices that match all that is said here go to these receivers and roles."""

    risks: tuple[RiskSlug, ...] = ()
    """Empty: every risk."""
    levels: tuple[LevelWord, ...] = ()
    """Level after the transition; empty: every level."""
    kinds: tuple[KindWord, ...] = ()
    """Empty: every kind but `operations`, which has routes of its own."""
    receivers: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    """Roles of roster.yaml, looked up on the day."""

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        if not self.receivers and not self.roles:
            raise ValueError("receivers or roles")
        return self


class NotifySettings(_Section):
    """Everything about telling people; without receivers nothing is sent, and `doctor` says so."""

    sender: str = "tocsin@localhost"
    smtp: Smtp = Smtp()
    receivers: dict[str, Receiver] = {}
    routes: tuple[Route, ...] = ()
    """Empty: every receiver gets every notice."""
    heartbeat_url: SecretStr | None = None
    heartbeat_url_file: Path | None = None
    roster_file: Path | None = None
    """People, roles and rota; default `roster.yaml` beside the settings file, if it is there."""
    give_up_hours: int = Field(default=72, ge=1)
    late_after_minutes: int = Field(default=60, ge=1)
    """A notice undelivered for so long is alarmed through another channel."""

    @field_validator("receivers")
    @classmethod
    def _plain_names(cls, value: dict[str, Receiver]) -> dict[str, Receiver]:
        for name in value:
            if not name.replace("-", "").replace("_", "").isalnum():
                raise ValueError(f"receiver names of letters, digits, - and _ (not {name!r})")
        return value

    @model_validator(mode="after")
    def _known_receivers(self) -> Self:
        for route in self.routes:
            for name in route.receivers:
                if name not in self.receivers:
                    raise ValueError(f"a receiver of that name ({name!r} is in a route only)")
        return self

    def heartbeat(self) -> str | None:
        """Return the address to call after each good cycle, if one is set."""
        return read_secret(self.heartbeat_url, self.heartbeat_url_file)
