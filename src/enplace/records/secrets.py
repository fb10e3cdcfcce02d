"""Secrets in texts: where they are, and the same text without them.

Two kinds of knowledge: formats that their issuers made to be recognised (`FORMATS`), and values
that a telling name stands before, as in `password: ...` (`assigned.py`). What is only like a
secret, a checksum, an id, a placeholder, a public key, stays.

Sources of the formats: the issuers' own documentation, and the rules of gitleaks (MIT) and of
GitHub's secret scanning, read 2026-11.
"""

import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from enplace.records.assigned import assigned_in, is_placeholder
from enplace.records.lazy_pattern import lazy_pattern

MARK = "[redacted "
"""How every replacement begins."""
_MOST_PASSES = 8


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret in a text: characters [start, end)."""

    kind: str
    """In words, as the replacement says it: `github token`."""
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Format:
    kind: str
    needles: tuple[str, ...]
    """One of them is in every text that has such a secret."""
    pattern: re.Pattern[str]
    """Its group `secret`, or all of it, is the secret."""
    holds: Callable[[str], bool] | None = None
    """What must be true of it besides."""
    is_anywhere: bool = False
    """Whether it may stand right behind a letter or a digit."""


def redacted(text: str) -> str:
    """A text with `[redacted kind]` in place of every secret. Redacting it again changes nothing."""
    for _ in range(_MOST_PASSES):
        found = secrets_in(text)
        if not found:
            break
        parts: list[str] = []
        at = 0
        for secret in found:
            parts += [text[at : secret.start], mark(secret.kind)]
            at = secret.end
        text = "".join([*parts, text[at:]])
    return text


def redacted_value(name: str, value: str) -> str:
    """A field's value as `redacted` leaves it behind the field's name."""
    lead = f'{name}: "'
    if not name or len(value) > _MOST_NAMED:
        return value
    found = secrets_in(f'{lead}{value.translate(_INSIDE)}"')
    ends = [(secret.kind, secret.end) for secret in found if secret.start == len(lead)]
    return mark(ends[0][0]) + value[ends[0][1] - len(lead) :] if ends else value


_INSIDE = str.maketrans({'"': "'", "\\": "/", "\n": " ", "\r": " ", "`": "'"})
_MOST_NAMED = 10_000


def mark(kind: str) -> str:
    """What stands in place of a secret."""
    return f"{MARK}{kind}]"


def secrets_in(text: str) -> tuple[Secret, ...]:
    """The secrets of a text, in order; they do not overlap.

    A text without any of the needles and names costs a few scans for literals: below 5 ms for
    100 kB.
    """
    if len(text) < _LEAST:
        return ()
    found = [*_formatted(text), *_keys(text), *_cards(text)]
    found += [Secret(kind, start, end) for kind, start, end in assigned_in(text)]
    return _apart(found) if found else ()


def _formatted(text: str) -> Iterator[Secret]:
    met = [at for needle, at in _SHORT_NEEDLES if needle in text]
    dense = " ".join([word for word in text.split() if len(word) >= _LEAST_WORD])
    if dense:
        met += [at for needle, at in _NEEDLES if needle in dense]
    for at in sorted(set(met)):
        each = FORMATS[at]
        for match in each.pattern.finditer(text):
            secret = match["secret"]
            if (
                (each.is_anywhere or _begins(text, match.start()))
                and not is_placeholder(secret)
                and (each.holds is None or each.holds(secret))
            ):
                yield Secret(each.kind, match.start("secret"), match.end("secret"))


def _begins(text: str, at: int) -> bool:
    """Whether a secret may begin there: also behind an escaped line end or a terminal's colour."""
    before = text[max(0, at - 6) : at]
    if not before or not (before[-1].isascii() and before[-1].isalnum()):
        return True
    return before[-2:] in _ESCAPED or before[-3:].lower() == "%3d" or bool(_COLOUR.search(before))


