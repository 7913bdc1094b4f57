"""What the doctor says: an answer per thing that was looked at, and its line. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """`text`: how it is, in words. `step`: what to do when it is not well."""

    what: str
    well: bool
    text: str
    step: str = ""


def unseen(what: str, first: str) -> Answer:
    """It can't be looked at before something else is well."""
    return Answer(what, False, f"not looked at, as “{first}” must be set right first")


def line(answer: Answer) -> str:
    """One line, whatever the texts hold."""
    said = " ".join(f"{'✓' if answer.well else '✗'} {answer.what}: {answer.text}".split())
    step = " ".join(answer.step.split())
    return said if answer.well or not step else f"{said.rstrip('.')}. → {step}"
