"""SEARCH in all its forms (:rfc:`9051#section-6.4.4`, :rfc:`4731`, :rfc:`7377`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, TypeVar, final

from aimap._commands.base import ORDINARY, SAVED_RESULT, Claim, Command, SelectedCommand, exclusive
from aimap._commands.criteria import (
    checked_criteria,
    search_claims,
    search_keys,
    write_charset,
    write_criteria,
    write_search_name,
)
from aimap._commands.fetch import write_item_list
from aimap._commands.filters import write_filter
from aimap._commands.sets import USES_SAVED_RESULT
from aimap._errors import InvalidArgumentError
from aimap._model.notify import MailboxFilter
from aimap._model.numbers import ModSeq, SeqSet, UIDSet
from aimap._model.response import ESearchResponse, SearchResponse, TaggedResponse, Untagged
from aimap._model.returning import Partial, ReturnOption, Update, option_name, return_options
from aimap._model.saved import SavedResult
from aimap._model.search import SearchCriteria
from aimap._model.state import LOGGED_IN

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder

S = TypeVar("S", UIDSet, SeqSet)


class _Searching(SelectedCommand[S]):
    """What finds messages.

    Attributes:
        modseq: the highest mod-sequence of what was found, where it was searched for by
            mod-sequence (:rfc:`7162#section-3.1.5`).
    """

    answers: ClassVar[tuple[type, ...]] = (SearchResponse, ESearchResponse)
    kind: type[S]

    def __init__(
        self,
        criteria: SearchCriteria,
        *,
        extended: bool,
        charset: str | None = None,
        on_found: Callable[[S], object] | None = None,
    ) -> None:
        self._criteria = checked_criteria(criteria)
        self._extended = extended
        self._charset = charset
        self._on_found: Callable[[S], object] | None = on_found
        self._found: S = self.kind()
        self.modseq: ModSeq | None = None

    @property
    def claims(self) -> tuple[Claim, ...]:
        needs: tuple[Claim, ...] = search_claims(
            self._criteria, by_uid=self.name.startswith("UID ")
        )
        return needs if self._extended else (*needs, exclusive("SEARCH"))

    def write(self, wire: Encoder) -> None:
        write_search_name(wire, self.name)
        if self._extended:
            write_returning(wire, ("ALL",))
        codec = write_charset(wire, self._criteria, self._charset)
        write_criteria(wire, self._criteria, codec)

    def claim(self, response: Untagged) -> bool:
        # The session has matched the tag of an ESEARCH before it gets here.
        if isinstance(response, ESearchResponse):
            found = self.kind.from_ranges(response.all.ranges if response.all else ())
            self._find(found, response.modseq)
            return True
        return not self._extended and self.claim_loosely(response)

    def claim_loosely(self, response: Untagged) -> bool:
        # Some servers answer RETURN by a plain SEARCH.
        if not isinstance(response, SearchResponse):
            return False
        self._find(self.kind(response.numbers), response.modseq)
        return True

    def _find(self, found: S, modseq: ModSeq | None) -> None:
        self._found |= found
        if modseq is not None:
            self.modseq = max(modseq, self.modseq or modseq)
        if self._on_found is not None:
            self._on_found(found)

    def result(self, response: TaggedResponse) -> S:
        return self._found


@final
class Search(_Searching[UIDSet]):
    """UID SEARCH (:rfc:`9051#section-6.4.4`).

    With *extended*, ``RETURN (ALL)``, whose answer names its command. The answer to a plain
    SEARCH names none, so one goes at a time; a server with ESEARCH gets as many as there are.

    Args:
        criteria: what to look for.
        extended: ask for an ESEARCH response; the server must offer ESEARCH or IMAP4rev2.
        charset: the charset of the texts in *criteria*; without it UTF-8 where it is needed.
        on_found: called with what a response names, at the very place where it stands
            in the stream of responses.
    """

    name = "UID SEARCH"
    repeatable = True
    kind = UIDSet


@final
class SeqSearch(_Searching[SeqSet]):
    """SEARCH (:rfc:`9051#section-6.4.4`), which finds sequence numbers; else a :class:`Search`."""

    name = "SEARCH"
    kind = SeqSet


# search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"
def write_returning(wire: Encoder, options: Sequence[ReturnOption]) -> None:
    """Write ``RETURN`` and its options, which come before any ``CHARSET``."""
    wire.atom("RETURN")
    with wire.parentheses():
        for option in options:
            wire.atom(option_name(option))
            if isinstance(option, Partial):
                wire.atom(str(option))
            elif isinstance(option, Update) and option.items:
                write_item_list(wire, [item.request for item in option.items])


def saving(options: Sequence[ReturnOption]) -> tuple[Claim, ...]:
    """Return the claim of a search that saves its result (:rfc:`5182#section-2.1`).

    Whatever uses ``$`` waits for the answer: sent at once, it would mean the result of
    the search before if another command made this one wait.
    """
    return (exclusive(SAVED_RESULT),) if "SAVE" in options else ()


def and_saving(claims: tuple[Claim, ...], options: Sequence[ReturnOption]) -> tuple[Claim, ...]:
    """Return *claims* with that of :func:`saving`, which stands for the use of ``$`` too."""
    extra = saving(options)
    return (*(claim for claim in claims if not extra or claim.key != SAVED_RESULT), *extra)


class Returning(SelectedCommand[ESearchResponse]):
    """A search with return options: its answer is an ESEARCH that names its tag."""

    verb = "SEARCH"
    answers: ClassVar[tuple[type, ...]] = (SearchResponse, ESearchResponse)

    def __init__(
        self,
        criteria: SearchCriteria,
        returning: Sequence[ReturnOption],
        numbers: type[UIDSet | SeqSet],
    ) -> None:
        self._criteria = checked_criteria(criteria)
        self._returning = return_options(returning)
        self._numbers = numbers
        self._answer = ESearchResponse(None, numbers is UIDSet)

    @property
    def name(self) -> str:  # type: ignore[override]
        """The verb, behind ``UID`` where UIDs are to be found."""
        return f"UID {self.verb}" if self._numbers is UIDSet else self.verb

    @property
    def claims(self) -> tuple[Claim, ...]:
        claims = search_claims(self._criteria, by_uid=self._numbers is UIDSet)
        return and_saving(claims, self._returning)

    def claim(self, response: Untagged) -> bool:
        if isinstance(response, ESearchResponse):
            # What came into the results later is no part of the result.
            if response.added or response.removed:
                return False
            self._answer = response
            return True
        return False

    def claim_loosely(self, response: Untagged) -> bool:
        if isinstance(response, SearchResponse):
            found = self._numbers(response.numbers)
            self._answer = ESearchResponse(
                None,
                self._numbers is UIDSet,
                all=found or None,
                min=found.first if found else None,
                max=found.last if found else None,
                count=len(found),
                modseq=response.modseq,
            )
            return True
        return False

    def result(self, response: TaggedResponse) -> ESearchResponse:
        return self._answer


@final
class ESearch(Returning):
    """SEARCH or UID SEARCH with return options (:rfc:`9051#section-6.4.4`).

    ``UID SEARCH RETURN (MIN COUNT) UNSEEN``. Its result is the ESEARCH response; empty
    where only SAVE was asked for. Needs ESEARCH or IMAP4rev2; SAVE needs SEARCHRES
    (:rfc:`5182`), PARTIAL needs PARTIAL (:rfc:`9394`) or CONTEXT=SEARCH, CONTEXT and UPDATE
    need CONTEXT=SEARCH (:rfc:`5267`), RELEVANCY needs SEARCH=FUZZY (:rfc:`6203`).

    Args:
        criteria: what to look for.
        returning: what to return; nothing for the server's default, which is ALL.
        numbers: :class:`UIDSet` to find UIDs, :class:`SeqSet` to find sequence numbers.
        charset: the charset of the texts in *criteria*; without it UTF-8 where it is needed.

    Raises:
        InvalidArgumentError: if a return option is unknown, stands twice, or beside one
            that excludes it.
    """

    def __init__(
        self,
        criteria: SearchCriteria,
        returning: Sequence[ReturnOption] = (),
        *,
        numbers: type[UIDSet | SeqSet] = UIDSet,
        charset: str | None = None,
    ) -> None:
        super().__init__(criteria, returning, numbers)
        self._charset = charset

    def write(self, wire: Encoder) -> None:
        write_search_name(wire, self.name)
        write_returning(wire, self._returning)
        codec = write_charset(wire, self._criteria, self._charset)
        write_criteria(wire, self._criteria, codec)


@final
class MultiSearch(Command[list[ESearchResponse]]):
    """ESEARCH: a search in several mailboxes (:rfc:`7377#section-2`; needs MULTISEARCH).

    ``ESEARCH IN (mailboxes "a" subtree "b") RETURN (COUNT) UNSEEN``. Its result is one
    ESEARCH response for each mailbox where something was found, with its
    ``mailbox`` and ``uid_validity``.

    Args:
        criteria: what to look for; by UID, since sequence numbers mean nothing elsewhere.
        mailboxes: where; nothing for the selected mailbox.
        returning: what to return; nothing for the server's default, which is ALL.
        charset: the charset of the texts in *criteria*; without it UTF-8 where it is needed.

    Raises:
        InvalidArgumentError: if a filter cannot be searched, or an option is wrong.
    """

    name = "ESEARCH"
    repeatable = True
    states = LOGGED_IN
    answers: ClassVar[tuple[type, ...]] = (ESearchResponse,)

    def __init__(
        self,
        criteria: SearchCriteria,
        mailboxes: Sequence[MailboxFilter] = (),
        returning: Sequence[ReturnOption] = (),
        *,
        charset: str | None = None,
    ) -> None:
        self._criteria = checked_criteria(criteria)
        for each in mailboxes:
            if each.word == "selected-delayed":
                raise InvalidArgumentError("selected-delayed is for NOTIFY, not for searches")
        for key in search_keys(criteria):
            if any(isinstance(argument, SeqSet) for argument in key.arguments):
                raise InvalidArgumentError("a search of several mailboxes names messages by UID")
        self._mailboxes = tuple(mailboxes)
        self._returning = return_options(returning)
        self._charset = charset
        self._answers: list[ESearchResponse] = []

    @property
    def claims(self) -> tuple[Claim, ...]:
        uses_saved = any(
            isinstance(argument, SavedResult)
            for key in search_keys(self._criteria)
            for argument in key.arguments
        )
        claims = (*ORDINARY, USES_SAVED_RESULT) if uses_saved else ORDINARY
        return and_saving(claims, self._returning)

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        if self._mailboxes:
            wire.atom("IN")
            with wire.parentheses():
                for each in self._mailboxes:
                    write_filter(wire, each)
        if self._returning:
            write_returning(wire, self._returning)
        codec = write_charset(wire, self._criteria, self._charset)
        write_criteria(wire, self._criteria, codec)

    def claim(self, response: Untagged) -> bool:
        if not isinstance(response, ESearchResponse) or response.added or response.removed:
            return False
        self._answers.append(response)
        return True

    def result(self, response: TaggedResponse) -> list[ESearchResponse]:
        return self._answers


@final
class CancelUpdate(SelectedCommand[None]):
    """CANCELUPDATE: end the updates of searches (:rfc:`5267#section-4.3.5`).

    Needs CONTEXT=SEARCH or CONTEXT=SORT.

    Args:
        tags: the tags of those searches' commands, as their results have them; at least one.

    Raises:
        InvalidArgumentError: if there is none.
    """

    name = "CANCELUPDATE"

    def __init__(self, *tags: str) -> None:
        if not tags:
            raise InvalidArgumentError("CANCELUPDATE needs the tag of at least one search")
        self._tags = tags

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        for tag in self._tags:
            wire.quoted(tag)

    def result(self, response: TaggedResponse) -> None:
        del response
