"""What the server at the other end offers, also where that follows from something else."""

from __future__ import annotations

from aimap._errors import CapabilityError
from aimap._protocol.session import Session

# RFC 9051 appendix E: what IMAP4rev2 took over. STATUS (DELETED) never had a capability.
_IN_REV2 = frozenset(
    {
        "BINARY",
        "ENABLE",
        "ESEARCH",
        "IDLE",
        "LIST-EXTENDED",
        "LIST-STATUS",
        "MOVE",
        "NAMESPACE",
        "SEARCHRES",
        "STATUS=DELETED",
        "STATUS=SIZE",
        "UIDPLUS",
        "UNSELECT",
    }
)

_IMPLIED = {"CONDSTORE": "QRESYNC"}


def offers(session: Session, capability: str) -> bool:
    """Tell whether the server has *capability*, be it as a part of IMAP4rev2.

    A server of both revisions is of the second only once that was enabled.
    """
    offered = session.capabilities or ()
    if capability in offered or _IMPLIED.get(capability) in offered:
        return True
    if capability == "MESSAGELIMIT":
        return message_limit(session) is not None
    return capability in _IN_REV2 and (
        "IMAP4rev2" in session.enabled or ("IMAP4rev2" in offered and "IMAP4rev1" not in offered)
    )


def need(session: Session, capability: str, where: str) -> None:
    """Refuse what the server does not offer.

    Args:
        session: of the connection.
        capability: what is needed.
        where: the RFC that says so, and what else there is to do.

    Raises:
        CapabilityError: if the server does not offer it.
    """
    if not offers(session, capability):
        raise CapabilityError(capability, f"it is needed for this ({where})")


def message_limit(session: Session, *, saving: bool = False) -> int | None:
    """Return how many messages one command may be about (:rfc:`9738`), if that is bounded.

    Args:
        session: of the connection.
        saving: whether the command saves messages in a mailbox, as COPY does.
    """
    offered = session.capabilities
    if offered is None:
        return None
    names = ("MESSAGELIMIT", "SAVELIMIT") if saving else ("MESSAGELIMIT",)
    limits = [limit for name in names if (limit := offered.number(name))]
    return min(limits, default=None)
