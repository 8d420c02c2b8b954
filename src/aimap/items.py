"""Data items to fetch (:rfc:`9051#section-6.4.5`), under the RFC's names.

Those whose names clash with nothing else are found in :mod:`aimap` itself too.
"""

from aimap._model.fetch import (
    BODY,
    BODY_PEEK,
    BODYSTRUCTURE,
    ENVELOPE,
    FLAGS,
    INTERNALDATE,
    MODSEQ,
    RFC822_SIZE,
    FetchItem,
)

__all__ = [
    "BODY",
    "BODYSTRUCTURE",
    "BODY_PEEK",
    "ENVELOPE",
    "FLAGS",
    "INTERNALDATE",
    "MODSEQ",
    "RFC822_SIZE",
    "FetchItem",
]
