"""Names of annotations and of metadata: paths such as ``/shared/comment``."""

from __future__ import annotations

import re

from aimap._errors import InvalidArgumentError

# Printable ASCII between slashes, or dots, without wildcards
_ENTRY = re.compile(r"(?:/[ -$&-)+-.0-~]+)+")
_ATTRIBUTE = re.compile(r"[!-$&-)+,\-/-~]+(?:\.[!-$&-)+,\-/-~]+)*")
# filter-name (RFC 5466 section 4)
_FILTER_NAME = re.compile(r"[!#$&'+,\-.0-9:;<=>?@A-Z\[^_`a-z|}~]+", re.ASCII)
_PATTERN = re.compile(r"[ -~]+")
_MAX_OCTETS = 1000


def entry_name(name: str, *, wildcards: bool = False) -> str:
    """Return the name of an annotation if it is one (:rfc:`5257#section-3.1`).

    Args:
        name: a path that begins with a slash.
        wildcards: whether it is a pattern as of LIST, with ``*`` and ``%``.

    Raises:
        InvalidArgumentError: if it is not one.
    """
    pattern = _PATTERN if wildcards else _ENTRY
    if len(name) > _MAX_OCTETS or not pattern.fullmatch(name):
        wish = "printable ASCII" if wildcards else "with no '//', no '/' at the end, no * and no %"
        raise InvalidArgumentError(f"an entry is such as '/comment', {wish}; not {name!r}")
    return name


def metadata_entry(name: str) -> str:
    """Return the name of a metadata entry if it is one (:rfc:`5464#section-3.2`).

    Raises:
        InvalidArgumentError: if it is not one.
    """
    entry_name(name)
    root, _, rest = name[1:].partition("/")
    if root.lower() not in ("private", "shared") or not rest:
        raise InvalidArgumentError(
            f"a metadata entry is below '/private' or '/shared', and not {name!r}"
        )
    return name


def attribute_name(name: str, *, wildcards: bool = False) -> str:
    """Return the name of an annotation's attribute, such as ``value.priv``, if it is one.

    Raises:
        InvalidArgumentError: if it is not one (:rfc:`5257#section-3.2`).
    """
    pattern = _PATTERN if wildcards else _ATTRIBUTE
    if len(name) > _MAX_OCTETS or not pattern.fullmatch(name):
        raise InvalidArgumentError(f"an attribute is such as 'value.shared', not {name!r}")
    return name


def filter_name(name: str) -> str:
    """Return the name of a search that the server keeps, if it is one (:rfc:`5466#section-4`).

    Raises:
        InvalidArgumentError: if it is not an atom, or has a slash.
    """
    if not _FILTER_NAME.fullmatch(name):
        raise InvalidArgumentError(f"a filter's name is an atom without a slash, not {name!r}")
    return name
