"""What the git process may know: an environment of its own with one project's credentials, never on a command line.

Tokens go through a fixed askpass program that answers only the repository's own host; ssh keys through a file.
"""

import os
import re
import shlex
import threading
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from bot.domain.errors import PermanentError
from bot.domain.project import Project
from bot.git.failures import Remote, redacted

# Everything else of the bot's environment (Slack's tokens, other projects' credentials) is none of git's business.
PASSED = (
    *("PATH", "TMPDIR", "TZ", "SSH_AUTH_SOCK"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"),
    *("http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
)

SETTINGS = """\
[safe]
	directory = *
[gc]
	autoDetach = false
[maintenance]
	autoDetach = false
[http]
	lowSpeedLimit = 1
	lowSpeedTime = 30
[core]
	hooksPath = /dev/null
"""

# Git passes its question as the only argument. Whoever redirects git elsewhere gets no answer.
ASKPASS = """\
#!/bin/sh
case "$1" in
  "Username for '$OCTOPOD_GIT_SCHEME://$OCTOPOD_GIT_HOST': ") printf '%s\\n' "$OCTOPOD_GIT_USER" ;;
  "Password for '$OCTOPOD_GIT_SCHEME://"*"@$OCTOPOD_GIT_HOST': ") printf '%s\\n' "$OCTOPOD_GIT_TOKEN" ;;
  *) exit 1 ;;
esac
"""
DEFAULT_USER = "x-access-token"
SCP_LIKE = re.compile(r"(?!/)[^/:]+:(?!//)")


class Environments:
    """Makes the environments; keeps the programs and key files that they point to in `folder`."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._environ = environ

    def prepare(self) -> None:
        """The files that every git process uses. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        _write(self._folder / "gitconfig", SETTINGS, 0o600)
        _write(self._folder / "askpass", ASKPASS, 0o700)

    def local(self) -> dict[str, str]:
        """For commands that only read the cache."""
        passed = {name: self._environ[name] for name in PASSED if name in self._environ}
        return passed | {
            "HOME": str(self._folder),
            "XDG_CONFIG_HOME": str(self._folder),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": str(self._folder / "gitconfig"),
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": "file:http:https:ssh",
            "GIT_OPTIONAL_LOCKS": "0",
        }

    def remote(self, project: Project) -> tuple[dict[str, str], Remote]:
        """For commands that talk to the project's host. Raises PermanentError when its credentials are not there."""
        _refuse_password(project)
        environ = self.local() | {"GIT_SSH_COMMAND": self._ssh(None)}
        if project.credentials is None:
            return environ, Remote(project.repo, None)
        secret = self._secret(project.credentials)
        if is_ssh(project.repo):
            key = self._key_file(project.name, secret)
            environ["GIT_SSH_COMMAND"] = self._ssh(key)
            return environ, Remote(project.repo, project.credentials)
        user, token = secret.split(":", 1) if ":" in secret else (DEFAULT_USER, secret)
        environ |= self._askpass(project.repo, user, token)
        return environ, Remote(project.repo, project.credentials, (secret, token))

    def _secret(self, variable: str) -> str:
        if secret := self._environ.get(variable, "").strip():
            return secret
        text = f"The credentials {variable} are not there: the bot has no environment variable of that name."
        raise PermanentError(text, next_step=f"Set {variable} where the bot runs, start it again, then deploy again.")

    def _askpass(self, url: str, user: str, token: str) -> dict[str, str]:
        parts = urlsplit(url)
        return {
            "GIT_ASKPASS": str(self._folder / "askpass"),
            "OCTOPOD_GIT_SCHEME": parts.scheme,
            "OCTOPOD_GIT_HOST": parts.netloc.rpartition("@")[2],
            "OCTOPOD_GIT_USER": user,
            "OCTOPOD_GIT_TOKEN": token,
        }

    def _key_file(self, project: str, secret: str) -> Path:
        """The key's own file when the variable holds a path, else one of ours with the variable's text."""
        if not secret.startswith("-----BEGIN"):
            return Path(secret).expanduser()
        # Environment files often hold keys in one line, with \n for the line ends.
        text = secret if "\n" in secret else secret.replace("\\n", "\n")
        file = self._folder / "keys" / quote(project, safe="")
        file.parent.mkdir(mode=0o700, exist_ok=True)
        _write(file, text + "\n", 0o600)
        return file

    def _ssh(self, key: Path | None) -> str:
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": "15",
            "ServerAliveInterval": "15",
            "StrictHostKeyChecking": "accept-new",
            "UserKnownHostsFile": _ssh_path(self._folder / "known_hosts"),
        }
        if key is not None:
            options |= {"IdentitiesOnly": "yes", "IdentityAgent": "none", "IdentityFile": _ssh_path(key)}
        # Git hands this to sh: it holds nothing but our own paths, quoted.
        return shlex.join(["ssh", *(part for name, value in options.items() for part in ("-o", f"{name}={value}"))])


def is_ssh(url: str) -> bool:
    return url.startswith("ssh://") or SCP_LIKE.match(url) is not None


def _refuse_password(project: Project) -> None:
    if redacted(project.repo, ()) != project.repo:
        text = f"The repository address of {project.name} holds a password."
        step = "Put it into an environment variable and name that as `credentials:` in octopod.yaml."
        raise PermanentError(text, next_step=step)


def _ssh_path(path: Path) -> str:
    return '"' + str(path).replace("%", "%%") + '"'


def _write(path: Path, text: str, mode: int) -> None:
    """Readable by nobody else from its first byte on, and never half written for whoever reads meanwhile."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
    fresh.replace(path)
