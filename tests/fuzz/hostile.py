"""Hostile texts: what people, phones, other programs and bad luck could put where a command or a name is expected."""

import random

MARKUP = [
    "<!channel>", "<!here>", "<!everyone>", "<!here|here>", "<!subteam^S01ABC>", "<!subteam^S01|@x>", "<@U03CAROL>",
    "<@U03CAROL|carol>", "<@W012A3CDE>", "<#C01GENERAL>", "<#C01GENERAL|general>", "<https://x.org|x>",
    "<https://x.org",
    "<mailto:a@b.c|a@b.c>", "<>", "<|>", "<!>", "<@>", "<#>", "<<<", ">>>", "<!channel", "!channel>", "< !channel>",
    "<!\u200bchannel>", "<\n!channel>", "&lt;!channel&gt;", "&amp;lt;!channel&amp;gt;", "&lt;", "&amp;", "&", "&lt",
    "<!date^1^{date}|x>", "<a|<!channel>>", "<a|<!channel>", "@channel", "@here", "@everyone",
]  # fmt: skip
QUOTES = ['"', "'", "`", "```", "“", "”", "„", "«", "»", "‘", "’", "‚", "‛", '\\"', "\\", "\\\\", '"a', 'a"', '"a b"']
MARKS = [
    "*x*",
    "_x_",
    "~x~",
    ":tada:",
    "> x",
    "• x",
    "[x](y)",
    "{x}",
    "%s%n%x",
    "{0}",
    "${staging}",
    "$(reboot)",
    ";ls",
]
CONTROL = ["\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\t", "\r", "\n", "\r\n", "\u2028", "\u2029", "\ufeff", "\x0b"]
UNICODE = [
    "\u202e", "\u202d", "\u2066", "\u200b", "\u200d", "\u2060", "ﬀ", "ß", "İ", "ı", "K", "é", "e\u0301",
    "👩‍👩‍👧", "🐙", "𝕊",
    "Ω", "中文", "עברית", "العربية", "٣", "²", "Ⅷ", "\U000e0041", "\ufffd", "\uffff", "\u0300" * 30, "ŉ", "ﷺ",
    "－－yes",
]  # fmt: skip
BROKEN = ["\ud800", "\udfff", "a\udc80b"]
OPTIONS = [
    "--yes", "—yes", "-y", "–y", "--project", "--project=", "--project=shop", "--project=nope", "-p shop",
    "--staging",
    "--lines", "--lines=5", "--lines=0", "--lines=²", "--lines=99999999999999999999", "-n -5", "--workload=web", "-w",
    "as", "as x", "as Über", "as -", "as a--b", "by", "by 2d", "by 9999999999w", "by 0s", "for -1d",
    "by 1e9d", "mine",
    "--env", "--env=A=b", "--set x", "--help", "-h", "--", "-", "---", "--=", "--yes=no", "A=b", "=", "--nope",
]  # fmt: skip
VERBS = [
    "deploy", "update", "list", "ls", "info", "status", "logs", "extend", "delete", "rm", "help", "?",
    "DEPLOY", "Delete",
    "delpoy", "sleep", "rollback", "why", "/octopod", "@octopod", "<@U00OCTOPOD>", "", "deploy deploy",
]  # fmt: skip
NAMES = [
    "feature-x", "feature-y", "feature", "feat", "main", "x", "feature/PAY-12_X", "#12", "!7", "1234567", "a" * 40,
    "https://github.com/a/b/pull/1", "<https://github.com/a/b/pull/1>", "refs/heads/main", "origin/main",
    "2d", "1h30m",
    "-rf", "--upload-pack=touch /tmp/x", "../../etc/passwd", "main:main", "main^{commit}", "HEAD", "@{-1}",
    "a..b", "*",
    "a" * 250, "é" * 120, "feature-x.lock", "s1", "staging-1",
]  # fmt: skip
TEXTS = [MARKUP, QUOTES, MARKS, CONTROL, UNICODE, OPTIONS, VERBS, NAMES]
GAPS = [" ", " ", " ", "", "  ", "\t", "\n", "\u00a0", "\u200b", "\u3000"]
# Branch names may hold these, git says; but not begin with a dash, hold .. or end with .lock.
LEGAL = [
    "feature",
    "/",
    "-",
    "_",
    ".",
    "#",
    "!",
    "$",
    "&",
    "'",
    '"',
    "`",
    "(",
    ")",
    "<!channel>",
    "<@U03CAROL>",
    "%",
    "+",
]
LEGAL += [
    ",",
    ";",
    "=",
    "|",
    "{",
    "}",
    "é",
    "\u202e",
    "\u200b",
    "🐙",
    "中文",
    "ﬀ",
    "İ",
    "\u0300",
    "\xa0",
    "PAY-12",
    "x" * 90,
]
LEGAL += ["@", "@channel", "&lt;!channel&gt;", "<", ">"]


def line(chance: random.Random, *, broken: bool = False) -> str:
    """One line of text, as a slash command or mention could carry it. `broken`: half characters too."""
    match chance.randrange(10):
        case 0:
            return soup(chance, 40)
        case 1:
            return long(chance)
        case 2 | 3:
            return mutated(command(chance), chance)
        case 4 if broken:
            return mutated(command(chance), chance) + chance.choice(BROKEN)
        case _:
            return command(chance)


def command(chance: random.Random) -> str:
    """A verb and some words after it, most of them unlike what anybody expects."""
    words = [chance.choice(VERBS)]
    for _ in range(chance.randrange(5)):
        words.append(chance.choice(chance.choice([NAMES, NAMES, *TEXTS])))
        if chance.random() < 0.2:
            quote = chance.choice(QUOTES)
            words[-1] = f"{quote}{words[-1]}{chance.choice([quote, chance.choice(QUOTES)])}"
    return "".join(word + chance.choice(GAPS) for word in words)


def soup(chance: random.Random, most: int) -> str:
    pieces = [chance.choice(chance.choice(TEXTS)) for _ in range(chance.randrange(most))]
    return "".join(pieces)[:5000]


def long(chance: random.Random) -> str:
    """About as long as is allowed, or far longer, of one piece repeated: it finds regular expressions that explode."""
    piece = chance.choice(chance.choice(TEXTS)) + chance.choice(["", " ", chance.choice(chance.choice(TEXTS))])
    start = chance.choice(["", "deploy ", "info ", 'logs "', "delete `", "help <"])
    length = chance.choice([500, 2990, 2999, 3000, 3001, 5000, 40_000])
    return (start + (piece or "x") * length)[:length]


def mutated(text: str, chance: random.Random) -> str:
    """The text with a few letters lost, doubled, replaced or put elsewhere."""
    letters = list(text)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(letters) + 1)
        match chance.randrange(4):
            case 0:
                letters[at : at + chance.randrange(3)] = []
            case 1:
                letters.insert(at, chance.choice(chance.choice(TEXTS)))
            case 2:
                letters.insert(at, chr(chance.choice([chance.randrange(128), chance.randrange(0xD800)])))
            case _:
                letters[at:at] = letters[at : at + 5]
    return "".join(letters)


def branch(chance: random.Random) -> str:
    """A branch's name, as git might have it or as somebody might type it."""
    match chance.randrange(4):
        case 0:
            return chance.choice(NAMES)
        case 1:
            return soup(chance, 4) or "x"
        case _:
            name = "".join(chance.choice(LEGAL) for _ in range(chance.randrange(1, 6)))
            return name[: chance.choice([40, 200, 250])] or "x"
