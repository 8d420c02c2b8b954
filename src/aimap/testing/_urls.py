"""IMAP URLs of messages and their parts (:rfc:`5092`, :rfc:`4467`, :rfc:`5550`)."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime
from typing import final
from urllib.parse import unquote

import attrs

from aimap.testing._describe import section
from aimap.testing._mime import Part
from aimap.testing._store import Account, StoredMailbox

_URL = re.compile(
    r"(?:imap://(?:(?P<owner>[^@/;]+)(?:;AUTH=[^@/]+)?@)?(?P<host>[^/@]*))?"
    r"/(?P<mailbox>[^/;?#]+)(?:;UIDVALIDITY=(?P<validity>[0-9]+))?"
    r"/;UID=(?P<uid>[0-9]+)(?:/?;SECTION=(?P<section>[^/;]+))?"
    r"(?:/?;PARTIAL=(?P<first>[0-9]+)(?:\.(?P<count>[0-9]+))?)?"
    r"(?P<rump>(?:;EXPIRE=(?P<expire>[^;]+))?;URLAUTH=(?P<access>[^:;]+))?"
    r"(?::internal:(?P<token>[0-9a-f]+))?",
    re.IGNORECASE,
)
_ACCESS = re.compile(r"anonymous|authuser|(?:user|submit)\+(.+)", re.IGNORECASE)


@final
@attrs.frozen
class MessageURL:
    """The URL of a message or a part.

    Attributes:
        text: as it is written.
        is_path: whether it is an absolute path, without a server.
        owner: whose mailbox, or an empty string.
        mailbox: which mailbox.
        validity: its UIDVALIDITY, if that is told.
        uid: which message.
        section: which section; empty for all of it.
        window: an offset and a count of octets, if it is of a part of that only.
        expire: until when it may be used.
        access: who may use it, or an empty string.
        token: what proves that.
    """

    text: str
    is_path: bool
    owner: str
    mailbox: str
    validity: int | None
    uid: int
    section: str
    window: tuple[int, int | None] | None
    expire: str
    access: str
    token: str

    @property
    def rump(self) -> str:
        """The URL without what signs it."""
        return self.text[: -len(f":internal:{self.token}")] if self.token else self.text

    @property
    def names_access(self) -> bool:
        """Whether it says who may use it, and that is well formed."""
        return _ACCESS.fullmatch(self.access) is not None

    def may_be_used(self, user: str) -> bool:
        """Tell whether a user may use it now (:rfc:`4467#section-3`)."""
        if self.expire:
            try:
                if datetime.fromisoformat(self.expire) <= datetime.now(UTC):
                    return False
            except (ValueError, TypeError):
                return False
        access = self.access.lower()
        if access == "anonymous":
            return True
        if access == "authuser":
            return user != "anonymous"
        kind, _, name = self.access.partition("+")
        return kind.lower() == "submit" or (kind.lower() == "user" and unquote(name) == user)

    def part(self, account: Account) -> Part | None:
        """Return the part that it names, if there is one."""
        mailbox = self.box(account)
        message = None if mailbox is None else mailbox.find(self.uid)
        if message is None:
            return None
        if not self.section:
            return message.part
        numbers = [int(each) for each in self.section.split(".") if each.isdigit()]
        return message.part.find(numbers)

    def box(self, account: Account) -> StoredMailbox | None:
        """Return the mailbox that it names, if it is still the same."""
        found = account.mailbox(self.mailbox)
        if found is not None and self.validity not in (None, found.uid_validity):
            return None
        return found

    def octets(self, account: Account) -> bytes | None:
        """Return the octets that it names, if they are there."""
        mailbox = self.box(account)
        message = None if mailbox is None else mailbox.find(self.uid)
        if message is None:
            return None
        if self.section:
            data = section(message.part, self.section.encode("ascii", "replace"))
        else:
            data = message.octets
        if data is None or self.window is None:
            return data
        first, count = self.window
        return data[first:] if count is None else data[first : first + count]


def parse_url(text: str) -> MessageURL | None:
    """Return the URL of a message, if it is one."""
    match = _URL.fullmatch(text)
    if match is None:
        return None
    window = None
    if match["first"] is not None:
        window = int(match["first"]), None if match["count"] is None else int(match["count"])
    return MessageURL(
        text,
        is_path=text.startswith("/"),
        owner=unquote(match["owner"] or ""),
        mailbox=unquote(match["mailbox"]),
        validity=None if match["validity"] is None else int(match["validity"]),
        uid=int(match["uid"]),
        section=unquote(match["section"] or ""),
        window=window,
        expire=match["expire"] or "",
        access=match["access"] or "",
        token=match["token"] or "",
    )


def token_for(mailbox: StoredMailbox, rump: str) -> str:
    """Return what signs a URL into a mailbox (:rfc:`4467#section-5`, INTERNAL)."""
    if not mailbox.access_key:
        mailbox.access_key = secrets.token_hex(16)
    return hmac.new(mailbox.access_key.encode(), rump.encode(), hashlib.sha256).hexdigest()
