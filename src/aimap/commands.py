"""Command objects, for :meth:`aimap.Client.submit`; each is used once.

What they take is here too: :class:`SortKey`, :class:`MailboxFilter`, :data:`SAVED` and
others. Whether the server offers what a command needs is not checked here: the methods of
:class:`aimap.Client` and :class:`aimap.Mailbox` do that.
"""

from aimap._commands.acl import DeleteAcl, GetAcl, ListRights, MyRights, SetAcl
from aimap._commands.append import Append, MultiAppend, Replace
from aimap._commands.base import Command
from aimap._commands.connection import (
    Capability,
    Compress,
    Enable,
    Id,
    Idle,
    JmapAccess,
    Logout,
    Noop,
    StartTLS,
)
from aimap._commands.convert import Conversions, Convert
from aimap._commands.copy import Copy, Move
from aimap._commands.expunge import Expunge
from aimap._commands.fetch import Fetch
from aimap._commands.language import Comparator, Language
from aimap._commands.listing import (
    List,
    ListExtended,
    Lsub,
    RList,
    RLsub,
    XList,
)
from aimap._commands.login import Authenticate, Login, Unauthenticate
from aimap._commands.mailboxes import (
    Create,
    Delete,
    Namespace,
    Rename,
    Status,
    Subscribe,
    Unsubscribe,
)
from aimap._commands.metadata import GetMetadata, Metadata, SetMetadata
from aimap._commands.notify import Notify
from aimap._commands.quota import GetQuota, GetQuotaRoot, MailboxQuota, SetQuota
from aimap._commands.search import CancelUpdate, ESearch, MultiSearch, Search, SeqSearch
from aimap._commands.select import (
    Check,
    Close,
    Examine,
    QResync,
    Select,
    SelectResult,
    Unselect,
)
from aimap._commands.sets import pieces
from aimap._commands.sort import ESort, Sort, ThreadSearch
from aimap._commands.store import Store, StoreAnnotations, StoreLabels
from aimap._commands.urlauth import GenUrlAuth, ResetKey, UrlFetch
from aimap._model.appending import AppendMessage, UrlPart
from aimap._model.converting import ConvertItem
from aimap._model.notify import EventGroup, MailboxFilter
from aimap._model.returning import Partial, Update
from aimap._model.saved import SAVED, SavedResult
from aimap._model.sort import SortKey

__all__ = [
    "SAVED",
    "Append",
    "AppendMessage",
    "Authenticate",
    "CancelUpdate",
    "Capability",
    "Check",
    "Close",
    "Command",
    "Comparator",
    "Compress",
    "Conversions",
    "Convert",
    "ConvertItem",
    "Copy",
    "Create",
    "Delete",
    "DeleteAcl",
    "ESearch",
    "ESort",
    "Enable",
    "EventGroup",
    "Examine",
    "Expunge",
    "Fetch",
    "GenUrlAuth",
    "GetAcl",
    "GetMetadata",
    "GetQuota",
    "GetQuotaRoot",
    "Id",
    "Idle",
    "JmapAccess",
    "Language",
    "List",
    "ListExtended",
    "ListRights",
    "Login",
    "Logout",
    "Lsub",
    "MailboxFilter",
    "MailboxQuota",
    "Metadata",
    "Move",
    "MultiAppend",
    "MultiSearch",
    "MyRights",
    "Namespace",
    "Noop",
    "Notify",
    "Partial",
    "QResync",
    "RList",
    "RLsub",
    "Rename",
    "Replace",
    "ResetKey",
    "SavedResult",
    "Search",
    "Select",
    "SelectResult",
    "SeqSearch",
    "SetAcl",
    "SetMetadata",
    "SetQuota",
    "Sort",
    "SortKey",
    "StartTLS",
    "Status",
    "Store",
    "StoreAnnotations",
    "StoreLabels",
    "Subscribe",
    "ThreadSearch",
    "Unauthenticate",
    "Unselect",
    "Unsubscribe",
    "Update",
    "UrlFetch",
    "UrlPart",
    "XList",
    "pieces",
]
