"""What is hidden of a log, and what must not be."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.domain.redaction import HIDDEN, Redactor, secrets_in, secrets_of

plain = Redactor()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("slack: " + "xoxb-" + "12345678-abcDEF", "slack: •••"),
        ("using " + "ghp_" + "a1B2" * 9 + ".", "using •••."),
        ("key " + "AKIA" + "ABCDEFGHIJKLMNOP" + " refused", "key ••• refused"),
        ("POST https://hooks.slack.com/services/T1/B2/xyz 404", "POST https://hooks.slack.com/••• 404"),
        ("jwt=" + "eyJhbGciOiJI" + "." + "eyJzdWIiOiI" + ".c2ln", "jwt=•••"),
        ("Authorization: Bearer abc", "Authorization: Bearer •••"),
        ('{"authorization": "Basic dXNlcg=="}', '{"authorization": "Basic •••"}'),
        ("sent Bearer 0a1b2c3d4e", "sent Bearer •••"),
        ("password=hunter", "password=•••"),
        ("DB_PASSWORD=hunter2 DB_HOST=db", "DB_PASSWORD=••• DB_HOST=db"),
        ("connect(user='a', password='it is', host='db')", "connect(user='a', password='•••', host='db')"),
        ('{"user": "a", "password": "pw"}', '{"user": "a", "password": "•••"}'),
        ("{'api_key': 'k', 'retries': 3}", "{'api_key': '•••', 'retries': 3}"),
        ("GET /callback?token=abc&state=1 200", "GET /callback?token=•••&state=1 200"),
        ("client_secret: 9f8e7d6c", "client_secret: •••"),
        ("host=db password=a,b) dbname=shop", "host=db password=•••) dbname=shop"),
        ("postgres://shop:s3cret@db:5432/shop", "postgres://shop:•••@db:5432/shop"),
        ("postgres://shop:p@ss@db/shop", "postgres://shop:•••@db/shop"),
        ("https://0123456789abcdef0123@git.example.com/x", "https://•••@git.example.com/x"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\\nMIIE\\n-----END RSA PRIVATE KEY----- x",
            "-----BEGIN RSA PRIVATE KEY-----•••-----END RSA PRIVATE KEY----- x",
        ),
    ],
)
def test_what_looks_like_a_secret_is_hidden(line: str, shown: str) -> None:
    assert plain.text(line) == shown


@pytest.mark.parametrize(
    "line",
    [
        'FATAL: password authentication failed for user "postgres"',
        "SyntaxError: Unexpected token } in JSON at position 4",
        "SyntaxError: unexpected token: 'identifier'",
        "Bearer authentication is required",
        "Basic Authentication failed",
        "token: expired",
        "secret: not found",
        'Error: secret "shop-db" not found',
        "KeyError: 'DB_PASSWORD'",
        "DB_PASSWORD is not set",
        "password=None token=null secret= ",
        "    token = request.headers.get('x-token')",
        "    if token == expected:",
        "    self.password = password",
        "tokens=512 max_tokens: 4096",
        "image ghcr.io/acme/token:0123456789 is not there, nor registry.test/secret:v10-beta",
        "PASSWORD_FILE=/run/secrets/db",
        "listening on http://0.0.0.0:8080/",
        "GET http://api:80/users/@me 200",
        "mail to ann@example.com and bob@example.com",
        "2026-01-01T00:00:00Z INFO started in 0.42 s, commit 0123456789abcdef0123456789abcdef01234567",
        "image sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "",
    ],
)
def test_what_any_log_says_stays(line: str) -> None:
    assert plain.text(line) == line


def test_a_key_of_several_lines_wherever_the_tail_begins() -> None:
    begin, end, body = "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", ["MIIEvQ" * 10, "c2hvcnQ="]
    assert plain.lines(["up", begin, *body, end, "down"]) == ("up", begin + HIDDEN, HIDDEN, HIDDEN, end, "down")
    assert plain.lines(["it is up.", *body, end, "down"]) == ("it is up.", HIDDEN, HIDDEN, end, "down")
    assert plain.lines([begin, *body]) == (begin + HIDDEN, HIDDEN, HIDDEN)
    public = ["-----BEGIN CERTIFICATE-----", *body, "-----END CERTIFICATE-----"]
    assert list(plain.lines(public)) == public


def hidden(line: str, **secret: str) -> str:
    return Redactor(secrets_in(secret)).text(line)


@pytest.mark.parametrize(
    ("secret", "line", "shown"),
    [
        ({"PASSWORD": "s3cr3t"}, "logging in with s3cr3t", "logging in with •••"),
        ({"PASSWORD": "s3cr3t"}, "as3cr3ts stays", "as3cr3ts stays"),
        ({"value": "Zx81-Spectrum"}, "got[Zx81-Spectrum]", "got[•••]"),
        ({"PASSWORD": "a b&c=d1"}, "body: a%20b%26c%3Dd1", "body: •••"),
        ({"PASSWORD": "s3cr3t-enough"}, "raw " + base64.b64encode(b"s3cr3t-enough").decode(), "raw •••"),
        ({"DATABASE_URL": "postgres://shop:pa55word@db/shop"}, "auth as shop with pa55word", "auth as shop with •••"),
        ({"config.json": json.dumps({"a": [{"token": "t0k3n-1"}]})}, "sent t0k3n-1", "sent •••"),
        ({".env": "# shop\nAPI_KEY='k3y-0123'\nexport DEBUG=yes\n"}, "debug yes, k3y-0123", "debug yes, •••"),
        ({"key.pem": "-----BEGIN X-----\nMIIEvQIBADANBgkqhki\n-----END X-----"}, "at MIIEvQIBADANBgkqhki", "at •••"),
    ],
)
def test_a_known_secret_is_hidden_in_the_forms_that_programs_print(
    secret: dict[str, str], line: str, shown: str
) -> None:
    assert hidden(line, **secret) == shown


@pytest.mark.parametrize(
    ("secret", "line"),
    [
        ({"PASSWORD": "password"}, "password authentication failed for postgres"),
        ({"POSTGRES_PASSWORD": "postgres", "POSTGRES_USER": "postgres"}, "no role postgres"),
        ({"HOST": "db.shop.svc", "PORT": "5432", "IP": "10.0.0.1:5432"}, "connecting to db.shop.svc, 10.0.0.1:5432"),
        ({"DEBUG": "true", "PIN": "1234", "EMPTY": ""}, "true after 1234 ms"),
    ],
)
def test_a_secret_that_is_a_plain_word_hides_nothing_else(secret: dict[str, str], line: str) -> None:
    assert hidden(line, **secret) == line


def test_secrets_are_read_from_objects_as_the_api_has_them() -> None:
    secret = {"kind": "Secret", "data": {"A_TOKEN": base64.b64encode(b"abc-123").decode(), "blob": "/w=="}}
    other = {"kind": "ConfigMap", "data": {"A_TOKEN": "xyz-123"}}
    known = secrets_of([secret, other, {"kind": "Secret", "stringData": {"TOKEN": "def-456"}}])
    assert Redactor(known).text("abc-123 xyz-123 def-456") == "••• xyz-123 •••"


def test_what_octopod_yaml_calls_secret_is_hidden_whatever_it_looks_like() -> None:
    data = {"MODE": base64.b64encode(b"sandbox").decode(), "PIN": base64.b64encode(b"123").decode()}
    own = {"kind": "Secret", "metadata": {"name": "octopod-env"}, "data": data}
    assert Redactor(secrets_of([own])).text("mode sandbox, not sandboxed, 123") == "mode •••, not sandboxed, 123"
    assert Redactor(secrets_of([{**own, "metadata": {"name": "another"}}])).text("mode sandbox") == "mode sandbox"


@given(some.text(), some.lists(some.text(), max_size=5))
def test_any_text_can_be_read_and_a_second_reading_changes_nothing(text: str, known: list[str]) -> None:
    redactor = Redactor(secrets_in({f"PASSWORD_{at}": one for at, one in enumerate(known)}))
    once = redactor.lines(text.splitlines())
    assert len(once) == len(text.splitlines())
    assert redactor.lines(once) == once


@pytest.mark.parametrize("piece", ["a", "eyJ", "password", "://a", "-----BEGIN PRIVATE KEY-----", "secret=", "xoxb-"])
def test_a_long_line_is_read_once(piece: str) -> None:
    """It would take hours if it were read anew from each of its places."""
    once = plain.text((piece * 256_000)[:256_000])
    assert plain.text(once) == once
