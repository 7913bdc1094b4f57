"""What the environment says: about this staging, and about the shop's configuration."""

import os
from dataclasses import dataclass

# Shown with their values. Of anything else that was configured only the name is shown: it may be a secret.
PUBLIC = ("PAYMENTS", "PUBLIC_URL", "GREETING", "SEED_ORDERS")

# What every process has, wherever it runs: no news about this staging.
EVERYBODYS = {
    "DATA_DIR", "GPG_KEY", "HOME", "HOSTNAME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "OLDPWD", "PATH", "PORT", "PWD",
    "SHELL", "SHLVL", "TEMP", "TERM", "TMP", "TMPDIR", "TZ", "USER", "_",
}  # fmt: skip
PLATFORMS = ("KUBERNETES_", "OCTOPOD_", "PORT_", "PYTHON")


@dataclass(frozen=True)
class Settings:
    staging: str
    branch: str
    commit: str
    url: str
    payments: str
    greeting: str
    session_key: str
    api: tuple[str, int]
    shown: dict[str, str]


def load() -> Settings:
    env = os.environ
    return Settings(
        staging=env.get("OCTOPOD_STAGING", "by hand"),
        branch=env.get("OCTOPOD_BRANCH", "unknown"),
        commit=env.get("OCTOPOD_COMMIT", "unknown"),
        url=env.get("OCTOPOD_URL", ""),
        payments=env.get("PAYMENTS", "sandbox"),
        greeting=env.get("GREETING", "Good things that the tide brought in."),
        session_key=env.get("SESSION_KEY", "signs the cookies of a demo"),
        api=(env.get("API_SERVICE_HOST", "api"), int(env.get("API_SERVICE_PORT", "80"))),
        shown=configuration(dict(env)),
    )


def configuration(env: dict[str, str]) -> dict[str, str]:
    """The effective configuration as everybody may see it."""
    neighbours = tuple(name.removesuffix("_SERVICE_HOST") for name in env if name.endswith("_SERVICE_HOST"))
    names = sorted(name for name in env if not _is_everybodys(name, neighbours))
    return {name: env[name] if name in PUBLIC else "set, not shown" for name in names}


def _is_everybodys(name: str, neighbours: tuple[str, ...]) -> bool:
    # Of each Service there are API_SERVICE_HOST, API_PORT, API_PORT_80_TCP_ADDR and so on.
    found = any(name.startswith((f"{neighbour}_SERVICE_", f"{neighbour}_PORT")) for neighbour in neighbours)
    return name in EVERYBODYS or name.startswith(PLATFORMS) or found
