"""The playground's data folder: made, locked, emptied, and the two files in it that people may read.

octopod.yaml       the bot's configuration: ours until somebody edits it
playground.env     the bot's environment, KEY=VALUE a line
"""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bot.domain.errors import ConfigError

LOCK, ENV, CONFIG = "playground.lock", "playground.env", "octopod.yaml"

CONFIG_TEXT = """\
engine: local
projects:
  shop:
    repo: {repo}
    baseline: main
    source: {{template: web-api}}
    values:
      web: {{command: [python, -m, web.app], health: {{path: /healthz}}}}
      api: {{command: [python, -m, api.app], health: {{path: /healthz}}}}
      migrate: {{command: [python, -m, api.migrate]}}
      data: {{claim: shop-data}}
    hosts: {{web: "${{staging}}.localhost:{port}"}}
    scheme: http
    url_probe: {{path: /healthz}}
    channel: stagings
    alerts: stagings-alerts
    ttl: 3d
    health_checks:
      - {{name: login, path: /login, contains: Sign in}}
      - {{name: shelf, path: /}}
    env:
      PAYMENTS: {{default: sandbox, choices: [sandbox, production], description: Whether money moves}}
      PUBLIC_URL: "${{url.web}}"
      GREETING: {{description: "The line above the shelf; {{orders}} is how many there were today"}}
      SESSION_KEY: {{secret: true, description: Signs the cookies of who has signed in}}
    profiles:
      production-payments:
        description: Real money
        env: {{PAYMENTS: production}}
        allowed: ["@alice", "@carol"]
    roles: {{deploy: everyone, admin: ["@carol"]}}
"""


@contextmanager
def owned(data: Path) -> Iterator[None]:
    """The folder, made if need be, is this launcher's own meanwhile. Raises ConfigError when it can't be."""
    try:
        _refuse_foreign(data)
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        data.chmod(0o700)
        lock = os.open(data / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigError(
            [f"The data folder {data} can't be used: {error.strerror}. Choose another with --data."]
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise ConfigError(
            [f"A playground is already running on {data}. Stop it (ctrl-C), or choose another --data."]
        ) from error
    finally:
        os.close(lock)


def _refuse_foreign(data: Path) -> None:
    """Nobody's home folder becomes a playground (let alone is emptied) by a slip of the finger."""
    if data.is_dir() and not any((data / name).exists() for name in (ENV, LOCK)) and any(data.iterdir()):
        raise ConfigError([f"{data} holds other things than a playground. Choose an empty folder with --data."])


def empty(data: Path) -> None:
    """Remove everything but the lock. Only for a folder that is `owned` and in which nothing runs."""
    for path in data.iterdir():
        if path.name == LOCK:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def write_config(data: Path, port: int) -> str | None:
    """Bring octopod.yaml in step with the port, unless somebody edited it. Returns what people should know, if any."""
    path = data / CONFIG
    wanted = CONFIG_TEXT.format(repo=json.dumps(str(data / "shop.git"), ensure_ascii=False), port=port)
    found = path.read_text(encoding="utf-8", errors="replace") if path.exists() else wanted
    if _without_port(found) == _without_port(wanted):
        write_whole(path, wanted, 0o644)
        return None
    if f"localhost:{port}" in found:
        return None
    return f"{path} was edited, so it is left as it is; its hosts should end in :{port}."


def _without_port(text: str) -> str:
    return re.sub(r"\.localhost:\d+", ".localhost:PORT", text)


def read_env(data: Path) -> dict[str, str]:
    """What playground.env said last; empty when there is none."""
    try:
        lines = (data / ENV).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in lines)
    return {key: value for key, equals, value in pairs if equals}


def write_env(data: Path, env: Mapping[str, str]) -> None:
    write_whole(data / ENV, "".join(f"{key}={value}\n" for key, value in env.items()), 0o600)


def write_whole(path: Path, text: str, mode: int) -> None:
    """Whole or not at all, and never readable by more people than `mode` says."""
    part = path.with_name(f".{path.name}.new")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)
