"""One client of the parsing benchmark, in a process of its own: what it costs, what it found.

The clock is that of the process, user and system, and runs from after logging in and
selecting, and a first fetch of a few messages, until everything is there; ending the
connection, checking and freeing are not counted. Each client is used as its
documentation has it, with its defaults.
"""

from __future__ import annotations

import imaplib
import json
import re
import resource
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.utils import collapse_rfc2231_value, decode_params
from typing import Any

import imapclient
import trio

import aimap

ITEMS = {
    "flags": "(UID FLAGS INTERNALDATE RFC822.SIZE)",
    "envelope": "(UID FLAGS ENVELOPE)",
    "structure": "(UID BODYSTRUCTURE)",
    "bodies": "(UID BODY.PEEK[])",
}

Sums = dict[str, int]


@dataclass
class Task:
    """What to fetch, and from where.

    Attributes:
        name: the set, which is the mailbox too.
        port: of the server on this machine.
        warm_up: the last UID of what is fetched before the clock starts.
        read: whether to read every attribute of what was fetched.
    """

    name: str
    port: int
    warm_up: int
    read: bool
    _begin: float = field(default=0.0, init=False)
    seconds: float = field(default=0.0, init=False)

    @property
    def warm_up_set(self) -> str:
        return f"1:{self.warm_up}"

    def begin(self) -> None:
        self._begin = _processor_time()

    def end(self) -> None:
        self.seconds = _processor_time() - self._begin


def _processor_time() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


# aimap


def with_aimap(task: Task) -> Sums:
    """Fetch everything into a list."""
    items: dict[str, tuple[aimap.FetchItem[Any], ...]] = {
        "flags": (aimap.FLAGS, aimap.INTERNALDATE, aimap.RFC822_SIZE),
        "envelope": (aimap.FLAGS, aimap.ENVELOPE),
        "structure": (aimap.BODYSTRUCTURE,),
        "bodies": (aimap.BODY_PEEK(),),
    }
    readers = {"flags": _aimap_flags, "envelope": _aimap_envelope, "structure": _aimap_structure}

    async def main() -> Sums:
        auth = aimap.Password("joe", "secret")
        async with (
            aimap.connect("127.0.0.1", port=task.port, tls="insecure", auth=auth) as imap,
            imap.examine(task.name) as inbox,
        ):
            wanted = items[task.name]
            await inbox.fetch_all(task.warm_up_set, *wanted)
            task.begin()
            messages = await inbox.fetch_all("1:*", *wanted)
            sums = readers[task.name](messages) if task.read else {}
            task.end()
            sums["messages"] = len(messages)
            if task.name == "bodies":
                sums["octets"] = sum(len(message.body()) for message in messages)
            return sums

    return trio.run(main)


def _aimap_flags(messages: Iterable[aimap.Message]) -> Sums:
    flags = size = 0
    dates = 0.0
    for message in messages:
        flags += len(message.flags)
        dates += message.internal_date.timestamp()
        size += message.size
    return {"flags": flags, "dates": int(dates), "size": size}


def _aimap_envelope(messages: Iterable[aimap.Message]) -> Sums:
    flags = subject = addresses = names = emails = ids = 0
    dates = 0.0
    for message in messages:
        flags += len(message.flags)
        envelope = message.envelope
        subject += len(envelope.subject)
        date = envelope.date
        dates += date.timestamp() if date else 0
        ids += len(envelope.message_id) + len(envelope.in_reply_to)
        for people in (
            envelope.from_,
            envelope.sender,
            envelope.reply_to,
            envelope.to,
            envelope.cc,
            envelope.bcc,
        ):
            for one in people:
                for address in one.members if isinstance(one, aimap.Group) else (one,):
                    addresses += 1
                    names += len(address.name)
                    emails += len(address.email)
    return {
        "flags": flags,
        "subject": subject,
        "dates": int(dates),
        "ids": ids,
        "addresses": addresses,
        "names": names,
        "emails": emails,
    }


def _aimap_structure(messages: Iterable[aimap.Message]) -> Sums:
    leaves = octets = charsets = filenames = 0
    for message in messages:
        for part in message.body_structure.walk():
            if part.parts:
                continue
            leaves += 1
            octets += part.size or 0
            charsets += len(part.charset or "")
            filenames += len(part.filename or "")
    return {"leaves": leaves, "octets": octets, "charsets": charsets, "filenames": filenames}


# imapclient: values come as bytes and tuples, and are decoded by its user.


def with_imapclient(task: Task) -> Sums:
    """Fetch everything into a dictionary.

    Its ``fetch`` wants to know the UIDs, so it is asked to search for them; aimap does
    that by itself before it cuts ``1:*`` into slices.
    """
    readers = {
        "flags": _imapclient_flags,
        "envelope": _imapclient_envelope,
        "structure": _imapclient_structure,
    }
    client = imapclient.IMAPClient("127.0.0.1", task.port, ssl=False)
    client.login("joe", "secret")
    client.select_folder(task.name, readonly=True)
    wanted = ITEMS[task.name].strip("()").split()
    client.fetch(client.search(["UID", task.warm_up_set]), wanted)
    task.begin()
    messages = client.fetch(client.search(), wanted)
    sums = readers[task.name](messages.values()) if task.read else {}
    task.end()
    client.logout()
    sums["messages"] = len(messages)
    if task.name == "bodies":
        sums["octets"] = sum(len(message[b"BODY[]"]) for message in messages.values())
    return sums


