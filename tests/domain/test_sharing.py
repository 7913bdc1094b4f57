"""What lines of logs and reasons say that stagings could have in common."""

import time

import pytest
from builders import NOW
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.sharing import RESOLVER, WordKind, kind, sign_words, words
from bot.domain.status import Sign, SignKind

PAY = "address pay.example.com:443"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # what libraries write
        ("dial tcp 10.0.0.5:5432: connect: connection refused", "address 10.0.0.5:5432"),
        ("read tcp 10.1.2.3:45678->10.0.0.5:5432: i/o timeout", "address 10.0.0.5:5432"),
        ("Error: connect ECONNREFUSED 10.0.0.5:6379", "address 10.0.0.5:6379"),
        ("Error: connect ETIMEDOUT pay.example.com:443", PAY),
        ("curl: (7) Failed to connect to pay.example.com port 443 after 3 ms: Couldn't connect to server", PAY),
        ("HTTPSConnectionPool(host='pay.example.com', port=443): Max retries exceeded: Connection refused", PAY),
        (
            'connection to server at "db.example.com" (10.0.0.5), port 5432 failed: Connection refused',
            "address db.example.com:5432",
        ),
        ("Get https://pay.example.com/v1/charge: context deadline exceeded", PAY),
        ("Get http://pay.example.com/v1: net/http: request timed out", "address pay.example.com:80"),
        ("could not connect to redis://:hunter2@cache.example.com/0: timed out", "address cache.example.com:6379"),
        ("postgres://shop:s3cret@db.example.com:6432/shop: connection refused", "address db.example.com:6432"),
        ("dial tcp: lookup pay.example.com on 10.96.0.10:53: no such host", "dns pay.example.com"),
        ("Error: getaddrinfo ENOTFOUND pay.example.com", "dns pay.example.com"),
        ("curl: (6) Could not resolve host: Pay.Example.com", "dns pay.example.com"),
        ("Failed to resolve 'pay.example.com' ([Errno -2] Name or service not known)", "dns pay.example.com"),
        ('could not translate host name "db.example.com" to address: Unknown host', "dns db.example.com"),
        ("java.net.UnknownHostException: pay.example.com", "dns pay.example.com"),
        ("getaddrinfo EAI_AGAIN db", RESOLVER),
        ("[Errno -3] Temporary failure in name resolution", RESOLVER),
        ("db.shared.svc.cluster.local:5432 timed out", "address db.shared.svc.cluster.local:5432"),
        # what is the staging's own, or this machine
        ("dial tcp 127.0.0.1:5432: connect: connection refused", ""),
        ("connect ECONNREFUSED localhost:6379", ""),
        ("http://orange.localhost:8080/login: connection refused", ""),
        ("connect ECONNREFUSED 0.0.0.0:80", ""),
        ("dial tcp db:5432: connection refused", ""),
        ("getaddrinfo ENOTFOUND redis", ""),
        ("https://orange.example.com/login: time-out", ""),
        ("db.octopod-shop-orange.svc:5432 refused", ""),
        # what is no trouble, or no address
        ("listening on 10.0.0.5:8080", ""),
        ("GET https://pay.example.com/v1 200", ""),
        ("12:30:45 server.py:42: connection refused", ""),
        ("java.net.ConnectException: Connection refused (Connection refused)", ""),
        ("at 2026-05-04T12:00:00.123Z the request timed out", ""),
        ("version 1.2.3.4.5:6 timed out", ""),
        ("300.300.300.300:80 refused", ""),
        ("mail to alice@example.com:25 refused", ""),
        ("", ""),
    ],
)
def test_what_a_line_says(line: str, expected: str) -> None:
    own = ("orange.example.com", "octopod-shop-orange")
    assert ", ".join(words([line], own)) == expected


def test_each_is_said_once() -> None:
    text = "pay.example.com:443 refused\nstarting\npay.example.com:443 timed out\nlookup x.example.com: no such host"
    assert words([text, "10.0.0.5:1 refused"]) == (PAY, "dns x.example.com", "address 10.0.0.5:1")


def test_signs_name_nodes_and_registries() -> None:
    told = [
        Sign(SignKind.EVICTED, "web", NOW, "worker-2"),
        Sign(SignKind.NODE, "api", NOW, "worker-2"),
        Sign(SignKind.IMAGE, "web", NOW, "ghcr.io"),
        Sign(SignKind.OUT_OF_MEMORY, "web", NOW, "256Mi"),
        Sign(SignKind.NODE, "web", NOW),
    ]
    assert sign_words(told) == ("node worker-2", "registry ghcr.io")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("node worker-2", WordKind.NODE),
        ("registry ghcr.io", WordKind.REGISTRY),
        ("dns pay.example.com", WordKind.DNS),
        (RESOLVER, WordKind.DNS),
        (PAY, WordKind.ADDRESS),
        ("PAYMENTS=production", WordKind.VALUE),
        ("node=worker 2", WordKind.VALUE),
        ("GREETING=value of all", WordKind.VALUE),
        ("value", WordKind.VALUE),
    ],
)
def test_kinds_of_words(word: str, expected: WordKind) -> None:
    assert kind(word) is expected


@given(st.lists(st.text(max_size=200), max_size=3))
def test_whatever_is_logged_makes_words_of_known_kinds(texts: list[str]) -> None:
    assert WordKind.VALUE not in {kind(word) for word in words(texts)}


@pytest.mark.parametrize("part", ["a.", "a-", "a.b:1 ", "http://", "1.1.1.1:", "x port ", "a@"])
def test_a_hostile_line_takes_no_time(part: str) -> None:
    began = time.process_time()
    words([f"refused {part * 100_000}", f"no such host {part * 100_000}"])
    assert time.process_time() - began < 0.5
