"""Commands about the connection and the login (:rfc:`9051#section-6`)."""

from __future__ import annotations

from base64 import b64encode
from functools import partial

from aimap._nursery import PrivateNursery
from aimap.testing._capabilities import spelling
from aimap.testing._connection import CalledOffError, Connection
from aimap.testing._grammar import Arguments
from aimap.testing._logins import check_password, decode_response, exchange
from aimap.testing._rules import RefusalError, Rule, ViolationError
from aimap.testing._store import DELIMITER


async def capability(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    client.untagged(f"CAPABILITY {client.capability_words()}")


async def noop(client: Connection, arguments: Arguments) -> None:
    arguments.end()


async def logout(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    client.untagged("BYE logging out")
    client.logged_out = True


async def compress(client: Connection, arguments: Arguments) -> None:
    """COMPRESS (:rfc:`4978#section-3`)."""
    mechanism = arguments.atom()
    arguments.end()
    if mechanism != "DEFLATE" or client.compressed:
        raise ViolationError(
            "there is DEFLATE, and that only once (RFC 4978 section 3)", Rule.COMPRESS
        )


async def starttls(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    if client.secure or not client.server.offers_starttls:
        raise ViolationError(
            "STARTTLS is not offered (RFC 9051 section 6.2.1)", Rule.UNKNOWN_COMMAND
        )
    client.done_text = "begin TLS now"


async def login(client: Connection, arguments: Arguments) -> None:
    user = arguments.astring()
    arguments.space()
    password = arguments.astring()
    arguments.end()
    if not client.may_use_login:
        raise ViolationError(
            "LOGIN where LOGINDISABLED (RFC 9051 section 6.2.3)", Rule.LOGIN_DISABLED
        )
    if not (user + password).isascii():
        raise ViolationError(
            "8-bit octets in LOGIN, and not in AUTHENTICATE (RFC 9755 section 5)", Rule.LOGIN_8BIT
        )
    names = user.decode("utf-8", "replace"), password.decode("utf-8", "replace")
    _log_in(client, check_password(client, *names))


def _log_in(client: Connection, user: str) -> None:
    account = client.server.accounts[user]
    if account.referral and client.offers("LOGIN-REFERRALS"):
        raise RefusalError("the account is on another server", f"REFERRAL {account.referral}")
    client.user = user
    client.account = account
    client.done_code = f"CAPABILITY {client.capability_words()}"
    client.done_text = "logged in"


async def authenticate(client: Connection, arguments: Arguments) -> None:
    mechanism = arguments.atom().upper()
    if not client.may_log_in:
        raise ViolationError(
            "AUTHENTICATE in clear where STARTTLS is offered (RFC 8314)", Rule.LOGIN_DISABLED
        )
    initial: bytes | None = None
    if arguments.step(b" "):
        if not client.offers("SASL-IR"):
            raise ViolationError("an initial response without SASL-IR (RFC 4959)", Rule.SASL)
        initial = decode_response(arguments.data[arguments.pos :])
    if mechanism not in client.server.logins.offered(secure=client.secure):
        raise RefusalError("no such mechanism", "CANNOT")
    talk = exchange(client, mechanism, initial=initial is not None)
    challenge = next(talk)
    try:
        if initial is not None:
            challenge = talk.send(initial)
        while True:
            client.request(b64encode(challenge))
            await client.flush()
            response = (await client.input.line()).removesuffix(b"\r\n")
            if client.input.pending and client.server.strict:
                client.input.forget()
                raise ViolationError(
                    "octets behind a response of AUTHENTICATE (RFC 9051 section 6.2.2)",
                    Rule.NOTHING_FOLLOWS,
                )
            if response == b"*":
                raise CalledOffError("AUTHENTICATE was called off")
            challenge = talk.send(decode_response(response))
    except StopIteration as done:
        _log_in(client, done.value)


async def unauthenticate(client: Connection, arguments: Arguments) -> None:
    """UNAUTHENTICATE (:rfc:`8437#section-3`)."""
    arguments.end()
    client.forget_user()


_IMPLIED = {"QRESYNC": ("CONDSTORE",)}
_CAN_BE_ENABLED = ("CONDSTORE", "IMAP4REV2", "QRESYNC", "UIDONLY", "UTF8=ACCEPT")


async def enable(client: Connection, arguments: Arguments) -> None:
    if client.view is not None:
        raise ViolationError(
            "ENABLE with a mailbox selected (RFC 5161 section 3.1)", Rule.ENABLE_WHILE_SELECTED
        )
    names = [arguments.atom()]
    while arguments.step(b" "):
        names.append(arguments.atom())
    arguments.end()
    now = {name for name in names if name in _CAN_BE_ENABLED and client.offers(name)}
    for name in now:
        client.enabled |= {name, *_IMPLIED.get(name, ())}
    client.untagged(" ".join(["ENABLED", *(spelling(name) for name in sorted(now))]))


async def identify(client: Connection, arguments: Arguments) -> None:
    client.answer_is_alike = True
    names: list[bytes] = []
    longest = 0
    if not arguments.step_nil():
        for _ in arguments.listed():
            names.append(arguments.string().lower())
            arguments.space()
            longest = max(longest, len(arguments.nstring() or b""))
    arguments.end()
    if len(names) > 30 or len(set(names)) < len(names):
        raise ViolationError(
            "over 30 fields, or a field twice (RFC 2971 section 3.3)", Rule.ID_FIELDS
        )
    if longest > 1024 or any(len(name) > 30 for name in names):
        raise ViolationError(
            "a field of over 30, or a value of over 1024 octets (RFC 2971 section 3.3)",
            Rule.ID_FIELDS,
        )
    client.untagged('ID ("name" "aimap test server")')


_DONE = b"DONE\r\n"


async def idle(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    behind = client.input.pending
    done = behind.upper()[: len(_DONE)]
    if not _DONE.startswith(done) and client.server.strict:
        client.input.forget()
        raise ViolationError(
            "octets behind IDLE that are not DONE (RFC 2177 section 3)", Rule.NOTHING_FOLLOWS
        )
    client.request(b"idling")
    await client.flush()
    async with PrivateNursery() as nursery:
        nursery.start_soon(partial(client.push, expunges=True))
        line = await client.input.line()
        nursery.cancel_scope.cancel()
    if line.upper() != _DONE:
        raise ViolationError("anything but DONE in IDLE (RFC 2177 section 3)", Rule.NOTHING_FOLLOWS)


async def namespace(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    client.answer_is_alike = True
    client.untagged(f'NAMESPACE (("" "{DELIMITER}")) NIL NIL')


async def jmap_access(client: Connection, arguments: Arguments) -> None:
    """GETJMAPACCESS (:rfc:`9698`)."""
    arguments.end()
    client.answer_is_alike = True
    client.untagged(f'JMAPACCESS "{client.server.jmap_url}"')
