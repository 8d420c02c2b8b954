"""Which mailboxes, and which events there (:rfc:`5465`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Literal, TypeAlias, final

import attrs

from aimap._errors import InvalidArgumentError
from aimap._model.fetch import FetchItem

_NAMED = frozenset({"subtree", "subtree-one", "mailboxes"})


@final
@attrs.frozen
class MailboxFilter:
    """Which mailboxes (:rfc:`5465#section-6`): one of the constants, or of the methods.

    Attributes:
        word: the filter's name.
        mailboxes: the mailboxes that it names.
    """

    word: str
    mailboxes: tuple[str, ...] = ()

    SELECTED: ClassVar[MailboxFilter]
    """The selected mailbox; its news may come at any time (:rfc:`5465#section-6.1`)."""
    SELECTED_DELAYED: ClassVar[MailboxFilter]
    """The selected mailbox; EXPUNGE comes only where sequence numbers are safe."""
    INBOXES: ClassVar[MailboxFilter]
    """Where new mail may arrive (:rfc:`5465#section-6.2`)."""
    PERSONAL: ClassVar[MailboxFilter]
    """All of the user's own (:rfc:`5465#section-6.3`)."""
    SUBSCRIBED: ClassVar[MailboxFilter]
    """The subscribed ones (:rfc:`5465#section-6.4`)."""

    @classmethod
    def subtree(cls, *mailboxes: str) -> MailboxFilter:
        """Take those mailboxes and all below them (:rfc:`5465#section-6.5`)."""
        return cls._of("subtree", mailboxes)

    @classmethod
    def subtree_one(cls, *mailboxes: str) -> MailboxFilter:
        """Take those mailboxes and the level below (:rfc:`7377#section-2.2`; searches only)."""
        return cls._of("subtree-one", mailboxes)

    @classmethod
    def named(cls, *mailboxes: str) -> MailboxFilter:
        """Take just those mailboxes (:rfc:`5465#section-6.6`)."""
        return cls._of("mailboxes", mailboxes)

    @classmethod
    def _of(cls, word: str, mailboxes: tuple[str, ...]) -> MailboxFilter:
        if not mailboxes:
            raise InvalidArgumentError(f"the filter {word!r} needs the name of a mailbox")
        return cls(word, mailboxes)


MailboxFilter.SELECTED = MailboxFilter("selected")
MailboxFilter.SELECTED_DELAYED = MailboxFilter("selected-delayed")
MailboxFilter.INBOXES = MailboxFilter("inboxes")
MailboxFilter.PERSONAL = MailboxFilter("personal")
MailboxFilter.SUBSCRIBED = MailboxFilter("subscribed")

NotifyEvent: TypeAlias = Literal[
    "MessageNew",
    "MessageExpunge",
    "FlagChange",
    "AnnotationChange",
    "MailboxName",
    "SubscriptionChange",
    "MailboxMetadataChange",
    "ServerMetadataChange",
]
"""An event by its name (:rfc:`5465#section-5`)."""

_MESSAGE_EVENTS = frozenset({"MessageNew", "MessageExpunge", "FlagChange", "AnnotationChange"})
_EVENTS = _MESSAGE_EVENTS | {
    "MailboxName",
    "SubscriptionChange",
    "MailboxMetadataChange",
    "ServerMetadataChange",
}
_OF_SELECTED = ("selected", "selected-delayed")


def _events(events: Iterable[NotifyEvent]) -> tuple[NotifyEvent, ...]:
    if isinstance(events, str):
        raise InvalidArgumentError(f"events come as several strings, not as one: {events!r}")
    return tuple(events)


def _items(items: Iterable[FetchItem[Any]]) -> tuple[FetchItem[Any], ...]:
    return tuple(items)


@final
@attrs.frozen
class EventGroup:
    """Events that are wanted of some mailboxes (:rfc:`5465#section-8`, ``event-group``).

    Attributes:
        mailboxes: which mailboxes.
        events: which events; none for ``NONE``.
        items: what to tell of a new message, where the mailbox is the selected one.

    Raises:
        InvalidArgumentError: if the events do not go together, or not with the filter.
    """

    mailboxes: MailboxFilter
    events: tuple[NotifyEvent, ...] = attrs.field(default=(), converter=_events)
    items: tuple[FetchItem[Any], ...] = attrs.field(default=(), converter=_items)

    def __attrs_post_init__(self) -> None:
        """Check what goes together."""
        if self.mailboxes.word == "subtree-one":
            raise InvalidArgumentError("subtree_one is for searches, not for NOTIFY")
        for event in self.events:
            if event not in _EVENTS:
                raise InvalidArgumentError(
                    f"an event is one of {', '.join(sorted(_EVENTS))}, not {event!r}"
                )
        events = set(self.events)
        if len(events) < len(self.events):
            raise InvalidArgumentError(f"an event is named once, unlike in {self.events!r}")
        # RFC 5465 section 5: BAD otherwise
        if events & _MESSAGE_EVENTS and not events >= {"MessageNew", "MessageExpunge"}:
            raise InvalidArgumentError(
                "MessageNew and MessageExpunge go together, and FlagChange and AnnotationChange "
                f"only with both: not {self.events!r}"
            )
        selected = self.mailboxes.word in _OF_SELECTED
        if selected and events - _MESSAGE_EVENTS:
            raise InvalidArgumentError(
                f"of the selected mailbox there are message events only, not {self.events!r}"
            )
        if self.items and not (selected and "MessageNew" in events):
            raise InvalidArgumentError(
                "items are told of MessageNew in the selected mailbox, and nowhere else"
            )


def event_groups(groups: Sequence[EventGroup]) -> tuple[EventGroup, ...]:
    """Return event groups that may stand in one command.

    Raises:
        InvalidArgumentError: if two are about the selected mailbox (:rfc:`5465#section-6.1`).
    """
    if sum(group.mailboxes.word in _OF_SELECTED for group in groups) > 1:
        raise InvalidArgumentError("one group at most is about the selected mailbox")
    return tuple(groups)
