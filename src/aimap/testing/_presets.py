"""Servers that behave like known ones, as far as that matters to clients.

What they do was seen in other clients' bug trackers and source code, or on the wire.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, final

import attrs

from aimap.testing._capabilities import CAPABILITIES
from aimap.testing._scripts import (
    Change,
    Close,
    Hold,
    Ignore,
    On,
    Rewrite,
    Send,
    Strings,
    nearest,
)


@final
@attrs.frozen(kw_only=True)
class Preset:
    """A server's ways, for ``serve(preset=...)``.

    Attributes:
        capabilities: what it offers, out of what the embedded server can.
        revision: which IMAP it speaks from the start: ``"IMAP4rev1"`` or ``"IMAP4rev2"``. One
            of the second need not be told so by ENABLE, and says nothing of the first.
        words: what stands in its list of capabilities besides, and means nothing here.
        greeting: the text of its greeting, without capabilities if it is given.
        mailboxes: the mailboxes of each account besides INBOX, with their special use.
        faults: what it does otherwise than it should.
        about: what that is, in a line.
    """

    capabilities: frozenset[str]
    revision: Literal["IMAP4rev1", "IMAP4rev2"] = "IMAP4rev1"
    words: tuple[str, ...] = ()
    greeting: str | None = None
    mailboxes: Mapping[str, str] | None = None
    faults: tuple[On, ...] = ()
    about: str = ""


def _empty_group(response: bytes) -> bytes:
    """Empty a section where its MIME header was asked for in the same breath."""
    for part in re.findall(rb"BODY\[([0-9.]+)\.MIME\]", response):
        header = re.search(rb"BODY\[%s\] \{([0-9]+)\}\r\n" % re.escape(part), response)
        if header is not None:
            end = header.end() + int(header[1])
            empty = b"BODY[%s] {0}\r\n" % part
            response = response[: header.start()] + empty + response[end:]
    return response


_GMAIL = Preset(
    about="labels, odd flags, codes without text, IDLE that ends after ten minutes",
    capabilities=frozenset(
        {
            "APPENDLIMIT=35651584", "CHILDREN", "COMPRESS=DEFLATE", "CONDSTORE", "ENABLE",
            "ESEARCH", "ID", "IDLE", "LIST-EXTENDED", "LIST-STATUS", "LITERAL-", "MOVE",
            "NAMESPACE", "QUOTA", "SASL-IR", "SPECIAL-USE", "UIDPLUS", "UNSELECT", "UTF8=ACCEPT",
            "X-GM-EXT-1", "XLIST",
        }
    ),
    greeting="Gimap ready for requests from 192.0.2.1 a1mb123456",
    mailboxes={
        "[Gmail]/All Mail": "\\All",
        "[Gmail]/Drafts": "\\Drafts",
        "[Gmail]/Important": "\\Important",
        "[Gmail]/Sent Mail": "\\Sent",
        "[Gmail]/Spam": "\\Junk",
        "[Gmail]/Starred": "\\Flagged",
        "[Gmail]/Trash": "\\Trash",
    },
    faults=(
        On("response", Change(r"(\[HIGHESTMODSEQ \d+\]) [^\r]*", rb"\1")),
        On("response", Change("SELECT completed", "[Gmail]/All Mail selected. (Success)")),
        On("response", Change(r"(\* FLAGS \([^)]*)", rb"\1 OIB-Seen-[Gmail]/All Mail")),
        On("response", Change(r"X-GM-LABELS \(([^)]+)\)", rb"X-GM-LABELS (\1 NIL)")),
        On("response", Change("FETCH completed", "Success [THROTTLED]"), nth=100),
        On("quiet", Close(), command="IDLE", seconds=600),
    ),
)  # fmt: skip

_MICROSOFT = frozenset(
    {
        "CHILDREN", "ID", "IDLE", "LITERAL+", "MOVE", "NAMESPACE", "SASL-IR", "UIDPLUS", "UNSELECT",
    }
)  # fmt: skip

_MICROSOFT_365 = Preset(
    about="throttles, by BAD; COPYUID outside a status response; spaces where none are",
    capabilities=_MICROSOFT,
    words=("IMAP4",),
    greeting="The Microsoft Exchange IMAP4 service is ready. [QQBNADIAUABSADA5AA==]",
    faults=(
        On(
            "command",
            Send("{tag} BAD Request is throttled. Suggested Backoff Time: 2000 milliseconds"),
            Ignore(),
            command=("FETCH", "LIST", "SEARCH", "STATUS"),
            nth=5,
            times=1,
        ),
        On("response", Change(r"\* OK (\[COPYUID [^\]]*\]) [^\r]*", rb"* \1")),
        On("response", Change('"BASE64"', b'"base64 "'), text="BODYSTRUCTURE"),
        On("response", Change(r'"\)\(', b'") ('), text="ENVELOPE"),
    ),
)

_EXCHANGE = Preset(
    about="a '+' that nobody waits for, dispositions as strings, names that end in '/'",
    capabilities=_MICROSOFT - {"SASL-IR"},
    words=("IMAP4",),
    greeting="The Microsoft Exchange IMAP4 service is ready.",
    mailboxes={"Drafts": "", "Sent Items": "", "Deleted Items": "", "Public Folders": ""},
    faults=(
        On("command", Send("+ x"), command="NOOP"),
        On("response", Change(r'\("ATTACHMENT" NIL\)', b'"attachment"'), text="BODYSTRUCTURE"),
        On("response", Change('"Public Folders"', b'"Public Folders/"'), text=r"\* L"),
        On("response", Change('"7BIT"', b"7bit"), text="BODYSTRUCTURE"),
    ),
)

_YAHOO = Preset(
    about="1,000 messages at once, 1,000 octets a line, sections as quoted strings, no IDLE",
    capabilities=frozenset(
        {
            "CHILDREN", "ESEARCH", "ID", "LITERAL+", "MESSAGELIMIT=1000", "MOVE", "NAMESPACE",
            "OBJECTID", "PARTIAL", "SASL-IR", "UIDPLUS", "UNSELECT",
        }
    ),
    words=("XYMHIGHESTMODSEQ",),
    mailboxes={"Archive": "", "Bulk": "", "Draft": "", "Sent": "", "Trash": ""},
    faults=(
        On("response", Strings("quoted"), text=r"BODY\["),
        On("response", Change('"INBOX"', b'"Inbox"'), text=r"\* (?:LIST|LSUB|STATUS)"),
        On(
            "command",
            Send("{tag} NO [BADCHARSET (US-ASCII)] SEARCH charset is not supported"),
            Ignore(),
            command="SEARCH",
            text="CHARSET UTF-8",
        ),
        On(
            "command",
            Send("{tag} BAD Command line too large"),
            Ignore(),
            text=rb"\A[^\r\n]{1001}",
        ),
    ),
)  # fmt: skip

_JAMES = Preset(
    about="FETCH responses behind the tagged line, sections empty that have octets",
    capabilities=frozenset(
        {
            "CHILDREN", "CONDSTORE", "ENABLE", "IDLE", "LITERAL+", "MOVE", "NAMESPACE", "OBJECTID",
            "SASL-IR", "STATUS=SIZE", "UIDPLUS", "UNSELECT", "WITHIN",
        }
    ),
    faults=(
        On("response", Hold("tagged"), command="FETCH", text=r"\* \d+ FETCH", nth=2, times=1),
        On("response", Rewrite(_empty_group), text=r"\.MIME\]"),
    ),
)  # fmt: skip

PRESETS: Mapping[str, Preset] = {
    "gmail": _GMAIL,
    "microsoft365": _MICROSOFT_365,
    "exchange": _EXCHANGE,
    "yahoo": _YAHOO,
    "james": _JAMES,
    "rev1": Preset(about="IMAP4rev1 and nothing besides", capabilities=frozenset()),
    "rev2": Preset(
        about="IMAP4rev2 and nothing besides",
        capabilities=frozenset({"IMAP4REV2"}),
        revision="IMAP4rev2",
    ),
    "no-uidplus": Preset(about="all but UIDPLUS", capabilities=CAPABILITIES - {"UIDPLUS"}),
    "no-move": Preset(about="all but MOVE", capabilities=CAPABILITIES - {"MOVE"}),
}
"""The presets of ``serve(preset=...)``, by name."""


def preset_of(preset: str | Preset) -> Preset:
    """Return a preset.

    Raises:
        InvalidArgumentError: if there is none of that name; it says which one comes near.
    """
    if isinstance(preset, Preset):
        return preset
    if preset not in PRESETS:
        raise nearest(preset, PRESETS, "preset")
    return PRESETS[preset]
