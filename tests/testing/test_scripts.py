"""Faults at events: matched, counted, done; and refused where they are misspelt."""

from __future__ import annotations

import math
from typing import Any

import pytest
import trio
from hypothesis import given

import aimap
from aimap import InvalidArgumentError
from aimap.testing import (
    Change,
    Chunk,
    Close,
    Delay,
    Hold,
    Ignore,
    On,
    Rewrite,
    Send,
    Server,
    Strings,
    Truncate,
    sample_messages,
    serve,
    write_response,
)
from aimap.testing._scripts import in_form
from aimap.testing.strategies import messages

from .test_obligations import quiet, talk
from .wrong_lines import LOGIN, OPEN

JOE = aimap.Password("joe", "secret")


def connect(server: Server) -> Any:
    return aimap.connect("x", tls="insecure", stream=server.connect(), auth=JOE)


async def answers(*faults: On, sent: tuple[bytes, ...] = (*OPEN, b"c NOOP\r\n")) -> bytes:
    async with quiet(faults=faults) as server:
        return await talk(server, *sent)


async def test_lines_are_sent_and_kept_back() -> None:
    answer = await answers(
        On("greeting", Send("* BYE no room"), Close()),
        sent=(),
    )
    assert answer.startswith(b"* BYE no room\r\n* OK [CAPABILITY")
    answer = await answers(
        On("command", Send("{tag} NO [UNAVAILABLE] later"), Ignore(), command="noop", times=1),
        sent=(LOGIN, b"b NOOP\r\n", b"c NOOP\r\n"),
    )
    assert b"b NO [UNAVAILABLE] later\r\nc OK" in answer
    answer = await answers(On("response", Ignore(), text="EXISTS"))
    assert b"EXISTS" not in answer
    assert b"c OK" in answer


async def test_responses_are_changed() -> None:
    answer = await answers(
        On("response", Change(r"(\d+) EXISTS", rb"\g<1>0 EXISTS")),
        On("response", Rewrite(bytes.upper), text="NOOP completed"),
        On("response", Truncate(9), text="PERMANENTFLAGS"),
    )
    assert b"* 20 EXISTS\r\n" in answer
    assert b"C OK NOOP COMPLETED\r\n" in answer
    assert b"* OK [PER* " in answer


async def test_responses_are_held_back() -> None:
    fetch = b"c UID FETCH 1:2 FLAGS\r\n"
    answer = await answers(
        On("response", Hold("tagged"), command="FETCH", text="FETCH", nth=2, times=1),
        sent=(*OPEN, fetch),
    )
    assert answer.index(b"* 1 FETCH") < answer.index(b"c OK") < answer.index(b"* 2 FETCH")
    answer = await answers(
        On("response", Hold("next"), command="FETCH", text="UID 2"),
        sent=(*OPEN, fetch, b"d NOOP\r\n"),
    )
    assert answer.index(b"c OK") < answer.index(b"* 2 FETCH") < answer.index(b"d OK")


async def test_literals_and_continuations() -> None:
    answer = await answers(
        On("continuation", Change("go on", "send it")),
        On("continuation", Ignore(), nth=2),
        sent=(LOGIN, b"b CREATE {3}\r\n", b"Abc\r\n", b"c CREATE {3}\r\n"),
    )
    assert b"+ send it\r\nb OK" in answer
    assert answer.endswith(b"CREATE completed\r\n")


async def test_time_passes(autojump_clock: Any) -> None:
    faults = [
        On("response", Delay(5), text="EXISTS"),
        On("response", Chunk(2, 1), text="c OK"),
        On("command", Delay(35), command="STATUS"),
        On("input", Delay(3), text="LOGOUT"),
    ]
    async with quiet(faults=faults) as server:
        begin = trio.current_time()
        await talk(server, *OPEN)
        assert trio.current_time() - begin == 5
        begin = trio.current_time()
        answer = await talk(server, LOGIN, b"c NOOP\r\n")
        assert trio.current_time() - begin == len(b"c OK NOOP completed\r\n") // 2
        begin = trio.current_time()
        answer = await talk(server, LOGIN, b"d STATUS Sent (MESSAGES)\r\n")
        assert trio.current_time() - begin == 35
        assert [line for line in answer.split(b"\r\n") if b"INPROGRESS (" in line] == [
            b'* OK [INPROGRESS ("d" %d 4)] still at work' % done for done in (1, 2, 3)
        ]
        begin = trio.current_time()
        await talk(server, b"e LOGOUT\r\n")
        assert trio.current_time() - begin == 3


