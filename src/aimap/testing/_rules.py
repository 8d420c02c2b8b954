"""The rules that clients break, and the record of who broke which."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import final

import attrs

_SHOWN = 200
_COMMAND = re.compile(rb"[^ \r\n]{1,80} [A-Za-z]+(?=[ \r\n]|\Z)")
_SECRET = re.compile(rb"\A[^\r\n]{0,100}?\b(?:LOGIN|AUTHENTICATE)\b", re.IGNORECASE)
_LITERAL = re.compile(rb"~?\{([0-9]{1,20})\+?\}\r\n")


@final
class Rule(StrEnum):
    """What the embedded server holds clients to, by name.

    Each is broken in one way or several; a :class:`Violation` says in which.
    """

    SYNTAX = "syntax"
    """Commands with all their arguments and no others (:rfc:`9051#section-9`)."""
    UNKNOWN_COMMAND = "unknown-command"
    """Commands that exist, and whose capability is offered (:rfc:`9051#section-6`)."""
    STATE = "state"
    """Commands in a state that allows them (:rfc:`9051#section-3`)."""
    ENABLE_WHILE_SELECTED = "enable-while-selected"
    """No ENABLE with a mailbox selected (:rfc:`5161#section-3.1`)."""
    LOGIN_DISABLED = "login-disabled"
    """No credentials where LOGINDISABLED or STARTTLS forbids them (:rfc:`9051#section-6.2.3`)."""
    SASL = "sasl"
    """What a mechanism's own specification says of its messages (:rfc:`4422`)."""
    STATUS_OF_SELECTED = "status-of-selected"
    """No STATUS of the selected mailbox (:rfc:`2683#section-3.1.1`); it is answered OK."""
    READ_ONLY = "read-only"
    """No change of a mailbox that EXAMINE opened (:rfc:`9051#section-6.3.3`)."""
    ID_FIELDS = "id-fields"
    """30 fields of ID, of 30 and 1,024 octets, each once (:rfc:`2971#section-3.3`)."""
    REV2 = "rev2"
    """Nothing that IMAP4rev2 took out, once it is enabled (:rfc:`9051#appendix-E`)."""
    BARE_LF = "bare-lf"
    """Lines end in CRLF (:rfc:`9051#section-2.2`)."""
    LONG_LINE = "long-line"
    """Lines have 8,192 octets at most (:rfc:`7162#section-4`)."""
    LITERAL = "literal"
    """A literal's octets wait for the ``+`` (:rfc:`9051#section-4.3`)."""
    LITERAL_PLUS = "literal-plus"
    """``{n+}`` where LITERAL+ is offered, or LITERAL- and n is small (:rfc:`7888`)."""
    LITERAL8 = "literal8"
    """``~{n}`` for messages and for values of METADATA only (:rfc:`3516#section-4.4`)."""
    NUL = "nul"
    """No NUL outside ``literal8`` (:rfc:`9051#section-9`, CHAR8)."""
    NOTHING_FOLLOWS = "nothing-follows"
    """Nothing is sent behind STARTTLS, COMPRESS and such before they are answered."""
    AMBIGUITY = "ambiguity"
    """No command whose meaning or answer depends on one in flight (:rfc:`9051#section-5.5`)."""
    NUMBERS = "numbers"
    """Sets of numbers from 1 to 4294967295 (:rfc:`9051#section-9`, sequence-set)."""
    ABOVE_EXISTS = "above-exists"
    """No sequence number above EXISTS (:rfc:`9051#section-9`, seq-number)."""
    NUMBER_RANGE = "number-range"
    """Numbers of 32 bits, of 63 in IMAP4rev2 (:rfc:`9051#section-9`, number)."""
    SAVED_RESULT = "saved-result"
    """``$`` alone, and once a result was saved (:rfc:`5182#section-2.1`)."""
    UID_REQUIRED = "uid-required"
    """No sequence number after ENABLE UIDONLY (:rfc:`9586`)."""
    MAILBOX_NAME = "mailbox-name"
    """Names in modified UTF-7, or in Net-Unicode (:rfc:`9051#section-5.1`)."""
    HIERARCHY = "hierarchy"
    """No level of a new name is empty (:rfc:`9051#section-6.3.4`); answered NO."""
    FLAG = "flag"
    r"""Keywords and system flags; ``\Recent`` is the server's (:rfc:`9051#section-2.3.2`)."""
    CHARSET = "charset"
    """Text in the charset that is named; none is after UTF8=ACCEPT (:rfc:`9755#section-3`)."""
    LOGIN_8BIT = "login-8bit"
    """No 8-bit octets in LOGIN (:rfc:`9755#section-5`)."""
    HEADER_8BIT = "header-8bit"
    """No 8-bit header before UTF8=ACCEPT (:rfc:`9755#section-4`); answered NO."""
    DATE = "date"
    """Dates that exist, with their zone, a day of one digit behind a space."""
    SEARCH = "search"
    """Search keys and return options that exist, in their order (:rfc:`4731`)."""
    PARTIAL = "partial"
    """PARTIAL once, without ALL, its ends of one sign (:rfc:`9394`)."""
    SORT = "sort"
    """A key at least, REVERSE before one, the charset no literal (:rfc:`5256#section-5`)."""
    ONE_UID = "one-uid"
    """UIDAFTER and UIDBEFORE take one UID (:rfc:`9738#section-3.2`)."""
    RECURSIVEMATCH = "recursivematch"
    """RECURSIVEMATCH beside an option that it is about (:rfc:`5258#section-3`)."""
    LIST_OPTIONS = "list-options"
    """Patterns, options and STATUS items that exist, each once (:rfc:`5258`, :rfc:`5819`)."""
    STATUS_ITEMS = "status-items"
    """Items of STATUS that exist, at least one, each once (:rfc:`9051#section-6.3.11`)."""
    METADATA = "metadata"
    """Entries below /private and /shared; options before the name (:rfc:`5464#section-3.2`)."""
    ACL = "acl"
    """Rights that exist, in small letters; identifiers that are not empty (:rfc:`4314`)."""
    QRESYNC = "qresync"
    """QRESYNC and VANISHED once enabled, with what belongs to them (:rfc:`7162#section-3.2`)."""
    CONDSTORE = "condstore"
    """UNCHANGEDSINCE before the flags; mod-sequences above 0 (:rfc:`7162#section-3.1`)."""
    MULTIAPPEND = "multiappend"
    """Several messages only with MULTIAPPEND, none of them empty (:rfc:`3502`)."""
    BINARY = "binary"
    """BINARY of a part that is no multipart; BINARY.SIZE of all of it (:rfc:`3516`)."""
    CATENATE = "catenate"
    """URLs that are absolute paths (:rfc:`4469`, :rfc:`5092#section-7.2`)."""
    ANNOTATION = "annotation"
    """Entries, and attributes that can be set or looked for (:rfc:`5257#section-3`)."""
    QUOTA = "quota"
    """Resources that exist, each once (:rfc:`9208#section-5`)."""
    CONVERT = "convert"
    """Media types, parts and items that exist (:rfc:`5259#section-10`)."""
    URLAUTH = "urlauth"
    """URLs that name an owner and who may use them (:rfc:`4467#section-7`)."""
    LANGUAGE = "language"
    """Language tags and comparators that are well formed (:rfc:`5255`)."""
    APPEND_LIMIT = "append-limit"
    """No message over APPENDLIMIT (:rfc:`7889#section-4`); answered NO."""
    UTF8_ONLY = "utf8-only"
    """ENABLE UTF8=ACCEPT before a mailbox is named, with UTF8=ONLY (:rfc:`9755#section-6`)."""
    NOTIFY = "notify"
    """Events that go together, and one filter of the selected mailbox (:rfc:`5465`)."""
    COMPRESS = "compress"
    """DEFLATE, once (:rfc:`4978#section-3`)."""


