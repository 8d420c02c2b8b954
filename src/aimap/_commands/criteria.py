"""Search criteria as commands write them (:rfc:`9051#section-6.4.4`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from aimap._commands.base import (
    IN_MAILBOX,
    IN_MAILBOX_BY_NUMBER,
    Claim,
)
from aimap._commands.sets import ALONE_BY_NUMBER, USES_SAVED_RESULT, pieces, set_octets
from aimap._errors import InvalidArgumentError
from aimap._model.charsets import exact_codec
from aimap._model.flag import Flag
from aimap._model.numbers import NumberSet, SeqSet, UIDSet
from aimap._model.saved import SavedResult
from aimap._model.search import (
    And,
    Argument,
    Fuzzy,
    Label,
    Not,
    Or,
    SearchCriteria,
    SearchKey,
    Word,
)
from aimap._wire.encoder import Dialect, Encoder

# The keys of RFC 3501 section 6.4.4; the one without a name is a set of sequence numbers.
_OF_REV1 = frozenset(
    {
        "", "ALL", "ANSWERED", "BCC", "BEFORE", "BODY", "CC", "DELETED", "DRAFT", "FLAGGED",
        "FROM", "HEADER", "KEYWORD", "LARGER", "NEW", "OLD", "ON", "RECENT", "SEEN",
        "SENTBEFORE", "SENTON", "SENTSINCE", "SINCE", "SMALLER", "SUBJECT", "TEXT", "TO", "UID",
        "UNANSWERED", "UNDELETED", "UNDRAFT", "UNFLAGGED", "UNKEYWORD", "UNSEEN",
    }
)  # fmt: skip
_NOT_IN_REV2 = frozenset({"NEW", "OLD", "RECENT"})
_BARE = (Flag, Word, Label)


def checked_criteria(criteria: SearchCriteria) -> SearchCriteria:
    """Return search criteria.

    Raises:
        InvalidArgumentError: if they are none.
    """
    if not isinstance(criteria, SearchCriteria):
        raise InvalidArgumentError(
            f"search by an expression such as UNSEEN & FROM('joe'), not by {criteria!r}"
        )
    return criteria


def write_search_name(wire: Encoder, name: str) -> None:
    """Write the name of a search.

    Raises:
        InvalidArgumentError: if it finds sequence numbers after ``ENABLE UIDONLY``.
    """
    if wire.dialect.uid_only and not name.startswith("UID "):
        raise InvalidArgumentError(f"after ENABLE UIDONLY there is UID {name}, and no {name}")
    wire.words(name)


def search_keys(criteria: SearchCriteria) -> Iterator[SearchKey]:
    """Iterate over all keys, whatever the depth, without recursion.

    Raises:
        InvalidArgumentError: if a part is of a class of somebody else's.
    """
    waiting = [criteria]
    while waiting:
        match waiting.pop():
            case And(parts) | Or(parts):
                waiting.extend(parts)
            case Not(part) | Fuzzy(part):
                waiting.append(part)
            case SearchKey() as key:
                yield key
            case other:
                raise InvalidArgumentError(f"not search criteria of ours: {other!r}")


def search_claims(criteria: SearchCriteria, *, by_uid: bool) -> tuple[Claim, ...]:
    """Return what a search claims: it may name messages by number, or by ``$``."""
    arguments = [argument for key in search_keys(criteria) for argument in key.arguments]
    if any(isinstance(argument, SeqSet) for argument in arguments):
        # EXPUNGE may come during UID SEARCH, and not during SEARCH (RFC 9051 section 7.5.1).
        claims = ALONE_BY_NUMBER if by_uid else IN_MAILBOX_BY_NUMBER
    else:
        claims = IN_MAILBOX if by_uid else IN_MAILBOX_BY_NUMBER
    if any(isinstance(argument, SavedResult) for argument in arguments):
        return (*claims, USES_SAVED_RESULT)
    return claims


_NEEDED = {
    "ANNOTATION": ("ANNOTATE-EXPERIMENT-1", "RFC 5257"),
    "EMAILID": ("OBJECTID", "RFC 8474"),
    "FILTER": ("FILTERS", "RFC 5466"),
    "MODSEQ": ("CONDSTORE", "RFC 7162"),
    "OLDER": ("WITHIN", "RFC 5032; BEFORE knows days only, and their ends in the server's zone"),
    "SAVEDATESUPPORTED": ("SAVEDATE", "RFC 8514"),
    "SAVEDBEFORE": ("SAVEDATE", "RFC 8514"),
    "SAVEDON": ("SAVEDATE", "RFC 8514"),
    "SAVEDSINCE": ("SAVEDATE", "RFC 8514"),
    "THREADID": ("OBJECTID", "RFC 8474"),
    "UIDAFTER": ("MESSAGELIMIT", "RFC 9738; IN('8:*') finds what UIDAFTER(7) does"),
    "UIDBEFORE": ("MESSAGELIMIT", "RFC 9738; IN('1:6') finds what UIDBEFORE(7) does"),
    "X-GM-LABELS": ("X-GM-EXT-1", "Gmail's alone"),
    "X-GM-MSGID": ("X-GM-EXT-1", "Gmail's alone"),
    "X-GM-RAW": ("X-GM-EXT-1", "Gmail's alone"),
    "X-GM-THRID": ("X-GM-EXT-1", "Gmail's alone"),
    "YOUNGER": ("WITHIN", "RFC 5032; SINCE knows days only, and their ends in the server's zone"),
}


def needed_to_search(criteria: SearchCriteria) -> Iterator[tuple[str, str]]:
    """Iterate over the capabilities that *criteria* need, each with who says so.

    Raises:
        InvalidArgumentError: if a part is of a class of somebody else's.
    """
    waiting = [criteria]
    while waiting:
        match waiting.pop():
            case And(parts) | Or(parts):
                waiting.extend(parts)
            case Not(part):
                waiting.append(part)
            case Fuzzy(part):
                yield "SEARCH=FUZZY", "RFC 6203"
                waiting.append(part)
            case SearchKey(name, arguments):
                if name in _NEEDED:
                    yield _NEEDED[name]
                if any(isinstance(argument, SavedResult) for argument in arguments):
                    yield "SEARCHRES", "RFC 5182"
            case other:
                raise InvalidArgumentError(f"not search criteria of ours: {other!r}")


def search_pieces(criteria: SearchCriteria, max_line: int) -> list[SearchCriteria]:
    """Split a search that names so many messages that its line would be too long.

    The union of what the parts find is what the whole would find: either all parts of a
    conjunction stand in each piece, with a part of the set, or the set is all there is.
    Sets below ``|``, ``~`` and FUZZY stay as they are, and what is still too long is
    refused when it is written.

    Args:
        criteria: what to look for.
        max_line: octets of a line that the server takes.
    """
    parts = criteria.criteria if isinstance(criteria, And) else (criteria,)
    for at, part in enumerate(parts):
        if not isinstance(part, SearchKey) or len(part.arguments) != 1:
            continue
        (numbers,) = part.arguments
        if not isinstance(numbers, (UIDSet, SeqSet)):
            continue
        if len(str(numbers)) <= set_octets(max_line):
            continue
        split = [SearchKey(part.name, (piece,)) for piece in pieces(numbers, max_line)]
        if len(parts) == 1:
            return list(split)
        return [And((*parts[:at], piece, *parts[at + 1 :])) for piece in split]
    return [criteria]


def write_charset(wire: Encoder, criteria: SearchCriteria, charset: str | None) -> str:
    """Write ``CHARSET`` where it is needed, and return the codec for the criteria.

    Raises:
        InvalidArgumentError: if the charset is not known, or the server takes none.
    """
    if charset is None:
        # RFC 9755 section 3: after ENABLE UTF8=ACCEPT a CHARSET is an error.
        if not wire.dialect.utf8 and not _is_ascii(criteria):
            wire.words("CHARSET UTF-8")
        return "utf-8"
    codec = text_codec(charset)
    if wire.dialect.utf8:
        raise InvalidArgumentError(
            f"the server takes UTF-8 here, and no CHARSET such as {charset!r} (RFC 9755)"
        )
    wire.atom("CHARSET")
    wire.atom(charset)
    return codec


def text_codec(charset: str) -> str:
    """Return Python's name of a charset.

    Raises:
        InvalidArgumentError: if it is not one of text.
    """
    codec = exact_codec(charset)
    if codec is None:
        raise InvalidArgumentError(f"a charset is such as 'UTF-8', not {charset!r}")
    return codec


def _is_ascii(criteria: SearchCriteria) -> bool:
    return all(
        argument.isascii()
        for key in search_keys(criteria)
        for argument in key.arguments
        if isinstance(argument, str) and not isinstance(argument, _BARE)
    )


def writable_in(criteria: SearchCriteria, charset: str) -> bool:
    """Tell whether all texts in *criteria* can be written in a charset."""
    try:
        codec = text_codec(charset)
        for key in search_keys(criteria):
            for argument in key.arguments:
                if isinstance(argument, str) and not isinstance(argument, _BARE):
                    _in_codec(argument, codec)
    except InvalidArgumentError:
        return False
    return True


def criteria_text(criteria: SearchCriteria) -> str:
    """Return *criteria* as IMAP writes them, to be kept on the server (:rfc:`5466#section-3.2`).

    Raises:
        InvalidArgumentError: if something in them means nothing elsewhere, or cannot be quoted.
    """
    for key in search_keys(checked_criteria(criteria)):
        for argument in key.arguments:
            if isinstance(argument, (SeqSet, SavedResult)):
                raise InvalidArgumentError(
                    f"{argument!r} means nothing in a search that is kept: name messages by UID"
                )
    wire = Encoder(Dialect(utf8=True))
    write_criteria(wire, criteria, for_others=True)
    parts = wire.parts()
    if len(parts) > 1 or not isinstance(parts[0], bytes):
        raise InvalidArgumentError("a search that is kept has no text that is long, or of lines")
    return parts[0].decode("utf-8").removesuffix("\r\n")


def write_criteria(
    wire: Encoder, criteria: SearchCriteria, codec: str = "utf-8", *, for_others: bool = False
) -> None:
    """Write *criteria*, whatever their depth, without recursion; text in *codec*.

    Args:
        wire: where to.
        criteria: the criteria.
        codec: Python's name of the charset.
        for_others: put keys in parentheses that not all clients can read, so that they can
            pass over them (:rfc:`5466#section-3.2`).
    """
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
            case Fuzzy(part) if for_others:
                waiting += [")", part, "FUZZY", "("]
            case Fuzzy(part):
                waiting += [part, "FUZZY"]
            case SearchKey(name, arguments):
                if wire.dialect.rev2 and name in _NOT_IN_REV2:
                    raise InvalidArgumentError(
                        f"IMAP4rev2, which is enabled, has no search key {name}"
                    )
                marked = for_others and name not in _OF_REV1
                if marked:
                    wire.open()
                if name:
                    wire.atom(name)
                for argument in arguments:
                    _write_argument(wire, argument, codec)
                if marked:
                    wire.close()
            case other:
                raise InvalidArgumentError(f"not search criteria of ours: {other!r}")


def _write_argument(wire: Encoder, argument: Argument, codec: str) -> None:
    if isinstance(argument, (NumberSet, SavedResult)):
        wire.numbers(argument)
    elif isinstance(argument, (Flag, Word)):
        wire.atom(argument)
    elif isinstance(argument, Label):
        wire.label(argument)
    elif isinstance(argument, str):
        wire.string(_in_codec(argument, codec))
    elif isinstance(argument, date):
        wire.date(argument)
    elif isinstance(argument, int):
        wire.number(argument)
    else:
        wire.value(argument)


def _in_codec(text: str, codec: str) -> bytes:
    """Return text as octets that mean just that.

    Raises:
        InvalidArgumentError: if there are none; Shift_JIS, for one, writes a yen sign as
            the octet that is read as a backslash.
    """
    try:
        octets = text.encode(codec)
    except UnicodeEncodeError as error:
        raise InvalidArgumentError(f"not a text in {codec}: {text!r}") from error
    if octets.decode(codec) != text:
        raise InvalidArgumentError(f"{codec} cannot tell this text from another: {text!r}")
    return octets
