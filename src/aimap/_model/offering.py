"""What a server offers, also where that follows from something else that it offers."""

from __future__ import annotations

from aimap._model.capability import Capabilities

# RFC 9051 appendix E. STATUS (DELETED) never had a capability.
_IN_REV2 = frozenset(
    {
        "BINARY",
        "CHILDREN",
        "ENABLE",
        "ESEARCH",
        "IDLE",
        "LIST-EXTENDED",
        "LIST-STATUS",
        "LITERAL-",
        "MOVE",
        "NAMESPACE",
        "SASL-IR",
        "SEARCHRES",
        "STATUS=DELETED",
        "STATUS=SIZE",
        "UIDPLUS",
        "UNSELECT",
    }
)

# What has the key, too.
_HOLDERS = {
    "CONDSTORE": "QRESYNC",
    # IMAP4rev2 is enabled by it where there is IMAP4rev1 besides.
    "ENABLE": "IMAP4rev2",
    # There may be no LSUB, before IMAP4rev2 is enabled too.
    "LIST-EXTENDED": "IMAP4rev2",
    "METADATA-SERVER": "METADATA",
    "UTF8=ACCEPT": "UTF8=ONLY",
}

# What stands with a value behind "=", if the server likes.
_VALUED = frozenset({"APPENDLIMIT", "IMAPSIEVE", "MESSAGELIMIT", "SAVELIMIT"})

_NOTHING = Capabilities()


def speaks_rev2(offered: Capabilities, enabled: Capabilities = _NOTHING) -> bool:
    """Tell whether a server goes by IMAP4rev2 (:rfc:`9051#appendix-A`).

    One of both revisions does once that was enabled, and one of the second only from the start.
    """
    return "IMAP4rev2" in enabled or ("IMAP4rev2" in offered and "IMAP4rev1" not in offered)


def offers(offered: Capabilities, capability: str, enabled: Capabilities = _NOTHING) -> bool:
    """Tell whether a server has *capability*, be it within another or as a part of IMAP4rev2."""
    name = capability.upper()
    return (
        name in offered
        or _HOLDERS.get(name) in offered
        or (name in _VALUED and bool(offered.values(name)))
        or (name in _IN_REV2 and speaks_rev2(offered, enabled))
    )
