"""Faults at events of the dialogue: when a command comes, a response goes, nobody speaks.

An :class:`On` says at which event, which ones of these, and what is done then. A
:class:`Script` is what one server has of them, with their counters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from difflib import get_close_matches
from random import Random
from typing import Any, Literal, TypeAlias, final, get_args

import attrs

from aimap._errors import InvalidArgumentError
from aimap.testing._faults import is_number, positive

Event: TypeAlias = Literal["greeting", "command", "input", "response", "continuation", "quiet"]
State: TypeAlias = Literal["not authenticated", "authenticated", "selected"]
Pattern: TypeAlias = str | bytes | re.Pattern[bytes]


def nearest(word: object, known: Iterable[str], what: str) -> InvalidArgumentError:
    """Return the error of a word that is none of the known ones."""
    names = sorted(known)
    near = get_close_matches(str(word), names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
    return InvalidArgumentError(f"no {what} {word!r}: {hint}")


def compiled(pattern: Pattern) -> re.Pattern[bytes]:
    """Return a pattern; a string is a regular expression, which takes any case.

    Raises:
        InvalidArgumentError: if it is none.
    """
    if isinstance(pattern, re.Pattern):
        return pattern
    octets = pattern.encode("utf-8") if isinstance(pattern, str) else pattern
    try:
        return re.compile(octets, re.IGNORECASE | re.DOTALL)
    except re.error as error:
        raise InvalidArgumentError(f"not a regular expression: {pattern!r} ({error})") from None


def _octets(value: str | bytes) -> bytes:
    return value.encode("utf-8") if isinstance(value, str) else value


def _not_negative(_: object, attribute: attrs.Attribute[Any], value: float) -> None:
    if not is_number(value, least=0):
        raise InvalidArgumentError(f"{attribute.name!r} is 0 or more, not {value!r}")


@final
@attrs.frozen
class Send:
    """The server says this, before what it would say.

    Attributes:
        text: one line or several; the last line end is added. ``{tag}`` stands for the tag
            of the command.
    """

    text: bytes = attrs.field(converter=_octets)

    def line(self, tag: str) -> bytes:
        """Return what is sent."""
        text = self.text.replace(b"{tag}", (tag or "*").encode("ascii", "replace"))
        return text if text.endswith(b"\r\n") else text + b"\r\n"


@final
@attrs.frozen
class Ignore:
    """What came is not taken notice of, or what was to go is not sent."""


@final
@attrs.frozen
class Change:
    r"""What was to go is sent otherwise.

    Attributes:
        pattern: what is replaced, wherever it stands.
        by: by what; ``\1`` stands for the first group.
    """

    pattern: re.Pattern[bytes] = attrs.field(converter=compiled)
    by: bytes = attrs.field(converter=_octets)


@final
@attrs.frozen
class Rewrite:
    """What was to go is what a function makes of it.

    Attributes:
        function: gets a response with its last line end, and returns what is sent.
    """

    function: Callable[[bytes], bytes]


def _form(_: object, __: object, value: str) -> None:
    if value not in ("literal", "quoted"):
        raise nearest(value, ("literal", "quoted"), "form of strings")


@final
@attrs.frozen
class Strings:
    """All strings of a response take one form, as far as the grammar allows that.

    Attributes:
        form: ``"literal"`` or ``"quoted"``.
    """

    form: Literal["literal", "quoted"] = attrs.field(validator=_form)


def _until(_: object, __: object, value: str) -> None:
    if value not in ("tagged", "next"):
        raise nearest(value, ("tagged", "next"), "end of Hold")


@final
@attrs.frozen
class Hold:
    """A response is held back.

    Attributes:
        until: ``"tagged"``: it comes behind the tagged line of its command; ``"next"``: it
            comes when the next command does.
    """

    until: Literal["tagged", "next"] = attrs.field(validator=_until)


@final
@attrs.frozen
class Delay:
    """Some time passes before it goes on.

    Where INPROGRESS is offered, a command that waits is told to be alive
    (:rfc:`9585`), every ten seconds.

    Attributes:
        seconds: how long; ``math.inf`` is for ever.
    """

    seconds: float = attrs.field(validator=_not_negative)


@final
@attrs.frozen
class Chunk:
    """It comes in pieces.

    Attributes:
        size: octets of a piece.
        seconds: what passes between two of them.
    """

    size: int = attrs.field(default=1, validator=positive)
    seconds: float = attrs.field(default=0.0, validator=_not_negative)


@final
@attrs.frozen
class Truncate:
    """Only its beginning is sent.

    Attributes:
        octets: how much of it.
    """

    octets: int = attrs.field(validator=_not_negative)


@final
@attrs.frozen
class Close:
    """The connection ends, after what was sent.

    Attributes:
        reset: by an error (TCP's RST) instead of the end of the stream.
    """

    reset: bool = False


Action: TypeAlias = (
    Send | Ignore | Change | Rewrite | Strings | Hold | Delay | Chunk | Truncate | Close
)

_INCOMING = (Send, Ignore, Delay, Close)
_OUTGOING = (Send, Ignore, Change, Rewrite, Strings, Delay, Chunk, Truncate, Close)
_POSSIBLE: dict[str, tuple[type, ...]] = {
    "greeting": _OUTGOING,
    "command": _INCOMING,
    "input": _INCOMING,
    "response": (*_OUTGOING, Hold),
    "continuation": _OUTGOING,
    "quiet": (Send, Close),
}


@final
@attrs.frozen
class Happening:
    """What happens, as an :class:`On` sees it."""

    event: Event
    session: int = 1
    state: State = "not authenticated"
    command: str = ""
    tag: str = ""
    text: bytes = b""
    seconds: float = 0.0


@final
@attrs.frozen(init=False)
class On:
    r"""Something that goes wrong at an event of the dialogue.

    ::

        On("command", Close(), command="FETCH", nth=2)
        On("response", Delay(5), Change(r"\d+ EXISTS", b"0 EXISTS"), text="EXISTS", chance=0.5)
        On("quiet", Send("* BYE idle too long"), Close(), seconds=600)

    Args:
        event: ``"greeting"``, ``"response"`` (untagged or tagged) and ``"continuation"``:
            one is about to be sent; ``"command"``: one was read; ``"input"``: octets came,
            whatever they are; ``"quiet"``: nothing came for *seconds*.
        actions: what is done, in this order.
        command: only for these commands, such as ``"FETCH"`` (``UID FETCH`` too) or
            ``"UID FETCH"``; of a response: while they are answered.
        tag: only for commands with this tag.
        session: only on the connection of that number; the first one is 1.
        state: only in that state.
        text: only if this pattern is found in what comes or goes.
        nth: only from the nth time on that all this holds, on whatever connection.
        times: only so many times; always if not given.
        chance: how likely it is then, from 0 to 1.
        seed: other seeds give another course of chances, the same one always the same.
        seconds: for how long there was silence.

    Raises:
        InvalidArgumentError: if there is no such event, action or state; it says what
            would be right.
    """

    event: Event
    actions: tuple[Action, ...]
    command: frozenset[str]
    tag: str | None
    session: int | None
    state: State | None
    text: re.Pattern[bytes] | None
    nth: int
    times: int | None
    chance: float
    seed: int
    seconds: float

    def __init__(
        self,
        event: Event,
        *actions: Action,
        command: str | Collection[str] = (),
        tag: str | None = None,
        session: int | None = None,
        state: State | None = None,
        text: Pattern | None = None,
        nth: int = 1,
        times: int | None = None,
        chance: float = 1.0,
        seed: int = 0,
        seconds: float = 0.0,
    ) -> None:
        if event not in _POSSIBLE:
            raise nearest(event, _POSSIBLE, "event")
        if not actions:
            raise InvalidArgumentError(f"On({event!r}) does nothing: give it actions")
        for action in actions:
            if not isinstance(action, _POSSIBLE[event]):
                possible = [each.__name__ for each in _POSSIBLE[event]]
                name = getattr(action, "__name__", type(action).__name__)
                raise nearest(name, possible, f"action at {event!r}")
        if state is not None and state not in get_args(State):
            raise nearest(state, get_args(State), "state")
        for name, count in (("nth", nth), ("times", times)):
            if count is not None and not is_number(count, least=1):
                raise InvalidArgumentError(f"{name!r} is at least 1, not {count!r}")
        if not is_number(chance, least=0) or chance > 1:
            raise InvalidArgumentError(f"a chance is from 0 to 1, not {chance!r}")
        if not is_number(seconds, least=0) or (event == "quiet") is not (seconds > 0):
            raise InvalidArgumentError(
                f"seconds are above 0 at 'quiet', and 0 at all other events; not {seconds!r} at "
                f"{event!r}"
            )
        names = (command,) if isinstance(command, str) else tuple(command)
        self.__attrs_init__(  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]
            event=event,
            actions=actions,
            command=frozenset(name.upper() for name in names),
            tag=tag,
            session=session,
            state=state,
            text=None if text is None else compiled(text),
            nth=nth,
            times=times,
            chance=chance,
            seed=seed,
            seconds=seconds,
        )

    def matches(self, happening: Happening) -> bool:
        """Tell whether this is an event that is meant, however often it was."""
        verb = happening.command.removeprefix("UID ")
        return (
            self.event == happening.event
            and (not self.command or bool(self.command & {verb, happening.command}))
            and self.tag in (None, happening.tag)
            and self.session in (None, happening.session)
            and self.state in (None, happening.state)
            and (self.text is None or self.text.search(happening.text) is not None)
            and self.seconds == happening.seconds
        )


@final
class Script:
    """What goes wrong at events on one server, with its counters.

    Args:
        rules: when, and what.
        commands: the names of commands that there are.

    Raises:
        InvalidArgumentError: if a rule names a command that there is not.
    """

    def __init__(self, rules: Iterable[On], commands: Collection[str]) -> None:
        self._rules = tuple(rules)
        self._seen = [0] * len(self._rules)
        self._done = [0] * len(self._rules)
        self._chances = [Random(rule.seed) for rule in self._rules]  # noqa: S311
        for rule in self._rules:
            for name in rule.command - set(commands):
                wrong = nearest(name, commands, "command")
                raise InvalidArgumentError(f"a fault at {rule.event!r}: {wrong}")

    def has(self, *events: Event) -> bool:
        """Tell whether anything is to happen at one of these events."""
        return any(rule.event in events for rule in self._rules)

    @property
    def silences(self) -> Sequence[float]:
        """After how many seconds of silence something happens, in order."""
        return sorted({rule.seconds for rule in self._rules if rule.event == "quiet"})

    def actions(self, happening: Happening) -> list[Action]:
        """Return what is to be done at an event, and count it."""
        found: list[Action] = []
        for at, rule in enumerate(self._rules):
            if not rule.matches(happening):
                continue
            self._seen[at] += 1
            if self._seen[at] < rule.nth or (
                rule.times is not None and self._done[at] >= rule.times
            ):
                continue
            if rule.chance < 1 and self._chances[at].random() >= rule.chance:
                continue
            self._done[at] += 1
            found += rule.actions
        return found


_STRING = re.compile(rb'\{([0-9]+)\}\r\n|"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(rb"\\(.)")
# date-time and the delimiter of LIST are quoted, and nothing else (RFC 9051 section 9).
_ONLY_QUOTED = re.compile(rb'"(?:[ 0-9][0-9]-[A-Za-z]{3}-[0-9]{4} [0-9:]{8} [+-][0-9]{4}|[^"\\])"')
_STATUS = re.compile(rb"(?:\*|[^ ]+) (?:OK|NO|BAD|BYE|PREAUTH)\b|\+", re.IGNORECASE)


def in_form(response: bytes, form: Literal["literal", "quoted"]) -> bytes:
    """Return a response with all its strings in one form, as far as that can be."""
    if _STATUS.match(response):
        return response
    made = bytearray()
    at = 0
    while (match := _STRING.search(response, at)) is not None:
        made += response[at : match.start()]
        at = match.end()
        if match[1] is None:
            made += _as_literal(match) if form == "literal" else match[0]
            continue
        octets = response[at : at + int(match[1])]
        at += len(octets)
        is_literal8 = made.endswith(b"~")
        if form == "quoted" and not is_literal8 and not re.search(rb"[\0\r\n\x80-\xff]", octets):
            made += b'"' + re.sub(rb'(["\\])', rb"\\\1", octets) + b'"'
        else:
            made += match[0] + octets
    return bytes(made + response[at:])


def _as_literal(match: re.Match[bytes]) -> bytes:
    if _ONLY_QUOTED.fullmatch(match[0]):
        return match[0]
    octets = _ESCAPED.sub(rb"\1", match[2])
    return b"{%d}\r\n%s" % (len(octets), octets)
