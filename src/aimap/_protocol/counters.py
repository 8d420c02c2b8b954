"""What went over a connection so far."""

from __future__ import annotations

from typing import final

import attrs


@final
@attrs.define
class SessionCounters:
    """What went over a connection so far.

    Attributes:
        commands: commands sent.
        octets_sent: octets sent.
        octets_received: octets received.
        responses: responses received.
        flights: times that octets went out after octets had come in: round trips.
        most_in_flight: commands in flight at once, at most.
    """

    commands: int = 0
    octets_sent: int = 0
    octets_received: int = 0
    responses: int = 0
    flights: int = 0
    most_in_flight: int = 0
