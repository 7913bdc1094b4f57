"""What the environment says, every mistake in it at once, and the keys that are made when none are given."""

import re
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.domain.errors import ConfigError
from bot.keys import make_data_folder
from bot.settings import NAMES, Settings, load_keys, load_settings

ENOUGH = {"SLACK_BOT_TOKEN": "xoxb-1-abc", "SLACK_APP_TOKEN": "xapp-1-abc"}
EXAMPLE = Path(__file__).parents[1] / ".env.example"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty working folder, so that nobody's own `.env` is read."""
    with chdir(tmp_path):
        yield tmp_path


def mistakes(**environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_settings(environ)
    return list(caught.value.mistakes)


def test_two_tokens_are_enough(folder: Path) -> None:
    settings = load_settings(ENOUGH)
    assert settings.slack_bot_token.get_secret_value() == "xoxb-1-abc"
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.socket_mode and settings.slack_is_real
    assert settings.octopod_config == folder / "octopod.yaml"
    assert settings.octopod_data == folder / "data"
    assert settings.database_url == f"sqlite+aiosqlite:///{folder}/data/octopod.db"
    assert (settings.octopod_http_host, settings.octopod_http_port) == ("127.0.0.1", 3000)
    assert settings.listens_on_loopback
    assert settings.octopod_allow_unsandboxed is False


def test_everything_can_be_said(folder: Path) -> None:
    settings = load_settings(
        {
            "SLACK_BOT_TOKEN": " xoxb-1-abc\n",
            "SLACK_SIGNING_SECRET": " s3cret\n",
            "SLACK_API_URL": "http://127.0.0.1:4000/api",
            "OCTOPOD_CONFIG": "etc/../octopod.yaml",
            "OCTOPOD_DATA": "kept",
            "OCTOPOD_HTTP_HOST": "0.0.0.0 ",
            "OCTOPOD_HTTP_PORT": "8080",
            "OCTOPOD_ALLOW_UNSANDBOXED": "True",
            "KUBECONFIG": "one:/two",
            "DOCKER_CONFIG": "registries",
            "OCTOPOD_KUBE_CONTEXT": "staging ",
            "DATABASE_URL": "sqlite:///other.db",
        }
    )
    assert settings.slack_signing_secret and settings.slack_signing_secret.get_secret_value() == "s3cret"
    assert not settings.socket_mode and not settings.slack_is_real
    assert settings.slack_api_url == "http://127.0.0.1:4000/api/"
    assert settings.docker_config == folder / "registries"
    assert settings.octopod_config == folder / "octopod.yaml"
    assert settings.octopod_data == folder / "kept"
    assert settings.octopod_http_host == "0.0.0.0" and not settings.listens_on_loopback
    assert (settings.octopod_http_port, settings.octopod_allow_unsandboxed) == (8080, True)
    assert settings.database_url == f"sqlite+aiosqlite:///{folder}/other.db"


@pytest.mark.parametrize(
    ("url", "real"),
    [
        ("https://slack.com/api/", True),
        ("https://www.Slack.com/api/", True),
        ("https://slack-gov.com/api/", True),
        ("https://notslack.com/api/", False),
        ("http://localhost:1/api/", False),
    ],
)
def test_slacks_own_api_is_known(url: str, real: bool) -> None:
    assert load_settings({**ENOUGH, "SLACK_API_URL": url}).slack_is_real is real


def test_a_missing_token_and_a_missing_way_in_are_both_told() -> None:
    assert mistakes() == [
        "SLACK_BOT_TOKEN is not set.",
        "Set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP).",
    ]
    assert mistakes(SLACK_BOT_TOKEN=" ", SLACK_APP_TOKEN="xapp-1") == ["SLACK_BOT_TOKEN is not set."]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("SLACK_BOT_TOKEN", "xapp-1-SECRET", "must begin with xoxb-; this is an app token"),
        ("SLACK_BOT_TOKEN", "xoxp-1-SECRET", "this is a user token"),
        ("SLACK_BOT_TOKEN", "xoxb-", "must begin with xoxb-. Slack shows it under OAuth & Permissions."),
        ("SLACK_BOT_TOKEN", "xoxb-1 SECRET", "must begin with xoxb-. Slack"),
        ("SLACK_APP_TOKEN", "xoxb-1-SECRET", "must begin with xapp-; this is a bot token"),
        ("SLACK_APP_TOKEN", "SECRET", "must begin with xapp-. Slack"),
        ("SLACK_API_URL", "ftp://SECRET", "must be a URL"),
        ("SLACK_API_URL", "https://SECRET:x/", "must be a URL"),
        ("OCTOPOD_HTTP_HOST", "SECRET", "must be an IP address"),
        ("OCTOPOD_HTTP_PORT", "0", "must be a port from 1 to 65535."),
        ("OCTOPOD_HTTP_PORT", "65536", "must be a port"),
        ("OCTOPOD_HTTP_PORT", "SECRET", "must be a port"),
        ("OCTOPOD_ALLOW_UNSANDBOXED", "SECRET", "must be 1 or 0."),
        ("DATABASE_URL", "postgresql://bob:SECRET@db/octopod", "only SQLite is supported."),
        ("DATABASE_URL", "sqlite+aiosqlite:///:memory:", "must name a file"),
        ("DATABASE_URL", "sqlite://", "must name a file"),
        ("OCTOPOD_KEYS", f"{'A' * 43}=,SECRET", "key 2 of 2 is not a Fernet key"),
        ("OCTOPOD_KEYS", ",", "there is no key"),
    ],
)
def test_what_is_wrong_is_said_without_repeating_the_value(name: str, value: str, why: str) -> None:
    (mistake,) = mistakes(**(ENOUGH | {name: value}))
    assert mistake.startswith(f"{name} ") and why in mistake and mistake.endswith(".")
    assert "SECRET" not in mistake


