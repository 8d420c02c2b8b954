"""Access control (:rfc:`4314#section-3`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Literal, final

from aimap._commands.base import ASKED_BY_LIST_TOO, ORDINARY, Claim, Command, same_mailbox
from aimap._errors import InvalidArgumentError
from aimap._model.acl import AclResponse, ListRightsResponse, MyRightsResponse
from aimap._model.response import TaggedResponse, Untagged

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder

_RIGHTS = re.compile(r"[a-z0-9]*", re.ASCII)
_ALWAYS = "lrswipa"
_OLD = "cd"
_INSTEAD = {"c": "k and x", "d": "t, e and x"}


def _identifier(identifier: str) -> str:
    if not identifier:
        raise InvalidArgumentError("an identifier is not empty; 'anyone' stands for everybody")
    return identifier


def _check_rights(rights: str, offered: str | None) -> None:
    known = f"{_ALWAYS}{_OLD}" if offered is None else f"{_ALWAYS}{offered}"
    for letter in rights:
        if letter in known or (offered is None and letter.isdigit()):
            continue
        if letter in _INSTEAD:
            # RFC 4314 section 2.1.1: virtual rights, for servers of RFC 2086
            raise InvalidArgumentError(f"this server has no right {letter!r}: {_INSTEAD[letter]}")
        raise InvalidArgumentError(f"this server has no right {letter!r}; it has {known!r}")


@final
class GetAcl(Command[AclResponse | None]):
    """GETACL (:rfc:`4314#section-3.3`; needs ACL): who may do what with a mailbox.

    Its result is the ACL response; ``None`` if the server sends none.

    Args:
        mailbox: the mailbox.
    """

    name = "GETACL"
    answers: ClassVar[tuple[type, ...]] = (AclResponse,)
    repeatable = True

    def __init__(self, mailbox: str) -> None:
        self._mailbox = mailbox
        self._answer: AclResponse | None = None

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        wire.mailbox(self._mailbox)

    def claim(self, response: Untagged) -> bool:
        if (
            self._answer is not None
            or not isinstance(response, AclResponse)
            or not same_mailbox(response.mailbox, self._mailbox)
        ):
            return False
        self._answer = response
        return True

    def result(self, response: TaggedResponse) -> AclResponse | None:
        return self._answer


@final
class SetAcl(Command[None]):
    """SETACL (:rfc:`4314#section-3.1`; needs ACL): ``SETACL Drafts Fred +lrs``.

    Args:
        mailbox: the mailbox.
        identifier: whose rights; one that begins with ``-`` takes rights away from it.
        rights: letters such as ``"lrs"``.
        change: ``"+"`` adds them, ``"-"`` removes them, ``""`` sets just those.

    Raises:
        InvalidArgumentError: if a right is not a small letter or digit; on sending also
            if the server does not have it.
    """

    name = "SETACL"

    def __init__(
        self, mailbox: str, identifier: str, rights: str, *, change: Literal["+", "-", ""] = ""
    ) -> None:
        if not _RIGHTS.fullmatch(rights):
            raise InvalidArgumentError(f"rights are small letters such as 'lrs', not {rights!r}")
        if change not in ("+", "-", ""):
            raise InvalidArgumentError(f"a change is '+', '-' or '', not {change!r}")
        if change and not rights:
            raise InvalidArgumentError("name at least one right to add or remove")
        self._mailbox = mailbox
        self._identifier = _identifier(identifier)
        self._rights = "".join(dict.fromkeys(rights))
        self._change = change

    def write(self, wire: Encoder) -> None:
        _check_rights(self._rights, wire.dialect.rights)
        wire.atom(self.name)
        wire.mailbox(self._mailbox)
        wire.astring(self._identifier)
        wire.astring(f"{self._change}{self._rights}")

    def result(self, response: TaggedResponse) -> None:
        del response


@final
class DeleteAcl(Command[None]):
    """DELETEACL (:rfc:`4314#section-3.2`; needs ACL): removes all that is said of somebody.

    Args:
        mailbox: the mailbox.
        identifier: whose rights; one that begins with ``-`` is another one.
    """

    name = "DELETEACL"
    repeatable = True

    def __init__(self, mailbox: str, identifier: str) -> None:
        self._mailbox = mailbox
        self._identifier = _identifier(identifier)

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        wire.mailbox(self._mailbox)
        wire.astring(self._identifier)

    def result(self, response: TaggedResponse) -> None:
        del response


@final
class ListRights(Command[ListRightsResponse | None]):
    """LISTRIGHTS (:rfc:`4314#section-3.4`; needs ACL): which rights can be granted.

    Its result is the LISTRIGHTS response; ``None`` if the server sends none.

    Args:
        mailbox: the mailbox.
        identifier: to whom.
    """

    name = "LISTRIGHTS"
    answers: ClassVar[tuple[type, ...]] = (ListRightsResponse,)
    repeatable = True

    def __init__(self, mailbox: str, identifier: str) -> None:
        self._mailbox = mailbox
        self._identifier = _identifier(identifier)
        self._answer: ListRightsResponse | None = None

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        wire.mailbox(self._mailbox)
        wire.astring(self._identifier)

    def claim(self, response: Untagged) -> bool:
        if (
            self._answer is not None
            or not isinstance(response, ListRightsResponse)
            or not same_mailbox(response.mailbox, self._mailbox)
            or response.identifier != self._identifier
        ):
            return False
        self._answer = response
        return True

    def result(self, response: TaggedResponse) -> ListRightsResponse | None:
        return self._answer


@final
class MyRights(Command[MyRightsResponse | None]):
    """MYRIGHTS (:rfc:`4314#section-3.5`; needs ACL): what we may do with a mailbox.

    Its result is the MYRIGHTS response; ``None`` if the server sends none.

    Args:
        mailbox: the mailbox.
    """

    name = "MYRIGHTS"
    answers: ClassVar[tuple[type, ...]] = (MyRightsResponse,)
    repeatable = True

    def __init__(self, mailbox: str) -> None:
        self._mailbox = mailbox
        self._answer: MyRightsResponse | None = None

    @property
    def claims(self) -> tuple[Claim, ...]:
        return (*ORDINARY, ASKED_BY_LIST_TOO)

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        wire.mailbox(self._mailbox)

    def claim(self, response: Untagged) -> bool:
        if (
            self._answer is not None
            or not isinstance(response, MyRightsResponse)
            or not same_mailbox(response.mailbox, self._mailbox)
        ):
            return False
        self._answer = response
        return True

    def result(self, response: TaggedResponse) -> MyRightsResponse | None:
        return self._answer
