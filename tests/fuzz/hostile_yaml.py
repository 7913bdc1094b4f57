"""Hostile YAML: real files with a few things in them changed for the worse, and files made to exhaust their reader."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hostile
import yaml

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "manifests" / "examples" / "shop" / "deploy" / "staging"
MANIFESTS = [file.read_text() for file in sorted(SHOP.glob("*.yaml"))] + [
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\ndata: {A: &a b, C: *a}\n",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: secret}\nstringData: {A: b}\ndata: {B: Yg==}\n",
    "kind: List\napiVersion: v1\nitems: [{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: []}}]\n",
]
CONFIGURATION = """\
engine: local
projects:
  shop:
    repo: ./shop.git
    source: {manifests: deploy/staging}
    hosts: {web: "${staging}.localhost:8080", api: "${staging}-api.localhost"}
    scheme: http
    channel: stagings
    alerts: stagings-alerts
    credentials: GIT_TOKEN
    baseline: main
    image: ghcr.io/acme/shop:${commit}
    ttl: 3d
    env:
      PAYMENTS: {default: sandbox, description: Which., choices: [sandbox, production]}
      PUBLIC_URL: "${url.web}"
      REPLICAS: "${values.web.replicas}"
      KEY: {secret: true}
    secrets: {KEY: env:KEY, MAIL: env:MAIL}
    values: {web: {replicas: 1, debug: off, names: [a, "${staging}"]}, db: ~}
    profiles:
      live: {description: Real., env: {PAYMENTS: production}, secrets: {KEY: env:LIVE}, values: {web: {replicas: 3}}}
      load: {allowed: "@carol"}
    limits: {stagings: 40, per_person: 5}
    roles: {deploy: everyone, admin: ["@carol", U01ALICE]}
    url_probe: {path: /, address: "127.0.0.1:80", from: bot, accept: [404], seconds: 5}
  blog:
    repo: git@example.com:acme/blog.git
    source: {manifests: .}
    hosts: {web: "${staging}.blog.example.com"}
    channel: blog
  outlet:
    extends: shop
    hosts: {web: "${staging}.${project}.localhost", api: }
    env: {PAYMENTS: production, KEY: }
    values: {web: {replicas: 2}, db: {size: 1Gi}}
    profiles: {live: {env: {PAYMENTS: sandbox}}, load: }
  wiki:
    extends: outlet
    source: {helm: {chart: shop, repository: "https://charts.example.com", version: 1.2.3, values: [a.yaml]}}
  kiosk: {extends: blog, source: {template: web}, hosts: {web: "${staging}.kiosk.example.com"}}
