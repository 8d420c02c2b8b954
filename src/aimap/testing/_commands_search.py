"""SEARCH, SORT and THREAD (:rfc:`9051#section-6.4.4`, :rfc:`4731`, :rfc:`5182`, :rfc:`5256`)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial

import attrs

from aimap._model.numbers import UIDSet
from aimap._model.text import decode_words
from aimap.testing._connection import Connection
from aimap.testing._describe import split_addresses
from aimap.testing._grammar import Arguments
from aimap.testing._rules import RefusalError, Rule, ViolationError
from aimap.testing._search import SearchParser, sent_date
from aimap.testing._store import StoredMessage

_CHARSETS = ("UTF-8", "US-ASCII")
_SORT_KEYS = ("ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO")
_WINDOW = re.compile(rb"(-?)([1-9][0-9]{0,9}):(-?)([1-9][0-9]{0,9})")
_PREFIX = re.compile(r"^(?:\s+|(?:re|fwd?)\s*(?:\[[^\]]*\])?:|\[[^\]]*\](?=.))", re.IGNORECASE)


@attrs.frozen
class _Found:
    """A message that was found, by sequence number and as it is."""

    seq: int
    message: StoredMessage


@attrs.define
class _Wanted:
    """Return options, or none at all."""

    options: list[str]
    window: tuple[int, int] = (0, 0)


async def search(client: Connection, arguments: Arguments, *, by_uid: bool) -> None:
    _require_uid(client, "SEARCH", by_uid=by_uid)
    wanted = _return_options(client, arguments)
    charset = None
    if arguments.step_word(b"CHARSET"):
        if arguments.utf8 and not arguments.rev2:
            raise ViolationError(
                "CHARSET after ENABLE UTF8=ACCEPT (RFC 9755 section 3)", Rule.CHARSET
            )
        charset = arguments.astring().decode("ascii", "replace").upper()
        arguments.space()
    found = _searched(client, arguments, charset)
    _answer(client, arguments, "SEARCH", found, wanted, by_uid=by_uid)


async def sort(client: Connection, arguments: Arguments, *, by_uid: bool) -> None:
    _require_uid(client, "SORT", by_uid=by_uid)
    wanted = _return_options(client, arguments) if client.offers("ESORT") else None
    keys = _sort_keys(arguments)
    arguments.space()
    charset = _needed_charset(arguments)
    found = _searched(client, arguments, charset)
    for key, reverse in reversed(keys):
        found.sort(key=partial(_sort_value, key), reverse=reverse)
    _answer(client, arguments, "SORT", found, wanted, by_uid=by_uid)


async def thread(client: Connection, arguments: Arguments, *, by_uid: bool) -> None:
    _require_uid(client, "THREAD", by_uid=by_uid)
    algorithm = arguments.atom()
    if not client.offers(f"THREAD={algorithm}"):
        raise ViolationError(f"THREAD={algorithm} is not offered (RFC 5256)", Rule.SORT)
    arguments.space()
    charset = _needed_charset(arguments)
    found = _searched(client, arguments, charset)
    client.answer_is_alike = True
    threads: dict[str, list[_Found]] = {}
    for each in sorted(found, key=partial(_sort_value, "DATE")):
        threads.setdefault(_base_subject(each.message), []).append(each)
    shown = "".join(_thread(members, by_uid=by_uid) for members in threads.values())
    client.untagged(f"THREAD {shown}" if shown else "THREAD")


def _thread(members: list[_Found], *, by_uid: bool) -> str:
    # RFC 5256 section 3, ORDEREDSUBJECT: the first is the parent of all others.
    first, *others = (str(each.message.uid if by_uid else each.seq) for each in members)
    if len(others) < 2:
        return f"({' '.join([first, *others])})"
    return f"({first} {''.join(f'({each})' for each in others)})"


def _require_uid(client: Connection, name: str, *, by_uid: bool) -> None:
    if "UIDONLY" in client.enabled and not by_uid:
        raise ViolationError(
            f"{name} without UID after ENABLE UIDONLY (RFC 9586 section 3)",
            Rule.UID_REQUIRED,
            code="UIDREQUIRED",
        )


def _searched(client: Connection, arguments: Arguments, charset: str | None) -> list[_Found]:
    if charset not in (None, *_CHARSETS):
        raise RefusalError("no such charset", "BADCHARSET (US-ASCII UTF-8)")
    keys = SearchParser(arguments, client.selected, client.server.capabilities)
    test = keys.keys()
    arguments.end()
    if not keys.ascii_only and charset != "UTF-8" and not arguments.utf8:
        raise ViolationError(
            "8-bit search text without CHARSET UTF-8 (RFC 9051 section 6.4.4)", Rule.CHARSET
        )
    return [
        _Found(seq, message)
        for seq, message in enumerate(client.selected.messages, 1)
        if test(seq, message)
    ]


def _return_options(client: Connection, arguments: Arguments) -> _Wanted | None:
    if not arguments.step_word(b"RETURN"):
        return None
    if not (client.offers("ESEARCH") or client.offers("IMAP4REV2")):
        raise ViolationError("RETURN without ESEARCH (RFC 4731)", Rule.SEARCH)
    wanted = _Wanted([])
    if arguments.peek(2) == b"()":
        arguments.pos += 2
    else:
        for _ in arguments.listed():
            _return_option(client, arguments, wanted)
    arguments.space()
    if "PARTIAL" in wanted.options and "ALL" in wanted.options:
        raise ViolationError("PARTIAL beside ALL (RFC 9394 section 3.1)", Rule.PARTIAL)
    wanted.options = wanted.options or ["ALL"]
    return wanted


def _return_option(client: Connection, arguments: Arguments, wanted: _Wanted) -> None:
    option = arguments.atom()
    known = ["MIN", "MAX", "ALL", "COUNT"]
    known += ["SAVE"] * (client.offers("SEARCHRES") or client.offers("IMAP4REV2"))
    known += ["PARTIAL"] * client.offers("PARTIAL")
    if option not in known:
        raise ViolationError(f"no return option {option} (RFC 4731 section 3.1)", Rule.SEARCH)
    if option in wanted.options:
        rule = Rule.PARTIAL if option == "PARTIAL" else Rule.SEARCH
        raise ViolationError(f"return option {option} twice (RFC 4731 section 3.1)", rule)
    wanted.options.append(option)
    if option == "PARTIAL":
        arguments.space()
        wanted.window = _window(arguments)


def _window(arguments: Arguments) -> tuple[int, int]:
    text = arguments.peek(30)
    match = _WINDOW.match(text)
    if match is None or match[1] != match[3]:
        raise ViolationError(
            "the window of PARTIAL is two numbers of one sign, and none is 0 (RFC 9394 section 4)",
            Rule.PARTIAL,
        )
    arguments.pos += match.end()
    sign = -1 if match[1] else 1
    return sign * int(match[2]), sign * int(match[4])


def _answer(
    client: Connection,
    arguments: Arguments,
    name: str,
    found: list[_Found],
    wanted: _Wanted | None,
    *,
    by_uid: bool,
) -> None:
    numbers = [each.message.uid if by_uid else each.seq for each in found]
    if wanted is None and arguments.rev2 and name == "SEARCH":
        wanted = _Wanted(["ALL"])
    if wanted is None:
        client.answer_is_alike = True
        client.untagged(" ".join([name, *map(str, numbers)]))
        return
    if "SAVE" in wanted.options:
        client.selected.saved = _saved(found, wanted.options)
    words = [f'ESEARCH (TAG "{client.tag}")', *(["UID"] if by_uid else [])]
    for option in wanted.options:
        if option == "COUNT":
            words.append(f"COUNT {len(numbers)}")
        elif option == "PARTIAL":
            words.append(_partial(numbers, wanted.window))
        elif numbers and option != "SAVE":
            value = {"MIN": numbers[0], "MAX": numbers[-1], "ALL": _sequence(numbers)}[option]
            words.append(f"{option} {value}")
    if wanted.options != ["SAVE"]:
        client.untagged(" ".join(words))


def _saved(found: list[_Found], options: list[str]) -> UIDSet:
    """Return what SAVE keeps (:rfc:`5182#section-2.4`)."""
    uids = [each.message.uid for each in found]
    if "ALL" in options or "COUNT" in options or not {"MIN", "MAX"} & set(options):
        return UIDSet(uids)
    return UIDSet(uids[:1] * ("MIN" in options) + uids[-1:] * ("MAX" in options))


def _sequence(numbers: list[int]) -> str:
    """Write numbers in their order; as ranges if that is ascending."""
    if numbers == sorted(numbers):
        return str(UIDSet(numbers))
    return ",".join(map(str, numbers))


def _partial(numbers: list[int], window: tuple[int, int]) -> str:
    low, high = sorted(map(abs, window))
    ordered = numbers if window[0] > 0 else numbers[::-1]
    chosen = ordered[low - 1 : high]
    return f"PARTIAL ({window[0]}:{window[1]} {_sequence(sorted(chosen)) if chosen else 'NIL'})"


def _sort_keys(arguments: Arguments) -> list[tuple[str, bool]]:
    if arguments.peek(2) == b"()":
        raise ViolationError("no sort key (RFC 5256 section 5, sort-criteria)", Rule.SORT)
    keys: list[tuple[str, bool]] = []
    for _ in arguments.listed():
        key = arguments.atom()
        reverse = key == "REVERSE"
        if reverse:
            if arguments.peek() != b" ":
                raise ViolationError(
                    "REVERSE without a key behind it (RFC 5256 section 5)", Rule.SORT
                )
            arguments.space()
            key = arguments.atom()
        if key not in _SORT_KEYS:
            raise ViolationError(f"no sort key {key} (RFC 5256 section 5)", Rule.SORT)
        keys.append((key, reverse))
    return keys


def _needed_charset(arguments: Arguments) -> str:
    if arguments.peek() in (b"{", b"~"):
        raise ViolationError(
            "the charset as a literal (RFC 5256 section 5, search-criteria)", Rule.SORT
        )
    charset = arguments.astring().decode("ascii", "replace").upper()
    arguments.space()
    return charset


def _sort_value(key: str, each: _Found) -> tuple[float, str]:
    message = each.message
    match key:
        case "ARRIVAL":
            return message.date.timestamp(), ""
        case "DATE":
            return _aware(sent_date(message.part) or message.date).timestamp(), ""
        case "SIZE":
            return len(message.octets), ""
        case "SUBJECT":
            return 0, _base_subject(message)
        case _:
            return 0, _first_mailbox(message, key)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _base_subject(message: StoredMessage) -> str:
    """Return the base subject, near enough (:rfc:`5256#section-2.1`)."""
    subject = decode_words(message.part.field("subject") or b"").strip()
    while (shorter := _PREFIX.sub("", subject, count=1).removesuffix("(fwd)").strip()) != subject:
        subject = shorter
    return subject.upper()


def _first_mailbox(message: StoredMessage, key: str) -> str:
    addresses = split_addresses(message.part.field(key.lower()))
    return next((address.partition("@")[0].upper() for _, address in addresses), "")
