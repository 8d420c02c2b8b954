"""What is peculiar about a server."""

from __future__ import annotations

from typing import Any, final

import attrs

from aimap._errors import InvalidArgumentError


def _positive(_: object, attribute: attrs.Attribute[Any], value: float | None) -> None:
    if value is not None and not value > 0:
        raise InvalidArgumentError(f"Profile.{attribute.name} is above 0, not {value!r}")


@final
@attrs.frozen(kw_only=True)
class Profile:
    """What a server takes less well than it says.

    :func:`aimap.connect` chooses one by the greeting, the capabilities and, once it is known,
    the answer to ID; or takes yours.

    Attributes:
        name: of the server, for people.
        max_line: octets of a command's line that it takes, literals not counted.
        pipeline_depth: commands in flight that it bears; ``Limits.pipeline_depth`` if ``None``.
        idle_renewal: seconds after which an IDLE is renewed at the latest.
        sasl_ir: whether it takes the initial response that it offers to take (:rfc:`4959`).
        id_first: whether it wants ID between login and the first mailbox.
        compress: whether its COMPRESS works.
        namespace: whether it survives NAMESPACE.
        ahead: whether it takes what an account sends along with the login, before it has
            greeted; if not, reconnecting costs some round trips more.
        evidence: where that was seen.
    """

    name: str = "any server"
    max_line: int = attrs.field(default=8192, validator=_positive)
    pipeline_depth: int | None = attrs.field(default=None, validator=_positive)
    idle_renewal: float | None = attrs.field(default=None, validator=_positive)
    sasl_ir: bool = True
    id_first: bool = False
    compress: bool = True
    namespace: bool = True
    ahead: bool = True
    evidence: str = ""
