"""Bodies as hosts send them (made from their documentation, in `payloads`), and parts of them changed."""

import copy
import json
from pathlib import Path
from typing import Any

PAYLOADS = Path(__file__).parent / "payloads"
COMMIT = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"
GITHUB = ("https://github.com/acme/shop.git", "git@github.com:acme/shop.git", "https://github.com/acme/shop")
GITLAB = (
    "https://git.acme.example/group/shop.git",
    "ssh://git@git.acme.example:2222/group/shop.git",
    "https://git.acme.example/group/shop",
)


def payload(name: str, **changes: Any) -> bytes:
    """`changes`: by path, with two underscores between its parts: `pull_request__state="closed"`."""
    body = json.loads((PAYLOADS / f"{name}.json").read_bytes())
    for path, value in changes.items():
        *parents, last = path.split("__")
        there = body
        for part in parents:
            # What is in the file several times is one object in none of them.
            there[part] = copy.copy(there[part])
            there = there[part]
        there[last] = value
    return json.dumps(body).encode()