_SHORT = {"ookie:", "kty"}
"""Needles that stand in shorter words."""
_LEAST_WORD = 14
"""Characters between white space: no format is met in fewer."""
_ESCAPED = {"\\n", "\\r", "\\t"}
_COLOUR = re.compile(r"\[\d{1,3}m$")


def _apart(found: list[Secret]) -> tuple[Secret, ...]:
    """Those that overlap as one, of the kind that was found first: formats tell most."""
    rank = {id(secret): at for at, secret in enumerate(found)}
    kept: list[tuple[Secret, int]] = []
    for secret in sorted(found, key=lambda each: (each.start, rank[id(each)])):
        own = rank[id(secret)]
        if kept and secret.start < kept[-1][0].end:
            last, before = kept[-1]
            kind = last.kind if before < own else secret.kind
            kept[-1] = (Secret(kind, last.start, max(last.end, secret.end)), min(before, own))
        else:
            kept.append((secret, own))
    return tuple(secret for secret, _ in kept)


# Formats

_RIGHT = r"(?![A-Za-z0-9])"


def _is_varied(secret: str) -> bool:
    """Whether it has a digit or both cases, and is no sequence of words."""
    body = secret.rsplit("_", 1)[-1].rsplit("-", 1)[-1]
    varied = any(c.isdigit() for c in secret) or not (secret.islower() or secret.isupper())
    return varied and len(set(secret)) >= 8 and len(body) >= 4


def _is_key_of_many_parts(secret: str) -> bool:
    """For `sk-`, with which CSS classes and words begin as well."""
    parts = re.split(r"[-_]", secret[3:])
    return _is_varied(secret) and any(len(p) >= 16 and not p.isalpha() for p in parts)


def _decoded(text: str) -> str:
    """What Base64 stands for; empty where it is none."""
    try:
        raw = text.replace("-", "+").replace("_", "/")
        return b64decode(raw + "=" * (-len(raw) % 4)).decode("utf-8")
    except ValueError:
        return ""


def is_basic(text: str) -> bool:
    """Whether it is a name and a password, as HTTP's basic authentication has them."""
    name, colon, password = _decoded(text).partition(":")
    return bool(colon and name.isprintable() and password and password.isprintable())


def _names_user(secret: str) -> bool:
    """Whether its first part is a number in Base64, or all of it is as mixed as only a key is."""
    first, _, rest = secret.partition(".")
    return _decoded(first).isdigit() or all(
        any(f(c) for c in part)
        for part in (first, rest)
        for f in (str.isdigit, str.isupper, str.islower)
    )


def _is_password(secret: str) -> bool:
    return len(secret) >= 3 and secret.lower() not in _USUAL


_USUAL = {
    *("pass", "password", "passwd", "pwd", "pw", "secret", "user", "username", "postgres", "root"),
    *("admin", "guest", "test", "token", "mysql", "mongo", "redis", "rabbitmq", "minio", "foo"),
    *("bar", "key", "apikey", "api_key", "db_password", "dbpassword", "xxx", "p", "x"),
}
"""Passwords of examples in URLs."""


def _of(
    kind: str,
    needles: str,
    pattern: str,
    holds: Callable[[str], bool] | None = None,
    *,
    right: str = _RIGHT,
    anywhere: bool = False,
) -> _Format:
    body = pattern if "(?P<secret>" in pattern else f"(?P<secret>{pattern})"
    needle = tuple(needles.split())
    return _Format(kind, needle, lazy_pattern(f"{body}{right}"), holds, anywhere)


