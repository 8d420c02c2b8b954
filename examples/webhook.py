"""Tell a web service of each message that arrives, also of those that came while this was off.

    IMAP_HOST=imap.example.org IMAP_USER=joe IMAP_PASSWORD=... \
        python webhook.py https://hooks.example.org/mail position.json

The position is saved when the service has taken a message. So if the service fails, this ends with
an error, and goes on there when it is started again.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from pathlib import Path

import trio

import aimap


def post(url: str, message: dict[str, object]) -> None:
    """Post a JSON document; anything but success raises an error."""
    body = json.dumps(message).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30):
        pass


def save(path: Path, position: aimap.Position) -> None:
    """Write the position, whole or not at all."""
    new = path.with_suffix(".new")
    new.write_text(position.to_json())
    new.replace(path)


async def describe(account: aimap.Account, uid: aimap.UID) -> dict[str, object] | None:
    """Read a message, again if the link drops meanwhile; None if it is gone."""
    while True:
        try:
            async with account.examine("INBOX") as inbox:
                messages = await inbox.read(uid, html=False)
        except aimap.ConnectionLostError:
            continue
        for message in messages:
            return {
                "from": [str(sender) for sender in message.envelope.from_],
                "subject": message.envelope.subject,
                "text": message.text,
                "attachments": [attachment.filename for attachment in message.attachments],
            }
        return None


async def run(config: aimap.AccountConfig, url: str, state: Path, saved: str) -> None:
    """Tell of arrivals until it is cancelled."""
    pos = aimap.Position.from_json(saved) if saved else None
    async with aimap.open_account(config) as account, account.watch("INBOX", since=pos) as events:
        await events.caught_up()
        save(state, events.position)
        print("watching", flush=True)
        async for event in events:
            if isinstance(event, aimap.Arrived):
                message = await describe(account, event.uid)
                if message is not None:
                    await trio.to_thread.run_sync(post, url, message)
            save(state, events.position)
            print("done with", event, flush=True)


if __name__ == "__main__":
    where = aimap.AccountConfig(
        os.environ["IMAP_HOST"],
        aimap.Password(os.environ["IMAP_USER"], os.environ["IMAP_PASSWORD"]),
        port=int(os.environ.get("IMAP_PORT", "993")),
    )
    path = Path(sys.argv[2])
    trio.run(run, where, sys.argv[1], path, path.read_text() if path.exists() else "")
