"""Whether a release's objects may be applied, wherever they come from. All mistakes are told at once."""

from collections.abc import Iterable, Sequence

from bot.domain.errors import PermanentError
from bot.ports import EngineFacts, RenderFacts
from bot.render.located import Located
from bot.render.rules import mistakes_in

MOST_TOLD = 50
LONGEST_TOLD = 500
MEND = "Mend them, push, and deploy again."


def require_right(
    located: Sequence[Located],
    facts: RenderFacts,
    engine: EngineFacts,
    mistakes: Sequence[str],
    whose: str,
    next_step: str = MEND,
) -> None:
    """Raises PermanentError with these mistakes and those that are in the objects. `whose`: how the sentence begins."""
    found = list(mistakes)
    for one in located:
        found += _fresh(one, mistakes_in(one, facts, engine))
    found += _twice(located)
    if found:
        raise refusal(found, whose, next_step)


def _fresh(one: Located, found: Iterable[str]) -> list[str]:
    """Without what only follows from a mistake at the same place."""
    return [mistake for mistake in found if mistake[: mistake.find(": ", len(one.file))] not in one.wrong]


def _twice(located: Sequence[Located]) -> list[str]:
    first: dict[tuple[str, str], Located] = {}
    found = []
    for one in located:
        thing = one.value
        if not isinstance(thing, dict) or not isinstance(thing.get("metadata"), dict):
            continue
        key = (str(thing.get("kind")), str(thing["metadata"].get("name")))
        if key in first:
            found.append(f"{one.place()}: {key[0]} `{key[1]}` stands at {first[key].place()} already")
        else:
            first[key] = one
    return found


def refusal(mistakes: Sequence[str], whose: str, next_step: str = MEND) -> PermanentError:
    count = f"{len(mistakes)} mistakes" if len(mistakes) > 1 else "a mistake"
    told = [mistake[:LONGEST_TOLD] for mistake in mistakes[:MOST_TOLD]]
    if len(mistakes) > MOST_TOLD:
        told.append(f"… and {len(mistakes) - MOST_TOLD} more")
    return PermanentError(f"{whose} {count}.", told, next_step)
