"""The page's colours: what is written on what can be read, in light and dark. WCAG 2: 4.5 for text, 3 for edges."""

import re

import pytest

from bot.playground.server import PAGE

CSS = (PAGE / "colours.css").read_text()
TEXT = {
    "ink": ("paper", "raised", "hover", "ephemeral"),
    "quiet": ("paper", "raised", "hover", "ephemeral"),
    "link": ("paper", "raised", "hover", "ephemeral"),
    "danger": ("paper", "hover"),
    "accent": ("paper", "hover"),
    "side-ink": ("side", "side-hover"),
    "side-quiet": ("side", "side-hover"),
    "side-strong": ("side", "side-hover", "side-on", "badge-quiet"),
    "on-accent": ("accent",),
    "on-danger": ("danger",),
    "on-badge": ("badge",),
    "on-person": ("alice", "bob", "carol", "somebody"),
    "mention-ink": ("mention",),
    "code-ink": ("code",),
    "json-key": ("code",),
    "json-string": ("code",),
    "json-number": ("code",),
    "json-word": ("code",),
}
EDGES = {"edge": ("paper",), "focus": ("paper", "raised", "hover"), "side-focus": ("side", "side-on"), "for-me": ()}


def properties(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})\b", css))


LIGHT = properties(CSS.partition("@media")[0])
DARK = LIGHT | properties(CSS.partition("@media")[2])


def luminance(colour: str) -> float:
    def linear(part: str) -> float:
        value = int(part, 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(colour[at : at + 2]) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_measure_itself() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_texts_can_be_read_and_edges_seen(theme: dict[str, str]) -> None:
    weak = [
        f"{ink} on {paper}: {found:.2f}"
        for wanted, pairs in ((4.5, TEXT), (3.0, EDGES))
        for ink, papers in pairs.items()
        for paper in papers
        if (found := contrast(theme[ink], theme[paper])) < wanted
    ]
    assert not weak, weak


def test_there_are_no_colours_elsewhere() -> None:
    """Or this test would not know of them."""
    for sheet in PAGE.glob("*.css"):
        if sheet.name != "colours.css":
            assert not re.findall(r"#[0-9a-f]{3,8}\b|rgb\(", sheet.read_text(), re.IGNORECASE), sheet.name
