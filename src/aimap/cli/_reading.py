"""The commands that look at messages once: ls, search and get."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

import click
import trio

from aimap import (
    BODYSTRUCTURE,
    ENVELOPE,
    FLAGS,
    INTERNALDATE,
    RFC822_SIZE,
    BodyStructure,
    Client,
    CommandError,
    Envelope,
    Mailbox,
    Message,
    NotFetchedError,
    commands,
)
from aimap.cli._account import open_connection
from aimap.cli._failures import Failure
from aimap.cli._options import complete_mailbox, on_account
from aimap.cli._query import QueryError, parse_query
from aimap.cli._remembered import Remembered
from aimap.cli._running import run
from aimap.cli._show import PlainTerminal, rows
from aimap.cli._target import Target

_LONGEST_TEXT = 2**31 - 1


@click.command()
@on_account
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--subscribed", is_flag=True, help="Only what the user has subscribed to.")
@click.argument("pattern", default="*")
def ls(target: Target, as_json: bool, subscribed: bool, pattern: str) -> None:
    """List the mailboxes of ACCOUNT, with their counts.

    PATTERN chooses among them: * matches everything, % everything but the hierarchy's
    delimiter.
    """

    async def listed() -> list[dict[str, object]]:
        async with open_connection(target.account) as imap:
            mailboxes = await imap.list(pattern, subscribed=subscribed)
            counting = {
                info.name: imap.submit(commands.Status(info.name, ["MESSAGES", "UNSEEN"]))
                for info in mailboxes
                if info.selectable
            }
            found: list[dict[str, object]] = []
            for info in mailboxes:
                row: dict[str, object] = {
                    "mailbox": info.name,
                    "messages": None,
                    "unseen": None,
                    "use": (info.special_use or "").lstrip("\\"),
                }
                if info.name in counting:
                    try:
                        status = await counting[info.name].wait()
                        row |= {"messages": status.messages, "unseen": status.unseen}
                    except (CommandError, NotFetchedError):
                        # Listed, and not to be read by this user.
                        pass
                found.append(row)
            return found

    found = run(listed)
    columns = ("mailbox", "messages", "unseen", "use")
    rows(columns, found, as_json=as_json, right=("messages", "unseen"))
    if pattern == "*" and not subscribed:
        names = [row["mailbox"] for row in found]
        Remembered("mailboxes").set(click.get_current_context().params["account"], names)


@click.command()
@on_account
@click.argument("query", nargs=-1)
@click.option(
    "--mailbox", "-m", "patterns", multiple=True, metavar="PATTERN",
    shell_complete=complete_mailbox,
    help="Where to search; may be given again; * and % match several.  [default: INBOX]",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(min=1), help="Only the newest so many of each.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def search(
    target: Target,
    query: tuple[str, ...],
    patterns: tuple[str, ...],
    limit: int | None,
    as_json: bool,
) -> None:
    """Search ACCOUNT for messages, and print UID, date, sender and subject of each.

    QUERY has terms that must all hold. "or" between them, "not" before one, and
    parentheses do what they say; without a query all messages are found.

    \b
      word, "two words"        anywhere in the message
      from: to: cc: bcc:       in that field
      subject: body: text:     there
      header:NAME=TEXT         in another field; without =TEXT that it is there
      message-id:              by its identifier
      unseen seen flagged answered deleted draft (or is:unseen ...), keyword:NAME
      since: before: on:       when it came: 2026-01-31, today, yesterday, 7d, 2w, 1y
      sentsince: sentbefore: senton:       by its Date field
      larger: smaller:         5000, 20k, 3M
      uid:1:100                by UID
      gmail:"has:attachment"   in Gmail's own language

    Example: aimap search work 'from:joe (unseen or flagged) since:7d'
    """  # noqa: D301 (click's mark)
    try:
        wanted = parse_query(query, datetime.now().astimezone().date())
    except QueryError as error:
        raise click.BadParameter(str(error), param_hint="QUERY") from None

    async def found() -> list[dict[str, object]]:
        async with open_connection(target.account) as imap:
            names = await _names(imap, patterns or (target.mailbox or "INBOX",))
            lines: list[dict[str, object]] = []
            for name in names:
                async with imap.examine(name) as mailbox:
                    uids = list(await mailbox.search(wanted))
                    items = (ENVELOPE, FLAGS, INTERNALDATE, RFC822_SIZE)
                    messages = await mailbox.fetch_all(uids[-(limit or len(uids)) :], *items)
                    lines += [_row(name, message) for message in messages]
            return lines

    several = len(patterns) > 1 or any(c in pattern for pattern in patterns for c in "*%")
    columns = ("uid", "date", "from", "subject")
    rows(("mailbox", *columns) if several else columns, run(found), as_json=as_json, right=("uid",))


async def _names(imap: Client, patterns: Sequence[str]) -> list[str]:
    names: list[str] = []
    for pattern in patterns:
        if "*" in pattern or "%" in pattern:
            names += [info.name for info in await imap.list(pattern) if info.selectable]
        else:
            names.append(pattern)
    return list(dict.fromkeys(names))


def _row(mailbox: str, message: Message) -> dict[str, object]:
    envelope = message.envelope if ENVELOPE in message else None
    return {
        "mailbox": mailbox,
        "uid": message.uid,
        "date": _date(message, envelope),
        "from": sender(envelope),
        "subject": envelope.subject if envelope else "",
        "to": [str(one) for one in envelope.to] if envelope else [],
        "flags": sorted(map(str, message.flags)) if FLAGS in message else [],
        "size": message.size if RFC822_SIZE in message else None,
        "message_id": envelope.message_id if envelope else None,
    }


def sender(envelope: Envelope | None) -> str:
    """Return who wrote a message, in a word or two."""
    first = envelope.from_[0] if envelope and envelope.from_ else None
    return "" if first is None else first.name or str(first)


def _date(message: Message, envelope: Envelope | None) -> str | None:
    date = envelope.date if envelope else None
    if date is None:
        try:
            date = message.internal_date
        except NotFetchedError:
            return None
    try:
        return date.astimezone().isoformat(" ", "minutes")
    except (OverflowError, ValueError):
        # The first and the last day of all have no other zones.
        return date.isoformat(" ", "minutes")


@click.command()
@on_account
@click.argument("uid", type=click.IntRange(1, 0xFFFFFFFF))
@click.option(
    "--mailbox", "-m", shell_complete=complete_mailbox,
    help="Where it is.  [default: that of the URL, or INBOX]",
)  # fmt: skip
@click.option("--list", "-l", "action", flag_value="list", help="List its parts.")
@click.option("--headers", "action", flag_value="headers", help="Only its header.")
@click.option("--text", "action", flag_value="text", help="Its text, decoded.")
@click.option("--part", metavar="NUMBER", help="One part, decoded, by its number in --list.")
@click.option(
    "--attachments", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
    help="Save its attachments into a folder, under other names where there are such.",
)  # fmt: skip
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path),
    help="Into this file, which must be new.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Replace the file of --output.")
@click.option("--json", "as_json", is_flag=True, help="With --list: one JSON object a line.")
def get(
    target: Target,
    uid: int,
    mailbox: str | None,
    action: str | None,
    part: str | None,
    attachments: Path | None,
    output: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write the message UID of ACCOUNT, or a part of it, to standard output or a file.

    Without an option that says which part, it is the whole message as the server has it.
    It streams: a message of any size takes little memory. The message stays unseen. On a
    terminal, what could steer it is escaped.
    """
    if sum(choice is not None for choice in (action, part, attachments)) > 1:
        raise click.UsageError(
            "one of --list, --headers, --text, --part and --attachments at a time"
        )
    if output is not None and not force and output.exists():
        raise Failure(f"{output}: it exists; --force replaces it", "files")

    async def fetched() -> list[dict[str, object]]:
        async with (
            open_connection(target.account) as imap,
            imap.examine(mailbox or target.mailbox or "INBOX") as box,
        ):
            try:
                if action == "list":
                    return [_part_row(one) for one in await _parts(box, uid)]
                if attachments is not None:
                    return await _save_attachments(box, uid, attachments)
                sink = output if output is not None else _standard_output()
                if action == "text":
                    await _write_text(box, uid, sink)
                elif part is not None:
                    await box.download(uid, part, into=sink, decode=True)
                else:
                    await box.download(uid, "HEADER" if action else "", into=sink)
            except NotFetchedError:
                what = "part" if part else "message"
                raise Failure(f"{box.name} has no such {what}: UID {uid}", "server") from None
        return []

    found = run(fetched)
    if attachments is not None:
        rows(("file", "size"), found, as_json=as_json, right=("size",))
    elif action == "list":
        rows(("part", "type", "size", "name"), found, as_json=as_json, right=("size",))
    elif output is None:
        sys.stdout.buffer.flush()


