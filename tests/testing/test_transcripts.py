"""Dialogues recorded and played."""

from __future__ import annotations

import imaplib
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

import aimap
from aimap import InvalidArgumentError
from aimap.testing import Logins, Recorder, Transcript, TranscriptError, record, serve

JOE = aimap.Password("joe", "hunter2")

DIALOGUE = r"""
# A server that says little.
S: * OK ready
C: X1 CAPABILITY
S: * CAPABILITY IMAP4rev1
S: X1 OK done
C: X2 LOGIN [hidden]
S: X2 OK logged in
C: X3 CAPABILITY
S: * CAPABILITY IMAP4rev1
S: X3 OK done
C: X4 EXAMINE INBOX
S: * 1 EXISTS
S: * OK [UIDVALIDITY 1] x
S: X4 OK [READ-ONLY] done
C: X5 UID FETCH 7 BODY.PEEK[]
S: * 1 FETCH (UID 7 BODY[] {8}
S= hello\r\n\xff
S: )
S: X5 OK done
C: X6 LOGOUT
S: * BYE bye
S: X6 OK done
"""


def connect(stream: trio.abc.Stream, **options: Any) -> Any:
    return aimap.connect("x", tls="insecure", stream=stream, auth=JOE, **options)


async def fetch(stream: trio.abc.Stream) -> bytes | None:
    async with connect(stream) as imap, imap.examine("INBOX") as inbox:
        (message,) = await inbox.fetch_all(7, aimap.items.BODY_PEEK())
        body: bytes | None = message.body()
        return body


async def test_played() -> None:
    async with Transcript.parse(DIALOGUE).served() as stream:
        assert await fetch(stream) == b"hello\r\n\xff"


def changed(old: str, new: str) -> Transcript:
    assert old in DIALOGUE
    return Transcript.parse(DIALOGUE.replace(old, new))


async def test_the_client_says_something_else() -> None:
    with pytest.raises(TranscriptError) as caught:
        async with changed("UID FETCH 7", "UID FETCH 8").served() as stream:
            await fetch(stream)
    error = caught.value
    assert error.number == 16
    assert error.expected == "X5 UID FETCH 8 BODY.PEEK[]"
    assert error.said is not None
    assert error.said.endswith(" UID FETCH 7 BODY.PEEK[]")
    assert str(error).startswith("line 16 of the transcript: the client was to say 'X5 UID FETCH 8")


async def test_the_client_says_nothing_more() -> None:
    with pytest.raises(TranscriptError, match=r"line 21 .* it said nothing") as caught:
        async with changed(
            "C: X6 LOGOUT", "C: X6 NOOP\nS: X6 OK done\nC: X7 LOGOUT"
        ).served() as stream:
            assert await stream.receive_some() == b"* OK ready\r\n"
            await stream.send_all(
                b"a CAPABILITY\r\nb LOGIN joe x\r\nc CAPABILITY\r\nd EXAMINE INBOX\r\n"
                b"e UID FETCH 7 BODY.PEEK[]\r\n"
            )
    assert caught.value.said is None


async def test_literals_of_the_client() -> None:
    text = r"""
        S: * OK ready
        C: 1 APPEND Sent {3}
        S: + go on
        C= a\r\n
        C: {2+}
        C= [any]
        C:
        S: 1 OK done
    """
    for sent in (b"a\r\n {2+}\r\nxy\r\n", b"a\r\n {2+}\r\n\r\n\r\n"):
        async with Transcript.parse(text.replace("C: {2+}", "C:  {2+}")).served() as stream:
            await stream.send_all(b"t7 APPEND Sent {3}\r\n")
            await stream.send_all(sent)
            await trio.testing.wait_all_tasks_blocked()
            assert (await stream.receive_some()).endswith(b"t7 OK done\r\n")
    with pytest.raises(TranscriptError, match=r"line 5 .* it said 'b"):
        async with Transcript.parse(text).served() as stream:
            await stream.send_all(b"t7 APPEND Sent {3}\r\nb\r\n\r\n")


async def test_tags_and_unknown_octets() -> None:
    text = """
        S: * OK ready
        C: 1 SEARCH RETURN (ALL) ALL
        S: * ESEARCH (TAG "1") ALL 1
        S: * 1 FETCH (BODY[] {3}
        S: )
        S: 1 OK done
    """
    async with Transcript.parse(text).served() as stream:
        await stream.send_all(b"x9 SEARCH RETURN (ALL) ALL\r\n")
        await trio.testing.wait_all_tasks_blocked()
        answer = await stream.receive_some()
        assert answer.endswith(
            b'* ESEARCH (TAG "x9") ALL 1\r\n* 1 FETCH (BODY[] {3}\r\nxxx)\r\nx9 OK done\r\n'
        )


async def test_a_literal_that_is_cut_off() -> None:
    with pytest.raises(TranscriptError, match=r"line 3 .* it said 'ab'"):
        async with Transcript.parse(
            "S: * OK\nC: 1 APPEND x {5+}\nC= abcde\nC:\n"
        ).served() as stream:
            await stream.send_all(b"1 APPEND x {5+}\r\nab")


async def test_a_wire_log_is_played() -> None:
    lines: list[str] = []

    async def work(stream: trio.abc.Stream, **options: Any) -> tuple[int, int]:
        async with connect(stream, **options) as imap, imap.select("INBOX") as inbox:
            await imap.append("INBOX", b"Subject: x\r\n\r\n")
            (message,) = await inbox.fetch_all(1, aimap.items.BODY_PEEK())
            return message.uid, len(message.body() or b"")

    async with serve({"joe": "hunter2"}, tls="insecure", host=None) as server:
        server.deliver("joe", b"Subject: secret\r\n\r\n")
        expected = await work(server.connect(), wire_log=lines.append)
    text = "\n".join(f"DEBUG:mail:{line}" for line in lines)
    assert "hunter2" not in text
    async with Transcript.parse(text).served() as stream:
        assert await work(stream) == expected


