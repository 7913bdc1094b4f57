"""What goes with an engine, from settings and octopod.yaml."""

from pathlib import PurePosixPath

from cryptography.fernet import Fernet

from bot.domain.project import GitHost, HostKind, Manifests, Project
from bot.domain.redaction import Redactor
from bot.engines import own_secrets
from bot.settings import load_settings


def test_everything_that_is_the_bots_own_is_a_secret() -> None:
    key, token = Fernet.generate_key().decode(), "glows-in-the-dark-1"
    old = Fernet.generate_key().decode()
    given = {"SLACK_BOT_TOKEN": "xoxb-1-2", "SLACK_SIGNING_SECRET": "0a1b2c3d", "OCTOPOD_KEYS": f"{key},{old}"}
    host = GitHost(HostKind.GITHUB, "https://api.github.com", "acme/shop", token="API_TOKEN")
    project = Project(
        "shop", "https://git.test/shop.git", Manifests(PurePosixPath(".")), "a", "b", credentials="GIT_TOKEN", host=host
    )
    lent = {"GIT_TOKEN": f"robot:{token}", "API_TOKEN": "asks-by-night-2", "OTHER": "not-a-secret-1"}
    known = own_secrets(load_settings(given), [project], lent)
    said = Redactor(known).text(f"{old} {token} 0a1b2c3d xoxb-1-2 asks-by-night-2 not-a-secret-1")
    assert said == "••• ••• ••• ••• ••• not-a-secret-1"
