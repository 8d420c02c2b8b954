"""One client's connection: its state, and its loop."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, final

import attrs
import trio

from aimap._deflate import DeflateStream
from aimap._nursery import PrivateNursery
from aimap.testing._capabilities import limit_of, spelling
from aimap.testing._faulty import ServersEnd
from aimap.testing._grammar import Arguments
from aimap.testing._input import Hooks, Input, Line, NonSynchronising, UnreadableError
from aimap.testing._outgoing import Outgoing
from aimap.testing._pipelining import Flight, Sent
from aimap.testing._received import ReceivedCommand
from aimap.testing._rules import RefusalError, Rule, Violation, ViolationError, redacted
from aimap.testing._scripts import Close, Delay, Event, Happening, Send, State
from aimap.testing._selected import Selected
from aimap.testing._store import Account, Change, StoredMailbox, StoredMessage

if TYPE_CHECKING:
    from aimap.testing._commands_notify import Notifications
    from aimap.testing._server import Server

Handler = Callable[["Connection", Arguments], Awaitable[None]]

_SEND_SIZE = 256 * 1024
_MAX_RATIO = 1000
_PROGRESS = 10.0
"""Every how many seconds a command that takes long is told to be at work."""

_BEFORE_LOGIN = frozenset(
    {"SASL-IR", "LITERAL+", "LITERAL-", "ID", "ENABLE", "IMAP4REV2", "LANGUAGE", "LOGIN-REFERRALS"}
)

_IN_REV2 = frozenset(
    {
        "BINARY", "CHILDREN", "ENABLE", "ESEARCH", "IDLE", "LIST-EXTENDED", "LIST-STATUS",
        "LITERAL-", "MOVE", "NAMESPACE", "SASL-IR", "SEARCHRES", "SPECIAL-USE", "STATUS=SIZE",
        "UIDPLUS", "UNSELECT",
    }
)  # fmt: skip
"""What IMAP4rev2 holds in itself (:rfc:`9051#appendix-E`)."""

# RFC 9755 section 6: what may come before ENABLE UTF8=ACCEPT, where there is UTF8=ONLY.
_WITHOUT_UTF8 = frozenset(
    {"CAPABILITY", "COMPRESS", "ENABLE", "ID", "LOGOUT", "NOOP", "UNAUTHENTICATE"}
)

_CHANGING = frozenset(
    {
        "APPEND", "COPY", "CREATE", "DELETE", "EXPUNGE", "MOVE", "RENAME", "REPLACE",
        "SETMETADATA", "STORE", "SUBSCRIBE", "UNSUBSCRIBE",
    }
)  # fmt: skip
"""Commands of which the client needs no telling what they did."""

# RFC 9051 6.2.1, 4978 3, 9051 6.2.2, 8437 3: nothing is sent behind them.
_LAST_WORDS = frozenset({"STARTTLS", "COMPRESS", "AUTHENTICATE", "UNAUTHENTICATE"})


@final
class CalledOffError(Exception):
    """The client called an exchange off, as it may: answered by BAD (:rfc:`9051#section-6.2.2`)."""


@final
class Connection:
    """Serves one stream. Handlers write with :meth:`send`, and may set ``done_code``.

    Args:
        server: the server.
        stream: the stream.
        number: how many there were before it, and itself.
        secure: whether that is TLS.
        round_trip: seconds that octets take to the client and back.
    """

    def __init__(
        self,
        server: Server,
        stream: trio.abc.Stream,
        *,
        number: int,
        secure: bool,
        round_trip: float,
    ) -> None:
        self.server = server
        self.number = number
        self.stream = stream
        self.secure = secure
        self.user = ""
        self.account: Account | None = None
        self.view: Selected | None = None
        self.enabled = self._enabled_by_itself
        self.comparator = "i;unicode-casemap"
        self.changed = trio.Event()
        self.tag = ""
        self.done_code = ""
        self.done_text = ""
        self.answer_is_alike = False
        self.logged_out = False
        self.notifications: Notifications | None = None
        self._acting = False
        self._forgiven: Rule | None = None
        self._uncompressed: trio.abc.Stream | None = None
        self._command = ""
        self._at = 0
        self._flight = Flight(round_trip)
        self._script = script = server.script
        self.end = ServersEnd(stream, server.octet_faults)
        self._out = Outgoing(self.end, script, self._happening)
        hooks = Hooks(
            ask=self._ask,
            check=self._check_literal,
            on_input=self._on_input if script.has("input") else None,
            on_silence=self._on_silence,
            silences=script.silences,
        )
        self.input = Input(self.end, strict=server.strict, literals=self._literals, hooks=hooks)

    @property
    def _literals(self) -> NonSynchronising:
        offered = self.server.capabilities
        if "LITERAL+" in offered:
            return "LITERAL+"
        return "LITERAL-" if self.offers("LITERAL-") else ""

    @property
    def compressed(self) -> bool:
        """Whether COMPRESS was done."""
        return self._uncompressed is not None

    @property
    def _enabled_by_itself(self) -> set[str]:
        return {"IMAP4REV2"} if self.server.preset.revision == "IMAP4rev2" else set()

    @property
    def utf8(self) -> bool:
        """Whether UTF-8 may be sent in quoted strings."""
        return bool(self.enabled & {"UTF8=ACCEPT", "IMAP4REV2"})

    def offers(self, capability: str) -> bool:
        """Tell whether the server offers a capability, by itself or within another."""
        offered = self.server.capabilities
        if capability == "UTF8=ACCEPT" and "UTF8=ONLY" in offered:
            return True
        return capability in offered or (capability in _IN_REV2 and "IMAP4REV2" in offered)

    # Output

    def send(self, data: bytes) -> None:
        """Queue octets of a response."""
        self._out.put(data)

    def request(self, text: bytes = b"") -> None:
        """Queue a continuation request."""
        self._out.put(b"+ %s\r\n" % text, "continuation")

    def untagged(self, text: str) -> None:
        """Queue an untagged response."""
        self._out.put(b"* %s\r\n" % text.encode("utf-8"))

    async def flush(self, *, above: int = 0) -> None:
        """Write what is queued, if it is more than *above* octets."""
        await self._out.flush(above=above)

    async def flush_some(self) -> None:
        """Write what is queued once it is much."""
        await self.flush(above=_SEND_SIZE)

    def _tagged(self, tag: str, text: bytes) -> None:
        self._out.put(b"%s %s\r\n" % (tag.encode("ascii"), text))
        self._answered(tag, text)

    def _arrived(self, line: Line) -> None:
        """Keep a command for the test to see."""
        self.server.commands.append(line.name)
        self._command = line.name
        self._at = len(self.server.log)
        self.server.log.append(
            ReceivedCommand(
                session=self.number,
                user=self.user,
                state=_STATES[self.state],
                mailbox="" if self.view is None else self.view.mailbox.name,
                tag=line.tag,
                name=line.name,
                line=redacted(line.beginning),
                time=line.time,
            )
        )

    def _answered(self, tag: str, text: bytes) -> None:
        log = self.server.log
        if self._at < len(log) and (log[self._at].session, log[self._at].tag) == (self.number, tag):
            answer, _, rest = text.decode("utf-8", "replace").partition(" ")
            log[self._at] = attrs.evolve(log[self._at], answer=answer, text=rest)

    # What scripts do

    def _happening(self, event: Event, text: bytes, seconds: float = 0.0) -> Happening:
        return Happening(
            event,
            session=self.number,
            state=_STATES[self.state],
            command=self._command,
            tag=self.tag,
            text=text,
            seconds=seconds,
        )

    async def _go_on(self, event: Event, text: bytes, seconds: float = 0.0) -> bool:
        """Do what is to be done at an event; tell whether all else goes on."""
        goes_on = True
        for action in self._script.actions(self._happening(event, text, seconds)):
            match action:
                case Send():
                    self._out.append(action.line(self.tag))
                case Delay(seconds=pause):
                    await self._pause(pause, alive=event == "command")
                case Close(reset):
                    await self.flush()
                    await self.end.end(reset=reset)
                case _:
                    goes_on = False
        await self.flush()
        return goes_on

    async def _pause(self, seconds: float, *, alive: bool) -> None:
        """Let time pass; tell meanwhile that the command is at work (:rfc:`9585`)."""
        end = trio.current_time() + seconds
        await self.flush()
        done = 0
        while alive and self.offers("INPROGRESS") and trio.current_time() + _PROGRESS < end:
            await trio.sleep(_PROGRESS)
            done += 1
            goal = "NIL" if math.isinf(seconds) else math.ceil(seconds / _PROGRESS)
            self._out.append(
                f'* OK [INPROGRESS ("{self.tag}" {done} {goal})] still at work\r\n'.encode()
            )
            await self.flush()
        await trio.sleep_until(end)

    async def _ask(self) -> None:
        self.request(b"go on")
        await self.flush()

    async def _on_input(self, data: bytes) -> bool:
        return await self._go_on("input", data)

    async def _on_silence(self, seconds: float) -> None:
        await self._go_on("quiet", b"", seconds)

    # The selected mailbox

    def select(self, mailbox: StoredMailbox, *, read_only: bool) -> Selected:
        """Make *mailbox* the selected one."""
        self.deselect()
        self.view = Selected(mailbox, read_only=read_only, wake=self._wake)
        return self.view

    def _wake(self) -> None:
        self.changed.set()

    def deselect(self) -> None:
        """Leave the selected mailbox."""
        if self.view is not None:
            self.view.leave()
        self.view = None

    @property
    def selected(self) -> Selected:
        """The selected mailbox."""
        assert self.view is not None
        return self.view

    def tell_news(self, *, expunges: bool) -> None:
        """Queue what happened to the selected mailbox, and elsewhere if that is wanted."""
        if self.notifications is not None:
            self.notifications.tell(self, expunges=expunges)
        elif self.view is not None:
            self.tell_selected(self.view, expunges=expunges)

    def tell_selected(
        self, view: Selected, *, expunges: bool, arrivals: bool = True, flags: bool = True
    ) -> None:
        """Queue what happened to the selected mailbox."""
        vanished = bool(self.enabled & {"QRESYNC", "UIDONLY"})
        for news in view.news(expunges=expunges, vanished=vanished, arrivals=arrivals, flags=flags):
            if isinstance(news, str):
                self.untagged(news)
                continue
            if isinstance(news, tuple):
                self.tell_message(*news)
                continue
            items = f"UID {news.uid} FLAGS ({' '.join(sorted(news.flags))})"
            if "CONDSTORE" in self.enabled:
                items += f" MODSEQ ({news.modseq})"
            self.tell_message(news, items.encode("utf-8"))

    def on_change(self, change: Change) -> None:
        """Take a change in the account, if NOTIFY has asked for it."""
        if self.notifications is not None and not self._acting:
            self.notifications.note(self, change)
            self._wake()

    async def push(self, *, expunges: bool) -> None:
        """Tell what happens while it happens, until that is cancelled."""
        while True:
            self.changed = trio.Event()
            self.tell_news(expunges=expunges)
            try:
                await self.flush()
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                # Whoever reads from the client finds that it is gone, and ends the connection.
                return
            await self.changed.wait()

    def tell_message(self, message: StoredMessage, items: bytes) -> None:
        """Queue a FETCH response, or what is in its place (:rfc:`9586`)."""
        if "UIDONLY" in self.enabled:
            self.send(b"* %d UIDFETCH (%s)\r\n" % (message.uid, items))
        else:
            self.send(b"* %d FETCH (%s)\r\n" % (self.selected.seq(message) or 0, items))

    # The loop

    async def run(self) -> None:
        """Serve until the client leaves."""
        text = self.server.preset.greeting
        if text is None:
            text = f"[CAPABILITY {self.capability_words()}] aimap test server ready"
        self._out.put(f"* OK {text}\r\n".encode(), "greeting")
        try:
            await self.flush()
            while not self.logged_out:
                sent: Sent | None = None
                try:
                    line = await self._next_command()
                except UnreadableError as unread:
                    if isinstance(unread.error, ViolationError):
                        self._refuse(unread.tag, "", unread.error, unread.octets)
                    else:
                        self._decline(unread.tag, "", unread.error, unread.octets)
                else:
                    sent = await self._serve(line)
                await self.flush()
                self._command = ""
                if sent is not None:
                    octet = self.input.received
                    self._flight.answered(sent, octet=octet, time=trio.current_time())
        except (EOFError, trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            self.server.flights += self.input.flights
            self.forget_user()
            await trio.aclose_forcefully(self.stream)

    async def _next_command(self) -> Line:
        if self.notifications is None:
            return await self.input.command()
        async with PrivateNursery() as nursery:
            nursery.start_soon(partial(self.push, expunges=False))
            line = await self.input.command()
            nursery.cancel_scope.cancel()
        return line

    async def throw_out(self, reason: str) -> None:
        """Say BYE, and end the connection."""
        self.untagged(f"BYE {reason}")
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await self.flush()
            await self.end.end(reset=False)

    async def break_off(self, *, reset: bool) -> None:
        """End the connection without a word."""
        with suppress(trio.ClosedResourceError):
            await self.end.end(reset=reset)

    def forget_user(self) -> None:
        """Leave the mailbox and the account, and all that was enabled."""
        self.deselect()
        if self.account is not None and self.on_change in self.account.observers:
            self.account.observers.remove(self.on_change)
        self.user = ""
        self.account = None
        self.notifications = None
        self.enabled = self._enabled_by_itself

    def forgive(self, rule: Rule, reason: str) -> None:
        """Answer OK to what a client had better not do, with ``CLIENTBUG`` (:rfc:`5530`)."""
        if self.server.strict:
            self._forgiven = rule
            self.done_code, self.done_text = "CLIENTBUG", reason

    def _note(self, rule: Rule, tag: str, command: str, reason: str, octets: bytes) -> None:
        self.server.violations.append(
            Violation(rule=rule, tag=tag, command=command, reason=reason, line=redacted(octets))
        )

    def _refuse(self, tag: str, command: str, error: ViolationError, octets: bytes) -> None:
        self._note(error.rule, tag, command, str(error), octets)
        text = str(error).encode("ascii", "backslashreplace")
        self._tagged(tag, b"BAD [%s] %s" % (error.code.encode(), text))

    def _decline(self, tag: str, command: str, error: RefusalError, octets: bytes) -> None:
        if error.rule is not None:
            self._note(error.rule, tag, command, str(error), octets)
        code = f"[{error.code}] " if error.code else ""
        self._tagged(tag, f"NO {code}{error}".encode())

    def _check_literal(self, command: str, length: int) -> None:
        """Refuse a message that is too large before it is asked for (:rfc:`7889#section-4`)."""
        limit = limit_of("APPENDLIMIT", self.server.capabilities)
        if command == "APPEND" and limit is not None and length > limit:
            raise RefusalError(
                f"a message of {length} octets, over APPENDLIMIT, which is {limit} "
                "(RFC 7889 section 4)",
                "TOOBIG",
                rule=Rule.APPEND_LIMIT,
            )

    async def _serve(self, line: Line) -> Sent:
        self.tag = line.tag
        self.done_code = ""
        self.done_text = ""
        self.answer_is_alike = False
        self._forgiven = None
        self._arrived(line)
        arguments = Arguments(line.rest, self.enabled)
        command = line.name
        try:
            if command == "UID":
                command = f"UID {arguments.atom()}"
                if not arguments.at_end:
                    arguments.space()
            if command != line.name:
                self._command = command
                self.server.log[self._at] = attrs.evolve(self.server.log[self._at], name=command)
            self._out.release_next()
            if self._script.has("command") and not await self._go_on("command", line.octets):
                self._out.release_tagged()
                return self._sent(command, arguments, line)
            await self._handle(command, arguments, line)
        except ViolationError as error:
            self._refuse(line.tag, command, error, line.beginning)
        except RefusalError as error:
            self._decline(line.tag, command, error, line.beginning)
        except CalledOffError as error:
            self._tagged(line.tag, f"BAD {error}".encode())
        return self._sent(command, arguments, line)

    def _sent(self, command: str, arguments: Arguments, line: Line) -> Sent:
        return Sent(command, arguments.used_numbers, self.answer_is_alike, line.octet, line.time)

    async def _handle(self, command: str, arguments: Arguments, line: Line) -> None:
        handler, states = self.server.handler(command, self.offers)
        if handler is None:
            raise ViolationError(
                f"no command {command}, or its capability is not offered (RFC 9051 section 6)",
                Rule.UNKNOWN_COMMAND,
            )
        if self.state not in states:
            raise ViolationError(
                f"{command} is not in the state {_STATES[self.state]} (RFC 9051 section 3)",
                Rule.STATE,
            )
        if command in _LAST_WORDS and self.server.strict:
            self._check_last(command)
        if self.server.strict:
            self._flight.check(self._sent(command, arguments, line))
        if "UTF8=ONLY" in self.server.capabilities and not self.utf8 and self.account is not None:
            self._check_utf8(command)
        before = self._out.mark()
        self._acting = command.removeprefix("UID ") in _CHANGING
        try:
            await handler(self, arguments)
        finally:
            self._acting = False
        if self.server.strict:
            # Only commands that change nothing say more of themselves than their name does.
            try:
                self._flight.check(self._sent(command, arguments, line))
            except ViolationError:
                self._out.rewind(before)
                raise
        # RFC 9051 7.5.1: no EXPUNGE in answer to FETCH, STORE or SEARCH by number.
        self.tell_news(expunges=command not in ("FETCH", "STORE", "SEARCH"))
        code = f"[{self.done_code}] " if self.done_code else ""
        text = self.done_text or f"{command} completed"
        self._tagged(line.tag, f"OK {code}{text}".encode())
        if self._forgiven is not None:
            self._note(self._forgiven, line.tag, command, text, line.beginning)
        if command in _LAST_WORDS:
            await self._change_stream(command)

    def _check_utf8(self, command: str) -> None:
        if command not in _WITHOUT_UTF8:
            raise RefusalError(
                f"{command} before ENABLE UTF8=ACCEPT, where UTF8=ONLY is offered "
                "(RFC 9755 section 6)",
                "CANNOT",
                rule=Rule.UTF8_ONLY,
            )

    def _check_last(self, command: str) -> None:
        behind = self.input.pending
        if not behind or self._may_follow(command, behind):
            return
        if command in ("STARTTLS", "AUTHENTICATE"):
            # They are no commands: somebody else's, or what answers a challenge.
            self.input.forget()
        raise ViolationError(
            f"octets behind {command}, before it is answered (RFC {_WHERE[command]})",
            Rule.NOTHING_FOLLOWS,
        )

    def _may_follow(self, command: str, behind: bytes) -> bool:
        # RFC 8437 section 3: one may log in again in the same flight.
        words = behind.upper().split(b" ", 2)
        return (
            command == "UNAUTHENTICATE"
            and not self.compressed
            and words[1:2] in ([b"AUTHENTICATE"], [b"LOGIN"])
        )

    async def _change_stream(self, command: str) -> None:
        await self.flush()
        if command == "STARTTLS":
            assert self.server.ssl_context is not None
            self.input.forget()
            tls = trio.SSLStream(
                self.stream, self.server.ssl_context, server_side=True, https_compatible=True
            )
            self.stream = self.end.stream = tls
            self.secure = True
            await tls.do_handshake()
        elif command == "COMPRESS":
            self._uncompressed = self.stream
            self.stream = self.end.stream = DeflateStream(self.stream, max_ratio=_MAX_RATIO)
        elif command == "UNAUTHENTICATE" and self._uncompressed is not None:
            self.stream = self.end.stream = self._uncompressed
            self._uncompressed = None

    @property
    def state(self) -> str:
        """One letter: n(ot authenticated), a(uthenticated) or s(elected)."""
        if self.account is None:
            return "n"
        return "a" if self.view is None else "s"

    @property
    def may_log_in(self) -> bool:
        """Whether credentials are taken now."""
        return self.secure or not self.server.offers_starttls

    def capability_words(self) -> str:
        """Return the capabilities offered in this state."""
        revision = self.server.preset.revision
        offered = self.server.capabilities - {"LOGINDISABLED", revision.upper()}
        if self.account is not None:
            words = [revision, *map(spelling, sorted(offered))]
            return " ".join([*words, *self.server.preset.words])
        words = [revision, *map(spelling, sorted(offered & _BEFORE_LOGIN))]
        if self.server.offers_starttls and not self.secure:
            words.append("STARTTLS")
        if self.may_log_in:
            mechanisms = self.server.logins.offered(secure=self.secure)
            words += [f"AUTH={name}" for name in mechanisms]
        if not self.may_use_login:
            words.append("LOGINDISABLED")
        return " ".join(words)

    @property
    def may_use_login(self) -> bool:
        """Whether the LOGIN command is taken now."""
        disabled = "LOGINDISABLED" in self.server.capabilities
        return self.may_log_in and self.server.logins.command and not disabled


_STATES: dict[str, State] = {"n": "not authenticated", "a": "authenticated", "s": "selected"}
_WHERE = {
    "STARTTLS": "9051 section 6.2.1",
    "COMPRESS": "4978 section 3",
    "AUTHENTICATE": "9051 section 6.2.2",
    "UNAUTHENTICATE": "8437 section 3",
}