async def test_for_ever(autojump_clock: Any) -> None:
    async with quiet(faults=[On("command", Delay(math.inf), command="NOOP")]) as server:
        async with connect(server) as imap:
            with trio.move_on_after(3600) as scope:
                # It is told to be alive, and so nobody gives it up.
                await imap.noop()
            assert scope.cancelled_caught
            await server.drop_connections()
    async with quiet(faults=[On("response", Delay(math.inf), text="NOOP")]) as server:
        with pytest.raises(aimap.ConnectionLostError):
            async with connect(server) as imap:
                await imap.noop()


async def test_silence(autojump_clock: Any) -> None:
    faults = [
        On("quiet", Send("* OK still here"), seconds=60),
        On("quiet", Send("* BYE too long"), Close(), seconds=600, state="selected"),
    ]
    async with quiet(faults=faults) as server:
        stream = server.connect()
        await stream.send_all(LOGIN)
        await trio.sleep(700)
        await stream.send_all(b"b SELECT INBOX\r\n")
        await trio.sleep(590)
        await stream.send_all(b"c IDLE\r\n")
        begin = trio.current_time()
        answer = b""
        while data := await stream.receive_some():
            answer += data
        assert trio.current_time() - begin == 600
        assert answer.count(b"* OK still here\r\n") == 3
        assert answer.endswith(b"* BYE too long\r\n")


async def test_the_client_sees_how_it_ends() -> None:
    faults = [On("command", Close(reset=True), command="UID FETCH", nth=2)]
    async with serve({"joe": "secret"}, tls="insecure", faults=faults) as server:
        server.deliver("joe", b"\r\n")
        async with (
            aimap.connect("localhost", port=server.port, tls="insecure", auth=JOE) as imap,
            imap.select("INBOX") as inbox,
        ):
            await inbox.fetch_all(1, aimap.items.FLAGS)
            with pytest.raises(aimap.ConnectionLostError) as caught:
                await inbox.fetch_all(1, aimap.items.FLAGS)
            assert isinstance(caught.value.__cause__, trio.BrokenResourceError)


async def test_which_ones_are_meant() -> None:
    def mark(**which: Any) -> On:
        return On("command", Send("* OK here"), **which)

    async def count(*faults: On) -> list[int]:
        async with quiet(faults=faults) as server:
            return [
                (await talk(server, *OPEN, b"c UID FETCH 1 FLAGS\r\n", b"d FETCH 1 FLAGS\r\n"))
                .count(b"* OK here\r\n")
                for _ in range(2)
            ]  # fmt: skip

    assert await count(mark()) == [4, 4]
    assert await count(mark(command="FETCH")) == [2, 2]
    assert await count(mark(command=["UID FETCH", "login"])) == [2, 2]
    assert await count(mark(session=2)) == [0, 4]
    assert await count(mark(state="selected")) == [2, 2]
    assert await count(mark(tag="b")) == [1, 1]
    assert await count(mark(text="inbox|1 FLAGS")) == [3, 3]
    assert await count(mark(nth=3)) == [2, 4]
    assert await count(mark(times=5)) == [4, 1]
    assert await count(mark(nth=4, times=2)) == [1, 1]
    assert await count(mark(chance=0)) == [0, 0]
    some = await count(mark(chance=0.5, seed=1))
    assert some == await count(mark(chance=0.5, seed=1))
    assert 0 < sum(some) < 8


async def test_faults_are_for_connections_to_come() -> None:
    async with quiet() as server:
        server.faults = [On("greeting", Ignore())]
        assert await talk(server) == b""
        server.faults = ()
        assert await talk(server) != b""


class WRONG:
    """Words and values that a type checker would not let pass."""

    event: Any = "comand"
    other: Any = "xyz"
    state: Any = "selektd"
    form: Any = "litteral"
    end: Any = "taged"
    action: Any = Close
    number: Any = "2"


