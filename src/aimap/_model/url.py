"""IMAP URLs (:rfc:`5092`, :rfc:`5593`)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, final
from urllib.parse import quote, unquote_to_bytes

import attrs

from aimap._errors import InvalidArgumentError
from aimap._model.numbers import MAX_NUMBER

# achar and bchar (section 11), without what quote() never escapes
_ACHAR = "!$'()*+,&="
_BCHAR = _ACHAR + ":@/"
_URL = re.compile(
    r"(?:imap://(?P<server>[^/?#]*))?(?P<path>/[^?#]*)?(?:\?(?P<search>[^#]*))?",
    re.IGNORECASE,
)
_SERVER = re.compile(
    r"(?:(?P<user>[^;@]*)(?:;AUTH=(?P<auth>[^;@]+))?@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^@:;\[\]]+)(?::(?P<port>[0-9]{0,5}))?",
    re.IGNORECASE,
)
_URLAUTH = re.compile(
    r"(?:;EXPIRE=(?P<expire>[^;]+))?;URLAUTH=(?P<access>[^;:]+)"
    r"(?::(?P<mechanism>[A-Za-z0-9.-]+):(?P<token>[0-9A-Fa-f]{32,}))?",
    re.IGNORECASE,
)
# Each may stand at the end, and those before it only before it.
_ENDS = (
    ("partial", re.compile(r"/;PARTIAL=([0-9]+(?:\.[0-9]+)?)", re.IGNORECASE)),
    ("section", re.compile(r"/;SECTION=([^;]+)", re.IGNORECASE)),
    ("uid", re.compile(r"/;UID=([0-9]+)", re.IGNORECASE)),
    ("uid_validity", re.compile(r";UIDVALIDITY=([0-9]+)/?", re.IGNORECASE)),
)
_ACCESS = re.compile(r"[A-Za-z0-9]+(?:\+.+)?", re.ASCII | re.DOTALL)
_MECHANISM = re.compile(r"[A-Za-z0-9.-]+", re.ASCII)
_TOKEN = re.compile(r"[0-9A-Fa-f]{32,}", re.ASCII)
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ALLOWED = re.compile(r"[!$-;=?-Z\[\]_a-z~]*", re.ASCII)


def _decoded(text: str) -> str:
    octets = unquote_to_bytes(text)
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidArgumentError(f"{text!r} is not UTF-8 behind its escapes") from None


def _positive(url: IMAPURL, attribute: attrs.Attribute[int | None], value: int | None) -> None:
    del url
    if value is not None and not 1 <= value <= MAX_NUMBER:
        raise InvalidArgumentError(
            f"{attribute.name} is a number from 1 to {MAX_NUMBER}, not {value!r}"
        )


@final
@attrs.frozen(kw_only=True)
class IMAPURL:
    """A server, a mailbox, messages, or a part of one (:rfc:`5092#section-11`).

    ``str()`` writes it; all texts in it are escaped there, and plain here.

    Attributes:
        host: the server; ``""`` in a reference that begins with the path, as for CATENATE.
        port: its port, or ``None`` for the usual one.
        user: who logs in, or ``None``.
        auth: by which mechanism (``;AUTH=``); ``"*"`` for any, ``None`` if nothing is said.
        mailbox: the mailbox's name, or ``None``.
        uid_validity: what UIDVALIDITY the UID is of, or ``None``.
        uid: the message, or ``None``.
        section: the part of it, as in FETCH: ``"1.2"``, ``"HEADER"``; or ``None``.
        partial: the first octet, and how many, as in FETCH; ``None`` for all. How many is
            ``None`` for all the rest (URL-PARTIAL, :rfc:`5550#section-3.2`, takes it likewise).
        search: search keys, as IMAP writes them, in place of a message; or ``None``.
        expire: until when the URL may be used (``;EXPIRE=``), or ``None``.
        access: who may use it (``;URLAUTH=``): ``"anonymous"``, ``"authuser"``,
            ``"user+joe"``, ``"submit+joe"``, ``"stream"`` or another application
            (:rfc:`5593`); or ``None``.
        mechanism: how that is authorized, such as ``"INTERNAL"``; or ``None`` while it is not.
        token: the proof of it, or ``None``.

    Raises:
        InvalidArgumentError: if the parts do not go together.
    """

    host: str = ""
    port: int | None = None
    user: str | None = None
    auth: str | None = None
    mailbox: str | None = None
    uid_validity: int | None = attrs.field(default=None, validator=_positive)
    uid: int | None = attrs.field(default=None, validator=_positive)
    section: str | None = None
    partial: tuple[int, int | None] | None = None
    search: str | None = None
    expire: datetime | None = None
    access: str | None = None
    mechanism: str | None = None
    token: str | None = attrs.field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        """Check what goes together."""
        if not self.host and (self.user is not None or self.auth is not None or self.port):
            raise InvalidArgumentError("a user, a mechanism or a port is one of a host")
        if self.mailbox == "" or (self.mailbox or "").startswith("/"):
            raise InvalidArgumentError(f"a mailbox in a URL is not called {self.mailbox!r}")
        for name, needed in (
            ("uid_validity", "mailbox"),
            ("search", "mailbox"),
            ("uid", "mailbox"),
            ("section", "uid"),
            ("partial", "uid"),
            ("access", "uid"),
            ("expire", "access"),
            ("mechanism", "access"),
            ("token", "mechanism"),
            ("mechanism", "token"),
        ):
            if getattr(self, name) is not None and getattr(self, needed) is None:
                raise InvalidArgumentError(f"{name} needs {needed} in an IMAP URL")
        if self.search is not None and self.uid is not None:
            raise InvalidArgumentError("an IMAP URL has a search or a UID, not both")
        if self.access is not None and not _ACCESS.fullmatch(self.access):
            raise InvalidArgumentError(f"access is such as 'user+joe', not {self.access!r}")
        if self.mechanism is not None and not _MECHANISM.fullmatch(self.mechanism):
            raise InvalidArgumentError(f"a mechanism is such as 'INTERNAL', not {self.mechanism!r}")
        if self.token is not None and not _TOKEN.fullmatch(self.token):
            raise InvalidArgumentError("a token has at least 32 hexadecimal digits")
        if self.expire is not None and self.expire.utcoffset() is None:
            raise InvalidArgumentError(f"a date and time needs its time zone: {self.expire!r}")
        if self.partial is not None and (
            self.partial[0] < 0 or (self.partial[1] is not None and self.partial[1] < 1)
        ):
            raise InvalidArgumentError(f"a partial is such as (0, 1024), not {self.partial!r}")

    @classmethod
    def parse(cls, url: str) -> IMAPURL:
        """Read a URL: one that begins with ``imap://``, or with the path.

        Raises:
            InvalidArgumentError: if it is not one.
        """
        match = _URL.fullmatch(url)
        if match is None or not _ALLOWED.fullmatch(url) or _ESCAPE.search(url):
            raise InvalidArgumentError(f"an IMAP URL is such as 'imap://host/INBOX', not {url!r}")
        found: dict[str, Any] = {}
        if match["server"] is not None:
            found |= _server(match["server"], url)
        elif match["path"] is None:
            raise InvalidArgumentError(f"a URL without a server begins with '/', unlike {url!r}")
        if match["search"] is not None:
            found["search"] = _decoded(match["search"])
        return cls(**found, **_path((match["path"] or "")[1:], url))

    def join(self, reference: str) -> IMAPURL:
        """Return what a reference means where this URL is the base (:rfc:`5092#section-7`).

        Args:
            reference: what begins with ``//host`` or with the path ``/``; or a whole URL.

        Raises:
            InvalidArgumentError: if it is none of these. One that is relative to the base's path
                is forbidden (:rfc:`5092#section-7.2`).
        """
        if reference.startswith("//"):
            return self.parse(f"imap:{reference}")
        found = self.parse(reference)
        if found.host:
            return found
        return attrs.evolve(found, host=self.host, port=self.port, user=self.user, auth=self.auth)

    @property
    def path(self) -> str:
        """All behind the server, as CATENATE has it (:class:`aimap.commands.UrlPart`)."""
        parts: list[str] = []
        if self.mailbox is not None:
            parts.append(quote(self.mailbox, _BCHAR))
        if self.uid_validity is not None:
            parts.append(f";UIDVALIDITY={self.uid_validity}")
        if self.search is not None:
            parts.append(f"?{quote(self.search, _BCHAR)}")
        if self.uid is not None:
            parts.append(f"/;UID={self.uid}")
        if self.section is not None:
            parts.append(f"/;SECTION={quote(self.section, _BCHAR)}")
        if self.partial is not None:
            first, count = self.partial
            parts.append(f"/;PARTIAL={first}" + ("" if count is None else f".{count}"))
        if self.expire is not None:
            parts.append(f";EXPIRE={self.expire.isoformat().replace('+00:00', 'Z')}")
        if self.access is not None:
            kind, plus, who = self.access.partition("+")
            parts.append(f";URLAUTH={kind}{plus}{quote(who, _ACHAR)}")
        if self.mechanism is not None:
            parts.append(f":{self.mechanism}:{self.token}")
        return "/" + "".join(parts)

    def __str__(self) -> str:
        """Write it."""
        if not self.host:
            return self.path
        user = "" if self.user is None else quote(self.user, _ACHAR)
        if self.auth is not None:
            user += f";AUTH={quote(self.auth, _ACHAR)}"
        if self.user is not None or self.auth is not None:
            user += "@"
        port = "" if self.port is None else f":{self.port}"
        return f"imap://{user}{self.host}{port}{self.path}"


def _server(text: str, url: str) -> dict[str, Any]:
    match = _SERVER.fullmatch(text)
    if match is None:
        raise InvalidArgumentError(f"no server can be found in {url!r}")
    return {
        "user": _decoded(match["user"]) if match["user"] else None,
        "auth": _decoded(match["auth"]) if match["auth"] else None,
        "host": match["host"],
        "port": int(match["port"]) if match["port"] else None,
    }


def _path(text: str, url: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    at = re.search(r"(?:;EXPIRE=[^;]*)?;URLAUTH=", text, re.IGNORECASE)
    if at is not None:
        match = _URLAUTH.fullmatch(text, at.start())
        if match is None:
            raise InvalidArgumentError(f"what is behind ';URLAUTH=' cannot be read: {url!r}")
        text = text[: at.start()]
        found = dict(match.groupdict())
        found["access"] = _decoded(match["access"])
        if match["expire"]:
            found["expire"] = _moment(match["expire"], url)
    for name, pattern in _ENDS:
        at = pattern.search(text)
        if at is None:
            continue
        if at.end() != len(text):
            raise InvalidArgumentError(f"{at[0]!r} is in the wrong place in {url!r}")
        text = text[: at.start()]
        found[name] = at[1]
    for name in ("uid", "uid_validity"):
        if name in found:
            found[name] = int(found[name])
    if "section" in found:
        found["section"] = _decoded(found["section"])
    if "partial" in found:
        first, _, count = found["partial"].partition(".")
        found["partial"] = (int(first), int(count) if count else None)
    if ";" in text:
        raise InvalidArgumentError(f"{text[text.index(';') :]!r} means nothing in {url!r}")
    if text:
        found["mailbox"] = _decoded(text)
    return found


def _moment(text: str, url: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidArgumentError(f"{text!r} is not a date and time, in {url!r}") from None
