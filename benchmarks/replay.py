"""A server that sends ready-made responses: as fast as a socket takes them, to any client.

It knows as much of IMAP as clients ask before they fetch. Each set of responses is a
mailbox; a UID FETCH, whatever its items, is answered with the responses whose UIDs are in
its set. Those of one range stand side by side in the file, and are sent as one piece.
"""

from __future__ import annotations

import mmap
import re
import socket
import subprocess
import sys
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from benchmarks.corpus import Corpus

_CAPABILITIES = b"IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN ID ENABLE NAMESPACE UIDPLUS ESEARCH"
_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r?\n$")


class _Mailbox:
    def __init__(self, corpus: Corpus) -> None:
        self._uids, self._begins = corpus.index()
        self.exists = len(self._uids)
        self.uid_next = self._uids[-1] + 1
        with corpus.path.open("rb") as file:
            self._octets = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def responses(self, uids: bytes) -> Iterator[memoryview]:
        begin = end = 0
        for first, last in self._places(uids):
            if first != end:
                yield self._piece(begin, end)
                begin = first
            end = last
        yield self._piece(begin, end)

    def uids(self, within: bytes) -> list[int]:
        return [uid for first, last in self._places(within) for uid in self._uids[first:last]]

    def _places(self, uids: bytes) -> Iterator[tuple[int, int]]:
        for one in uids.split(b","):
            ends = [self.uid_next - 1 if end == b"*" else int(end) for end in one.split(b":")]
            yield bisect_left(self._uids, min(ends)), bisect_right(self._uids, max(ends))

    def _piece(self, begin: int, end: int) -> memoryview:
        last = self._begins[end] if end < self.exists else len(self._octets)
        return self._octets[self._begins[begin] : last]


def _ranges(uids: Sequence[int]) -> bytes:
    found: list[list[int]] = []
    for uid in uids:
        if found and found[-1][1] == uid - 1:
            found[-1][1] = uid
        else:
            found.append([uid, uid])
    return b",".join(b"%d:%d" % (low, high) if low < high else b"%d" % low for low, high in found)


class _Connection:
    def __init__(self, sock: socket.socket, mailboxes: dict[bytes, _Mailbox]) -> None:
        self._sock = sock
        self._file = sock.makefile("rb")
        self._mailboxes = mailboxes
        self._selected = next(iter(mailboxes.values()))

    def run(self) -> None:
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._send(b"* OK [CAPABILITY %b] ready\r\n" % _CAPABILITIES)
            while (command := self._command()) and self._answer(*command):
                pass
        except OSError:
            pass  # clients may go without a word
        finally:
            self._file.close()
            self._sock.close()

    def _send(self, data: bytes | memoryview) -> None:
        self._sock.sendall(data)

    def _command(self) -> tuple[bytes, bytes, list[bytes]] | None:
        """Read a command: its tag, its name, its arguments. Good for what is expected here."""
        line = self._file.readline()
        if not line:
            return None
        text = b""
        while literal := _LITERAL.search(line):
            if not literal[2]:
                self._send(b"+ go on\r\n")
            text += line[: literal.start()] + self._file.read(int(literal[1]))
            line = self._file.readline()
        tag, name, *arguments = (text + line).split()
        name = name.upper()
        if name == b"UID":
            name += b" " + arguments.pop(0).upper()
        return tag, name, arguments

    def _answer(self, tag: bytes, name: bytes, arguments: list[bytes]) -> bool:
        match name:
            case b"UID FETCH":
                for piece in self._selected.responses(arguments[0]):
                    self._send(piece)
            case b"UID SEARCH":
                self._search(tag, arguments)
            case b"SELECT" | b"EXAMINE":
                self._select(arguments[0])
            case b"CAPABILITY":
                self._send(b"* CAPABILITY %b\r\n" % _CAPABILITIES)
            case b"AUTHENTICATE" if len(arguments) == 1:
                self._send(b"+ \r\n")
                self._file.readline()
            case b"LIST" | b"LSUB":
                self._send(b'* %b () "/" %b\r\n' % (name, arguments[-1]))
            case b"STATUS":
                exists = self._mailboxes[arguments[0].strip(b'"')].exists
                self._send(b"* STATUS %b (MESSAGES %d)\r\n" % (arguments[0], exists))
            case b"NAMESPACE":
                self._send(b'* NAMESPACE (("" "/")) NIL NIL\r\n')
            case b"ID":
                self._send(b'* ID ("name" "replay")\r\n')
            case b"ENABLE":
                self._send(b"* ENABLED\r\n")
            case b"LOGOUT":
                self._send(b"* BYE good bye\r\n")
        self._send(b"%b OK done\r\n" % tag)
        return name != b"LOGOUT"

    def _search(self, tag: bytes, arguments: list[bytes]) -> None:
        within = next((each for each in arguments if each[:1].isdigit()), b"1:*")
        uids = self._selected.uids(within)
        if b"RETURN" in arguments:
            self._send(b'* ESEARCH (TAG "%b") UID ALL %b\r\n' % (tag, _ranges(uids)))
        else:
            self._send(b"* SEARCH %b\r\n" % " ".join(map(str, uids)).encode())

    def _select(self, name: bytes) -> None:
        self._selected = box = self._mailboxes[name.strip(b'"')]
        self._send(
            b"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"
            b"* OK [PERMANENTFLAGS ()] none\r\n* %d EXISTS\r\n* 0 RECENT\r\n"
            b"* OK [UIDVALIDITY 1] valid\r\n* OK [UIDNEXT %d] next\r\n" % (box.exists, box.uid_next)
        )


def _serve(corpora: Sequence[Corpus]) -> None:
    mailboxes = {corpus.name.encode(): _Mailbox(corpus) for corpus in corpora}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            sock, _ = listener.accept()
            connection = _Connection(sock, mailboxes)
            threading.Thread(target=connection.run, daemon=True).start()


@contextmanager
def replaying(corpora: Sequence[Corpus]) -> Iterator[int]:
    """Run the server in a process of its own; yield the port to connect to."""
    command = [sys.executable, "-m", "benchmarks.replay"]
    for corpus in corpora:
        command += (corpus.name, str(corpus.path))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        output: IO[str] | None = server.stdout
        assert output is not None
        try:
            yield int(output.readline())
        finally:
            server.terminate()


if __name__ == "__main__":
    _serve(
        [
            Corpus(name, Path(path), {})
            for name, path in zip(sys.argv[1::2], sys.argv[2::2], strict=True)
        ]
    )
