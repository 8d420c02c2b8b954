"""How long to wait for a server."""

from __future__ import annotations

from typing import final

import attrs

from aimap._errors import InvalidArgumentError


def _positive(_: object, attribute: attrs.Attribute[float], value: float) -> None:
    if not value > 0:
        raise InvalidArgumentError(f"Timeouts.{attribute.name} is above 0 seconds, not {value!r}")


@final
@attrs.frozen(kw_only=True)
class Timeouts:
    """How long silence is borne, in seconds. All of them run on Trio's clock.

    A deadline of your own for a command is Trio's ``fail_after`` or ``move_on_after``
    around it: cancelling a command never harms the connection.

    Attributes:
        connect: from the first packet to being logged in.
        response: without progress while an answer is due; then the connection is given up.
            Progress is a whole response, or ``Limits.min_progress`` octets, or octets sent.
        idle_renewal: an IDLE is ended and begun again after this.
        idle_probe: silence after an IDLE was ended; then the connection is given up.
        keepalive: silence while nothing is due; then a NOOP is sent, lest the server log
            out (:rfc:`9051#section-5.4`), and a link that is dead go unnoticed. ``math.inf``
            sends none.
        poll: between two looks where the server has no IDLE.
        logout: for the server's answer to LOGOUT.
    """

    connect: float = attrs.field(default=60.0, validator=_positive)
    response: float = attrs.field(default=120.0, validator=_positive)
    idle_renewal: float = attrs.field(default=240.0, validator=_positive)
    idle_probe: float = attrs.field(default=20.0, validator=_positive)
    keepalive: float = attrs.field(default=300.0, validator=_positive)
    poll: float = attrs.field(default=60.0, validator=_positive)
    logout: float = attrs.field(default=5.0, validator=_positive)
