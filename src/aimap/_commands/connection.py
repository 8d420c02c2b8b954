"""Commands legal in any state, and those about the connection itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, final

from aimap._commands.base import (
    BARRIER,
    CHANGES_MAILBOX,
    NUMBERING,
    STREAM,
    Claim,
    Command,
    Mode,
    OneOfAKind,
    PlainCommand,
    exclusive,
)
from aimap._errors import InvalidArgumentError
from aimap._model.capability import Capabilities
from aimap._model.response import (
    CapabilityResponse,
    EnabledResponse,
    IdResponse,
    JmapAccessResponse,
    TaggedResponse,
    Untagged,
)
from aimap._model.state import ANY, LOGGED_OUT, ConnectionState

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder

_ID_MAX_FIELDS = 30
_ID_MAX_KEY = 30
_ID_MAX_VALUE = 1024


@final
class Noop(PlainCommand):
    """NOOP (:rfc:`9051#section-6.1.2`): does nothing, and gives the server time for news."""

    name = "NOOP"
    states = ANY
    repeatable = True


@final
class Logout(PlainCommand):
    """LOGOUT (:rfc:`9051#section-6.1.3`): the end of the connection is its success."""

    name = "LOGOUT"
    states = ANY
    enters: ClassVar[ConnectionState | None] = ConnectionState.LOGOUT
    ends_connection = True

    @property
    def claims(self) -> tuple[Claim, ...]:
        return BARRIER


@final
class StartTLS(PlainCommand):
    """STARTTLS (:rfc:`9051#section-6.2.1`; needs STARTTLS): the octets behind its OK are TLS.

    :func:`aimap.connect` does it with ``tls="starttls"``, and what has to come of it.
    """

    name = "STARTTLS"
    states = LOGGED_OUT
    changes_stream = True

    @property
    def claims(self) -> tuple[Claim, ...]:
        return BARRIER


@final
class Compress(Command[None]):
    """COMPRESS (:rfc:`4978#section-3`; needs COMPRESS=DEFLATE).

    What comes behind its OK is compressed, both ways: nothing goes out behind it before.

    Args:
        mechanism: ``"DEFLATE"`` is the one that there is.
    """

    name = "COMPRESS"
    changes_stream = True

    def __init__(self, mechanism: str = "DEFLATE") -> None:
        self._mechanism = mechanism

    @property
    def claims(self) -> tuple[Claim, ...]:
        return BARRIER

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        wire.atom(self._mechanism)

    def result(self, response: TaggedResponse) -> None:
        del response


@final
class Capability(OneOfAKind[Capabilities]):
    """CAPABILITY (:rfc:`9051#section-6.1.1`): what the server offers is its result."""

    name = "CAPABILITY"
    states = ANY
    answers: ClassVar[tuple[type, ...]] = (CapabilityResponse,)
    repeatable = True

    def __init__(self) -> None:
        self._capabilities = Capabilities()

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)

    def claim(self, response: Untagged) -> bool:
        if not isinstance(response, CapabilityResponse):
            return False
        self._capabilities = response.capabilities
        return True

    def result(self, response: TaggedResponse) -> Capabilities:
        return self._capabilities


# What changes nothing but how messages of the selected mailbox are spoken of.
_ABOUT_MESSAGES = frozenset({"CONDSTORE", "QRESYNC", "UIDONLY"})


@final
class Enable(Command[Capabilities]):
    """ENABLE (:rfc:`9051#section-6.3.1`): what the server says that it enabled.

    It is a barrier, since it changes how what comes behind it is written and read; what is
    about messages only waits for a mailbox to be selected, and lets others pass. Needs
    ENABLE (:rfc:`5161`) or IMAP4rev2; not while a mailbox is selected.

    Args:
        names: capabilities such as ``"CONDSTORE"``; at least one.

    Raises:
        InvalidArgumentError: if there is none.
    """

    name = "ENABLE"
    states: ClassVar[frozenset[ConnectionState]] = frozenset({ConnectionState.AUTHENTICATED})
    answers: ClassVar[tuple[type, ...]] = (EnabledResponse,)

    def __init__(self, *names: str) -> None:
        if not names:
            raise InvalidArgumentError("ENABLE needs the name of at least one capability")
        self._names = names
        self.enables: tuple[str, ...] = tuple(name.upper() for name in names)
        self._enabled: list[str] = []

    @property
    def claims(self) -> tuple[Claim, ...]:
        return CHANGES_MAILBOX if _ABOUT_MESSAGES.issuperset(self.enables) else BARRIER

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        for name in self._names:
            wire.atom(name)

    def claim(self, response: Untagged) -> bool:
        if not isinstance(response, EnabledResponse):
            return False
        self._enabled.extend(response.capabilities)
        return True

    def result(self, response: TaggedResponse) -> Capabilities:
        return Capabilities(self._enabled)


@final
class Id(OneOfAKind[Mapping[str, str | None]]):
    """ID (:rfc:`2971#section-3.1`; needs ID): who we are, and who the server says that it is.

    Its result is the server's fields; empty where it tells nothing.

    Args:
        fields: at most 30, with names of at most 30 octets and values of at most 1,024;
            ``None`` or none tells nothing.

    Raises:
        InvalidArgumentError: if there are too many, one is too long, or stands twice.
    """

    name = "ID"
    states = ANY
    answers: ClassVar[tuple[type, ...]] = (IdResponse,)
    repeatable = True

    def __init__(self, fields: Mapping[str, str | None] | None = None) -> None:
        self._fields = dict(fields or {})
        if len(self._fields) > _ID_MAX_FIELDS:
            raise InvalidArgumentError(
                f"ID takes at most {_ID_MAX_FIELDS} fields, not {len(self._fields)}"
            )
        if len({field.lower() for field in self._fields}) < len(self._fields):
            raise InvalidArgumentError("an ID field is named once, whatever its case")
        for field, value in self._fields.items():
            if len(field.encode("utf-8", "replace")) > _ID_MAX_KEY:
                raise InvalidArgumentError(
                    f"an ID field's name has at most {_ID_MAX_KEY} octets, not {field[:80]!r}"
                )
            if value is not None and len(value.encode("utf-8", "replace")) > _ID_MAX_VALUE:
                raise InvalidArgumentError(
                    f"an ID field's value has at most {_ID_MAX_VALUE} octets; {field!r} has more"
                )
        self._answer: Mapping[str, str | None] = {}

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        if not self._fields:
            # Some servers answer BAD to an empty list.
            wire.nstring(None)
            return
        with wire.parentheses():
            for field, value in self._fields.items():
                wire.string(field)
                wire.nstring(value)

    def claim(self, response: Untagged) -> bool:
        if not isinstance(response, IdResponse):
            return False
        self._answer = response.fields
        return True

    def result(self, response: TaggedResponse) -> Mapping[str, str | None]:
        return self._answer


@final
class Idle(PlainCommand):
    """IDLE (:rfc:`2177`, :rfc:`9051#section-6.3.13`), until something else is to be sent.

    Needs IDLE or IMAP4rev2.
    """

    name = "IDLE"
    converses = True
    interruption: ClassVar[bytes | None] = b"DONE\r\n"

    @property
    def claims(self) -> tuple[Claim, ...]:
        return (exclusive(STREAM), Claim(NUMBERING, Mode.EXPUNGING))


@final
class JmapAccess(OneOfAKind[str | None]):
    """GETJMAPACCESS (:rfc:`9698`): the URL of the account's JMAP session (needs JMAPACCESS).

    Its result is the URL, or ``None`` where the server gives none. Look at it before you
    follow it; aimap never does.
    """

    name = "GETJMAPACCESS"
    answers: ClassVar[tuple[type, ...]] = (JmapAccessResponse,)
    repeatable = True

    def __init__(self) -> None:
        self._url: str | None = None

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)

    def claim(self, response: Untagged) -> bool:
        if not isinstance(response, JmapAccessResponse):
            return False
        self._url = response.url
        return True

    def result(self, response: TaggedResponse) -> str | None:
        return self._url