_W = r"[A-Za-z0-9_-]"
_A = r"[A-Za-z0-9]"
_JWT = r"eyJ(?:(?<![A-Za-z0-9_-]eyJ)|(?<=\\[nrt]eyJ))"
FORMATS: tuple[_Format, ...] = (
    _of("slack webhook", "hooks.slack.com", r"https?://hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_+-]{20,120}"),
    _of("discord webhook", "api/webhooks/ /webhooks/", rf"https?://(?:\w{{1,12}}\.)?discord(?:app)?\.com/api/(?:v\d{{1,2}}/)?webhooks/\d{{15,22}}/{_W}{{40,100}}"),
    _of("teams webhook", "webhook.office.com", r"https://[\w-]{1,60}\.webhook\.office\.com/webhookb2/[\w@/-]{30,250}"),
    _of("aws key", "AKIA ASIA ABIA ACCA A3T", r"(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"),
    _of("aws secret", "AKIA ASIA", r"(?:AKIA|ASIA)[A-Z0-9]{16}[\s,;:|\"'/]{1,4}(?P<secret>[A-Za-z0-9/+]{40})", right=r"(?![A-Za-z0-9/+])"),
    _of("github token", "ghp_ gho_ ghu_ ghs_ ghr_", rf"gh[pousr]_{_A}{{36,255}}", anywhere=True),
    _of("github token", "github_pat_", r"github_pat_[A-Za-z0-9_]{36,255}", anywhere=True),
    _of("gitlab token", "gl GR1348941", rf"(?:gl(?:pat|ptt|dt|rt|rtr|cbt|ft|imt|agent|oas|soat|ffct|wt)-{_W}{{20,300}}(?:\.[a-z0-9]{{2,12}}\.[a-z0-9]{{5,12}}|\.[a-z0-9]{{9,20}})?|GR1348941{_W}{{20,50}})"),
    _of("slack token", "xox xapp- xwfp-", r"(?:xoxe\.)?(?:xox[abcdeoprs](?:-\d)?|xapp-\d|xwfp)-[A-Za-z0-9%-]{10,300}"),
    _of("anthropic key", "sk-ant-", rf"sk-ant-{_W}{{20,200}}"),
    _of("openrouter key", "sk-or-", r"sk-or-v\d-[0-9a-f]{40,80}"),
    _of("openai key", "sk-", rf"sk-{_W}{{20,250}}", _is_key_of_many_parts),
    _of("stripe key", "k_live_ k_test_", rf"[sr]k_(?:live|test)_{_A}{{10,250}}"),
    _of("webhook secret", "whsec_", r"whsec_[A-Za-z0-9+/]{20,100}={0,2}"),
    _of("google key", "AIza", rf"AIza{_W}{{35}}", right=rf"(?!{_W})"),
    _of("google token", "ya29.", rf"ya29\.{_W}{{20,2000}}"),
    _of("google client secret", "GOCSPX-", rf"GOCSPX-{_W}{{20,40}}"),
    _of("google refresh token", "1//0", rf"1//0{_W}{{40,250}}"),
    _of("twilio key", "SK", r"SK[0-9a-f]{32}"),
    _of("sendgrid key", "SG.", rf"SG\.{_W}{{16,32}}\.{_W}{{16,64}}"),
    _of("npm token", "npm_", rf"npm_{_A}{{36,50}}"),
    _of("pypi token", "pypi-", rf"pypi-Ag{_W}{{50,500}}"),
    _of("digitalocean token", "_v1_", r"do[opr]_v1_[0-9a-f]{64}"),
    _of("hugging face token", "hf_ api_org_", rf"(?:hf|api_org)_{_A}{{30,50}}", _is_varied),
    _of("telegram token", ":A", rf"(?<!\d)\d{{8,12}}:A{_W}{{34}}", right=rf"(?!{_W})", anywhere=True),
    _of("discord token", ".", rf"[MNO](?<![A-Za-z0-9_-].){_W}{{22,28}}\.{_W}{{6,7}}\.{_W}{{27,50}}", _names_user),
    _of("discord token", "mfa.", rf"mfa\.{_W}{{80,100}}"),
    _of("jwt", "eyJ", rf"{_JWT}[A-Za-z0-9_-]{{10,4000}}\.eyJ[A-Za-z0-9_-]{{8,8000}}\.[A-Za-z0-9_-]{{16,4000}}", anywhere=True),
    _of("jwt", "eyJ", rf"{_JWT}[A-Za-z0-9_-]{{10,4000}}(?:\.[A-Za-z0-9_-]{{0,8000}}){{2}}\.[A-Za-z0-9_-]{{16,8000}}\.[A-Za-z0-9_-]{{16,200}}"),
    _of("age key", "AGE-SECRET-KEY-", r"AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{58,2000}"),
    _of("vault token", "hvs. hvb. hvr.", rf"hv[sbr]\.{_W}{{20,300}}"),
    _of("databricks token", "dapi", r"dapi[0-9a-f]{32}(?:-\d)?"),
    _of("shopify token", "shp", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    _of("mailgun key", "key-", r"key-[0-9a-f]{32}"),
    _of("mailchimp key", "-us", r"[0-9a-f]{32}-us\d{1,2}"),
    _of("linear key", "lin_api_ lin_oauth_", rf"lin_(?:api|oauth)_{_A}{{32,80}}"),
    _of("notion token", "secret_ ntn_", rf"(?:secret_{_A}{{43}}|ntn_{_A}{{40,60}})", _is_varied),
    _of("azure key", "8Q~", r"[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}"),
    _of("one-time key", "otpauth://", r"otpauth://[^\s\"']{1,200}?[?&]secret=(?P<secret>[A-Za-z2-7]{16,128})", anywhere=True),
    _of("password", "machine", r"machine\s+\S{1,200}\s+login\s+\S{1,200}\s+password\s+(?P<secret>\S{4,200})", anywhere=True, right=""),
    _of("password", "assword=", r"(?i:[;&](?:password|pwd)=)(?P<secret>(?![*<{$\[])[^;\s\"']{4,200})(?=;|$)", anywhere=True, right=""),
    _of("azure signature", "sig=", r"sig=(?P<secret>[A-Za-z0-9%/+]{30,120}(?:%3[dD]|=){0,2})"),
    _of("atlassian token", "ATATT ATCTT ATBB", r"(?:AT[AC]TT3[A-Za-z0-9_=-]{50,300}|ATBB[A-Za-z0-9]{24,40})"),
    _of("grafana token", "glsa_ glc_ eyJrIjoi", r"(?:glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|glc_[A-Za-z0-9+/]{32,400}={0,2}|eyJrIjoi[A-Za-z0-9]{60,400}={0,2})"),
    _of("docker token", "dckr_", rf"dckr_[po]at_{_W}{{20,60}}"),
    _of("square token", "sq0 EAAA", rf"(?:sq0[a-z]{{3}}-{_W}{{22,60}}|EAAA[\w-]{{55,62}})"),
    _of("paypal token", "access_token$", r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}"),
    _of("brevo key", "xkeysib-", r"xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}"),
    _of("openshift token", "sha256~", rf"sha256~{_W}{{40,50}}"),
    _of("private key", "PuTTY-User-Key-File", r"(?s:(?<=\n)Private-Lines: \d{1,4}\r?\n(?P<secret>(?:[A-Za-z0-9+/=]{1,64}\r?\n){1,200}))", right="", anywhere=True),
    _of("terraform token", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}"),
    _of("flyio token", "fm1 fm2 fo1_", r"(?:fm[12][ar]?_[A-Za-z0-9+/_=-]{60,1000}|fo1_[\w-]{43})"),
    _of("1password token", "ops_eyJ", r"ops_eyJ[A-Za-z0-9+/]{200,1000}={0,2}"),
    _of("airtable token", "pat", rf"pat{_A}{{14}}\.[0-9a-f]{{64}}"),
    _of("doppler token", "dp.", rf"dp\.(?:pt|st|sa|ct|scim|audit)\.(?:[\w-]{{1,40}}\.)?{_A}{{40,50}}"),
    _of("password hash", "$apr1$ $1$ $5$ $6$ $2a$ $2b$ $2y$ $y$ $argon2", r"\$(?:(?:apr1|1|5|6|y)\$(?:rounds=\d+\$)?[A-Za-z0-9./$]{1,60}\$[A-Za-z0-9./]{20,90}|2[aby]\$\d\d\$[A-Za-z0-9./]{53}|argon2(?:id|i|d)\$[\w=,$]{1,60}\$[A-Za-z0-9+/]{8,90}\$[A-Za-z0-9+/]{16,130})", anywhere=True),
    _of("private key", "kty", r"\"(?:d|p|q|dp|dq|qi|k)\\?\"\s{0,4}:\s{0,4}\\?\"(?P<secret>[A-Za-z0-9_-]{20,4000})", anywhere=True),
    _of("session cookie", "ookie:", r"(?i:sess|sid|auth|token|jwt|remember)[\w.-]{0,24}=(?P<secret>[^;\s\"'\\]{16,4000})", _is_varied, anywhere=True, right=""),
    # issuers whose prefix is enough
    *(
        _of(f"{kind}", needles, rf"(?:{'|'.join(map(re.escape, needles.split()))}){_W}{{{least},250}}", _is_varied)
        for kind, needles, least in (
            ("groq key", "gsk_", 40),
            ("xai key", "xai-", 60),
            ("perplexity key", "pplx-", 40),
            ("replicate token", "r8_", 36),
            ("langfuse key", "lsv2_pt_ lsv2_sk_", 32),
            ("pinecone key", "pcsk_", 40),
            ("nvidia key", "nvapi-", 50),
            ("new relic key", "NRAK-", 27),
            ("planetscale token", "pscale_tkn_ pscale_pw_ pscale_oauth_", 32),
            ("postman key", "PMAK-", 40),
            ("pulumi token", "pul-", 40),
            ("rubygems key", "rubygems_", 40),
            ("sentry token", "sntrys_ sntryu_", 50),
            ("supabase key", "sbp_ sb_secret_", 20),
            ("figma token", "figd_", 36),
            ("tailscale key", "tskey-", 20),
            ("heroku key", "HRKU-", 30),
            ("adafruit key", "aio_", 26),
            ("netlify token", "nfp_", 36),
            ("crates token", "cio", 32),
            ("typeform token", "tfp_", 40),
            ("easypost key", "EZAK EZTK", 50),
            ("buildkite token", "bkua_", 36),
            ("circleci token", "CCIPAT_", 36),
            ("clojars token", "CLOJARS_", 56),
            ("prefect key", "pnu_ pnb_", 36),
            ("shippo token", "shippo_live_ shippo_test_", 36),
            ("facebook token", "EAACEdEose0cBA EAAG EAAB EAAJ", 60),
        )
    ),
    _of("password", "://", r"://[^\s/:@\"'<>\\\[]{0,128}:(?P<secret>(?!\[redacted |\$\{|\$[A-Z]|%\(|%[sv]|\{|<|\*\*)[^\s/\"'<>`]{1,256})@(?=[\w\[*$%{<.-])", _is_password, right="", anywhere=True),
)  # fmt: skip

_SHORT_NEEDLES, _NEEDLES = (
    tuple(
        (needle, at)
        for at, each in enumerate(FORMATS)
        for needle in each.needles
        if (needle in _SHORT) is short
    )
    for short in (True, False)
)
"""Each with the place of its format."""

_LEAST = 8
_BEGIN = re.compile(
    r"-----BEGIN (?P<what>[A-Z0-9 ]{0,40}?PRIVATE KEY(?: BLOCK)?)-----"
    r"|---- BEGIN (?P<other>SSH2 ENCRYPTED PRIVATE KEY) ----"
)
_END = re.compile(r"----[- ]END [A-Z0-9 ]{0,40}?PRIVATE KEY(?: BLOCK)?[- ]----")
_LINES = re.compile(
    r"(?:[A-Za-z0-9+/=]|\\+[nr]|[ \t\r\n\"',+|>#*-]|[A-Za-z-]{2,20}: [^\n\\]{1,80})*"
)
_MOST_KEY_CHARACTERS = 40_000
_LEAST_KEY_CHARACTERS = 40
_BARE = re.compile(r"(?:\\+[nr]|[^A-Za-z0-9+/=])+")
_TAIL = re.compile(r"[A-Za-z0-9+/=]{40,}|[A-Za-z0-9+/]{1,76}={0,2}")
_BASE64_KEY = re.compile(r"LS0tLS1CRUdJTi[A-Za-z0-9+/]{60,20000}={0,2}")


def _keys(text: str) -> Iterator[Secret]:
    """Private keys between their lines, and what is left of one that was cut."""
    if "PRIVATE KEY" in text:
        yield from _armoured(text)
    if "LS0tLS1CRUdJTi" in text:
        for match in _BASE64_KEY.finditer(text):
            if "PRIVATE KEY" in _decoded(match[0][:88]):
                yield Secret("private key", match.start(), match.end())


def _armoured(text: str) -> Iterator[Secret]:
    done = 0
    ends = [match.span() for match in _END.finditer(text)]
    for begin in _BEGIN.finditer(text):
        if begin.start() < done:
            continue
        end = next((e for e in ends if e[0] >= begin.end()), None)
        if end is not None and end[0] - begin.end() <= _MOST_KEY_CHARACTERS:
            start, stop, done = begin.end(), end[0], end[1]
        else:
            cut = _LINES.match(text, begin.end(), begin.end() + _MOST_KEY_CHARACTERS)
            start, stop = begin.end(), cut.end() if cut else begin.end()
            done = stop
        if _is_body(text[start:stop]):
            yield Secret("private key", begin.start(), max(done, stop))
    for start, stop in ends:
        if start >= done or not any(b.start() < start for b in _BEGIN.finditer(text, 0, start)):
            body = _cut_body(text, start)
            if body < start and _is_body(text[body:start]):
                yield Secret("private key", body, stop)


def _is_body(body: str) -> bool:
    """Whether key material stands there, and not an ellipsis or code."""
    if MARK in body:
        return False
    return len(_BARE.sub("", body)) >= _LEAST_KEY_CHARACTERS and not is_placeholder(body[:200])


def _cut_body(text: str, end: int) -> int:
    """Where the lines of a key begin whose first line was cut off."""
    at = end
    while at > 0:
        line = text.rfind("\n", 0, at - 1) + 1
        if _TAIL.fullmatch(text[line:at].strip()) is None or end - line > _MOST_KEY_CHARACTERS:
            break
        at = line
    return at


# Payment cards

_CARD = re.compile(
    r"[2-6](?<![\w.+/-].)"
    r"(?:(?:(?<=4)\d{3}|(?<=5)[1-5]\d\d|(?<=2)[2-7]\d\d|(?<=6)(?:011|4[4-9]\d|5\d\d|2\d\d)"
    r"|(?<=3)5[2-8]\d)(?P<gap>[ -]?)\d{4}(?P=gap)\d{4}(?P=gap)\d{4}(?:\d{1,3})?"
    r"|(?<=3)[47]\d\d(?P<amex>[ -]?)\d{6}(?P=amex)\d{5}"
    r"|(?<=3)(?:0[0-5]|[689]\d)\d(?P<diners>[ -]?)\d{6}(?P=diners)\d{4})(?![\w-]|\.\d)"
)
_NUMBERS_OF = re.compile(
    r"(?:id|ids|ref|reference|order|invoice|tracking|serial|imei|isbn|sku|phone|tel|timestamp|ts|time"
    r"|nonce|epoch|seq|sequence|offset|build|job|ticket|version|hash|seed|size|bytes|count|index|ns)"
    r"[\W_]{0,5}$",
    re.IGNORECASE,
)


def _cards(text: str) -> Iterator[Secret]:
    for match in _CARD.finditer(text):
        digits = [int(c) for c in match[0] if c.isdigit()]
        is_long = len(digits) > 16 and not match[0].startswith("62")
        other = _NUMBERS_OF.search(text[max(0, match.start() - 24) : match.start()])
        if not is_long and not other and len(set(digits)) > 2 and _passes_luhn(digits):
            yield Secret("payment card", match.start(), match.end())


def _passes_luhn(digits: Iterable[int]) -> bool:
    doubled = (d if at % 2 == 0 else d * 2 - 9 * (d > 4) for at, d in enumerate([*digits][::-1]))
    return sum(doubled) % 10 == 0
