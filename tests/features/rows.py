"""The features of the matrix in docs/reference/servers.md, in its order."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """A feature.

    Attributes:
        name: the capability, or what it is called where there is none.
        rfc: the numbers of its RFCs, separated by commas; empty for a vendor's own.
        what: what can be done with it.
    """

    name: str
    rfc: str
    what: str


AREAS: dict[str, tuple[Row, ...]] = {
    "The protocol": (
        Row("IMAP4rev1", "3501", "all commands and responses"),
        Row("IMAP4rev2", "9051", "`ENABLE IMAP4rev2`, and what it changes"),
        Row("ENABLE", "5161", "extensions are enabled on demand"),
        Row("ID", "2971", "who client and server are"),
        Row("response codes", "5530", "why something was refused"),
    ),
    "Transport": (
        Row("implicit TLS", "8314", "TLS from the first octet"),
        Row("STARTTLS", "3501", "TLS behind the greeting"),
        Row("COMPRESS=DEFLATE", "4978", "compression"),
        Row("LITERAL+, LITERAL-", "7888", "literals without a round trip"),
    ),
    "Login": (
        Row("SASL-IR", "4959", "an AUTHENTICATE of one round trip"),
        Row("AUTH=PLAIN", "4616", "the password, under TLS"),
        Row("LOGIN", "3501", "the LOGIN command"),
        Row("AUTH=CRAM-MD5", "2195", "on demand"),
        Row("AUTH=SCRAM-SHA-1", "5802", "without showing the password"),
        Row("AUTH=SCRAM-SHA-256", "7677", "without showing the password"),
        Row("AUTH=SCRAM-…-PLUS", "5802,5929,9266", "bound to the TLS connection"),
        Row("AUTH=OAUTHBEARER", "7628", "tokens, with refresh"),
        Row("AUTH=XOAUTH2", "", "the same as Google and Microsoft have it"),
        Row("AUTH=EXTERNAL", "4422", "by the client's certificate"),
        Row("AUTH=ANONYMOUS", "4505", "as nobody"),
        Row("AUTH=GSSAPI", "4752", "Kerberos"),
        Row("UNAUTHENTICATE", "8437", "another login on the same connection"),
        Row("LOGIN-REFERRALS", "2221", "told, never followed"),
        Row("MAILBOX-REFERRALS", "2193", "told, never followed"),
    ),
    "Waiting": (
        Row("IDLE", "2177", "news as it happens, of the selected mailbox"),
        Row("NOTIFY", "5465", "news as it happens, of any mailbox"),
        Row("INPROGRESS", "9585", "how far a long command has come"),
    ),
    "Sync": (
        Row("CONDSTORE", "7162", "mod-sequences, and changes only where nothing else changed"),
        Row("QRESYNC", "7162", "what has changed since, and what has gone"),
        Row("UIDPLUS", "4315", "UIDs of what was stored; expunging just these"),
        Row("UIDONLY", "9586", "no sequence numbers at all"),
        Row("OBJECTID", "8474", "names of mailboxes and messages that last"),
        Row("SAVEDATE", "8514", "when a message came into its mailbox"),
    ),
    "Messages": (
        Row("MOVE", "6851", "in one step"),
        Row("REPLACE", "8508", "a new message for an old one, in one step"),
        Row("MULTIAPPEND", "3502", "several messages, all or none"),
        Row("CATENATE", "4469", "messages of parts that the server has already"),
        Row("BINARY", "3516", "parts decoded by the server"),
        Row("PREVIEW", "8970", "the first words"),
        Row("PARTIAL", "9394", "results by pages"),
        Row("MESSAGELIMIT", "9738", "work done in as many steps as it takes"),
        Row("APPENDLIMIT", "7889", "what is too large is not sent"),
        Row("CONVERT", "5259", "conversion by the server"),
        Row("ANNOTATE-EXPERIMENT-1", "5257", "annotations of messages"),
        Row("URLAUTH", "4467", "URLs that let others read a message"),
        Row("URLAUTH=BINARY", "5524", "the same, decoded"),
        Row("URL-PARTIAL", "5550", "URLs of a part of a part"),
        Row("IMAP URLs", "5092,5593", "read and written"),
    ),
    "Search": (
        Row("ESEARCH", "4731", "answers as sets, pipelined"),
        Row("SEARCHRES", "5182", "results kept by the server"),
        Row("SORT", "5256", "by the server, or else by the client"),
        Row("THREAD", "5256", "by the server, or else by the client"),
        Row("SORT=DISPLAY", "5957", "by the names that are shown"),
        Row("ESORT", "5267", "sorted, by pages and counts"),
        Row("CONTEXT=SEARCH", "5267", "results that are kept current"),
        Row("WITHIN", "5032", "by age in seconds"),
        Row("SEARCH=FUZZY", "6203", "what comes close"),
        Row("MULTISEARCH", "7377", "several mailboxes at once"),
        Row("FILTERS", "5466", "searches kept by the server"),
        Row("I18NLEVEL", "5255", "comparators"),
        Row("LANGUAGE", "5255", "the language of texts"),
    ),
    "Mailboxes": (
        Row("LIST-EXTENDED", "5258", "selections, several patterns"),
        Row("CHILDREN", "3348", "whether there are mailboxes below"),
        Row("LIST-STATUS", "5819", "counts of all mailboxes at once"),
        Row("LIST-MYRIGHTS", "8440", "rights in all mailboxes at once"),
        Row("LIST-METADATA", "9590", "metadata of all mailboxes at once"),
        Row("SPECIAL-USE", "6154", "which mailbox is for what"),
        Row("CREATE-SPECIAL-USE", "6154", "a mailbox for something"),
        Row("NAMESPACE", "2342", "prefixes and delimiters"),
        Row("UNSELECT", "3691", "a mailbox is left without expunging"),
        Row("STATUS=SIZE", "8438", "the size of a mailbox"),
        Row("ACL", "4314", "who may do what"),
        Row("QUOTA", "9208", "what is used, and what may be"),
        Row("QUOTASET", "9208", "changing what may be used"),
        Row("METADATA", "5464", "notes on mailboxes and on the server"),
        Row("METADATA-SERVER", "5464", "notes on the server"),
        Row("IMAPSIEVE", "6785", "which script runs on a mailbox"),
        Row("JMAPACCESS", "9698", "where the account's JMAP is"),
    ),
    "Names and keywords": (
        Row("modified UTF-7", "3501", "invisible"),
        Row("UTF8=ACCEPT", "9755", "UTF-8 in names, searches and messages"),
        Row("UTF8=ONLY", "9755", "the same, where there is nothing else"),
        Row(
            "UTF8=ALL, =APPEND, =USER",
            "5738",
            "obsolete: recognised, and nothing follows from them",
        ),
        Row("keywords", "5788,8457", "`$Important`, `$Forwarded` and others"),
    ),
    "Vendors": (
        Row("X-GM-EXT-1", "", "Gmail: labels, identifiers, its own search"),
        Row("XLIST", "", "special uses, before they had an RFC"),
    ),
}

ROWS = {row.name: row for rows in AREAS.values() for row in rows}
