"""Text as phones and desktops really send it through Slack, cut into words.

Slack sends `&`, `<` and `>` as entities, and links, mentions and channels as `<…>`. Phones turn `--` into a long dash
and straight quotes into curly ones. A quoted or backticked word is meant literally: never an option or a keyword.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_DOUBLE = '"“”„‟«»'
_SINGLE = "'‘’‚‛"
_DASH = "-‐‑‒–—―−﹘﹣－"
# What separates words, with the invisible marks that copying brings along.
_SPACE = r"\s\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff"
_END = rf"(?=[{_SPACE}]|\Z)"

# A quote opens where a word begins (or what follows `--option=` or `KEY=`) and closes where it ends: `don't` has none.
_WORD = re.compile(
    rf"""
    (?P<option> [{_DASH}]+ [A-Za-z][\w-]* = )?
    (?P<key> [\w./\\]+ [\w./\\-]* = )?
    (?: (?P<fence> `{{1,3}} ) (?P<code> .+? ) (?P=fence) {_END}
      | [{_DOUBLE}] (?P<double> (?: \\. | [^\\] )*? ) [{_DOUBLE}] {_END}
      | [{_SINGLE}] (?P<single> .*? ) [{_SINGLE}] {_END}
      | (?P<open> [`{_DOUBLE}{_SINGLE}] )? (?P<bare> (?: <[^<>]*> | [^{_SPACE}] )* ) )
    """,
    re.VERBOSE | re.DOTALL,
)
_GAP = re.compile(rf"[{_SPACE}]*")
_MARKUP = re.compile(r"<([^<>|\s][^<>|]*)(?:\|([^<>]*))?>")
_OPTION = re.compile(rf"([{_DASH}]+)([A-Za-z][\w-]*)")
_ESCAPED = re.compile(rf"\\([{_DOUBLE}\\])")
_MENTION = re.compile(rf"[{_SPACE}]*<@[A-Z0-9]+(?:\|[^<>]*)?>[:,]?[{_SPACE}]*")
_PLAIN = re.compile(rf"(?![\w./\\-]+=[`{_DOUBLE}{_SINGLE}])[^\W_][^{_SPACE}]*")


@dataclass(frozen=True, slots=True)
class Word:
    """`literal`: it was quoted. `value`: what follows the equals sign of an option such as `--project=shop`.

    `quoted`: what follows its `KEY=` was quoted, as in `KEY="a b"`.
    """

    text: str
    literal: bool = False
    value: str | None = None
    quoted: bool = False

    @property
    def is_option(self) -> bool:
        return not self.literal and _OPTION.fullmatch(self.text) is not None


def split(text: str) -> tuple[Sequence[Word], Sequence[str]]:
    """The words of a message as Slack sends it, and what was wrong with its quotes, in sentences."""
    words, mistakes = [], []
    text = _whole(text)
    position = _skip_gap(text, 0)
    while position < len(text):
        match = _WORD.match(text, position)
        assert match is not None and match.end() > position, "the last alternative takes any character but a gap"
        words.append(_word(match))
        if match["open"]:
            mistakes.append(f"The quote before `{shown(words[-1].value or words[-1].text)}` is not closed.")
        position = _skip_gap(text, match.end())
    return words, mistakes


def quoted(text: str) -> str:
    """The text as a literal word: what people would type."""
    return '"' + re.sub(rf"[{_DOUBLE}\\]", lambda match: "\\" + match[0], text) + '"'


def is_plain(text: str) -> bool:
    """Whether the text, typed without quotes, is read as one word and no option."""
    return _PLAIN.fullmatch(text) is not None


def escape(text: str) -> str:
    """Plain text as Slack sends it and wants it in its markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def strip_mention(text: str) -> str:
    """The message without the mention that it begins with (`<@U0BOT> deploy x`)."""
    match = _MENTION.match(text)
    return text[match.end() :] if match else text


def shown(text: str) -> str:
    """A word as an error may repeat it between backticks: short, on one line."""
    line = " ".join(text.replace("`", "'").split())
    return line if len(line) <= 80 else f"{line[:79]}…"


def _whole(text: str) -> str:
    """Half of a character, as JSON can carry it, can be neither stored nor sent: U+FFFD stands for it."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _skip_gap(text: str, position: int) -> int:
    match = _GAP.match(text, position)
    return match.end() if match else position


def _word(match: re.Match[str]) -> Word:
    text, literal = _content(match)
    quoted = literal and match["key"] is not None
    text = (match["key"] or "") + text
    if not match["option"]:
        return Word(text, True, quoted=quoted) if literal else Word(_normal_option(text))
    return Word(_normal_option(match["option"][:-1]), value=text, quoted=quoted)


def _content(match: re.Match[str]) -> tuple[str, bool]:
    """What the word says, and whether it was quoted."""
    if (double := match["double"]) is not None:
        return _decode(_ESCAPED.sub(r"\1", double)), True
    if (single := match["single"]) is not None:
        return _decode(single), True
    if (code := match["code"]) is not None:
        return _decode(code).strip(), True
    return _decode(match["bare"]), False


def _normal_option(text: str) -> str:
    """`—Env` → `--env`, `–y` → `-y`: phones make one long dash of two short ones."""
    match = _OPTION.fullmatch(text)
    if not match:
        return text
    return ("-" if match[1] == "-" or len(match[2]) == 1 else "--") + match[2].lower()


def _decode(text: str) -> str:
    plain = _MARKUP.sub(_markup_text, text)
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _markup_text(match: re.Match[str]) -> str:
    target, label = match[1], match[2] or ""
    if target[0] in "@#":
        return target[0] + (label.lstrip(target[0]) or target[1:])
    if target[0] == "!":
        return label or f"@{target[1:]}"
    # Slack makes links of what looks like one: then the label is what was typed. Any other label only describes.
    return label if label and label in target else target