"""
# As they stand in a file, and as what a key or value may be.
WRITTEN = [
    "&a", "*a", "*b", "<<: *a", "<<: [*a, *a]", "<<: 1", "&a [*a]", "&a {x: *a}", "&a {<<: *a}", "!!binary aGk=",
    "!x y",
    "!!python/object/apply:os.system ['true']", "!!set {a, b}", "!!omap [a: 1]", "!!int x", "!!float x", "!!bool x",
    "!!null x",
    "!!timestamp x", "2001-12-14t21:59:43.10-05:00", "2001-99-99", "0o17", "017", "0x1F", "0b1", "1_000", "12:30:45",
    "9" * 500, "1e999", "-.inf", ".nan", "~", "null", "Null", "yes", "off", "''", '""', "|", ">", "|+\n", "- ", "? ",
    ": ",
    "{", "}", "[", "]", "[[]]", "{}", ",", "#", "%YAML 9.9", "---", "...", "\t", "\t- x", "\x00", "\x07", "\x85",
    "\u2028",
    "\ufeff", '"\\x00"', '"\\ud800"', '"\\uD83D"', '"\\e"', "${", "}", "$${", "${}", "${x}", "${commit}", "${url.web}",
    "${a.b}",
    "${staging}${staging}", "'", '"', "`", "@", "%", "=", "<<", "? a\n: b", "? [a]\n: b", "? {a: b}\n: c", "a: 1\na: 2",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, 0, -1, 1.5, 2**63, 10**400, float("inf"), float("nan"), "", "x", "x" * 300, [], {}, [[]], [{}],
    {"": ""},
    {"a": None}, [None], "null", "80", 80, -80, 65536, "http", "${", "${x}", "${commit}", "\x00", "\u202e", "../..",
    "/",
    "-",
    "a\nb", [1, "x", {}, []], {"a": {"a": {"a": []}}}, "10m", "64Mi", "-1Mi", "1e9Gi", "Always", "name",
    {"name": "web"},
    "=",
]  # fmt: skip


def file(chance: random.Random, seeds: list[str]) -> bytes:
    """One file, most of it still sensible, so that what reads it comes far."""
    text = chance.choice(seeds)
    match chance.randrange(6):
        case 0:
            text = _with_written(text, chance)
        case 1:
            text = hostile.mutated(text, chance)
        case 2:
            return _with_bytes(text.encode(), chance)
        case 3:
            text = "\n---\n".join(chance.choice(seeds) for _ in range(chance.randrange(4)))
            text = _with_written(text, chance)
        case _:
            text = _with_values(text, chance)
    return text.encode("utf-8", "surrogatepass")


def _with_written(text: str, chance: random.Random) -> str:
    """Somewhere between two words, or in place of one."""
    words = text.split(" ")
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(words))
        more = "" if chance.random() < 0.5 else words[at]
        words[at] = f"{chance.choice(WRITTEN)} {more}"
    return " ".join(words)


def _with_bytes(content: bytes, chance: random.Random) -> bytes:
    made = bytearray(content)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(made) + 1)
        made[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(1, 4))
    return bytes(made[: chance.choice([len(made), chance.randrange(len(made) + 1)])])


def _with_values(text: str, chance: random.Random) -> str:
    """One to three values anywhere in it are replaced; then it is YAML or JSON again."""
    documents = list(yaml.safe_load_all(text))
    for _ in range(chance.randrange(1, 4)):
        place: Any = documents
        while isinstance(place, dict | list) and place:
            key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
            if chance.random() < 0.25 or not isinstance(place[key], dict | list) or not place[key]:
                _replace(place, key, chance)
                break
            place = place[key]
    if chance.random() < 0.3 and len(documents) == 1:
        return json.dumps(documents[0])
    return yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=chance.random() < 0.5)


def _replace(place: Any, key: Any, chance: random.Random) -> None:
    if isinstance(place, dict) and chance.random() < 0.2:
        place[chance.choice([*hostile.NAMES, "name", "kind", "spec", "<<", "="])] = place.pop(key)
    elif chance.random() < 0.2:
        place[key] = hostile.soup(chance, 4)
    else:
        place[key] = copy.deepcopy(chance.choice(VALUES))


def exhausting(most: int) -> Iterator[tuple[str, bytes]]:
    """Small files that unfold to a lot, and files of up to `most` bytes: name and content."""

    def many(piece: str, size: int | None = None) -> str:
        """As often as it fits; `{n}` in it counts."""
        times = most // (size or len(piece))
        return "".join(piece.replace("{n}", str(n)) for n in range(times)) if "{n}" in piece else piece * times

    half = most // 2
    tens = [(n, ", ".join([f"*a{n - 1}"] * 10)) for n in range(1, 9)]
    yield "aliases of aliases", b"a0: &a0 x\n" + "".join(f"a{n}: &a{n} [{ten}]\n" for n, ten in tens).encode()
    merges = "".join(f"a{n}: &a{n} {{<<: [{ten}]}}\n" for n, ten in tens)
    yield "merges of merges of nothing", f"a0: &a0 {{}}\n{merges}".encode()
    yield "merges of merges", f"a0: &a0 {{x: y}}\n{merges}".encode()
    wide = f"a: &a {{}}\nb: &b {{<<: [{'*a,' * (half // 3)}]}}\nc: {{<<: [{'*b,' * (half // 3)}]}}\n"
    yield "many merges of many merges", wide.encode()
    yield "a merge of many", f"a: {{<<: [{many('{k{n}: 1},', 14)}]}}\n".encode()
    yield "many merges in one", f"a:\n{many('  <<: {k{n}: 1}' + chr(10), 20)}".encode()
    yield "deep lists", many("[").encode()
    yield "deep lists that close", b"[" * 5_000 + b"]" * 5_000
    yield "deep mappings", many("{a: ").encode()
    yield "deep blocks", "".join(f"{' ' * n}a:\n" for n in range(600)).encode()
    yield "deep dashes", many("- ").encode()
    yield "deep keys", many("? ").encode()
    chain = "".join(f"a{n}: &a{n} {{x: *a{n - 1}}}\n" for n in range(1, most // 30))
    yield "a deep chain of aliases", f"a0: &a0 {{}}\n{chain}".encode()
    yield "many documents", many("---\n").encode()
    yield "many tiny objects", many("---\n{}\n").encode()
    yield "many keys", many("k{n}: v\n", 11).encode()
    yield "the same key", many("a: 1\n").encode()
    yield "many wrong values", config({f"k{n}": n for n in range(most // 18)})
    tagged = many("  k{n}: !x y\n", 32) + many("  n{n}: 1\n", 32)
    yield "many wrong tags and values", f"{HEAD}data:\n{tagged}".encode()
    yield "many unknown names", config({f"k{n}": f"${{n{n}}}" for n in range(most // 25)})
    yield "one long name", config({"k": "${" + "x" * half + "}"})
    yield "many open references", config({"k": "${" * (half // 2)})
    yield "many closed references", config({"k": many("${commit}", 10)})
    yield "many literals", config({"k": many("$${", 4)})
    yield "a long number", b"n: " + b"9" * half
    yield "a long time", b"n: " + b"1:" * (half // 2) + b"1"
    yield "a long hexadecimal", b"n: 0x" + b"f" * half
    yield "a long float", b"n: 1." + b"1" * half + b"e99999"
    yield "many anchors", many("- &a x\n").encode()
    yield "quotes without end", b"a: " + b"'" * (half + 1)
    yield "a line of spaces", b"a:" + b" " * half + b"b"
    yield "a long plain text", b"a: " + many("a b ", 5).encode()
    yield "lists in lists", ("{" + LIST * 90 + "}]" * 90 + "}").encode()
    yield "escapes", b'a: "' + many("\\x41", 5).encode() + b'"'
    yield "tabs", many("\t").encode()
    yield "directives", many("%TAG ! !\n").encode()
    yield "comments", many("# x\n").encode()
    yield "nothing", b""
    yield "UTF-16", "a: b".encode("utf-16")
    yield "not UTF-8", b"a: \xff\xfe\xfd"


HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\n"
LIST = "kind: List, apiVersion: v1, items: [{"


def config(data: dict[str, Any]) -> bytes:
    return (HEAD + "data: " + json.dumps(data)).encode()
