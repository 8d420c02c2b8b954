"""What is told of mailboxes."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from aimap._model.flag import Flags
from aimap._model.mailbox import MailboxInfo, MailboxStatus, NamespaceInfo, Namespaces
from aimap.testing.strategies._basic import (
    atoms,
    labels,
    mod_seqs,
    numbers,
    object_ids,
    raw_values,
    texts,
    uid_validities,
    uids,
)

_NAMES = (
    "INBOX",
    "Sent",
    "Entwürfe",
    "a/b",
    "[Gmail]/All Mail",
    "R&D",
    "台北",
    "~peter/mail",
    "a.b",
)
_ATTRIBUTES = (
    "\\Noinferiors", "\\Noselect", "\\NonExistent", "\\Marked", "\\Unmarked", "\\HasChildren",
    "\\HasNoChildren", "\\Subscribed", "\\Remote", "\\All", "\\Archive", "\\Drafts", "\\Flagged",
    "\\Junk", "\\Sent", "\\Trash",
)  # fmt: skip
_STATUS_NUMBERS = ("MESSAGES", "RECENT", "UNSEEN", "DELETED", "SIZE", "DELETED-STORAGE", "X-COUNT")


def mailbox_names(*, lines: bool = True, brackets: bool = True) -> SearchStrategy[str]:
    """Return names of mailboxes; INBOX in upper case only.

    Args:
        lines: whether ends of lines may be in them.
        brackets: whether brackets may be in them.
    """

    def is_fit(name: str) -> bool:
        return bool(name) and (brackets or not {"[", "]"}.intersection(name))

    found = st.sampled_from(_NAMES) | texts(min_size=1, lines=lines)
    return found.map(_canonical).filter(is_fit)


def _canonical(name: str) -> str:
    return "INBOX" if name.upper() == "INBOX" else name


def delimiters() -> SearchStrategy[str | None]:
    """Return hierarchy delimiters."""
    return st.none() | st.sampled_from('/.\\"|^')


@st.composite
def mailbox_infos(draw: st.DrawFn) -> MailboxInfo:
    """Return what LIST tells of a mailbox, with the extensions to it."""
    delimiter = draw(delimiters())
    name = draw(mailbox_names())
    if delimiter is not None and name.endswith(delimiter):
        # It would be read as the name of the mailbox with others below it.
        name += "x"
    return MailboxInfo(
        name,
        delimiter,
        Flags(draw(st.lists(st.sampled_from(_ATTRIBUTES) | _extensions(), max_size=4))),
        draw(st.dictionaries(labels(), raw_values(), max_size=2)),
        child_info=draw(_child_infos()),
        old_name=draw(st.none() | mailbox_names()),
    )


def _extensions() -> SearchStrategy[str]:
    return atoms().map("\\{}".format)


def _child_infos() -> SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(("SUBSCRIBED", "X-OWN")), max_size=2, unique=True).map(tuple)


@st.composite
def mailbox_statuses(draw: st.DrawFn) -> MailboxStatus:
    """Return answers to STATUS."""
    items: dict[str, object] = {
        name: draw(numbers(bits=63))
        for name in draw(st.lists(st.sampled_from(_STATUS_NUMBERS), unique=True))
    }
    further: dict[str, SearchStrategy[object]] = {
        "UIDNEXT": uids(),
        "UIDVALIDITY": uid_validities(),
        "HIGHESTMODSEQ": mod_seqs(),
        "MAILBOXID": object_ids(),
        "APPENDLIMIT": st.none() | numbers(),
    }
    for name in draw(st.lists(st.sampled_from(sorted(further)), unique=True)):
        items[name] = draw(further[name])
    return MailboxStatus(draw(mailbox_names()), items)


def namespaces() -> SearchStrategy[Namespaces]:
    """Return what NAMESPACE tells."""
    kind = st.lists(_namespace_infos(), max_size=2).map(tuple)
    return st.builds(Namespaces, kind, kind, kind)


def _namespace_infos() -> SearchStrategy[NamespaceInfo]:
    prefixes = st.just("") | mailbox_names()
    values = st.lists(texts(), min_size=1, max_size=2).map(tuple)
    return st.builds(
        NamespaceInfo,
        prefixes,
        delimiters(),
        translation=st.none() | mailbox_names(),
        extensions=st.dictionaries(labels(), values, max_size=2),
    )
