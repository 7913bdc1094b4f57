"""Settings: what the environment (or a `.env` file in the working folder) says. The environment wins.

Read once at the start; every mistake is told at once, and no value of a secret is ever repeated.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.domain.errors import ConfigError
from bot.keys import Keys, keys_in, read_keys

_YES, _NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
_SQLITE = re.compile(r"sqlite(?:\+aiosqlite)?:///([^?#]+)")
_TOKEN_KINDS = {
    "xoxb-": "a bot token",
    "xapp-": "an app token",
    "xoxp-": "a user token",
    "xoxe": "a refresh or configuration token",
}


def _token(prefix: str, where: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        text = str(value).strip()
        if re.fullmatch(prefix + "[A-Za-z0-9-]+", text):
            return text
        kind = next((kind for start, kind in _TOKEN_KINDS.items() if start != prefix and text.startswith(start)), None)
        found = f"; this is {kind}" if kind else ""
        raise ValueError(f"must begin with {prefix}{found}. Slack shows it under {where}.")

    return read


def _stripped(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _api_url(value: object) -> str:
    url = str(value).strip()
    try:
        parts = urlsplit(url)
        legal = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.query
    except ValueError:
        legal = False
    if not legal:
        raise ValueError("must be a URL such as https://slack.com/api/.")
    return url.rstrip("/") + "/"


def _path(value: object) -> Path:
    return Path(str(value)).expanduser().resolve()


def _paths(value: object) -> str:
    """As kubectl reads it: several files are one."""
    return os.pathsep.join(str(_path(part)) for part in str(value).split(os.pathsep) if part)


def _port(value: object) -> int:
    text = str(value).strip()
    if re.fullmatch("[0-9]{1,5}", text) and 1 <= int(text) <= 65535:
        return int(text)
    raise ValueError("must be a port from 1 to 65535.")


def _listening_host(value: object) -> str:
    try:
        return str(ipaddress.ip_address(str(value).strip()))
    except ValueError:
        raise ValueError("must be an IP address, such as 127.0.0.1, or 0.0.0.0 for all.") from None


def _switch(value: object) -> bool:
    text = str(value).strip().lower()
    if text in _YES | _NO:
        return text in _YES
    raise ValueError("must be 1 or 0.")


def _keys(value: object) -> str:
    try:
        read_keys(str(value))
    except ValueError as error:
        raise ValueError(f"must be keys, the newest first, with commas between them: {error}.") from None
    return str(value)


def _secrets(value: object) -> str:
    """Whoever can reach the doors that these open can guess as often as they like."""
    parts = [part.strip() for part in str(value).split(",")]
    if any(len(part) < 16 for part in parts):
        text = "must be at least 16 characters long, without commas; `openssl rand -hex 32` makes a good one."
        raise ValueError(
            f"{text} While one takes the place of another, both may stand there with a comma between them."
        )
    return ",".join(parts)


class Settings(BaseSettings):
    """One field per environment variable, which has the same name in capitals. Paths are absolute."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        validate_default=False,
    )

    slack_bot_token: Annotated[SecretStr, BeforeValidator(_token("xoxb-", "OAuth & Permissions"))]
    slack_app_token: Annotated[
        SecretStr | None, BeforeValidator(_token("xapp-", "Basic Information, App-Level Tokens"))
    ] = None
    slack_signing_secret: Annotated[SecretStr | None, BeforeValidator(_stripped)] = Field(None, validate_default=True)
    slack_api_url: Annotated[str, BeforeValidator(_api_url)] = "https://slack.com/api/"
    octopod_config: Annotated[Path, BeforeValidator(_path)] = Field(Path("octopod.yaml"), validate_default=True)
    octopod_data: Annotated[Path, BeforeValidator(_path)] = Field(Path("data"), validate_default=True)
    octopod_http_host: Annotated[str, BeforeValidator(_listening_host)] = "127.0.0.1"
    octopod_http_port: Annotated[int, BeforeValidator(_port)] = 3000
    octopod_keys: Annotated[SecretStr | None, BeforeValidator(_keys)] = None
    github_webhook_secret: Annotated[SecretStr | None, BeforeValidator(_secrets)] = None
    gitlab_webhook_token: Annotated[SecretStr | None, BeforeValidator(_secrets)] = None
    octopod_webhook_secret: Annotated[SecretStr | None, BeforeValidator(_secrets)] = None
    octopod_api_token: Annotated[SecretStr | None, BeforeValidator(_secrets)] = None
    octopod_allow_unsandboxed: Annotated[bool, BeforeValidator(_switch)] = False
    kubeconfig: Annotated[str | None, BeforeValidator(_paths)] = None
    octopod_kube_context: Annotated[str | None, BeforeValidator(_stripped)] = None
    octopod_helm: Annotated[str, BeforeValidator(_stripped)] = "helm"
    docker_config: Annotated[Path | None, BeforeValidator(_path)] = None
    database_url: str = Field("", validate_default=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # The environment is handed over by `load_settings`, so that a caller may give another one.
        return init_settings, dotenv_settings

    @field_validator("slack_signing_secret")
    @classmethod
    def _some_way_in(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if secret is None and info.data.get("slack_app_token", "wrong") is None:
            raise ValueError("Set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP).")
        return secret

    @field_validator("database_url", mode="before")
    @classmethod
    def _sqlite(cls, value: object, info: ValidationInfo) -> str:
        if not value:
            return f"sqlite+aiosqlite:///{info.data.get('octopod_data', '')}/octopod.db"
        if not (match := _SQLITE.fullmatch(str(value).strip())) or match[1] == ":memory:":
            raise ValueError("must name a file (sqlite+aiosqlite:////data/octopod.db): only SQLite is supported.")
        return f"sqlite+aiosqlite:///{_path(match[1])}"

    @property
    def socket_mode(self) -> bool:
        """Whether Slack's events come over a WebSocket that the bot opens, instead of by HTTP."""
        return self.slack_app_token is not None

    def accepted(self, name: str) -> tuple[str, ...]:
        """The secrets that open a door: of a variable that may hold several. None: it is not set."""
        secret: SecretStr | None = getattr(self, name.lower())
        return tuple(secret.get_secret_value().split(",")) if secret else ()

    @property
    def listens_on_loopback(self) -> bool:
        """Whether the bot's HTTP can be reached from this machine only."""
        return ipaddress.ip_address(self.octopod_http_host).is_loopback

    @property
    def slack_is_real(self) -> bool:
        """Whether the API is Slack's own: then strangers may be able to type commands."""
        host = urlsplit(self.slack_api_url).hostname or ""
        return f".{host}".endswith((".slack.com", ".slack-gov.com"))


NAMES = tuple(name.upper() for name in Settings.model_fields)


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process, or those that another environment gives. An empty variable counts as unset.

    Raises ConfigError with every mistake, each beginning with the name of the variable.
    """
    given = os.environ if environ is None else environ
    values: dict[str, Any] = {name.lower(): given[name] for name in NAMES if given.get(name, "").strip()}
    try:
        return Settings(**values)
    except ValidationError as error:
        raise ConfigError([_mistake(str(one["loc"][0]).upper(), one["msg"]) for one in error.errors()]) from None
    except OSError as error:
        raise ConfigError([f".env can't be read: {error.strerror}."]) from None
    except UnicodeDecodeError:
        raise ConfigError([".env can't be read: it is not UTF-8 text."]) from None


def load_keys(settings: Settings) -> Keys:
    """The keys that these settings give, else those of the data folder, where they are made if need be.

    Raises ConfigError.
    """
    if settings.octopod_keys:
        return read_keys(settings.octopod_keys.get_secret_value())
    return keys_in(settings.octopod_data)


def _mistake(name: str, text: str) -> str:
    text = text.removeprefix("Value error, ")
    if text == "Field required":
        return f"{name} is not set."
    return text if text.startswith("Set ") else f"{name} {text}"
