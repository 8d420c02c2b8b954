"""What SEARCH and SORT return, and how (:rfc:`4731`, :rfc:`5267`, :rfc:`9394`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs

from aimap._model.numbers import UIDSet
from aimap.testing._connection import Connection
from aimap.testing._fetch_items import Item, read_item
from aimap.testing._grammar import Arguments
from aimap.testing._rules import Rule, ViolationError
from aimap.testing._search import Search
from aimap.testing._selected import Found
from aimap.testing._store import StoredMessage

_WINDOW = re.compile(rb"(-?)([1-9][0-9]{0,9}):(-?)([1-9][0-9]{0,9})")
_HINTS = ("SAVE", "CONTEXT", "UPDATE")


@attrs.define
class Wanted:
    """Return options, or none at all."""

    options: list[str]
    window: tuple[int, int] = (0, 0)
    items: list[Item] = attrs.field(factory=list[Item])

    @property
    def returned(self) -> list[str]:
        """Those that ask for something in the answer."""
        shown = [option for option in self.options if option not in _HINTS]
        # RFC 5267 section 2.1: without any the result is ALL, as with ().
        return shown or ([] if "SAVE" in self.options else ["ALL"])


def return_options(client: Connection, arguments: Arguments, name: str) -> Wanted | None:
    """Read RETURN and what is in its parentheses, if it is next.

    Raises:
        ViolationError: if an option is not offered, or does not go with another.
    """
    if not arguments.step_word(b"RETURN"):
        return None
    if not client.offers("ESEARCH"):
        raise ViolationError("RETURN without ESEARCH (RFC 4731)", Rule.SEARCH)
    wanted = Wanted([])
    if arguments.peek(2) == b"()":
        arguments.pos += 2
    else:
        known = _known(client, name)
        for _ in arguments.listed():
            _return_option(client, arguments, wanted, known)
    arguments.space()
    if "PARTIAL" in wanted.options and "ALL" in wanted.options:
        raise ViolationError("PARTIAL beside ALL (RFC 9394 section 3.1)", Rule.PARTIAL)
    return wanted


def _known(client: Connection, name: str) -> list[str]:
    context = client.offers(f"CONTEXT={name}")
    known = ["MIN", "MAX", "ALL", "COUNT"]
    known += ["SAVE"] * client.offers("SEARCHRES")
    known += ["PARTIAL"] * (client.offers("PARTIAL") or context)
    known += ["CONTEXT", "UPDATE"] * context
    known += ["RELEVANCY"] * client.offers("SEARCH=FUZZY")
    return known


def _return_option(
    client: Connection, arguments: Arguments, wanted: Wanted, known: list[str]
) -> None:
    option = arguments.atom()
    if option not in known:
        raise ViolationError(f"no return option {option} (RFC 4731 section 3.1)", Rule.SEARCH)
    if option in wanted.options:
        rule = Rule.PARTIAL if option == "PARTIAL" else Rule.SEARCH
        raise ViolationError(f"return option {option} twice (RFC 4731 section 3.1)", rule)
    wanted.options.append(option)
    if option == "PARTIAL":
        arguments.space()
        wanted.window = read_window(arguments)
    if option == "UPDATE" and client.offers("NOTIFY") and arguments.peek(2) == b" (":
        # RFC 5465 section 7: what is to be told of messages that come into the result.
        arguments.space()
        wanted.items = [item for _ in arguments.listed() for item in read_item(client, arguments)]


def read_window(arguments: Arguments) -> tuple[int, int]:
    """Read the window of PARTIAL.

    Raises:
        ViolationError: if it is none.
    """
    match = _WINDOW.match(arguments.peek(30))
    if match is None or match[1] != match[3]:
        raise ViolationError(
            "the window of PARTIAL is two numbers of one sign, and none is 0 (RFC 9394 section 4)",
            Rule.PARTIAL,
        )
    arguments.pos += match.end()
    sign = -1 if match[1] else 1
    return sign * int(match[2]), sign * int(match[4])


def within(window: tuple[int, int], values: Sequence[int]) -> Sequence[int]:
    """Return what the window of PARTIAL shows of *values*, in their order."""
    low, high = sorted(map(abs, window))
    if window[0] > 0:
        return values[low - 1 : high]
    return values[max(len(values) - high, 0) : max(len(values) - low + 1, 0)]


def esearch(
    correlator: str, found: Sequence[Found], wanted: Wanted, search: Search, *, by_uid: bool
) -> str:
    """Write an ESEARCH response.

    Args:
        correlator: what it answers.
        found: what was found, in the order of the result.
        wanted: what to return.
        search: what was looked for.
        by_uid: whether by UIDs or by sequence numbers.
    """
    numbers = [each.number(by_uid=by_uid) for each in found]
    words = [f"ESEARCH ({correlator})", *(["UID"] if by_uid else [])]
    for option in wanted.returned:
        if option == "COUNT":
            words.append(f"COUNT {len(numbers)}")
        elif option == "PARTIAL":
            shown = sequence(within(wanted.window, numbers)) or "NIL"
            words.append(f"PARTIAL ({wanted.window[0]}:{wanted.window[1]} {shown})")
        elif option == "RELEVANCY" and numbers:
            words.append(f"RELEVANCY ({' '.join(str(search.score(each)) for each in found)})")
        elif numbers and option != "RELEVANCY":
            value = {"MIN": numbers[0], "MAX": numbers[-1], "ALL": sequence(numbers)}[option]
            words.append(f"{option} {value}")
    if search.uses_modseq and found:
        words.append(f"MODSEQ {_modseq(found, wanted.returned)}")
    return " ".join(words)


def _modseq(found: Sequence[Found], options: list[str]) -> int:
    """Return the mod-sequence of what is returned (:rfc:`4731#section-3.2`)."""
    if set(options) <= {"MIN", "MAX"}:
        ends = (found[0] if "MIN" in options else None, found[-1] if "MAX" in options else None)
        found = [each for each in ends if each is not None]
    return max(each.message.modseq for each in found)


def saved(found: Sequence[Found], options: list[str]) -> UIDSet:
    """Return what SAVE keeps (:rfc:`5182#section-2.4`)."""
    uids = [each.message.uid for each in found]
    if "ALL" in options or "COUNT" in options or not {"MIN", "MAX"} & set(options):
        return UIDSet(uids)
    return UIDSet(uids[:1] * ("MIN" in options) + uids[-1:] * ("MAX" in options))


def sequence(numbers: Iterable[int]) -> str:
    """Write numbers in their order; as ranges if that is ascending."""
    listed = list(numbers)
    if listed == sorted(listed):
        return str(UIDSet(listed))
    return ",".join(map(str, listed))


@attrs.define
class Context:
    """A search whose result is kept up to date (:rfc:`5267#section-4.3`).

    Attributes:
        tag: the tag of its command.
        by_uid: whether by UIDs or by sequence numbers.
        is_sorted: whether positions matter.
        find: finds everything again, in order.
        items: what is told of a message that comes into the result.
        told: the result as the client knows it, by UID.
    """

    tag: str
    by_uid: bool
    is_sorted: bool
    find: Callable[[], Sequence[Found]]
    items: list[Item]
    told: list[int]

    def removals(self, seqs: dict[int, int], gone: set[int]) -> str:
        """Return the response that takes messages out, or an empty string.

        Args:
            seqs: sequence numbers by UID.
            gone: the UIDs.
        """
        leaving = [uid for uid in self.told if uid in gone and uid in seqs]
        pairs: list[str] = []
        for uid in leaving:
            pairs.append(f"{self.told.index(uid) + 1} {uid if self.by_uid else seqs[uid]}")
            self.told.remove(uid)
        if leaving and not self.is_sorted:
            pairs = [f"0 {UIDSet(uid if self.by_uid else seqs[uid] for uid in leaving)}"]
        return self._response("REMOVEFROM", pairs)

    def changes(self, seqs: dict[int, int]) -> Iterator[str | tuple[StoredMessage, bytes]]:
        """Iterate over what tells the client of the result as it is now.

        Args:
            seqs: sequence numbers by UID.

        Yields:
            Responses, or messages with the data items that are told of them.
        """
        now = {each.message.uid: each for each in self.find()}
        yield from filter(None, [self.removals(seqs, {uid for uid in self.told if uid not in now})])
        added = [uid for uid in now if uid not in self.told]
        positions = {uid: at for at, uid in enumerate(now, 1)}
        pairs = [f"{positions[uid]} {now[uid].number(by_uid=self.by_uid)}" for uid in added]
        if added and not self.is_sorted:
            pairs = [f"0 {UIDSet(now[uid].number(by_uid=self.by_uid) for uid in added)}"]
        self.told = list(now)
        yield from filter(None, [self._response("ADDTO", pairs)])
        for uid in added if self.items else ():
            message = now[uid].message
            yield message, b" ".join(item.render(message) for item in self.items)

    def _response(self, word: str, pairs: list[str]) -> str:
        if not pairs:
            return ""
        uid = " UID" if self.by_uid else ""
        return f'ESEARCH (TAG "{self.tag}"){uid} {word} ({" ".join(pairs)})'
