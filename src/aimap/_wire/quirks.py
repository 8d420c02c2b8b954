"""What real servers send although the grammar forbids it, and what is made of it.

Each tolerance has a name, under which a test feeds its octets, and says what the grammar
wants. In the tests' strict mode each raises; otherwise the response is read all the
same, and the deviation is told as a defect.
"""

from __future__ import annotations

from typing import final

import attrs


@final
@attrs.frozen
class Quirk:
    """A deviation that is tolerated.

    Attributes:
        name: what the tests call it.
        rule: what the grammar wants.
        servers: who was seen to send it.
    """

    name: str
    rule: str
    servers: str


def _quirk(name: str, servers: str, rule: str) -> Quirk:
    return Quirk(name, rule, servers)


# Lines and literals
NUL_PADDING = _quirk("nul-padding", "unnamed", "a response does not begin with NUL")
LONE_LF = _quirk("lone-lf", "unnamed", "a line ends in CRLF")
TRAILING_SPACE = _quirk(
    "trailing-space", "iCloud, exmail.qq, Yahoo, Outlook", "no space stands before the line's end"
)
NO_RESP_TEXT = _quirk(
    "no-resp-text", "iCloud, Oracle", "a space follows the condition or its response code"
)
DOUBLE_SPACE = _quirk(
    "double-space", "DavMail, Archiveopteryx", "one space stands between two values"
)
MISSING_SPACE = _quirk("missing-space", "unnamed", "a space stands between two values")
SPACE_BEFORE_PAREN = _quirk(
    "space-before-paren", "SurgeMail, Yandex", "no space stands just inside a parenthesis"
)
RAW_8BIT = _quirk(
    "raw-8bit-quoted", "Proton Bridge, Dovecot", "a quoted string is ASCII until UTF-8 is enabled"
)
BARE_PLUS = _quirk("bare-plus", "Yandex, public-inbox", "a space follows the plus sign")
SERVER_UNAVAILABLE = _quirk(
    "server-unavailable-line", "Exchange", "a line begins with a tag, an asterisk or a plus sign"
)
TAGGED_BYE = _quirk("tagged-bye", "unnamed", "BYE has no tag")
LITERAL_IN_CHARACTERS = _quirk(
    "literal-counted-in-chars", "unnamed", "a literal is counted in octets"
)

# Greeting and capabilities
LITERAL_SPACE_PLUS = _quirk(
    "cap-literal-space-plus", "unnamed", "a capability is an atom that stands by itself"
)
ID_ATOMS = _quirk("id-atoms", "Proton Bridge", "the fields of ID are strings")
ID_COMMAS = _quirk("id-commas-untagged-end", "Bigfoot", "a space separates the fields of ID")

# FETCH and flags
FETCH_EMPTY = _quirk("fetch-empty", "QIP", "a FETCH response has at least one item")
FETCH_SEQ_ZERO = _quirk("fetch-seq-zero", "Courier 2004", "message numbers begin at 1")
FETCH_EXTRA_PARENS = _quirk(
    "fetch-extra-parens", "Domino 9", "items stand in one pair of parentheses"
)
FETCH_BODY_CUT = _quirk("fetch-body-cut", "Yandex", "an item has a value")
FETCH_ORIGIN_ECHO = _quirk("fetch-origin-echo", "unnamed", "an origin octet is one number")
FLAGS_BRACKETS = _quirk("flags-brackets-spaces", "Gmail", "a keyword is an atom")
FLAGS_STAR = _quirk("flags-star", "Zoho, GreenMail", r"\* stands among PERMANENTFLAGS only")
FLAGS_RUN_TOGETHER = _quirk("flags-run-together", "unnamed", "a space separates two flags")
FLAGS_QUOTED = _quirk("flags-quoted", "InterMail", "a flag is not quoted")
NIL_IN_LIST = _quirk("nil-in-list", "Gmail", "NIL is not a member of this list")
MODSEQ_ZERO = _quirk("modseq-zero-or-minus", "Gmail, Zoho", "a mod-sequence is above 0")
INTERNALDATE_ONE_DIGIT = _quirk(
    "internaldate-one-digit", "qq", "the day of a date-time has two characters"
)

