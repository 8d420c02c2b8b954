"""URLs by which others may read messages, and by which messages are put together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import aimap
from aimap import BODY_PEEK, IMAPURL
from aimap.commands import AppendMessage, UrlPart

from .frame import WORKS, Scene, feature

MESSAGE = b"Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n"


@feature("URLAUTH", "URLAUTH=BINARY")
async def test_urls_for_others(scene: Scene) -> None:
    imap = scene.imap
    stored = await imap.append("INBOX", MESSAGE)
    assert stored is not None
    url = IMAPURL(
        host="localhost",
        user=scene.user,
        mailbox="INBOX",
        uid_validity=stored.uid_validity,
        uid=1,
        expire=datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1),
        access=f"user+{scene.user}",
    )
    if not scene.offers("URLAUTH"):
        await scene.refuses("URLAUTH", lambda: imap.authorize_urls(url))
        await scene.refuses("URLAUTH", lambda: imap.fetch_urls(url))
        await scene.refuses("URLAUTH", imap.reset_url_key)
        await scene.refuses(
            "URLAUTH=BINARY", lambda: imap.fetch_urls(url, items=["BODY"]), capability="URLAUTH"
        )
        return
    (authorized,) = await imap.authorize_urls(url)
    assert authorized.mechanism is not None
    assert authorized.mechanism.upper() == "INTERNAL"
    assert authorized.token is not None
    assert authorized.token not in repr(authorized)
    (fetched,) = await imap.fetch_urls(authorized)
    assert fetched.body == MESSAGE
    scene.saw("URLAUTH", WORKS)
    part = IMAPURL.parse(str(url).replace(";EXPIRE", "/;SECTION=1;EXPIRE"))
    (authorized,) = await imap.authorize_urls(part)
    (fetched,) = await imap.fetch_urls(authorized, items=["BODYPARTSTRUCTURE", "BINARY"])
    assert fetched.binary == b"hello"
    scene.saw("URLAUTH=BINARY", WORKS)
    await imap.reset_url_key()
    (fetched,) = await imap.fetch_urls(authorized)
    assert fetched.body is None


@feature("CATENATE", "IMAP URLs", "URL-PARTIAL")
async def test_messages_of_parts_that_are_there(scene: Scene) -> None:
    imap = scene.imap
    await imap.append("INBOX", MESSAGE)
    status = await imap.status("INBOX", ["UIDVALIDITY"])
    text = IMAPURL(mailbox="INBOX", uid_validity=status.uid_validity, uid=1, section="TEXT")
    some = IMAPURL.parse(f"{text}/;PARTIAL=2.3")
    assert some.partial == (2, 3)
    scene.saw("IMAP URLs", WORKS)

    def made(part: IMAPURL) -> AppendMessage:
        return AppendMessage((b"Subject: made\r\n\r\n", UrlPart(part)))

    if not scene.offers("CATENATE"):
        await scene.refuses("CATENATE", lambda: imap.append("INBOX", made(text)))
        await scene.refuses(
            "URL-PARTIAL", lambda: imap.append("INBOX", made(some)), capability="CATENATE"
        )
        return
    await imap.append("INBOX", made(text))
    async with imap.examine("INBOX") as inbox:
        (message,) = await inbox.fetch_all(2, BODY_PEEK())
        assert message.body() == b"Subject: made\r\n\r\naGVsbG8=\r\n"
    scene.saw("CATENATE", WORKS)
    if scene.offers("URL-PARTIAL"):
        await imap.append("INBOX", made(some))
        async with imap.examine("INBOX") as inbox:
            (message,) = await inbox.fetch_all(3, BODY_PEEK())
            assert message.body() == b"Subject: made\r\n\r\nVsb"
        scene.saw("URL-PARTIAL", WORKS)
    else:
        await scene.refuses("URL-PARTIAL", lambda: imap.append("INBOX", made(some)))
    with pytest.raises(aimap.NoError) as caught:
        await imap.append("INBOX", made(IMAPURL(mailbox="INBOX", uid=99)))
    assert isinstance(caught.value.code, aimap.BadUrlCode)
