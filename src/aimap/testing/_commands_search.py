"""SEARCH, SORT and THREAD (:rfc:`9051#section-6.4.4`, :rfc:`4731`, :rfc:`5182`, :rfc:`5256`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from aimap.testing._annotations import sort_key
from aimap.testing._connection import Connection
from aimap.testing._grammar import Arguments
from aimap.testing._limits import within_limit
from aimap.testing._results import Context, Wanted, esearch, return_options, saved
from aimap.testing._rules import RefusalError, Rule, ViolationError
from aimap.testing._search import Search, SearchParser
from aimap.testing._selected import Found, Selected
from aimap.testing._sorting import DISPLAY_KEYS, SORT_KEYS, SortValue, sort_value
from aimap.testing._store import StoredMessage
from aimap.testing._threading import by_references, ordered_subject, written

_CHARSETS = ("UTF-8", "US-ASCII")

_SortKey: TypeAlias = tuple[Callable[[StoredMessage], SortValue] | None, bool]
"""What is compared, ``None`` for relevancy, and whether in reverse."""


async def search(client: Connection, arguments: Arguments, *, by_uid: bool) -> None:
    _require_uid(client, "SEARCH", by_uid=by_uid)
    wanted = return_options(client, arguments, "SEARCH")
    found = searched(client, arguments, read_charset(arguments), client.selected)
    arguments.end()
    if wanted is None and arguments.rev2:
        wanted = Wanted(["ALL"])
    _answer(client, "SEARCH", found, wanted, lambda: found.found(client.selected), by_uid=by_uid)


async def sort(client: Connection, arguments: Arguments, *, by_uid: bool) -> None:
    _require_uid(client, "SORT", by_uid=by_uid)
    wanted = return_options(client, arguments, "SORT") if client.offers("ESORT") else None
    keys = _sort_keys(client, arguments)
    arguments.space()
    found = searched(client, arguments, _needed_charset(arguments), client.selected)
    arguments.end()

    def find() -> list[Found]:
        result = found.found(client.selected)
        for key, reverse in reversed(keys):
            result.sort(key=partial(_compared, found, key), reverse=reverse)
        return result

    _answer(client, "SORT", found, wanted, find, by_uid=by_uid)


def _compared(
    found: Search, key: Callable[[StoredMessage], SortValue] | None, each: Found
) -> SortValue:
    return (-found.score(each), "") if key is None else key(each.message)


async def thread(client: Connection, arguments: Arguments, *, by_uid: bool) -> None:
    _require_uid(client, "THREAD", by_uid=by_uid)
    algorithm = arguments.atom()
    if not client.offers(f"THREAD={algorithm}"):
        raise ViolationError(f"THREAD={algorithm} is not offered (RFC 5256)", Rule.SORT)
    arguments.space()
    search = searched(client, arguments, _needed_charset(arguments), client.selected)
    arguments.end()
    client.answer_is_alike = True
    found = search.found(client.selected)
    numbers = {each.message: each.number(by_uid=by_uid) for each in found}
    threads = by_references if algorithm == "REFERENCES" else ordered_subject
    shown = written(threads([each.message for each in found]), numbers.__getitem__)
    client.untagged(f"THREAD {shown}" if shown else "THREAD")


async def cancel_update(client: Connection, arguments: Arguments) -> None:
    """CANCELUPDATE (:rfc:`5267#section-4.3.5`)."""
    tags: list[str] = []
    while not arguments.at_end:
        if tags:
            arguments.space()
        if arguments.peek() != b'"':
            raise ViolationError("a tag is quoted here (RFC 5267 section 5)", Rule.SEARCH)
        tags.append(arguments.string().decode("ascii", "replace"))
    if not tags:
        raise ViolationError("no tag (RFC 5267 section 5)", Rule.SEARCH)
    for tag in tags:
        if client.selected.contexts.pop(tag, None) is None:
            raise RefusalError(f"no search with the tag {tag} is kept up to date")


def _require_uid(client: Connection, name: str, *, by_uid: bool) -> None:
    if "UIDONLY" in client.enabled and not by_uid:
        raise ViolationError(
            f"{name} without UID after ENABLE UIDONLY (RFC 9586 section 3)",
            Rule.UID_REQUIRED,
            code="UIDREQUIRED",
        )


def read_charset(arguments: Arguments) -> str | None:
    """Read CHARSET and its name, if it is next.

    Raises:
        ViolationError: if it may not be there any more.
    """
    if not arguments.step_word(b"CHARSET"):
        return None
    if arguments.utf8 and not arguments.rev2:
        raise ViolationError("CHARSET after ENABLE UTF8=ACCEPT (RFC 9755 section 3)", Rule.CHARSET)
    charset = arguments.astring().decode("ascii", "replace").upper()
    arguments.space()
    return charset


def searched(
    client: Connection, arguments: Arguments, charset: str | None, view: Selected
) -> Search:
    """Read search keys that are about a mailbox.

    Raises:
        RefusalError: if the charset is not known.
        ViolationError: if they cannot be read.
    """
    if charset not in (None, *_CHARSETS):
        raise RefusalError("no such charset", "BADCHARSET (US-ASCII UTF-8)")
    assert client.account is not None
    parser = SearchParser(arguments, view, client.server.capabilities, client.account)
    found = parser.search()
    if not found.ascii_only and charset != "UTF-8" and not arguments.utf8:
        raise ViolationError(
            "8-bit search text without CHARSET UTF-8 (RFC 9051 section 6.4.4)", Rule.CHARSET
        )
    return found


def _answer(
    client: Connection,
    name: str,
    search: Search,
    wanted: Wanted | None,
    find: Callable[[], list[Found]],
    *,
    by_uid: bool,
) -> None:
    found = within_limit(client, find(), uid=lambda each: each.message.uid)
    if wanted is None:
        client.answer_is_alike = True
        words = [name, *(str(each.number(by_uid=by_uid)) for each in found)]
        if search.uses_modseq and found:
            words.append(f"(MODSEQ {max(each.message.modseq for each in found)})")
        client.untagged(" ".join(words))
        return
    if "SAVE" in wanted.options:
        client.selected.saved = saved(found, wanted.options)
    if "UPDATE" in wanted.options:
        _keep_up(client, name, find, wanted, by_uid=by_uid)
    if wanted.returned:
        client.untagged(esearch(f'TAG "{client.tag}"', found, wanted, search, by_uid=by_uid))


def _keep_up(
    client: Connection,
    name: str,
    find: Callable[[], Sequence[Found]],
    wanted: Wanted,
    *,
    by_uid: bool,
) -> None:
    contexts = client.selected.contexts
    if client.tag in contexts:
        raise ViolationError(
            f"the tag {client.tag} again, which names a search that is kept up to date "
            "(RFC 5267 section 4.3)",
            Rule.SEARCH,
        )
    told = [each.message.uid for each in find()]
    contexts[client.tag] = Context(client.tag, by_uid, name == "SORT", find, wanted.items, told)


def _sort_keys(client: Connection, arguments: Arguments) -> list[_SortKey]:
    if arguments.peek(2) == b"()":
        raise ViolationError("no sort key (RFC 5256 section 5, sort-criteria)", Rule.SORT)
    keys: list[_SortKey] = []
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
        keys.append((_sort_key(client, arguments, key), reverse))
    return keys


def _sort_key(
    client: Connection, arguments: Arguments, key: str
) -> Callable[[StoredMessage], SortValue] | None:
    if key == "RELEVANCY" and client.offers("SEARCH=FUZZY"):
        return None
    if key == "ANNOTATION" and client.offers("ANNOTATE-EXPERIMENT-1"):
        arguments.space()
        return sort_key(arguments)
    if key in SORT_KEYS or (key in DISPLAY_KEYS and client.offers("SORT=DISPLAY")):
        return sort_value(key)
    raise ViolationError(f"no sort key {key} (RFC 5256 section 5)", Rule.SORT)


def _needed_charset(arguments: Arguments) -> str:
    if arguments.peek() in (b"{", b"~"):
        raise ViolationError(
            "the charset as a literal (RFC 5256 section 5, search-criteria)", Rule.SORT
        )
    charset = arguments.astring().decode("ascii", "replace").upper()
    arguments.space()
    return charset
