"""What git's complaints mean: its stderr (LC_ALL=C) to our errors, in plain words and without secrets. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.errors import OctopodError, PermanentError, TemporaryError

HIDDEN = "•••"

CORRUPT = re.compile(
    r"not a git repository|is corrupt|bad object|object file .* is empty|inflate: data stream error|unable to unpack|"
    r"bad config|unable to read (?:tree|sha1 file)|missing (?:blob|tree|commit|object)|"
    r"could not parse (?:commit|object)|unresolved deltas|packfile .* (?:cannot be accessed|does not match)|"
    r"file .* is (?:far )?too (?:short|small)|"
    r"index file .* is too small|(?:unexpected|unterminated) line in .*packed-refs|all necessary objects|"
    r"not a (?:valid object name|tree object)|reference broken|Unable to create '.*\.lock': File exists",
    re.IGNORECASE,
)
REFUSED = re.compile(
    r"Authentication failed|could not read (?:Username|Password)|terminal prompts disabled|Permission denied|"
    r"Invalid username or|returned error: 40[13]|Access denied|Load key|Too many authentication",
    re.IGNORECASE,
)
MISSING = re.compile(
    r"repository .*not found|returned error: 4(?:04|10)|does not appear to be a git repository|"
    r"repository .* does not exist|project you were looking for could not be found|no such repository",
    re.IGNORECASE,
)
UNTRUSTED = re.compile(
    r"SSL certificate problem|certificate verif\w+ failed|Host key verification failed", re.IGNORECASE
)
UNSUPPORTED = re.compile(
    r"transport '.*' not allowed|Unable to find remote helper|unsupported protocol|strange \w+ .* blocked",
    re.IGNORECASE,
)
NOISE = re.compile(
    r"could not read from remote repository|correct access rights|repository exists|"
    r"the remote end hung up|Permanently added|^warning:|^hint:|^\s*$",
    re.IGNORECASE,
)
PREFIX = re.compile(r"^(?:fatal|error|remote|ssh|ERROR): *(?:fatal: *)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Remote:
    """What a failure is told about. `variable` names the credentials' environment variable."""

    url: str
    variable: str | None
    secrets: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        return redacted(self.url, self.secrets)


def is_corrupt(complaint: str) -> bool:
    """The bare cache is damaged (or a lock was left behind): making it anew helps."""
    return CORRUPT.search(complaint) is not None


def fetch_failure(complaint: str, remote: Remote) -> OctopodError:
    """Why the remote gave us nothing. What we can't classify counts as temporary: it hurts least."""
    reason = redacted(_gist(complaint, remote.url), remote.secrets)
    if UNSUPPORTED.search(complaint):
        text = f"{remote.shown} is no repository address that can be used: {reason}"
        return PermanentError(text, next_step="Use https://, ssh:// or a path as `repo:` in octopod.yaml.")
    if UNTRUSTED.search(complaint):
        step = "Make the bot trust the host (SSL_CERT_FILE, or its known_hosts), then deploy again."
        return PermanentError(f"{remote.shown} can't be trusted: {reason}", next_step=step)
    if MISSING.search(complaint):
        return PermanentError(f"There is no repository at {remote.shown}: {reason}", next_step=_may_read(remote))
    if REFUSED.search(complaint):
        return _refused(remote, reason)
    return TemporaryError(f"Can't reach {remote.shown}: {reason}")


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Without the secrets, and without anything that looks like a password in a URL."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return re.sub(r"(://[^/@\s:]*):[^/@\s]+@", rf"\1:{HIDDEN}@", text)


def _refused(remote: Remote, reason: str) -> PermanentError:
    if remote.variable is None:
        text = f"{remote.shown} wants credentials, and this project has none: {reason}"
        step = "Put a token into an environment variable of the bot and name it as `credentials:` in octopod.yaml."
        return PermanentError(text, next_step=step)
    text = f"{remote.shown} refused the credentials in {remote.variable}: {reason}"
    return PermanentError(text, next_step=_may_read(remote))


def _may_read(remote: Remote) -> str:
    if remote.variable is None:
        return "Check `repo:` in octopod.yaml; a private repository also needs `credentials:`."
    return f"Check `repo:` in octopod.yaml, and that the credentials in {remote.variable} may read it."


def _gist(complaint: str, url: str) -> str:
    """The first line that says something, without git's own prefixes and the URL that we name anyway."""
    lines = [PREFIX.sub("", line.strip()) for line in complaint.split("\n") if not NOISE.search(line)]
    lines = lines or [PREFIX.sub("", line.strip()) for line in complaint.split("\n") if line.strip()]
    gist = lines[0] if lines else "git gave no reason"
    return gist.replace(f"unable to access '{url}/': ", "").replace(f"unable to access '{url}': ", "")[:300]
