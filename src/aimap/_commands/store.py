"""STORE and UID STORE (:rfc:`9051#section-6.4.6`) of flags, labels and annotations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, final

from aimap._commands.annotations import write_annotations
from aimap._commands.base import Verdict
from aimap._commands.sets import VOLUNTEERED, OnMessages
from aimap._errors import InvalidArgumentError
from aimap._model.appending import Annotations, checked_annotations
from aimap._model.code import ModifiedCode
from aimap._model.flag import Flag
from aimap._model.message import Message
from aimap._model.numbers import MAX_MODSEQ, SeqSet, UIDSet
from aimap._model.response import TaggedResponse, Untagged
from aimap._model.saved import MessageSet

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder

Change: TypeAlias = Literal["+", "-", ""]


class _Storing(OnMessages[UIDSet | SeqSet]):
    """STORE of something; its result is the messages that were left alone.

    Those are what a conditional STORE (:rfc:`7162#section-3.1.3`) did not change, since
    somebody else had: also where the server says OK.
    """

    verb = "STORE"
    keeps_numbers = True
    changes_messages = True
    answers: ClassVar[tuple[type, ...]] = (Message,)
    answer_key: ClassVar[str]

    def __init__(
        self,
        messages: MessageSet,
        *,
        unchanged_since: int | None,
        deliver: Callable[[list[Message]], object] | None,
    ) -> None:
        super().__init__(messages)
        if unchanged_since is not None and not 0 <= unchanged_since <= MAX_MODSEQ:
            raise InvalidArgumentError(
                f"a mod-sequence is 0 to {MAX_MODSEQ}, not {unchanged_since!r}"
            )
        self._unchanged_since = unchanged_since
        self.repeatable: bool = isinstance(self.messages, UIDSet) and unchanged_since is None
        self._deliver = deliver
        self._answered: set[int] = set()

    def write_start(self, wire: Encoder) -> None:
        super().write_start(wire)
        if self._unchanged_since is not None:
            # store-modifiers come before what is stored (RFC 4466 section 2.5).
            with wire.parentheses():
                wire.atom("UNCHANGEDSINCE")
                wire.number64(self._unchanged_since)

    def claim_messages(self, run: list[Message], news: list[Message]) -> list[Message]:
        # A silent STORE, as nearly all are, has no answer: it costs the fetches beside it nothing.
        return run if self._deliver is None else super().claim_messages(run, news)

    def claim(self, response: Untagged) -> Verdict:
        if isinstance(response, Message) and response.has_only({self.answer_key, *VOLUNTEERED}):
            return self.claim_loosely(response)
        return Verdict.NOT_MINE

    def claim_loosely(self, response: Untagged) -> Verdict:
        if self._deliver is None or not isinstance(response, Message):
            return Verdict.NOT_MINE
        number = response.uid_or_none if self.by_uid else response.seq
        if number is None or number in self._answered or self.answer_key not in response.items:
            return Verdict.NOT_MINE
        if not self.is_mine(((number, number),)):
            return Verdict.NOT_MINE
        self._answered.add(number)
        self._deliver([response])
        # What was stored is what is so now: everybody is to know.
        return Verdict.ALSO_NEWS

    def result(self, response: TaggedResponse) -> UIDSet | SeqSet:
        kind = UIDSet if self.by_uid else SeqSet
        if isinstance(response.code, ModifiedCode):
            return kind.from_ranges(response.code.ranges)
        return kind()


class _StoringList(_Storing):
    """STORE of a list, to be added, removed or set."""

    def __init__(
        self,
        messages: MessageSet,
        change: Change,
        *,
        silent: bool,
        unchanged_since: int | None,
        deliver: Callable[[list[Message]], object] | None,
    ) -> None:
        if change not in ("+", "-", ""):
            raise InvalidArgumentError(f"a change is '+', '-' or '', not {change!r}")
        if silent and deliver is not None:
            raise InvalidArgumentError("a silent STORE is not answered: silent=False delivers")
        super().__init__(messages, unchanged_since=unchanged_since, deliver=deliver)
        self._item = f"{change}{self.answer_key}{'.SILENT' if silent else ''}"


@final
class Store(_StoringList):
    r"""STORE of flags, or UID STORE if the messages are a :class:`UIDSet`.

    ``UID STORE 2:4 +FLAGS.SILENT (\Deleted)`` (:rfc:`9051#section-6.4.6`). Its result is
    the messages left alone because they had changed since *unchanged_since*; empty
    without it.

    Args:
        messages: which ones; not empty.
        change: ``"+"`` adds the flags, ``"-"`` removes them, ``""`` sets just those.
        flags: the flags; none only where they are set, which then clears them all.
        silent: ask for no answer: what one stored, one knows.
        unchanged_since: leave messages alone that have changed since this mod-sequence
            (:rfc:`7162#section-3.1.3`; needs CONDSTORE).
        deliver: called with the answers as they come, where the command is not silent.

    Raises:
        InvalidArgumentError: if a flag is not one that can be stored. Nothing is sent
            then: a change that lost its flags on the way would clear others.
    """

    answer_key = "FLAGS"

    def __init__(
        self,
        messages: MessageSet,
        change: Change,
        flags: Iterable[str],
        *,
        silent: bool = True,
        unchanged_since: int | None = None,
        deliver: Callable[[list[Message]], object] | None = None,
    ) -> None:
        super().__init__(
            messages, change, silent=silent, unchanged_since=unchanged_since, deliver=deliver
        )
        if isinstance(flags, str):
            raise InvalidArgumentError(f"flags come as several strings, not as one: {flags!r}")
        self._flags = [Flag(flag).check_settable() for flag in flags]
        if change and not self._flags:
            raise InvalidArgumentError("name at least one flag to add or remove")

    def write(self, wire: Encoder) -> None:
        self.write_start(wire)
        wire.atom(self._item)
        wire.flags(self._flags)


@final
class StoreLabels(_StoringList):
    r"""STORE of Gmail's labels: ``UID STORE 7 +X-GM-LABELS.SILENT (\Inbox "two words")``.

    Needs X-GM-EXT-1. Arguments and result as of :class:`Store`.

    Args:
        messages: which ones; not empty.
        change: ``"+"`` adds the labels, ``"-"`` removes them, ``""`` sets just those.
        labels: names, or Gmail's own such as ``"\\Inbox"``.
        silent: ask for no answer.
        unchanged_since: leave messages alone that have changed since.
        deliver: called with the answers as they come, where the command is not silent.
    """

    answer_key = "X-GM-LABELS"

    def __init__(
        self,
        messages: MessageSet,
        change: Change,
        labels: Iterable[str],
        *,
        silent: bool = True,
        unchanged_since: int | None = None,
        deliver: Callable[[list[Message]], object] | None = None,
    ) -> None:
        super().__init__(
            messages, change, silent=silent, unchanged_since=unchanged_since, deliver=deliver
        )
        if isinstance(labels, str):
            raise InvalidArgumentError(f"labels come as several strings, not as one: {labels!r}")
        self._labels = tuple(labels)
        if change and not self._labels:
            raise InvalidArgumentError("name at least one label to add or remove")

    def write(self, wire: Encoder) -> None:
        self.write_start(wire)
        wire.atom(self._item)
        with wire.parentheses():
            for label in self._labels:
                wire.label(label)


@final
class StoreAnnotations(_Storing):
    """STORE of annotations (:rfc:`5257#section-4.5`; needs ANNOTATE-EXPERIMENT-1).

    ``UID STORE 1 ANNOTATION (/comment (value.priv "My new comment"))``; its result is as
    of :class:`Store`.

    Args:
        messages: which ones; not empty.
        annotations: values by entry and attribute; ``None`` removes one.
        unchanged_since: leave messages alone that have changed since.
        deliver: called with the answers as they come.

    Raises:
        InvalidArgumentError: if there is none, or a name is not one.
    """

    answer_key = "ANNOTATION"

    def __init__(
        self,
        messages: MessageSet,
        annotations: Annotations,
        *,
        unchanged_since: int | None = None,
        deliver: Callable[[list[Message]], object] | None = None,
    ) -> None:
        super().__init__(messages, unchanged_since=unchanged_since, deliver=deliver)
        if not annotations:
            raise InvalidArgumentError("name at least one annotation to store")
        self._annotations = checked_annotations(annotations)

    def write(self, wire: Encoder) -> None:
        self.write_start(wire)
        write_annotations(wire, self._annotations)
