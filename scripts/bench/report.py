"""What was measured, as a table for people and as JSON lines for programs. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from scripts.bench.stats import Spread

HEADINGS = ("measurement", "median", "min–max", "n", "goal", "")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `goal`: what it shall not exceed; None where there is none. `unit`: empty for ratios and counts."""

    group: str
    name: str
    figure: Spread
    unit: str = ""
    goal: float | None = None

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.figure.median <= self.goal


def table(rows: Iterable[Row]) -> str:
    """In Markdown, ready to paste."""
    cells = [HEADINGS, *map(_cells, rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADINGS))]
    lines = [_line(line, widths) for line in cells]
    rule = "|" + "|".join(_rule(index, width) for index, width in enumerate(widths)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _cells(row: Row) -> Sequence[str]:
    figure, unit = row.figure, f" {row.unit}" if row.unit else ""
    several = figure.rounds > 1
    return (
        f"{row.group}: {row.name}",
        number(figure.median) + unit,
        f"{number(figure.low)}–{number(figure.high)}" if several else "",
        str(figure.rounds),
        "" if row.goal is None else f"≤ {number(row.goal)}{unit}",
        {True: "met", False: "**not met**", None: ""}[row.met],
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        _pad(cell, width, left=index in (0, 5)) for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "| " + " | ".join(padded) + " |"


def _pad(cell: str, width: int, left: bool) -> str:
    return cell.ljust(width) if left else cell.rjust(width)


def _rule(column: int, width: int) -> str:
    return "-" * (width + 2) if column in (0, 5) else "-" * (width + 1) + ":"


def number(value: float) -> str:
    """Three digits that count."""
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def json_line(row: Row, machine: Mapping[str, object]) -> str:
    said = {**asdict(row), "met": row.met, **machine}
    return json.dumps(said | said.pop("figure"), ensure_ascii=False)