@pytest.mark.parametrize(
    ("make", "hint"),
    [
        (lambda: On(WRONG.event, Close()), "no event 'comand': did you mean 'command'"),
        (lambda: On(WRONG.other, Close()), "there are command, continuation"),
        (lambda: On("command"), "does nothing"),
        (lambda: On("command", Truncate(3)), "no action at 'command' 'Truncate'"),
        (lambda: On("command", WRONG.action), "did you mean 'Close'"),
        (lambda: On("quiet", Delay(1), seconds=1), "no action at 'quiet'"),
        (lambda: On("command", Close(), state=WRONG.state), "did you mean 'selected'"),
        (lambda: On("command", Close(), chance=2), "from 0 to 1"),
        (lambda: On("command", Close(), nth=0), "'nth' is at least 1, not 0"),
        (lambda: On("command", Close(), times=0), "'times' is at least 1, not 0"),
        (lambda: On("quiet", Close()), "above 0 at 'quiet'.* not 0.0 at 'quiet'"),
        (lambda: On("command", Close(), seconds=1), "not 1 at 'command'"),
        (lambda: On("command", Close(), text="("), "not a regular expression"),
        (lambda: On("command", Close(), nth=WRONG.number), "'nth' is at least 1, not '2'"),
        (lambda: On("command", Close(), chance=WRONG.number), "from 0 to 1, not '2'"),
        (lambda: On("quiet", Close(), seconds=WRONG.number), "not '2' at 'quiet'"),
        (lambda: Delay(WRONG.number), "'seconds' is 0 or more, not '2'"),
        (lambda: Chunk(WRONG.number), "'size' is at least 1, not '2'"),
        (lambda: Strings(WRONG.form), "did you mean 'literal'"),
        (lambda: Hold(WRONG.end), "did you mean 'tagged'"),
        (lambda: Delay(-1), "0 or more"),
        (lambda: Chunk(0), "at least 1"),
    ],
)
def test_misspelt(make: Any, hint: str) -> None:
    with pytest.raises(InvalidArgumentError, match=hint):
        make()


async def test_a_command_misspelt() -> None:
    with pytest.raises(
        InvalidArgumentError, match="at 'command': no command 'FECTH': did you mean 'FETCH'"
    ):
        async with serve(
            tls="insecure", host=None, faults=[On("command", Close(), command="fecth")]
        ):
            pass


@pytest.mark.parametrize(
    ("response", "literal"),
    [
        (b'* LIST (\\A) "/" "a b"\r\n', b'* LIST (\\A) "/" {3}\r\na b\r\n'),
        (b'* 1 FETCH (INTERNALDATE " 1-Jan-2026 00:00:00 +0000" BODY[] {3}\r\n"a")\r\n',) * 2,
        (b'* 1 FETCH (BODY[] "a\\"b")\r\n', b'* 1 FETCH (BODY[] {3}\r\na"b)\r\n'),
        (b'* OK [BADURL "x"] no "such" thing\r\n',) * 2,
        (b'a NO "so"\r\n',) * 2,
    ],
)  # fmt: skip
def test_strings_as_literals(response: bytes, literal: bytes) -> None:
    assert in_form(response, "literal") == literal


@pytest.mark.parametrize(
    ("response", "quoted"),
    [
        (b'* 1 FETCH (BODY[1] {3}\r\na"b)\r\n', b'* 1 FETCH (BODY[1] "a\\"b")\r\n'),
        (b"* 1 FETCH (BODY[1] {2}\r\n\r\n BODY[2] {0}\r\n)\r\n",
         b'* 1 FETCH (BODY[1] {2}\r\n\r\n BODY[2] "")\r\n'),
        (b"* 1 FETCH (BINARY[1] ~{1}\r\nx)\r\n",) * 2,
    ],
)  # fmt: skip
def test_strings_quoted(response: bytes, quoted: bytes) -> None:
    assert in_form(response, "quoted") == quoted


@given(messages(["UID", "ENVELOPE", "BODYSTRUCTURE", "FLAGS"]))
def test_the_form_of_strings_means_nothing(message: aimap.Message) -> None:
    written = write_response(message)
    for form in ("literal", "quoted"):
        assert aimap.parse_response(in_form(written, form)) == message


async def test_our_client_reads_strings_in_both_forms() -> None:
    async def everything(*faults: On) -> Any:
        async with serve({"joe": "secret"}, tls="insecure", host=None, faults=faults) as server:
            for each in sample_messages(20):
                server.deliver("joe", each)
            async with connect(server) as imap, imap.select("INBOX") as inbox:
                names = [info.name for info in await imap.list()]
                items = (
                    aimap.items.ENVELOPE,
                    aimap.items.BODYSTRUCTURE,
                    aimap.items.BODY_PEEK("1"),
                )
                return names, [
                    (m.envelope, m.body_structure, m.body("1"))
                    for m in await inbox.fetch_all("1:*", *items)
                ]

    plain = await everything()
    assert await everything(On("response", Strings("literal"))) == plain
    assert await everything(On("response", Strings("quoted"))) == plain
