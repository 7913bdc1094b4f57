"""Every legal name of an image is read as Docker reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.registry.names import ImageName, parse

DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("text", "registry", "repository", "reference"),
    [
        ("shop", "docker.io", "library/shop", "latest"),
        ("shop:1.2", "docker.io", "library/shop", "1.2"),
        ("acme/shop:1", "docker.io", "acme/shop", "1"),
        ("a/b/c/d:1", "docker.io", "a/b/c/d", "1"),
        ("docker.io/shop", "docker.io", "library/shop", "latest"),
        ("index.docker.io/acme/shop", "docker.io", "acme/shop", "latest"),
        ("ghcr.io/acme/shop:1a2b3c", "ghcr.io", "acme/shop", "1a2b3c"),
        ("registry.example.com:5000/deep/er/and_deep__er/x-y--z.w:v1", "registry.example.com:5000",
         "deep/er/and_deep__er/x-y--z.w", "v1"),
        ("localhost/shop", "localhost", "shop", "latest"),
        ("localhost:5000/shop:1", "localhost:5000", "shop", "1"),
        ("registry:5000/shop", "registry:5000", "shop", "latest"),
        ("Registry/shop", "Registry", "shop", "latest"),
        ("[::1]:5000/shop:1", "[::1]:5000", "shop", "1"),
        ("[fd00::1]/shop", "[fd00::1]", "shop", "latest"),
        (f"ghcr.io/acme/shop@{DIGEST}", "ghcr.io", "acme/shop", DIGEST),
        (f"ghcr.io/acme/shop:1.0@{DIGEST}", "ghcr.io", "acme/shop", DIGEST),
        (f"shop@{DIGEST}", "docker.io", "library/shop", DIGEST),
        ("ghcr.io/acme/shop:_x.Y-z", "ghcr.io", "acme/shop", "_x.Y-z"),
    ],
)  # fmt: skip
def test_a_legal_name(text: str, registry: str, repository: str, reference: str) -> None:
    assert parse(text) == ImageName(registry, repository, reference)


@pytest.mark.parametrize(
    "text",
    [
        "", ":", "/", "shop:", "shop:1:2", "Shop", "acme/Shop", "acme//shop", "acme/shop/", "/shop", "shop@",
        "shop@1", "shop@sha256:abc", "sh op", "shop:" + "x" * 129, "-shop", "a..b", "a___b", "ghcr.io/",
        "ghcr.io:x/shop", "0a" * 32, "https://ghcr.io/acme/shop", "ghcr.io/" + "x" * 248, "shop:${commit}", "shop\n",
        "ghcr.io/acme/shop:ü", "none:1\n", "_ghcr.io/shop",
    ],
)  # fmt: skip
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(text)


@given(st.text() | st.from_regex(r"[a-zA-Z0-9:/@._\-\[\]]{0,40}"))
def test_whatever_is_read_can_stand_in_a_url(text: str) -> None:
    try:
        name = parse(text)
    except ValueError:
        return
    assert parse(f"{name.registry}/{name.repository}{'@' if ':' in name.reference else ':'}{name.reference}") == name
    assert not set(f"{name.repository}/{name.reference}") & set("?#% \\\n")


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("localhost/x", True), ("localhost:5000/x", True), ("127.0.0.1:1/x", True), ("127.9.9.9/x", True),
        ("[::1]:5000/x", True), ("[::1]/x", True), ("10.0.0.1:5000/x", False), ("localhost.example.com/x", False),
        ("x", False), ("[fd00::1]:5000/x", False),
    ],
)  # fmt: skip
def test_only_this_machine_is_spoken_to_without_tls(text: str, local: bool) -> None:
    assert parse(text).local is local