async def test_recorded_and_played() -> None:
    recorder = Recorder(secrets=["Top secret"])
    async with serve({"joe": "hunter2"}, tls="insecure", host=None) as server:
        server.deliver("joe", b"Subject: Top secret\r\n\r\nhello\r\n")

        async def work(stream: trio.abc.Stream) -> aimap.Message:
            async with connect(stream) as imap, imap.select("INBOX") as inbox:
                await imap.append("INBOX", b"Subject: x\r\n\r\n")
                found: list[aimap.Message] = await inbox.fetch_all(
                    1, aimap.items.BODY_PEEK("TEXT"), aimap.items.ENVELOPE
                )
                return found[0]

        message = await work(recorder.wrap(server.connect()))
    text = str(recorder.transcript)
    assert "hunter2" not in text
    assert "secret" not in text.replace("[hidden]", "")
    assert r"S= hello\r\n" in text
    assert r"C= Subject: x\r\n\r\n" in text
    async with Transcript.parse(text).served() as stream:
        again = await work(stream)
    assert again.body("TEXT") == message.body("TEXT")
    assert again.envelope.subject == "[hidden]"


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "XOAUTH2"])
async def test_no_credentials_are_kept(mechanism: str) -> None:
    logins = Logins(mechanisms=[mechanism], tokens={"joe": "hunter2token"})
    recorder = Recorder()
    auth: Any = aimap.OAuth("joe", "hunter2token")
    if mechanism != "XOAUTH2":
        auth = aimap.Password("joe", "hunter2", mechanisms=[mechanism])
    async with serve({"joe": "hunter2"}, tls="insecure", host=None, logins=logins) as server:
        async with aimap.connect(
            "x",
            tls="insecure",
            stream=recorder.wrap(server.connect()),
            auth=auth,
        ):
            pass
    lines = str(recorder.transcript).splitlines()
    begin = next(at for at, line in enumerate(lines) if "AUTHENTICATE" in line)
    end = next(at for at, line in enumerate(lines) if " OK " in line and at > begin)
    assert lines[begin].split()[2:4] == ["AUTHENTICATE", mechanism]
    assert set(lines[begin + 1 : end]) <= {"C: [hidden]", "S: + "}
    assert "hunter2" not in "".join(lines)


@pytest.mark.breaks("unknown-command")
async def test_passwords_in_every_form() -> None:
    recorder = Recorder()
    async with serve({"joe": "hunter2"}, tls="insecure", host=None) as server:
        stream = recorder.wrap(server.connect())
        for line in (
            b'a LOGIN "joe" "hunter2x"\r\n',
            b"b login {3+}\r\njoe {8+}\r\nhunter2y\r\n",
            b"c LOGIN joe hunter2\r\n",
            b"d NONSENSE hunter2 URL;URLAUTH=anonymous:internal:0123abcd\r\n",
        ):
            await stream.send_all(line)
            await trio.testing.wait_all_tasks_blocked()
            await stream.receive_some()
    text = str(recorder.transcript)
    assert "hunter2" not in text
    assert "0123abcd" not in text
    assert "C: d NONSENSE [hidden] URL;URLAUTH=anonymous:internal:[hidden]" in text


async def test_a_proxy_records(tmp_path: Path) -> None:
    def work(port: int) -> list[Any]:
        with imaplib.IMAP4("localhost", port) as imap:
            imap.login("joe", "hunter2")
            return [imap.select("INBOX"), imap.fetch("1", "(BODY.PEEK[TEXT])")]

    async with serve({"joe": "hunter2"}) as server:
        server.deliver("joe", b"Subject: x\r\n\r\nhello\r\n")
        async with record("localhost", server.port, ssl_context=server.client_ssl_context) as proxy:
            seen = await trio.to_thread.run_sync(work, proxy.port)
            (transcript,) = proxy.transcripts
    transcript.save(tmp_path / "t.txt")
    again = Transcript.load(tmp_path / "t.txt")
    assert str(again) == str(transcript)
    assert "hunter2" not in str(transcript)
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, again.play, 0, host="127.0.0.1"))
        port = listeners[0].socket.getsockname()[1]
        assert await trio.to_thread.run_sync(work, port) == seen
        nursery.cancel_scope.cancel()


async def test_a_proxy_in_clear() -> None:
    async with serve(tls="insecure") as server:
        async with record("localhost", server.port, tls="insecure") as proxy:
            async with aimap.connect(proxy.host, port=proxy.port, tls="insecure") as imap:
                await imap.noop()
            assert "NOOP" in str(proxy.transcripts[0])


@pytest.mark.parametrize("line", ["X: y", "C y", "hello"])
def test_no_transcript(line: str) -> None:
    with pytest.raises(InvalidArgumentError, match="line 2 is none"):
        Transcript.parse(f"S: * OK\n{line}\n")


def test_escapes_that_are_none() -> None:
    with pytest.raises(InvalidArgumentError, match="line 1: "):
        Transcript.parse(r"S= \x0")


def test_a_literal_of_another_length() -> None:
    with pytest.raises(InvalidArgumentError, match="line 2 has 2 octets, and 3 were announced"):
        Transcript.parse("S: * 1 FETCH (BODY[] {3}\nS= ab\n")
