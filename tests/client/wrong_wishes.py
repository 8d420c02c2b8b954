"""What a user may wish, and the client has to refuse before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

import attrs

import aimap
from aimap import (
    InvalidArgumentError,
    LocalProtocolError,
    SeqSet,
    StateError,
    UIDSet,
    commands,
    criteria,
    items,
)
from aimap.commands import (
    SAVED,
    AppendMessage,
    EventGroup,
    MailboxFilter,
    Partial,
    QResync,
    UrlPart,
)
from aimap.testing import CAPABILITIES, Server

EVERYTHING = CAPABILITIES | {"IMAP4REV2", "NOTIFY", "MESSAGELIMIT=4294967295"}


@attrs.frozen
class Seat:
    """What a test may use.

    Attributes:
        imap: a client.
        inbox: INBOX, which is selected, with two messages; or nothing.
        server: the embedded server.
    """

    imap: aimap.Client
    inbox: Any
    server: Server

    async def send(self, make: Callable[[], Any]) -> Any:
        return await self.imap.submit(make()).wait()


Act = Callable[[Seat], Any]


def sent(make: Callable[[], Any]) -> Act:
    """Make a command object and submit it."""
    return lambda seat: seat.send(make)


def fetch(numbers: Callable[[], Any], *more: Any, **options: Any) -> Act:
    return sent(lambda: commands.Fetch(numbers(), [items.FLAGS, *more], lambda _: None, **options))


def search(make: Callable[[], Any]) -> Act:
    return sent(lambda: commands.ESearch(make(), ["ALL"]))


def open_in(
    enabled: str = "", *, mode: str = "select", name: str = "INBOX"
) -> tuple[str, str, str]:
    return enabled, mode, name


CLOSED = open_in(mode="")
INBOX = open_in()
EXAMINED = open_in(mode="examine")
EMPTY = open_in(name="Sent")
REV2 = open_in("IMAP4rev2")
UIDONLY = open_in("UIDONLY")
UTF8 = open_in("UTF8=ACCEPT", mode="")
UTF8_OPEN = open_in("UTF8=ACCEPT")
QRESYNC = open_in("QRESYNC")

# Row, where one is, what is wished, what comes of it.
REFUSED: list[tuple[str, tuple[str, str, str], Act, type[LocalProtocolError], str]] = [
    ("state", CLOSED, fetch(lambda: UIDSet(1)), StateError, "no mailbox is selected"),
    ("state", CLOSED, sent(commands.Close), StateError, "no mailbox is selected"),
    ("state", CLOSED, sent(lambda: commands.Login("joe", "x")), StateError, "the state is authenticated"),
    ("enable-while-selected", INBOX, lambda s: s.imap.enable("CONDSTORE"), StateError, "selected"),
    ("enable-while-selected", INBOX, sent(lambda: commands.Enable("CONDSTORE")), StateError, "selected"),
    ("starttls-after-login", CLOSED, sent(commands.StartTLS), StateError, "the state is authenticated"),
    ("authenticate-twice", CLOSED,
        sent(lambda: commands.Authenticate("PLAIN", lambda _: b"")), StateError, "the state is authenticated"),
    ("read-only-mailbox", EXAMINED, lambda s: s.inbox.add_flags(1, "\\Seen"), StateError, "reading only"),
    ("read-only-mailbox", EXAMINED, lambda s: s.inbox.move(1, "Sent"), StateError, "reading only"),
    ("read-only-mailbox", EXAMINED, lambda s: s.inbox.expunge(), StateError, "reading only"),
    ("read-only-mailbox", EXAMINED, lambda s: s.inbox.delete(1), StateError, "reading only"),
    ("read-only-mailbox", EXAMINED, lambda s: s.inbox.set_color(1, "red"), StateError, "reading only"),
    ("read-only-mailbox", EXAMINED, lambda s: s.inbox.replace(1, b"x: y\r\n\r\n"), StateError, "reading only"),
    ("read-only-mailbox", EXAMINED,
        lambda s: s.inbox.store_annotations(1, {"/comment": {"value.priv": "x"}}), StateError, "reading only"),
    ("saved-result-without", INBOX, lambda s: s.inbox.fetch_all(SAVED, items.FLAGS), InvalidArgumentError, "SAVED stands"),
    ("partial-beside-all", INBOX,
        lambda s: s.inbox.esearch(aimap.ALL, ["ALL", Partial(1, 2)]), InvalidArgumentError, "not both"),
    ("empty-sort", INBOX, lambda s: s.inbox.sort([]), InvalidArgumentError, "at least one key"),
    ("flag-atoms", INBOX, lambda s: s.inbox.set_flags(1, "not a flag"), InvalidArgumentError, "a flag is an atom"),
    ("zero-validity-modseq", INBOX, lambda s: s.inbox.add_flags(1, "x", unchanged_since=-1), InvalidArgumentError, "mod-sequence is 0"),
    ("qresync-not-enabled", INBOX,
        lambda s: s.inbox.fetch_all(1, items.FLAGS, changed_since=1, vanished=True), InvalidArgumentError, "QRESYNC"),
    ("empty-message", INBOX, lambda s: s.inbox.replace(1, b""), InvalidArgumentError, "no octets"),
    ("read-only-mailbox", EXAMINED, sent(lambda: commands.Store(UIDSet(1), "", [])), StateError, "reading only"),
    ("read-only-mailbox", EXAMINED, sent(commands.Expunge), StateError, "reading only"),
    ("read-only-mailbox", EXAMINED, sent(lambda: commands.Expunge(UIDSet(1))), StateError, "reading only"),
    ("read-only-mailbox", EXAMINED, sent(lambda: commands.Move(UIDSet(1), "Sent")), StateError, "reading only"),
    ("read-only-mailbox", EXAMINED,
        sent(lambda: commands.Replace(UIDSet(1), "Sent", b"x")), StateError, "reading only"),
    ("id-limits", CLOSED, lambda s: s.imap.id({"k" * 31: None}), InvalidArgumentError, "at most 30 octets"),
    ("id-limits", CLOSED, lambda s: s.imap.id({"k": "v" * 1025}), InvalidArgumentError, "at most 1024 octets"),
    ("id-limits", CLOSED,
        lambda s: s.imap.id({f"k{n}": None for n in range(31)}), InvalidArgumentError, "at most 30 fields"),
    ("id-limits", CLOSED, lambda s: s.imap.id({"a": "1", "A": "2"}), InvalidArgumentError, "named once"),
    ("removed-in-rev2", REV2, sent(commands.Check), InvalidArgumentError, "no CHECK"),
    ("removed-in-rev2", REV2, sent(lambda: commands.Lsub("*")), InvalidArgumentError, "no LSUB"),
    ("removed-in-rev2", REV2, fetch(lambda: UIDSet(1), items.RFC822), InvalidArgumentError, "no RFC822"),
    ("removed-in-rev2", REV2, lambda s: s.inbox.fetch_all(1, items.RFC822_TEXT), InvalidArgumentError, "RFC822.TEXT"),
    ("removed-in-rev2", REV2, lambda s: s.inbox.search(criteria.RECENT), InvalidArgumentError, "no search key RECENT"),
    ("removed-in-rev2", REV2, lambda s: s.imap.status("Sent", ["RECENT"]), InvalidArgumentError, "STATUS item RECENT"),
    ("long-line", INBOX, search(lambda: aimap.IN(UIDSet(range(1, 9000, 2)))), InvalidArgumentError, "8192"),
    ("long-line", INBOX, fetch(lambda: UIDSet(range(1, 9000, 2))), InvalidArgumentError, "8192"),
    ("nul", INBOX, search(lambda: aimap.SUBJECT("a\0b")), InvalidArgumentError, "NUL"),
    ("nul", CLOSED, lambda s: s.imap.create("a\0b"), InvalidArgumentError, "control characters"),
    ("number-zero", INBOX, lambda s: s.inbox.fetch_all(0, items.FLAGS), InvalidArgumentError, "1 to 4294967295"),
    ("number-zero", INBOX, fetch(lambda: SeqSet(0)), InvalidArgumentError, "1 to 4294967295"),
    ("empty-set", INBOX, fetch(UIDSet), InvalidArgumentError, "empty set"),
    ("malformed-set", INBOX, lambda s: s.inbox.fetch_all("5:", items.FLAGS), InvalidArgumentError, "looks like"),
    ("malformed-set", INBOX, lambda s: s.inbox.copy("1:2:3", "Sent"), InvalidArgumentError, "looks like"),
    ("above-exists", INBOX, fetch(lambda: SeqSet(9)), InvalidArgumentError, "has 2 messages: no .* numbers 9"),
    ("above-exists", INBOX, fetch(lambda: SeqSet("3:*")), InvalidArgumentError, "has 2 messages"),
    ("above-exists", INBOX, search(lambda: ~aimap.IN(SeqSet(3))), InvalidArgumentError, "has 2 messages"),
    ("star-in-empty-mailbox", EMPTY, fetch(lambda: SeqSet("*")), InvalidArgumentError, "has 0 messages"),
    ("star-in-empty-mailbox", EMPTY, search(lambda: aimap.IN(SeqSet("1:*"))), InvalidArgumentError, "has 0 messages"),
    ("saved-result-mixed", INBOX, fetch(lambda: UIDSet("$,1")), InvalidArgumentError, "looks like"),
    ("saved-result-without", INBOX, fetch(lambda: SAVED), InvalidArgumentError, "SAVED stands for nothing"),
    ("saved-result-without", INBOX, search(lambda: aimap.IN(SAVED)), InvalidArgumentError, "SAVED stands for nothing"),
    ("number-over-32-bits", INBOX, search(lambda: aimap.LARGER(2**32)), InvalidArgumentError, "0 to 4294967295"),
    ("number-over-32-bits", INBOX,
        lambda s: s.inbox.fetch_all(2**32, items.FLAGS), InvalidArgumentError, "1 to 4294967295"),
    ("number-over-63-bits", REV2, search(lambda: aimap.LARGER(2**63)), InvalidArgumentError, "0 to 9223372036854775807"),
    ("number-over-63-bits", INBOX, fetch(lambda: UIDSet(1), changed_since=2**63), InvalidArgumentError, "mod-sequence"),
    ("numbers-after-uidonly", UIDONLY, fetch(lambda: SeqSet(1)), InvalidArgumentError, "UIDONLY"),
    ("numbers-after-uidonly", UIDONLY, search(lambda: aimap.IN(SeqSet(1))), InvalidArgumentError, "UIDONLY"),
    ("numbers-after-uidonly", UIDONLY,
        sent(lambda: commands.SeqSearch(aimap.ALL, extended=True)), InvalidArgumentError, "UIDONLY"),
    ("mailbox-utf7", CLOSED, lambda s: s.imap.create("a\x01b"), InvalidArgumentError, "control characters"),
    ("mailbox-utf7", CLOSED, lambda s: s.imap.status("a\x85"), InvalidArgumentError, "control characters"),
    ("mailbox-utf7", CLOSED, lambda s: s.imap.create("\ud800"), InvalidArgumentError, "not a Unicode text"),
    ("mailbox-net-unicode", UTF8, lambda s: s.imap.create("u\u0308"), InvalidArgumentError, "normalization form C"),
    ("mailbox-net-unicode", UTF8, lambda s: s.imap.create("a\u2028"), InvalidArgumentError, "U\\+2028"),
    ("mailbox-net-unicode", UTF8, lambda s: s.imap.create("\ufeffa"), InvalidArgumentError, "U\\+FEFF"),
    ("mailbox-empty-level", CLOSED, lambda s: s.imap.create("foo//bar"), InvalidArgumentError, "without a name"),
    ("mailbox-empty-level", CLOSED, lambda s: s.imap.create("/foo"), InvalidArgumentError, "without a name"),
    ("mailbox-empty-level", CLOSED, sent(lambda: commands.Create("foo//")), InvalidArgumentError, "without a name"),
    ("mailbox-empty-level", CLOSED, lambda s: s.imap.rename("Sent", "a//b"), InvalidArgumentError, "without a name"),
    ("mailbox-empty-level", CLOSED, lambda s: s.imap.rename("Sent", "a/"), InvalidArgumentError, "too much"),
    ("flag-atoms", INBOX, lambda s: s.inbox.add_flags(1, "a b"), InvalidArgumentError, "a flag is"),
    ("flag-atoms", INBOX, lambda s: s.inbox.add_flags(1, "\\Starred"), InvalidArgumentError, "no system flag"),
    ("flag-atoms", CLOSED, lambda s: s.imap.append("Sent", b"x", flags=["\\*"]), InvalidArgumentError, "a flag is"),
    ("recent-flag", INBOX, lambda s: s.inbox.set_flags(1, "\\Recent"), InvalidArgumentError, "only the server"),
    ("recent-flag", CLOSED,
        lambda s: s.imap.append("Sent", b"x", flags=["\\recent"]), InvalidArgumentError, "only the server"),
    ("flags-dropped", INBOX, lambda s: s.inbox.set_flags(1, "a b"), InvalidArgumentError, "a flag is"),
    ("flags-dropped", INBOX, lambda s: s.inbox.set_flags(1, ""), InvalidArgumentError, "a flag is"),
    ("flags-dropped", INBOX, lambda s: s.inbox.remove_flags(1), InvalidArgumentError, "at least one flag"),
    ("charset-after-utf8", UTF8_OPEN,
        sent(lambda: commands.Search(aimap.ALL, extended=True, charset="UTF-8")), InvalidArgumentError, "RFC 9755"),
    ("dates", CLOSED,
        lambda s: s.imap.append("Sent", b"x", date=datetime(2026, 1, 1)),  # noqa: DTZ001
        InvalidArgumentError, "time zone"),
    ("dates", CLOSED,
        lambda s: s.imap.append("Sent", b"x", date=datetime(1, 1, 1, tzinfo=timezone(timedelta(seconds=30)))),
        InvalidArgumentError, "no such year"),
    ("unknown-return", INBOX, sent(lambda: commands.ESearch(aimap.ALL, ["SOME"])),  # type: ignore[list-item]
        InvalidArgumentError, "a search returns"),
    ("partial-beside-all", INBOX,
        sent(lambda: commands.ESearch(aimap.ALL, ["ALL", Partial(1, 2)])), InvalidArgumentError, "not both"),
    ("empty-sort", INBOX, sent(lambda: commands.Sort([], aimap.ALL)), InvalidArgumentError, "at least one key"),
    ("one-uid", INBOX, search(lambda: aimap.UIDAFTER("1:3")), InvalidArgumentError, "a number"),  # type: ignore[arg-type]
    ("recursivematch", CLOSED,
        sent(lambda: commands.ListExtended("*", selection=["RECURSIVEMATCH"])), InvalidArgumentError, "SUBSCRIBED"),
    ("recursivematch", CLOSED,
        sent(lambda: commands.ListExtended("*", selection=["RECURSIVEMATCH", "SPECIAL-USE"])),
        InvalidArgumentError, "SUBSCRIBED"),
    ("empty-patterns", CLOSED, sent(lambda: commands.ListExtended([])), InvalidArgumentError, "at least one pattern"),
    *(
        ("metadata-entries", CLOSED, sent(partial(commands.GetMetadata, "INBOX", entry)),
            InvalidArgumentError, "entry|private")
        for entry in ("/shared//x", "/shared/x/", "/shared/*", "/shared/%", "/shared/ü", "/comment", "/shared")
    ),
    ("metadata-entries", CLOSED, lambda s: s.imap.metadata("INBOX", "/private/a//b"), InvalidArgumentError, "an entry is"),
    ("metadata-entries", CLOSED,
        lambda s: s.imap.set_metadata("", {"/admin": "x"}), InvalidArgumentError, "below '/private' or '/shared'"),
    ("metadata-entries", CLOSED, lambda s: s.imap.list(metadata=["/shared/*"]), InvalidArgumentError, "an entry is"),
    ("recursivematch", CLOSED, lambda s: s.imap.list(recursive_match=True), InvalidArgumentError, "subscribed"),
    ("acl-rights", CLOSED, lambda s: s.imap.set_acl("INBOX", "fred", "LRS"), InvalidArgumentError, "small letters"),
    ("acl-identifier", CLOSED, lambda s: s.imap.delete_acl("INBOX", ""), InvalidArgumentError, "not empty"),
    ("acl-rights", CLOSED, sent(lambda: commands.SetAcl("INBOX", "fred", "LRS")), InvalidArgumentError, "small letters"),
    ("acl-rights", CLOSED, sent(lambda: commands.SetAcl("INBOX", "fred", "q")), InvalidArgumentError, "no right 'q'"),
    ("acl-virtual", CLOSED, sent(lambda: commands.SetAcl("INBOX", "fred", "lrc")), InvalidArgumentError, "k and x"),
    ("acl-virtual", CLOSED,
        sent(lambda: commands.SetAcl("INBOX", "fred", "d", change="-")), InvalidArgumentError, "t, e and x"),
    ("acl-identifier", CLOSED, sent(lambda: commands.SetAcl("INBOX", "", "l")), InvalidArgumentError, "not empty"),
    ("acl-identifier", CLOSED, sent(lambda: commands.DeleteAcl("INBOX", "")), InvalidArgumentError, "not empty"),
    ("qresync-not-enabled", CLOSED,
        sent(lambda: commands.Select("INBOX", qresync=QResync(1, 1))), InvalidArgumentError, "enabled"),
    ("qresync-not-enabled", INBOX,
        fetch(lambda: UIDSet(1), changed_since=1, on_vanished=print), InvalidArgumentError, "enabled"),
    ("vanished-alone", QRESYNC, fetch(lambda: UIDSet(1), on_vanished=print), InvalidArgumentError, "CHANGEDSINCE"),
    ("vanished-alone", QRESYNC,
        fetch(lambda: SeqSet(1), changed_since=1, on_vanished=print), InvalidArgumentError, "by UID"),
    ("zero-validity-modseq", QRESYNC, sent(lambda: commands.Select("x", qresync=QResync(0, 1))),
        InvalidArgumentError, "UIDVALIDITY"),
    ("zero-validity-modseq", QRESYNC, sent(lambda: commands.Select("x", qresync=QResync(1, 0))),
        InvalidArgumentError, "mod-sequence"),
    ("zero-validity-modseq", INBOX, fetch(lambda: UIDSet(1), changed_since=0), InvalidArgumentError, "mod-sequence"),
    ("match-sets", QRESYNC,
        sent(lambda: commands.Select("x", qresync=QResync(1, 1, UIDSet(), (SeqSet("1:3"), UIDSet(5))))),
        InvalidArgumentError, "as many"),
    ("match-sets", QRESYNC,
        sent(lambda: commands.Select("x", qresync=QResync(1, 1, UIDSet(), (SeqSet("*"), UIDSet(5))))),
        InvalidArgumentError, "no \\*"),
    ("empty-message", CLOSED, lambda s: s.imap.append("Sent", b""), InvalidArgumentError, "no octets"),
    ("empty-message", CLOSED, lambda s: s.imap.append_all("Sent", [b"x", b""]), InvalidArgumentError, "no octets"),
    ("empty-message", CLOSED,
        sent(lambda: commands.MultiAppend("Sent", [AppendMessage(b"x"), AppendMessage(b"")])),
        InvalidArgumentError, "no octets"),
    ("binary-multipart", INBOX,
        sent(lambda: commands.Fetch(UIDSet(1), [items.BINARY("")], print)), InvalidArgumentError, "of a part"),
    ("catenate-url", CLOSED,
        sent(lambda: commands.Append("Sent", AppendMessage([UrlPart("imap://h/INBOX/;UID=1")]))),
        InvalidArgumentError, "a part's URL"),
    ("catenate-url", CLOSED,
        sent(lambda: commands.Append("Sent", AppendMessage([UrlPart("//h/INBOX/;UID=1")]))),
        InvalidArgumentError, "a part's URL"),
    ("notify-pairs", CLOSED,
        sent(lambda: commands.Notify([EventGroup(MailboxFilter.INBOXES, ["MessageNew"])])),
        InvalidArgumentError, "go together"),
    ("notify-pairs", CLOSED,
        sent(lambda: commands.Notify([EventGroup(MailboxFilter.INBOXES, ["FlagChange"])])),
        InvalidArgumentError, "go together"),
    ("notify-two-selected", CLOSED,
        sent(lambda: commands.Notify([EventGroup(MailboxFilter.SELECTED), EventGroup(MailboxFilter.SELECTED_DELAYED)])),
        InvalidArgumentError, "one group at most"),
]  # fmt: skip
