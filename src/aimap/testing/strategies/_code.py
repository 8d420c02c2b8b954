"""Response codes."""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_letters, digits

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from aimap._model import code as codes
from aimap._model.numbers import MAX_NUMBER
from aimap._model.response import Ranges
from aimap.testing.strategies._basic import (
    atoms,
    capabilities,
    flags,
    mod_seqs,
    numbers,
    object_ids,
    ranges,
    seq_nums,
    uid_sets,
    uid_validities,
    uids,
)
from aimap.testing.strategies._mailbox import mailbox_names

_PLAIN = (
    "ALERT", "ALREADYEXISTS", "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "CANNOT",
    "CLIENTBUG", "CLOSED", "COMPRESSIONACTIVE", "CONTACTADMIN", "CORRUPTION", "EXPIRED",
    "EXPUNGEISSUED", "HASCHILDREN", "INUSE", "LIMIT", "NOMODSEQ", "NONEXISTENT", "NOPERM",
    "NOTIFICATIONOVERFLOW", "NOTSAVED", "OVERQUOTA", "PARSE", "PRIVACYREQUIRED", "READ-ONLY",
    "READ-WRITE", "SERVERBUG", "TEMPFAIL", "TRYCREATE", "UIDNOTSTICKY", "UIDREQUIRED",
    "UNAVAILABLE", "UNKNOWN-CTE", "USEATTR",
)  # fmt: skip
_CHARSETS = ("US-ASCII", "UTF-8", "ISO-8859-1")
_EVENTS = ("MessageNew", "MessageExpunge", "FlagChange")
_MOST = 3


def response_codes(
    kind: type[codes.ResponseCode] | None = None,
) -> SearchStrategy[codes.ResponseCode]:
    """Return response codes.

    Args:
        kind: only those of one class, such as :class:`aimap.CopyUIDCode`;
            :class:`aimap.ResponseCode` itself for those without fields of their own.
    """
    if kind is not None:
        return _STRATEGIES[kind]()
    return st.one_of([make() for make in _STRATEGIES.values()])


# atom [SP 1*<any TEXT-CHAR except "]">]; brackets and quotes are left out, since nobody can
# tell those of a code that he does not know from the code's end.
def _unknown() -> SearchStrategy[codes.ResponseCode]:
    arguments = st.text(
        st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters='[]"'),
        max_size=12,
    )
    return st.builds(
        codes.ResponseCode,
        st.from_regex(r"X-[A-Z0-9!#$&'-]{1,6}", fullmatch=True),
        arguments.map(lambda found: found.strip(" ").encode()),
    )


def _plain() -> SearchStrategy[codes.ResponseCode]:
    return st.sampled_from(_PLAIN).map(codes.ResponseCode) | _unknown()


def _named(name: str) -> SearchStrategy[str]:
    return st.just(name)


def _urls() -> SearchStrategy[str]:
    return st.text(ascii_letters + digits + ";/?:@&=+$,-_.~%*'()!", max_size=20).map(
        "imap://example.com/{}".format
    )


def _metadata() -> SearchStrategy[codes.ResponseCode]:
    sized = st.builds(
        codes.MetadataCode,
        _named("METADATA"),
        problem=st.sampled_from(("LONGENTRIES", "MAXSIZE")),
        size=numbers(),
    )
    return sized | st.builds(
        codes.MetadataCode,
        _named("METADATA"),
        problem=st.sampled_from(("TOOMANY", "NOPRIVATE")),
    )


def _count(found: Ranges) -> int:
    return sum(abs(last - first) + 1 for first, last in found)


@st.composite
def _copy_uid(draw: st.DrawFn) -> codes.ResponseCode:
    source = draw(ranges())
    # As many as there are sources (RFC 4315 section 3), perhaps in other pieces.
    count = _count(source)
    if count > MAX_NUMBER:
        source = source[:1]
        count = _count(source)
    start = draw(st.integers(1, MAX_NUMBER - count + 1))
    cut = draw(st.integers(0, count - 1))
    pieces = [(start, start + cut - 1)] if cut else []
    destination = (*pieces, (start + cut, start + count - 1))
    return codes.CopyUIDCode(
        "COPYUID",
        uid_validity=draw(uid_validities()),
        source=source,
        destination=destination,
    )


@st.composite
def _annotations(draw: st.DrawFn) -> codes.ResponseCode:
    supported = draw(st.booleans())
    read_only = supported and draw(st.booleans())
    return codes.AnnotationsCode(
        "ANNOTATIONS",
        supported=supported,
        read_only=read_only,
        size=draw(uids()) if supported and not read_only else None,
        private=supported and draw(st.booleans()),
    )


@st.composite
def _in_progress(draw: st.DrawFn) -> codes.ResponseCode:
    goal = draw(st.none() | st.integers(1, 1000))
    # What is at its goal, or beyond, is to be disregarded (RFC 9585).
    progress = draw(st.none() | (numbers() if goal is None else st.integers(0, goal - 1)))
    tag = draw(st.none() | atoms(exclude="+[", min_size=1))
    return codes.InProgressCode("INPROGRESS", tag=tag, progress=progress, goal=goal)