# ENVELOPE
ADDR_EMPTY_LIST = _quirk("addr-empty-list", "Yahoo", "an address list without addresses is NIL")
SPACE_BETWEEN_GROUPS = _quirk(
    "space-between-groups", "outlook.com", "no space stands between addresses, parts or threads"
)
ADDR_NIL_MEMBER = _quirk("addr-nil-member", "SmarterMail", "an address is not NIL")
ADDR_UNDISCLOSED = _quirk("addr-undisclosed", "Yahoo", "a group has an end")
ADDR_GROUP_ALIKE = _quirk(
    "addr-group-alike", "Courier", "a group begins with its name, and ends with NIL"
)
ENV_SHORT = _quirk("env-short", "unnamed", "an envelope has ten fields")
ENV_MSGID_QUOTES = _quirk("env-msgid-quotes", "iCloud", "a quote within a quoted string is escaped")

# BODYSTRUCTURE
BS_PART_IS_MULTIPART = _quirk(
    "bs-part-is-multipart", "Gmail, qq, Yandex", "a multipart has at least one part"
)
BS_NIL_CHILDREN = _quirk("bs-nil-children", "Dovecot", "a multipart has at least one part")
BS_MULTIPART_AS_BASIC = _quirk(
    "bs-multipart-as-basic", "unnamed", "a multipart begins with its parts"
)
BS_MISSING_SUBTYPE = _quirk(
    "bs-missing-subtype", "unnamed", "a part has a media type and a subtype"
)
BS_ALL_NIL = _quirk("bs-all-nil", "unnamed", "a part has a media type and a subtype")
BS_RFC822_EMPTY_BODY = _quirk("bs-rfc822-empty-body", "Domino", "a message part has a body")
BS_RFC822_BASIC = _quirk(
    "bs-rfc822-basic", "Gmail", "a message part has an envelope, a body and lines"
)
BS_TEXT_NO_LINES = _quirk("bs-text-no-lines", "BlueMind", "a text part has a number of lines")
BS_OCTETS_MINUS_ONE = _quirk(
    "bs-octets-minus-one", "Exchange, Dovecot", "the octets of a part are a number"
)
BS_OCTETS_FLOAT = _quirk("bs-octets-float", "mail.ru", "the octets of a part are a whole number")
BS_ENC_NIL = _quirk("bs-enc-nil", "maddy", "a part has a transfer encoding")
BS_ENC_UNQUOTED = _quirk("bs-enc-unquoted", "Exchange 2010", "a transfer encoding is a string")
BS_ENC_TRAILING_SPACE = _quirk(
    "bs-enc-trailing-space", "Microsoft 365", "a transfer encoding has no spaces"
)
BS_DSP_STRING = _quirk("bs-dsp-string", "Exchange", "a disposition is a list or NIL")
BS_DSP_NIL_NIL = _quirk("bs-dsp-nil-nil", "Exchange", "a disposition has a type")
BS_DSP_NO_PARAMS = _quirk("bs-dsp-no-params", "Citadel", "a disposition has parameters or NIL")
BS_MPART_DESCRIPTION = _quirk(
    "bs-mpart-description", "Exchange 2016", "a multipart has no description"
)
BS_PARAM_NIL = _quirk("bs-param-nil", "Exchange, mail.ru", "a parameter's value is a string")

# SEARCH, LIST, STATUS
ESEARCH_PAREN_MODSEQ = _quirk(
    "esearch-paren-modseq", "unnamed", "MODSEQ of an ESEARCH stands without parentheses"
)
LIST_UNQUOTED = _quirk("list-unquoted-ctl", "Exchange", "a mailbox name with a space is quoted")
STATUS_UNQUOTED = _quirk(
    "status-unquoted-spaces", "Strato", "a mailbox name with a space is quoted"
)
QUOTA_WITHOUT_LIST = _quirk("quota-without-list", "Courier", "a quota has a list of resources")

# Response codes
CODE_NOT_ATOM = _quirk("code-not-atom", "Exchange", "a response code begins with an atom")
CODE_MALFORMED = _quirk(
    "code-malformed", "Microsoft 365, Cyrus murder", "a response code is what its grammar says"
)
COPYUID_BARE_LINE = _quirk(
    "copyuid-bare-line", "Microsoft 365, home.pl", "a response code follows a condition"
)
UIDVALIDITY_ZERO = _quirk("uidvalidity-zero", "SmarterMail 13", "UIDVALIDITY is above 0")
UIDNEXT_ZERO = _quirk("uidnext-zero", "unnamed", "UIDNEXT is above 0")