@final
class ViolationError(Exception):
    """The client broke a rule; the text says how, and where it stands. Answered by BAD."""

    def __init__(self, text: str, rule: Rule = Rule.SYNTAX, *, code: str = "CLIENTBUG") -> None:
        self.rule = rule
        self.code = code
        super().__init__(text)


@final
class RefusalError(Exception):
    """A command is refused: answered by NO. With a *rule*, the client broke that."""

    def __init__(self, text: str, code: str | None = None, *, rule: Rule | None = None) -> None:
        self.code = code
        self.rule = rule
        super().__init__(text)


@final
@attrs.frozen(kw_only=True)
class Violation:
    """What a client did that it must not do.

    Attributes:
        rule: which rule it broke.
        tag: the tag of the command, or ``"*"`` where none could be read.
        command: the command's name, or an empty string.
        reason: how the rule was broken, and in which RFC it stands.
        line: the beginning of what was sent, without literals and credentials.
    """

    rule: Rule
    tag: str
    command: str
    reason: str
    line: str

    def __str__(self) -> str:
        """Say it in a line."""
        return f"{self.command} {self.reason}".strip()


def redacted(octets: bytes) -> str:
    """Return what can be shown of a command: no credentials, no literals, not too much."""
    secret = _SECRET.match(octets)
    if secret is not None:
        return f"{_escaped(secret[0])} <{len(octets) - secret.end()} octets>"
    if not _COMMAND.match(octets):
        # It may be a password that was sent where none is due.
        return f"<{len(octets)} octets>"
    shown = bytearray()
    at = 0
    while len(shown) < _SHOWN and (literal := _LITERAL.search(octets, at)) is not None:
        shown += octets[at : literal.end() - 2]
        at = literal.end() + int(literal[1])
    shown += octets[at : at + _SHOWN]
    return _escaped(bytes(shown[:_SHOWN]).removesuffix(b"\r\n"))


def _escaped(octets: bytes) -> str:
    return octets.decode("latin-1").encode("unicode_escape").decode("ascii")
