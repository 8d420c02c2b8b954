"""Reading an autoconfig document, as Thunderbird's database and many providers have it.

The format is that of draft-ietf-mailmaint-autoconfig. Whoever sends one is not believed
more than need be: there are no entities and no document type, whose tricks take a
reader's memory or files; a server without TLS is no server; and a host has a name, so
that its certificate can be checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from aimap._discovery.settings import (
    Address,
    AuthKind,
    LookupFailed,
    ServerSettings,
    Source,
    is_host_name,
)

_TLS: dict[str, Literal["implicit", "starttls"]] = {"SSL": "implicit", "STARTTLS": "starttls"}
_KINDS: dict[str, AuthKind] = {
    "password-cleartext": "password",
    "plain": "password",
    "login": "password",
    "password-encrypted": "encrypted-password",
    "secure": "encrypted-password",
    "cram-md5": "encrypted-password",
    "oauth": "oauth",
    "oauth2": "oauth",
    "xoauth2": "oauth",
    "oauthbearer": "oauth",
    "gssapi": "kerberos",
    "tls-client-cert": "client-certificate",
    "external": "client-certificate",
}
_MAX_DEPTH = 30


def parse_autoconfig(
    document: bytes, address: Address, *, source: Source, is_trusted: bool
) -> list[ServerSettings]:
    """Return the IMAP servers in a document, in its order, those with implicit TLS first.

    Raises:
        LookupFailed: if it is not such a document, or has no IMAP server with TLS.
    """
    root = _parse(document)
    if root.tag != "clientConfig":
        raise LookupFailed("that is no autoconfig document")
    found = [
        settings
        for provider in root.iterfind("emailProvider")
        for server in provider.iterfind("incomingServer")
        if (settings := _server(server, address, source, is_trusted=is_trusted)) is not None
    ]
    if not found:
        raise LookupFailed("the document has no IMAP server with TLS")
    # RFC 8314 section 3; the order among equals is the provider's.
    return sorted(found, key=lambda settings: settings.tls != "implicit")


def _parse(document: bytes) -> Element:
    parser = expat.ParserCreate()
    builder = TreeBuilder()
    depth = 0

    def refuse(*_: object) -> None:
        raise LookupFailed("the document has a document type, which none should have")

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise LookupFailed("the document is too deep")
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise LookupFailed(f"that is no XML: {error}") from None
    return builder.close()


def _server(
    server: Element, address: Address, source: Source, *, is_trusted: bool
) -> ServerSettings | None:
    tls = _TLS.get(_text(server, "socketType").upper())
    host = _filled(_text(server, "hostname"), address).lower()
    port = _text(server, "port")
    username = _filled(_text(server, "username") or "%EMAILADDRESS%", address)
    methods = list(_methods(server))
    kinds: list[AuthKind] = [_KINDS[method] for method in methods if method in _KINDS]
    usable = (
        server.get("type") == "imap"
        and tls is not None
        and is_host_name(host)
        and port.isascii()
        and port.isdigit()
        and len(port) <= 5
        and 0 < int(port) <= 65535
        and username.isprintable()
        and (kinds or not methods)
    )
    if not usable or tls is None:
        return None
    return ServerSettings(
        host=host,
        port=int(port),
        tls=tls,
        usernames=(username,),
        auth=tuple(dict.fromkeys(kinds)),
        source=source,
        is_trusted=is_trusted,
    )


def _methods(server: Element) -> Iterator[str]:
    for element in server.iterfind("authentication"):
        method = (element.text or "").strip().lower()
        yield "password-encrypted" if method.startswith("scram-") else method


def _text(server: Element, name: str) -> str:
    return (server.findtext(name) or "").strip()


def _filled(text: str, address: Address) -> str:
    # In one go: what is put in is not looked at again.
    places = {
        "EMAILADDRESS": address.whole,
        "EMAILLOCALPART": address.local,
        "EMAILDOMAIN": address.domain,
    }
    pieces = text.split("%")
    filled = pieces[0]
    at = 1
    while at < len(pieces):
        if pieces[at] in places and at + 1 < len(pieces):
            filled += places[pieces[at]] + pieces[at + 1]
            at += 2
        else:
            filled += "%" + pieces[at]
            at += 1
    return filled
