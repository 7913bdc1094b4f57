"""What was found out about a breakage, in half a sentence, for the journal. Pure."""

from bot.domain.finding import Cause, Confidence, Finding


def gist(finding: Finding) -> str:
    """Plain text, with no value of any key. People are named only where it is proven."""
    guess = " (a guess)" if finding.confidence is Confidence.GUESS and finding.cause is not Cause.UNKNOWN else ""
    return f"{_gist(finding)}{guess}"


def _gist(finding: Finding) -> str:
    match finding.cause:
        case Cause.CODE:
            return f"the code{f' of {finding.feature}' if finding.feature else ''}{_commits(finding)}"
        case Cause.CONFIGURATION:
            return f"its configuration: {', '.join(change.key for change in finding.changes[:5])}"
        case Cause.DATA:
            return "what it has stored"
        case Cause.RESTART:
            return "its processes ended and were started again"
        case Cause.MEMORY:
            return "it ran out of memory"
        case Cause.NODE:
            return "where it runs is not well"
        case Cause.SHARED:
            return f"something that it shares with others{f': {finding.shared}' if finding.shared else ''}"
        case Cause.BASELINE:
            return "not its branch: the baseline has the same"
        case Cause.BEHIND:
            return "not its branch: the baseline had the same and is well again"
        case _:
            return "what did it is not known"


def _commits(finding: Finding) -> str:
    span = finding.commits
    if span is None or not span.changes:
        return ""
    newest, count = span.changes[0], max(span.count, 1)
    sure = finding.confidence is Confidence.PROVEN and finding.people
    by = f" by {', '.join(person.name for person in finding.people[:5])}" if sure else ""
    latest = ", the latest" if count > 1 else ","
    return f", {count} commit{'s' if count > 1 else ''}{by}{latest} {newest.commit[:7]} “{newest.subject}”"