def test_all_mistakes_are_told_at_once() -> None:
    found = mistakes(SLACK_APP_TOKEN="x", OCTOPOD_HTTP_PORT="x", DATABASE_URL="mysql://db", OCTOPOD_KEYS="x")
    assert [text.split()[0] for text in found] == [
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "OCTOPOD_HTTP_PORT",
        "OCTOPOD_KEYS",
        "DATABASE_URL",
    ]


def test_secrets_do_not_show() -> None:
    key = Fernet.generate_key().decode()
    text = repr(load_settings({**ENOUGH, "SLACK_SIGNING_SECRET": "s3cret", "OCTOPOD_KEYS": key}))
    assert not re.search(f"abc|s3cret|{re.escape(key)}", text)


def test_a_file_fills_in_what_the_environment_leaves_open(folder: Path) -> None:
    (folder / ".env").write_text('SLACK_BOT_TOKEN="xoxb-file"\nOCTOPOD_HTTP_PORT=5000\nOCTOPOD_DATA=\nOTHER=1\n')
    settings = load_settings({"SLACK_APP_TOKEN": "xapp-1", "OCTOPOD_HTTP_PORT": "6000", "SLACK_BOT_TOKEN": ""})
    assert settings.slack_bot_token.get_secret_value() == "xoxb-file"
    assert settings.octopod_http_port == 6000
    assert settings.octopod_data == folder / "data"


def test_a_file_that_is_no_text_is_told(folder: Path) -> None:
    (folder / ".env").write_bytes(b"SLACK_BOT_TOKEN=\xff\xfe")
    assert mistakes(**ENOUGH) == [".env can't be read: it is not UTF-8 text."]


def test_the_example_lists_every_variable_with_a_comment() -> None:
    paragraphs = EXAMPLE.read_text().strip().split("\n\n")[1:]
    named = [re.fullmatch(r"# .+\n#?([A-Z_]+)=.*", paragraph) for paragraph in paragraphs]
    assert all(named), paragraphs
    assert sorted(match[1] for match in named if match) == sorted(NAMES)


def test_the_values_that_the_example_shows_are_the_defaults() -> None:
    shown = dict(re.findall("^#([A-Z_]+)=(.+)$", EXAMPLE.read_text(), re.MULTILINE))
    del shown["DATABASE_URL"]
    assert len(shown) == 7
    assert load_settings(ENOUGH | shown) == load_settings(ENOUGH)


def settings_with_data(folder: Path, **environ: str) -> Settings:
    return load_settings({**ENOUGH, "OCTOPOD_DATA": str(folder), **environ})


def test_given_keys_are_used_newest_first(folder: Path) -> None:
    old, new = Fernet.generate_key(), Fernet.generate_key()
    keys = load_keys(settings_with_data(folder / "d", OCTOPOD_KEYS=f"{new.decode()}, {old.decode()}"))
    assert keys.decrypt(Fernet(old).encrypt(b"x")) == b"x"
    assert Fernet(new).decrypt(keys.encrypt(b"y")) == b"y"
    assert not (folder / "d").exists()


def test_keys_are_made_once_and_for_the_owner_only(folder: Path) -> None:
    settings = settings_with_data(folder / "new" / "data")
    sealed = load_keys(settings).encrypt(b"x")
    assert load_keys(settings).decrypt(sealed) == b"x"
    assert stat.S_IMODE((folder / "new/data/keys").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "new/data").stat().st_mode) == 0o700
    assert [file.name for file in (folder / "new/data").iterdir()] == ["keys"]


def test_two_that_start_at_once_agree_on_the_keys(folder: Path) -> None:
    settings = settings_with_data(folder / "data")
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: load_keys(settings), range(8)))
    sealed = [keys.encrypt(b"x") for keys in made]
    assert all(keys.decrypt(text) == b"x" for keys in made for text in sealed)


@pytest.mark.parametrize("content", [b"", b"not a key\n", b"\xff\xfe"])
def test_a_spoiled_key_file_is_told_and_kept(folder: Path, content: bytes) -> None:
    (folder / "keys").write_bytes(content)
    with pytest.raises(ConfigError, match="does not hold the keys any more"):
        load_keys(settings_with_data(folder))
    assert (folder / "keys").read_bytes() == content


def test_a_folder_that_cannot_be_written_is_told(folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(ConfigError, match=r"OCTOPOD_DATA: .*can't be written to: Not a directory"):
        load_keys(settings_with_data(folder / "file" / "data"))
    with pytest.raises(ConfigError, match="can't be written to"):
        make_data_folder(Path("/proc/octopod"))
    (folder / "data" / "keys").mkdir(parents=True)
    with pytest.raises(ConfigError, match="can't be read or made: Is a directory"):
        load_keys(settings_with_data(folder / "data"))


def test_secrets_of_doors_may_be_several() -> None:
    settings = load_settings(ENOUGH | {"GITHUB_WEBHOOK_SECRET": " 0123456789abcdef , fedcba9876543210 "})
    assert settings.accepted("GITHUB_WEBHOOK_SECRET") == ("0123456789abcdef", "fedcba9876543210")
    assert settings.accepted("GITLAB_WEBHOOK_TOKEN") == ()
    assert "0123456789abcdef" not in repr(settings)


def test_secrets_that_can_be_guessed_open_no_door() -> None:
    given = {"GITHUB_WEBHOOK_SECRET": "short", "OCTOPOD_API_TOKEN": "0123456789abcdef,"}
    found = mistakes(**ENOUGH, **given)
    assert [mistake.partition(" must be at least 16 characters long")[0] for mistake in found] == list(given)
    assert "short" not in found[0]