def _charsets() -> SearchStrategy[tuple[str, ...]]:
    return _tuples(st.sampled_from(_CHARSETS) | _ascii())


def _ascii() -> SearchStrategy[str]:
    return atoms(exclude="[").filter(lambda name: name.upper() != "NIL")


def _tuples(each: SearchStrategy[str], *, min_size: int = 0) -> SearchStrategy[tuple[str, ...]]:
    return st.lists(each, min_size=min_size, max_size=_MOST).map(tuple)


def _mechanisms() -> SearchStrategy[dict[str, str | None]]:
    base64 = st.sampled_from(("", "AAAA", "AA==", "a+/="))
    names = st.from_regex(r"[A-Z0-9.-]{1,6}", fullmatch=True).filter(lambda name: name != "NIL")
    further = st.dictionaries(names, st.none() | base64, max_size=_MOST)
    return further.map(lambda found: {"INTERNAL": None, **found})


_STRATEGIES: dict[type[codes.ResponseCode], Callable[[], SearchStrategy[codes.ResponseCode]]] = {
    codes.ResponseCode: _plain,
    codes.CapabilityCode: lambda: st.builds(
        codes.CapabilityCode, _named("CAPABILITY"), capabilities=capabilities()
    ),
    codes.PermanentFlagsCode: lambda: st.builds(
        codes.PermanentFlagsCode,
        _named("PERMANENTFLAGS"),
        flags=flags(brackets=False),
        keywords_allowed=st.booleans(),
    ),
    codes.UIDValidityCode: lambda: st.builds(
        codes.UIDValidityCode, _named("UIDVALIDITY"), uid_validity=uid_validities()
    ),
    codes.UIDNextCode: lambda: st.builds(codes.UIDNextCode, _named("UIDNEXT"), uid_next=uids()),
    codes.UnseenCode: lambda: st.builds(codes.UnseenCode, _named("UNSEEN"), seq=seq_nums()),
    codes.HighestModSeqCode: lambda: st.builds(
        codes.HighestModSeqCode, _named("HIGHESTMODSEQ"), modseq=mod_seqs()
    ),
    codes.AppendUIDCode: lambda: st.builds(
        codes.AppendUIDCode,
        _named("APPENDUID"),
        uid_validity=uid_validities(),
        uids=uid_sets(min_size=1),
    ),
    codes.CopyUIDCode: _copy_uid,
    codes.BadCharsetCode: lambda: st.builds(
        codes.BadCharsetCode, _named("BADCHARSET"), charsets=_charsets()
    ),
    codes.BadEventCode: lambda: st.builds(
        codes.BadEventCode, _named("BADEVENT"), events=_tuples(st.sampled_from(_EVENTS))
    ),
    codes.BadUrlCode: lambda: st.builds(codes.BadUrlCode, _named("BADURL"), url=_urls()),
    codes.ModifiedCode: lambda: st.builds(codes.ModifiedCode, _named("MODIFIED"), ranges=ranges()),
    codes.MailboxIdCode: lambda: st.builds(
        codes.MailboxIdCode, _named("MAILBOXID"), mailbox_id=object_ids()
    ),
    codes.MetadataCode: _metadata,
    codes.AnnotateCode: lambda: st.builds(
        codes.AnnotateCode, _named("ANNOTATE"), problem=st.sampled_from(("TOOBIG", "TOOMANY"))
    ),
    codes.AnnotationsCode: _annotations,
    codes.NoUpdateCode: lambda: st.builds(
        codes.NoUpdateCode, _named("NOUPDATE"), tag=atoms(exclude="+[")
    ),
    codes.ReferralCode: lambda: st.builds(
        codes.ReferralCode, _named("REFERRAL"), urls=_tuples(_urls(), min_size=1)
    ),
    codes.UrlMechCode: lambda: st.builds(
        codes.UrlMechCode, _named("URLMECH"), mechanisms=_mechanisms()
    ),
    codes.InProgressCode: _in_progress,
    codes.MessageLimitCode: lambda: st.builds(
        codes.MessageLimitCode,
        st.sampled_from(("MESSAGELIMIT", "SAVELIMIT")),
        limit=uids(),
        lowest_uid=st.none() | uids(),
    ),
    codes.ConvertLimitCode: lambda: st.builds(
        codes.ConvertLimitCode,
        st.sampled_from(("MAXCONVERTMESSAGES", "MAXCONVERTPARTS")),
        limit=uids(),
    ),
    codes.UndefinedFilterCode: lambda: st.builds(
        codes.UndefinedFilterCode, _named("UNDEFINED-FILTER"), filter_name=_ascii()
    ),
    codes.WebAlertCode: lambda: st.builds(codes.WebAlertCode, _named("WEBALERT"), url=_urls()),
    codes.DowngradedCode: lambda: st.builds(
        codes.DowngradedCode, _named("DOWNGRADED"), ranges=ranges()
    ),
    codes.NewNameCode: lambda: st.builds(
        codes.NewNameCode,
        _named("NEWNAME"),
        old_name=mailbox_names(lines=False, brackets=False),
        new_name=mailbox_names(lines=False, brackets=False),
    ),
}