def _text(raw: bytes | None) -> str:
    if not raw:
        return ""
    text = raw.decode("utf-8", "replace")
    return str(make_header(decode_header(text))) if "=?" in text else text


def _imapclient_flags(messages: Iterable[dict[bytes, Any]]) -> Sums:
    flags = size = 0
    dates = 0.0
    for message in messages:
        flags += len(message[b"FLAGS"])
        dates += message[b"INTERNALDATE"].timestamp()
        size += message[b"RFC822.SIZE"]
    return {"flags": flags, "dates": int(dates), "size": size}


def _imapclient_envelope(messages: Iterable[dict[bytes, Any]]) -> Sums:
    flags = subject = addresses = names = emails = ids = 0
    dates = 0.0
    for message in messages:
        flags += len(message[b"FLAGS"])
        envelope = message[b"ENVELOPE"]
        subject += len(_text(envelope.subject))
        dates += envelope.date.timestamp() if envelope.date else 0
        ids += len(_text(envelope.message_id)) + len(_text(envelope.in_reply_to))
        for people in (
            envelope.from_,
            envelope.sender,
            envelope.reply_to,
            envelope.to,
            envelope.cc,
            envelope.bcc,
        ):
            for address in people or ():
                if address.host is None:
                    continue
                addresses += 1
                names += len(_text(address.name))
                emails += len(f"{_text(address.mailbox)}@{_text(address.host)}")
    return {
        "flags": flags,
        "subject": subject,
        "dates": int(dates),
        "ids": ids,
        "addresses": addresses,
        "names": names,
        "emails": emails,
    }


def _imapclient_structure(messages: Iterable[dict[bytes, Any]]) -> Sums:
    leaves = octets = charsets = filenames = 0
    for message in messages:
        for part in _leaves(message[b"BODYSTRUCTURE"]):
            leaves += 1
            octets += part[6]
            content = _parameters(part[2])
            charsets += len(content.get("charset", ""))
            disposition = part[9 if part[0].lower() == b"text" else 8]
            shown = _parameters(disposition[1]) if disposition else {}
            filenames += len(shown.get("filename") or content.get("name", ""))
    return {"leaves": leaves, "octets": octets, "charsets": charsets, "filenames": filenames}


def _leaves(body: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if isinstance(body[0], list):
        for part in body[0]:
            yield from _leaves(part)
    elif isinstance(body[0], tuple):
        # A multipart inside a message stays as it came.
        for part in body:
            if not isinstance(part, tuple):
                break
            yield from _leaves(part)
    elif (body[0].lower(), body[1].lower()) == (b"message", b"rfc822"):
        yield from _leaves(body[8])
    else:
        yield body


def _parameters(raw: tuple[bytes, ...] | None) -> dict[str, str]:
    if not raw:
        return {}
    pairs = [(n.decode().lower(), _text(v)) for n, v in zip(raw[::2], raw[1::2], strict=True)]
    if not any("*" in name for name, _ in pairs):
        return dict(pairs)
    return {
        name: collapse_rfc2231_value(value).strip('"')
        for name, value in decode_params([("", ""), *pairs])
    }


# imaplib, which parses nothing, and a socket, which knows no lines.


def with_imaplib(task: Task) -> Sums:
    """Fetch everything as lines and literals."""
    client = imaplib.IMAP4("127.0.0.1", task.port)
    client.login("joe", "secret")
    client.select(task.name, readonly=True)
    client.uid("FETCH", task.warm_up_set, ITEMS[task.name])
    task.begin()
    _, found = client.uid("FETCH", "1:*", ITEMS[task.name])
    task.end()
    client.logout()
    begins = re.compile(rb"\d+ \([A-Z]")
    lines = (each[0] if isinstance(each, tuple) else each for each in found)
    return {"messages": sum(1 for line in lines if begins.match(line))}


def with_socket(task: Task) -> Sums:
    """Read the octets and drop them."""
    with socket.create_connection(("127.0.0.1", task.port)) as sock:
        _ask(sock, b"LOGIN joe secret")
        _ask(sock, f"EXAMINE {task.name}".encode())
        _ask(sock, f"UID FETCH {task.warm_up_set} {ITEMS[task.name]}".encode())
        task.begin()
        octets = _ask(sock, f"UID FETCH 1:* {ITEMS[task.name]}".encode())
        task.end()
        return {"wire": octets}


def _ask(sock: socket.socket, command: bytes) -> int:
    """Send a command; return how many octets came before the answer's last line."""
    end = b"x OK done\r\n"
    sock.sendall(b"x " + command + b"\r\n")
    buffer, octets, tail = memoryview(bytearray(65536)), 0, b""
    while not tail.endswith(end):
        count = sock.recv_into(buffer)
        if not count:
            raise ConnectionError("the server closed the connection")
        octets += count
        tail = (tail + bytes(buffer[max(0, count - len(end)) : count]))[-len(end) :]
    return octets - len(end)


CLIENTS: dict[str, Callable[[Task], Sums]] = {
    "socket": with_socket,
    "imaplib": with_imaplib,
    "imapclient": with_imapclient,
    "aimap": with_aimap,
}


def main(client: str, name: str, port: str, warm_up: str, read: str = "") -> None:
    """Run one client; print what was measured."""
    task = Task(name, int(port), int(warm_up), read=bool(read))
    sums = CLIENTS[client](task)
    print(json.dumps({"seconds": task.seconds, "sums": sums}))


if __name__ == "__main__":
    main(*sys.argv[1:])
