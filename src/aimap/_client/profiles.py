"""The servers that need something of their own, and how each is recognised.

ID is never sent only to find this out: some servers answer it badly, and what is
needed is known for all of these by their greeting or their capabilities.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import final

import attrs

from aimap._model.capability import Capabilities
from aimap._model.profile import Profile


@final
@attrs.frozen
class _Row:
    """A profile, and what any one of tells the server: greeting, capability, ID's name."""

    profile: Profile
    greeting: re.Pattern[str] | None = None
    capability: str | None = None
    id_name: str | None = None


_ROWS = (
    _Row(
        Profile(
            name="Coremail (163.com, 126.com)",
            id_first=True,
            sasl_ir=False,
            evidence="modern-email/defects #25 and #54, himalaya #729",
        ),
        greeting=re.compile("Coremail", re.IGNORECASE),
        id_name="coremail",
    ),
    _Row(
        Profile(
            name="Yahoo, AOL",
            max_line=1000,
            evidence="MailKit ImapEngine.cs, nylas sync-engine: BAD Command line too large",
        ),
        capability="XYMHIGHESTMODSEQ",
    ),
    _Row(
        Profile(name="UW imapd", max_line=1000, evidence="MailKit ImapEngine.cs"),
        greeting=re.compile(r"IMAP4rev1 20[0-9]{2}[a-z]?\.[0-9]+ at "),
    ),
    _Row(
        Profile(
            name="Gmail",
            idle_renewal=540.0,
            evidence="NotiMail #4, omnibus-gitlab !842: IDLE ends after some ten minutes",
        ),
        greeting=re.compile(r"\AGimap ready"),
        capability="X-GM-EXT-1",
        id_name="GImap",
    ),
    _Row(
        Profile(
            name="Exchange 2003",
            namespace=False,
            evidence="MailKit #1512: NAMESPACE ends the connection",
        ),
        greeting=re.compile("Microsoft Exchange Server 2003 IMAP4rev1"),
    ),
    _Row(
        Profile(
            name="Courier",
            ahead=False,
            evidence="Courier 5.0: its login program reads, and loses, what comes behind LOGIN",
        ),
        greeting=re.compile("Courier-IMAP ready"),
    ),
    _Row(
        Profile(
            name="Twisted",
            pipeline_depth=1,
            evidence="twisted #9282: BAD to a FETCH behind SELECT",
        ),
        greeting=re.compile("Twisted IMAP4rev1 Ready"),
    ),
)

PROFILES = tuple(row.profile for row in _ROWS)
"""All that there are."""

_ANY = Profile()


def choose_profile(
    greeting: str, capabilities: Capabilities, fields: Mapping[str, str | None] | None = None
) -> Profile:
    """Choose the profile of a server.

    Args:
        greeting: the text of its greeting.
        capabilities: what it offers.
        fields: what it answered to ID, if it was asked.

    Returns:
        The first that fits, or the one for any server.
    """
    name = (fields or {}).get("name") or ""
    for row in _ROWS:
        if (
            (row.greeting is not None and row.greeting.search(greeting))
            or (row.capability is not None and row.capability in capabilities)
            or (row.id_name is not None and row.id_name.lower() == name.lower())
        ):
            return row.profile
    return _ANY
