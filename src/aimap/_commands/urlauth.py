"""Authorized URLs (:rfc:`4467`, :rfc:`5524`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, final

from aimap._commands.base import Command, OneOfAKind
from aimap._errors import InvalidArgumentError
from aimap._model.response import TaggedResponse, Untagged
from aimap._model.urlauth import FetchedUrl, GenUrlAuthResponse, UrlFetchResponse

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder

_MECHANISM = re.compile(r"[A-Za-z0-9.-]+", re.ASCII)
_URL = re.compile(r"imaps?://[!-~]+", re.ASCII | re.IGNORECASE)
_ITEMS = ("BODY", "BINARY", "BODYPARTSTRUCTURE")


def _url(url: str) -> str:
    if not _URL.fullmatch(url):
        raise InvalidArgumentError(
            f"a URL here is such as 'imap://joe@example.com/INBOX/;uid=20', not {url!r}"
        )
    return url


def _mechanism(mechanism: str) -> str:
    if not _MECHANISM.fullmatch(mechanism):
        raise InvalidArgumentError(f"a mechanism is such as 'INTERNAL', not {mechanism!r}")
    return mechanism


@final
class GenUrlAuth(OneOfAKind[tuple[str, ...]]):
    """GENURLAUTH (:rfc:`4467#section-7`; needs URLAUTH): URLs that others may fetch.

    Its result is the authorized URLs, in the order of *urls*.

    Args:
        urls: URLs that end in ``;urlauth=`` and who may fetch them; at least one.
        mechanism: how they are authorized.

    Raises:
        InvalidArgumentError: if a URL has no such end, or there is none.
    """

    name = "GENURLAUTH"
    repeatable = True
    answers: ClassVar[tuple[type, ...]] = (GenUrlAuthResponse,)

    def __init__(self, urls: Sequence[str], mechanism: str = "INTERNAL") -> None:
        if not urls or isinstance(urls, str):
            raise InvalidArgumentError("GENURLAUTH takes several URLs, at least one")
        for url in urls:
            # urlauth-rump (RFC 4467 section 9)
            if ";urlauth=" not in _url(url).lower():
                raise InvalidArgumentError(f"a URL to authorize ends in ';urlauth=...': {url!r}")
        self._wanted = tuple(urls)
        self._mechanism = _mechanism(mechanism)
        self._urls: tuple[str, ...] = ()

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        for url in self._wanted:
            wire.astring(url)
            wire.atom(self._mechanism)

    def claim(self, response: Untagged) -> bool:
        if not isinstance(response, GenUrlAuthResponse):
            return False
        self._urls += response.urls
        return True

    def result(self, response: TaggedResponse) -> tuple[str, ...]:
        return self._urls


@final
class ResetKey(Command[None]):
    """RESETKEY (:rfc:`4467#section-7`; needs URLAUTH): makes authorized URLs void.

    Args:
        mailbox: of that mailbox; ``None`` for all of the user's.
        mechanisms: only of those mechanisms.

    Raises:
        InvalidArgumentError: if there are mechanisms and no mailbox.
    """

    name = "RESETKEY"

    def __init__(self, mailbox: str | None = None, mechanisms: Sequence[str] = ()) -> None:
        if mailbox is None and mechanisms:
            raise InvalidArgumentError("mechanisms are reset for one mailbox: name it")
        self._mailbox = mailbox
        self._mechanisms = tuple(_mechanism(mechanism) for mechanism in mechanisms)

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        if self._mailbox is not None:
            wire.mailbox(self._mailbox)
        for mechanism in self._mechanisms:
            wire.atom(mechanism)

    def result(self, response: TaggedResponse) -> None:
        del response


@final
class UrlFetch(OneOfAKind[tuple[FetchedUrl, ...]]):
    """URLFETCH (:rfc:`4467#section-7`; needs URLAUTH): what authorized URLs mean.

    Its result is what each URL means, as the server answers.

    Args:
        urls: authorized URLs; at least one.
        items: what of each (:rfc:`5524`; needs URLAUTH=BINARY): ``"BODY"``, ``"BINARY"``,
            ``"BODYPARTSTRUCTURE"``; nothing for the octets in the form of :rfc:`4467`.

    Raises:
        InvalidArgumentError: if a URL or an item is not one, or there is no URL.
    """

    name = "URLFETCH"
    repeatable = True
    answers: ClassVar[tuple[type, ...]] = (UrlFetchResponse,)

    def __init__(
        self,
        urls: Sequence[str],
        items: Sequence[Literal["BODY", "BINARY", "BODYPARTSTRUCTURE"]] = (),
    ) -> None:
        if not urls or isinstance(urls, str):
            raise InvalidArgumentError("URLFETCH takes several URLs, at least one")
        for item in items:
            if item not in _ITEMS:
                raise InvalidArgumentError(f"an item is one of {', '.join(_ITEMS)}, not {item!r}")
        self._wanted = tuple(_url(url) for url in urls)
        self._items = tuple(dict.fromkeys(items))
        self._urls: tuple[FetchedUrl, ...] = ()

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        for url in self._wanted:
            if not self._items:
                wire.astring(url)
                continue
            with wire.parentheses():
                wire.astring(url)
                for item in self._items:
                    wire.atom(item)

    def claim(self, response: Untagged) -> bool:
        if not isinstance(response, UrlFetchResponse):
            return False
        self._urls += response.urls
        return True

    def result(self, response: TaggedResponse) -> tuple[FetchedUrl, ...]:
        return self._urls
