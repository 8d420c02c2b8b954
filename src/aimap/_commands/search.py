"""UID SEARCH (:rfc:`9051#section-6.4.4`, :rfc:`4731`)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, final

from aimap._commands.base import IN_MAILBOX, Claim, SelectedCommand, exclusive
from aimap._errors import InvalidArgumentError
from aimap._model.flag import Flag
from aimap._model.numbers import NumberSet, UIDSet
from aimap._model.response import ESearchResponse, SearchResponse, TaggedResponse, Untagged
from aimap._model.search import And, Argument, Not, Or, SearchCriteria, SearchKey

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder


@final
class Search(SelectedCommand[UIDSet]):
    """UID SEARCH. With *extended*, ``RETURN (ALL)``, whose answer names its command.

    The answer to a plain SEARCH names no command, so one goes at a time; a server with
    ESEARCH gets as many as there are.

    Args:
        criteria: what to look for.
        extended: ask for an ESEARCH response; the server must offer ESEARCH.
        on_found: called with what a response names, at the very place where it stands
            in the stream of responses.
    """

    name = "UID SEARCH"
    answers = (SearchResponse, ESearchResponse)

    def __init__(
        self,
        criteria: SearchCriteria,
        *,
        extended: bool,
        on_found: Callable[[UIDSet], object] | None = None,
    ) -> None:
        if not isinstance(criteria, SearchCriteria):
            raise InvalidArgumentError(
                f"search by an expression such as UNSEEN & FROM('joe'), not by {criteria!r}"
            )
        self._criteria = criteria
        self._extended = extended
        self._on_found = on_found
        self._found = UIDSet()

    @property
    def claims(self) -> tuple[Claim, ...]:
        return IN_MAILBOX if self._extended else (*IN_MAILBOX, exclusive("SEARCH"))

    def write(self, wire: Encoder) -> None:
        wire.atom("UID")
        wire.atom("SEARCH")
        if self._extended:
            wire.atom("RETURN")
            with wire.parentheses():
                wire.atom("ALL")
        # RFC 9755 section 3: after ENABLE UTF8=ACCEPT a CHARSET is an error.
        if not wire.utf8 and not _is_ascii(self._criteria):
            wire.atom("CHARSET")
            wire.atom("UTF-8")
        write_criteria(wire, self._criteria)

    def claim(self, response: Untagged) -> bool:
        # Some servers answer RETURN by a plain SEARCH; the session has matched the tag
        # of an ESEARCH before it gets here.
        if isinstance(response, SearchResponse):
            found = UIDSet(response.numbers)
        elif isinstance(response, ESearchResponse):
            found = UIDSet.from_ranges(response.all.ranges if response.all else ())
        else:
            return False
        self._found |= found
        if self._on_found is not None:
            self._on_found(found)
        return True

    def result(self, response: TaggedResponse) -> UIDSet:
        return self._found


def _is_ascii(criteria: SearchCriteria) -> bool:
    waiting = [criteria]
    while waiting:
        match waiting.pop():
            case And(parts) | Or(parts):
                waiting.extend(parts)
            case Not(part):
                waiting.append(part)
            case SearchKey(_, arguments):
                if not all(not isinstance(a, str) or a.isascii() for a in arguments):
                    return False
            case other:
                raise InvalidArgumentError(f"not search criteria of ours: {other!r}")
    return True


def write_criteria(wire: Encoder, criteria: SearchCriteria) -> None:
    """Write *criteria*, whatever their depth, without recursion."""
    waiting: list[SearchCriteria | str] = []
    waiting += reversed(criteria.criteria) if isinstance(criteria, And) else [criteria]
    while waiting:
        match waiting.pop():
            case "(":
                wire.open()
            case ")":
                wire.close()
            case str() as word:
                wire.atom(word)
            case And(parts):
                waiting += [")", *reversed(parts), "("]
            case Or(parts):
                # OR takes two keys: OR a OR b OR c d.
                waiting.append(parts[-1])
                for part in reversed(parts[:-1]):
                    waiting += [part, "OR"]
            case Not(part):
                waiting += [part, "NOT"]
            case SearchKey(name, arguments):
                if name:
                    wire.atom(name)
                for argument in arguments:
                    _write_argument(wire, argument)
            case other:
                raise InvalidArgumentError(f"not search criteria of ours: {other!r}")


def _write_argument(wire: Encoder, argument: Argument) -> None:
    if isinstance(argument, NumberSet):
        wire.numbers(argument)
    elif isinstance(argument, Flag):
        wire.atom(argument)
    elif isinstance(argument, str):
        wire.string(argument)
    elif isinstance(argument, date):
        wire.date(argument)
    else:
        wire.number(argument)
