"""Bounds on everything that the server controls."""

from __future__ import annotations

from typing import final

import attrs

from aimap._errors import InvalidArgumentError


def _positive(_: object, attribute: attrs.Attribute[int], value: int) -> None:
    if value < 1:
        raise InvalidArgumentError(f"Limits.{attribute.name} is at least 1, not {value!r}")


@final
@attrs.frozen(kw_only=True)
class Limits:
    """What the server may make this client hold, follow or compute.

    Breaking a bound that frames the stream ends the connection with
    :exc:`aimap.LimitExceededError`; breaking one inside a single response makes that
    response :class:`aimap.Unparsed`, or the item :class:`aimap.Invalid`.

    Attributes:
        max_line: octets of one line, without its literals.
        max_literal: octets of one literal.
        max_response: octets of one whole response, literals included.
        max_greeting: octets before the greeting is complete.
        max_depth: nesting of parentheses in one response.
        max_items: elements of one list, and ranges of one set.
        max_buffered: octets of messages kept for one fetch that nobody reads.
        max_events: events kept for one watcher that does not read them.
        max_challenges: continuation requests answered in one AUTHENTICATE.
        min_scram_iterations: iterations that SCRAM must ask for (:rfc:`7677#section-4`).
        max_scram_iterations: iterations that SCRAM may ask for: a second or two of work.
        max_deflate_ratio: octets that one octet may inflate to under COMPRESS, on the
            average of all that came, as soon as that is more than 32 MiB.
        min_progress: octets that have to come within ``Timeouts.response`` seconds while an
            answer is due and no response is complete: less is as good as silence.
        pipeline_depth: commands in flight at once.
    """

    max_line: int = attrs.field(default=1024 * 1024, validator=_positive)
    max_literal: int = attrs.field(default=256 * 1024 * 1024, validator=_positive)
    max_response: int = attrs.field(default=512 * 1024 * 1024, validator=_positive)
    max_greeting: int = attrs.field(default=64 * 1024, validator=_positive)
    max_depth: int = attrs.field(default=64, validator=_positive)
    max_items: int = attrs.field(default=500_000, validator=_positive)
    max_buffered: int = attrs.field(default=8 * 1024 * 1024, validator=_positive)
    max_events: int = attrs.field(default=10_000, validator=_positive)
    max_challenges: int = attrs.field(default=16, validator=_positive)
    min_scram_iterations: int = attrs.field(default=4096, validator=_positive)
    max_scram_iterations: int = attrs.field(default=2_000_000, validator=_positive)
    max_deflate_ratio: int = attrs.field(default=250, validator=_positive)
    min_progress: int = attrs.field(default=16 * 1024, validator=_positive)
    pipeline_depth: int = attrs.field(default=1000, validator=_positive)
