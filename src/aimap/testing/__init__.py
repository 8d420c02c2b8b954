r"""An IMAP server to test against: in memory, strict, and on Trio's clock if need be.

::

    async with aimap.testing.serve({"joe": "secret"}) as server:
        server.deliver("joe", b"Subject: hello\\r\\n\\r\\nhow are you?\\r\\n")
        async with aimap.connect(
            server.host,
            port=server.port,
            ssl_context=server.client_ssl_context,
            auth=aimap.Password("joe", "secret"),
        ) as imap: ...
"""

from aimap.testing._capabilities import CAPABILITIES, CAPABILITIES_ON_DEMAND
from aimap.testing._faults import Drip, Drop, Fault, Insert, Moment, Repeat, Stall
from aimap.testing._faulty import FaultyStream
from aimap.testing._files import load_accounts, load_faults
from aimap.testing._link import DelayedStream
from aimap.testing._logins import MECHANISMS, AcceptingContext, Logins
from aimap.testing._presets import PRESETS, Preset
from aimap.testing._received import ReceivedCommand
from aimap.testing._recording import Recorder, RecordingProxy, record
from aimap.testing._rules import Rule, Violation
from aimap.testing._samples import sample_messages
from aimap.testing._scripts import (
    Change,
    Chunk,
    Close,
    Delay,
    Hold,
    Ignore,
    On,
    Rewrite,
    Send,
    Strings,
    Truncate,
)
from aimap.testing._server import Server, serve
from aimap.testing._store import Account, StoredMailbox, StoredMessage
from aimap.testing._threaded import (
    MessageSeen,
    ServeOptions,
    ServerInThread,
    play_in_thread,
    serve_in_thread,
)
from aimap.testing._transcripts import Piece, Transcript, TranscriptError
from aimap.testing._write import write_response

__all__ = [
    "CAPABILITIES",
    "CAPABILITIES_ON_DEMAND",
    "MECHANISMS",
    "PRESETS",
    "AcceptingContext",
    "Account",
    "Change",
    "Chunk",
    "Close",
    "Delay",
    "DelayedStream",
    "Drip",
    "Drop",
    "Fault",
    "FaultyStream",
    "Hold",
    "Ignore",
    "Insert",
    "Logins",
    "MessageSeen",
    "Moment",
    "On",
    "Piece",
    "Preset",
    "ReceivedCommand",
    "Recorder",
    "RecordingProxy",
    "Repeat",
    "Rewrite",
    "Rule",
    "Send",
    "ServeOptions",
    "Server",
    "ServerInThread",
    "Stall",
    "StoredMailbox",
    "StoredMessage",
    "Strings",
    "Transcript",
    "TranscriptError",
    "Truncate",
    "Violation",
    "load_accounts",
    "load_faults",
    "play_in_thread",
    "record",
    "sample_messages",
    "serve",
    "serve_in_thread",
    "write_response",
]