def _standard_output() -> BinaryIO:
    sys.stdout.flush()
    if sys.stdout.isatty():
        return cast("BinaryIO", PlainTerminal(sys.stdout.buffer))
    return sys.stdout.buffer


async def _parts(box: Mailbox, uid: int) -> list[BodyStructure]:
    for message in await box.fetch_all(uid, BODYSTRUCTURE):
        return list(message.body_structure.walk())
    raise NotFetchedError("BODYSTRUCTURE")


def _part_row(part: BodyStructure) -> dict[str, object]:
    return {
        "part": part.section,
        "type": part.content_type,
        "size": None if part.size is None else part.size,
        "name": part.filename or "",
        "attachment": part.is_attachment,
    }


async def _write_text(box: Mailbox, uid: int, sink: Path | BinaryIO) -> None:
    for message in await box.read(uid, html=False, limit=_LONGEST_TEXT):
        if not message.text.strip():
            raise Failure(f"UID {uid} has no text in it; --list shows what there is", "server")
        encoded = message.text.encode("utf-8", "replace")
        if isinstance(sink, Path):
            await trio.Path(sink).write_bytes(encoded)
        else:
            await trio.wrap_file(sink).write(encoded)
        return
    raise NotFetchedError("BODYSTRUCTURE")


async def _save_attachments(box: Mailbox, uid: int, folder: Path) -> list[dict[str, object]]:
    paths = await box.save_attachments(uid, folder, inline=True)
    return [{"file": str(path), "size": path.stat().st_size} for path in paths]
