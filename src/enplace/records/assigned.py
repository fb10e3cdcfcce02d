"""Secrets that only their name tells: `password: ...`, `API_KEY=...`, `Authorization: Bearer ...`.

What stands behind such a name is often none: a type, a variable, a path, a placeholder. So the value
must look like one, by rules that differ for passwords, which people make, and tokens, which
machines draw.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from enplace.records.lazy_pattern import lazy_pattern

_MOST_VALUE = 8_000
_MOST_WEIGHED = 400
"""Characters of a value that are looked at."""

Family = Literal["password", "pass", "token", "key", "auth", "header", "phrase", "pin"]


@dataclass(frozen=True, slots=True)
class _Value:
    text: str
    start: int
    end: int
    is_quoted: bool
    is_line: bool
    """Whether it is a line of an environment file: `NAME=value`, the name in capitals."""
    follows: str
    """The character behind it."""


# Names

_STEMS = tuple(
    (stem, lazy_pattern(stem + rest))
    for stem, rest in (
        ("pass", r"(?:wor[dt]|wd|phrase|code)?"),
        *((name, "") for name in ("pwd", "secret", "token", "bearer", "basic ", "key", "mnemonic")),
        ("auth", r"(?:orization)?"),
        ("pin", r"(?![a-z])"),
        ("credential", r"s?"),
        *((name, "") for name in ("seed phrase", "identified by", "mot de passe", "kennwort")),
        *((name, "") for name in ("contraseña", "contrasena", "senha", "wachtwoord", "parola")),
        *((name, "") for name in ("пароль", "пароля", "密码", "密碼", "パスワード")),
        ("client-key-data", ""),
    )
)
"""How telling names begin, in small letters, and how they may go on."""
_KEY_OF = lazy_pattern(
    r"(?:api|access|secret|private|account|auth|encryption|signing|signature|master|service|shared"
    r"|client|app|application|consumer|deploy|deployment|license|hmac|aes|cipher|crypto|storage"
    r"|admin|setup|recovery|2fa|totp|otp|mfa|authenticator|webhook|subscription|functions?|host|bot|openai|anthropic|maps)[ _.-]?$"
)
_REST = lazy_pattern(
    r"(?:[_.-]?(?:key|base|phrase|value|val|text|string|data|plain|plaintext|raw|b64|base64|prod|production"
    r"|staging|stage|dev|live|test|main|primary|secondary|old|new|current|default|hex|\d{1,3})){0,2}"
    r"(?P<quote>\\{0,4}[\"'`\]]{0,2})(?:"
    r"(?P<typed>\s?:\s?&?(?:str|string|secretstr|bytes|optional\[str\]|str \| none|text)\??\s{0,3}=)"
    r"|(?P<pair>[ \t]{0,4},?\s{0,40}\\{0,4}[\"']?value\\{0,4}[\"']?\s{0,4}[:=])"
    r"|(?P<sign>[ \t]{0,12}(?::=|=>|===?|!==?|=|:|\uff1a))"
    r"|(?P<tag>>)"
    r"|(?P<told>[ \t]{1,3}(?:(?:for|of|to|on|at|in|von|für)(?:[ ][\w.'-]{1,24}){1,5}?[ ])?(?:is|was|ist|lautet|est|es|é|è|to|auf)(?: now| jetzt)?:?(?=[ \t]))"
    r"|(?P<gap>(?=[ \t]{1,4}\S))"
    r")[ \t]{0,8}(?P<open>(?:[bfru@]|\\{0,4}n)?\\{0,4}[\"'`]{1,3})?"
)
_NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789_.-$"
_SOME_TOKENS = lazy_pattern(
    r"(?:^|[_.$-])(?:next|previous|prev|last)?(?:max|min|num|n|next|prev|previous|page|pagination|continuation|sync|delta|publickey|public_key|eos|bos|pad|unk|sep|cls"
    r"|mask|stop|start|end|special|total|input|output|prompt|completion|cached|count|per|public|first"
    r"|last|image|audio|thinking|reasoning|cancellation|cursor|resume|budget|word|sub|design"
    r"|change|position|snapshot|idempotency|request|etag|skip|lexer|syntax|new|extra)[_.-]?$|(?:^|[_.-])(?:next|prev|previous)[_.-]?$"
)
_PASS_WORDS = lazy_pattern(r"(?:by|com|sur|tres|under|over|en|im|tests?|multi|single|two|one)$")
_SHORT = lazy_pattern(r"\s")
_LOGIN = lazy_pattern(r"(?:login|user(?:name)?|account)[ \t]+\S{1,64}\s+$")
_CREDENTIALS = lazy_pattern(r"[^\s\"'`\\,;<>]+")
_SCHEME = lazy_pattern(
    r"(?:bearer|basic|token|digest|apikey|api-key|key|bot|splunk|sso-key|negotiate|glpat)[ \t]+",
    re.I,
)


def assigned_in(text: str) -> Iterator[tuple[str, int, int]]:
    """Secrets behind a telling name, as (kind, start, end), in order of their names."""
    low = text.lower()
    if len(low) != len(text):  # a letter has a longer small one
        low = "".join(c.lower() if c.isascii() else c for c in text)
    names = [m for stem, name in _STEMS if stem in low for m in name.finditer(low)]
    done = 0
    for match in sorted(names, key=lambda m: m.start()) if len(names) > 1 else names:
        at = match.start()
        if at < done or (match[0] == "key" and not _KEY_OF.search(low, max(0, at - 14), at)):
            continue
        rest = _REST.match(low, match.end())
        if rest is None and match[0] not in {"bearer", "basic "}:
            continue
        found, seen = _behind(text, low, match, rest)
        if found is not None:
            yield found
        done = seen
    yield from _commands(text)


def _behind(
    text: str, low: str, match: re.Match[str], rest: re.Match[str] | None
) -> tuple[tuple[str, int, int] | None, int]:
    """The secret behind a name, and up to where no other name needs to be looked at."""
    name, at = match[0], match.start()
    head = low[max(0, at - 48) : at]
    prefix = head[len(head.rstrip(_NAME_CHARACTERS)) :]
    if name in {"bearer", "basic "}:
        found = _schemed(text, match.end(), name, prefix)
        return found, found[2] if found else 0
    if rest is None:
        return None, 0
    family = _family(name, text, at, prefix)
    if family is None or not _is_separated(low, at, prefix, rest, family):
        return None, 0
    value = _value_at(text, at - len(prefix), rest)
    if family in {"phrase", "key"}:
        value = _wider(text, value, _PHRASE if family == "phrase" else _GROUPS)
    if family == "header":
        value = _behind_scheme(text, value)
    if not _looks_real(value, family, prefix):
        return None, value.end if len(value.text) > _MOST_WEIGHED else 0
    end = value.end
    if not value.is_quoted and not value.is_line:
        end = value.start + len(value.text.rstrip(".,;:?)}]"))
    return (_kind(name, prefix, family), value.start, end), end


def _behind_scheme(text: str, value: _Value) -> _Value:
    """What a header's value holds behind `Bearer` and the like."""
    scheme = _SCHEME.match(text, value.start)
    match = _CREDENTIALS.match(text, scheme.end(), scheme.end() + _MOST_VALUE) if scheme else None
    if match is None:
        return value
    return _Value(match[0], match.start(), match.end(), value.is_quoted, False, "")


def _family(name: str, text: str, at: int, prefix: str) -> Family | None:
    match name:
        case "token":
            return None if _SOME_TOKENS.search(prefix) else "token"
        case "secret" | "credential" | "credentials":
            return "token"
        case "pass":
            begins = not prefix or prefix[-1] in "_.-$" or text[at].isupper()
            return "pass" if begins and not _PASS_WORDS.search(prefix) else None
        case "auth":
            return "auth" if not prefix or prefix[-1] in "_.-/" else None
        case "authorization":
            return "header"
        case "mnemonic" | "seed phrase" | "passphrase":
            return "phrase"
        case "pin":
            return "pin" if not prefix or prefix[-1] in "_.-" else None
        case "key" | "client-key-data":
            return "key"
        case _:
            return "password"


def _is_separated(low: str, at: int, prefix: str, rest: re.Match[str], family: Family) -> bool:
    """Whether what stands between name and value says that the one is the other's."""
    if rest["gap"] is not None:
        if (rest["open"] or "`")[-1] in "\"'" and family == "password":  # IDENTIFIED BY '...'
            return True
        start = at - len(prefix)
        return low.startswith("--", start) or (
            family == "password" and bool(_LOGIN.search(low[max(0, start - 90) : start]))
        )
    if rest["tag"] is not None:
        return low[: at - len(prefix)].endswith("<") or low[max(0, at - len(prefix) - 1)] == "<"
    return not rest["told"] or family not in {"pass", "auth", "header"}


def _value_at(text: str, name_at: int, rest: re.Match[str]) -> _Value:
    start, opened = rest.end(), rest["open"]
    most = start + _MOST_VALUE
    if opened:
        quote = opened[-1]
        match = _QUOTED[quote].match(text, start, most)
        value = match[0] if match else ""
        return _Value(value, start, start + len(value), True, False, quote)
    line = text.rfind("\n", max(0, name_at - 64), name_at) + 1
    lead = text[line:name_at].strip()
    is_line = (
        rest["sign"] == "="
        and rest.end() == rest.end("sign")
        and lead in {"", "export", "ENV", "-e", "- ", "-", "set", "setx", "SET"}
        and (name := text[name_at : rest.start() + 1].strip("=")) == name.upper()
    )
    is_tight = rest["sign"] is not None and rest.end() == rest.end("sign")
    pattern = _LINE if is_line else _PLAIN if is_tight else _TOLD
    match = pattern.match(text, start, most)
    value = match[0] if match else ""
    end = start + len(value)
    return _Value(value, start, end, False, is_line, text[end : end + 1])


def _wider(text: str, value: _Value, pattern: re.Pattern[str]) -> _Value:
    """A value that goes on behind its spaces."""
    match = pattern.match(text, value.start, value.start + _MOST_WEIGHED)
    if match is None or match.end() <= value.end:
        return value
    return _Value(match[0], value.start, match.end(), value.is_quoted, False, "")


_PHRASE = lazy_pattern(r"[a-z]{2,12}(?:[ ][a-z]{2,12}){3,30}(?:[ ]\d{1,6})?(?![\w])")
_GROUPS = lazy_pattern(r"[A-Z2-7]{4}(?:[ -][A-Z2-7]{4}){3,15}(?![\w])", re.I)
_QUOTED = {quote: lazy_pattern(rf"(?:[^{quote}\\\r\n]|\\(?![{quote}nrt\\]))+") for quote in "\"'`"}
_PLAIN = lazy_pattern(r"[^\s\"'`,;&<>|()\[\]{}\\]+")
_TOLD = lazy_pattern(r"[^\s\"'`,;<>|\\]+")
_LINE = lazy_pattern(r"[^\s\"'`\\]+")

# Values

_PLACEHOLDER = lazy_pattern(
    r"example|sample|placeholder|change[-_ ]?(?:me|this|it)|dummy|redacted|replace[-_ ]|insert[-_ ]"
    r"|todo|fixme|xxxx|\*\*\*|\.\.\.|…|•|●|not[-_ ]?(?:set|real|a[-_ ])|masked|foobar"
    r"|fake[-_]|mock[-_]|(?:^|[-_ <{])(?:your|my|some|the)[-_ ]|-here$|_here$|^here|^<|^test[-_]"
    r"|goes[-_ ]?here|put[-_ ]|secret[-_]?value|notsecret|not-secret|lorem"
)
_WORDS = {
    *("true", "false", "none", "null", "undefined", "required", "optional", "string", "boolean"),
    *(
        "number",
        "integer",
        "object",
        "secret",
        "password",
        "passwd",
        "token",
        "changeme",
        "changeit",
    ),
    *("postgres", "default", "enabled", "disabled", "hidden", "unknown", "missing", "invalid"),
    *(
        "expired",
        "encrypted",
        "prompt",
        "ask",
        "stdin",
        "keyring",
        "generate",
        "generated",
        "empty",
    ),
    *(
        "hunter",
        "letmein",
        "admin",
        "guest",
        "root",
        "user",
        "test",
        "testing",
        "demo",
        "foo",
        "bar",
    ),
}
_COMMON = lazy_pattern(
    r"(?:password|passwd|pass|secret|token|test|testing|example|changeme|foo|bar|abc|key|value|user"
    r"|admin|string|dummy|default)[_-]?\d{0,4}"
)
_VARIABLE = lazy_pattern(
    r"\$\w+|\$[{(].*|%\w+%|%[({sdv].*|\{.*|<.*|#\{.*|\[.*|@\{?[\w./-]+\}?|!\w+.*|\*\w+|&\w+|\\.*"
    r"|\(.*|[=!~]=?.*",
    re.DOTALL,
)
_REFERENCE = lazy_pattern(
    r"[a-z][a-z0-9+.-]*://.*|(?:arn|vault|env|file|secret|kms|ssm|op|sops|ref|awskms|keyring"
    r"|secretsmanager|gcp|keychain)[:+].*|enc[\[(].*|\{(?:ssha|sha|crypt|bcrypt)\}.*"
    r"|\$(?:2[aby]?|5|6|y|1|argon2\w{0,2}|scrypt|pbkdf2[\w-]*)\$.*|(?:sha\d{1,3}|md5|pbkdf2)[:$_-].*"
    r"|projects/.*",
    re.DOTALL | re.IGNORECASE,
)
_PATH = lazy_pattern(
    r"(?:~|\.{1,2}|[A-Za-z]:)?[/\\][\w.@ -]+(?:[/\\][\w.@ -]*)*|[\w-]+(?:/[\w.-]+)+"
)
_FILE = lazy_pattern(
    r"[\w./-]+\.(?:pem|key|crt|json|ya?ml|txt|env|toml|py|js|ts|go|md|p12|jks|cfg|ini|log)"
)
_DOTTED = lazy_pattern(r"[A-Za-z_$][\w$]{0,32}(?:(?:\.|::|->|\?\.)[A-Za-z_$][\w$]{0,32})+")
_CALL = lazy_pattern(r"[A-Za-z_$][\w$]*(?:(?:\.|::|->)[A-Za-z_$][\w$]*)*!?[\[(]")
_IDENTIFIER = lazy_pattern(r"[A-Za-z_$][\w$]*")
_MOMENT = lazy_pattern(
    r"\d{4}-\d\d-\d\d(?:[T ].*)?|v?\d+(?:\.\d+)+[\w.-]*|\d+(?:ms|s|m|h|d|kb|mb|gb|px|%)", re.I
)
_MAIL = lazy_pattern(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", re.I)
_RUN = lazy_pattern(r"[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_]+")
_CONSONANTS = lazy_pattern(r"[bcdfghjklmnpqrstvwxz]{6}", re.I)
_BASE64 = lazy_pattern(r"[A-Za-z0-9+/_-]+={0,2}")


def is_placeholder(value: str) -> bool:
    """Whether a value only shows where one goes: `your-api-key`, `AKIA...EXAMPLE`, `xxxx`."""
    low = value[:_MOST_WEIGHED].lower()
    return bool(_PLACEHOLDER.search(low)) or len(set(low)) < 4


def _looks_real(value: _Value, family: Family, prefix: str) -> bool:
    text = value.text[:_MOST_WEIGHED]
    if not value.is_quoted and not value.is_line:
        text = text.rstrip(".,;:!?)}]")
    if (
        len(text) < (4 if family == "pin" else 5)
        or text.startswith("[redacted")
        or (family != "pin" and is_placeholder(text))
    ):
        return False
    low = text.lower()
    if low in _WORDS or _COMMON.fullmatch(low) or _is_no_value(text, value):
        return False
    match family:
        case "phrase":
            return _is_phrase(text) or _is_password(text, value, family)
        case "auth":
            return len(text) >= 8 and bool(_BASE64.fullmatch(text)) and _is_basic(text)
        case "header":
            return _is_basic(text) or _is_drawn(text, 12) or _is_mixed(text)
        case "password" | "pass":
            return _is_password(text, value, family)
        case "pin":
            return bool(re.fullmatch(r"\d{4,6}", text)) and not value.is_line
        case "token" | "key":
            return (
                _is_drawn(text, 8)
                or bool(_GROUPS.fullmatch(text) and re.search(r"\d", text))
                or (
                    value.is_line
                    and bool(re.search(r"\d", text))
                    and _is_password(text, value, family)
                )
            )


def _is_no_value(text: str, value: _Value) -> bool:
    """Whether it refers to a value, calls for one, or is plainly something else."""
    if value.follows in {"(", "["} and not value.is_quoted and not value.is_line:
        return True
    if not value.is_quoted and not value.is_line and _CALL.match(text):
        return True
    if _VARIABLE.fullmatch(text) and not (
        value.is_quoted and text[0] in "!@#*&%=~" and len(text) < 33
    ):
        return True
    if _REFERENCE.fullmatch(text) or _MOMENT.fullmatch(text) or _MAIL.fullmatch(text):
        return True
    if _FILE.fullmatch(text) or (_DOTTED.fullmatch(text) and not value.is_line):
        return True
    return bool(_PATH.fullmatch(text)) and not _is_drawn(text, 30)


def _is_phrase(text: str) -> bool:
    words = text.split()
    return len(words) >= 4 and _SENTENCE.isdisjoint(words) and bool(_PHRASE.fullmatch(text))


_SENTENCE = {
    *("the", "to", "of", "and", "is", "are", "in", "for", "be", "was", "has", "or", "by", "from"),
    *("not", "it", "its", "as", "at", "on", "my", "we", "used", "when", "with", "so", "but", "if"),
}
"""Words that no list has from which phrases are drawn."""


def _is_password(text: str, value: _Value, family: Family) -> bool:
    if len(text) < 6 or (" " in text and not value.is_line):
        return False
    bare = re.sub(r"[-_.]", "", text)
    if bare.isalpha():
        if re.search(r"passw|secret|token|credential", bare, re.I):
            return False
        return (
            value.is_line
            or (len(bare) >= 16 and bare.islower() and value.is_quoted)
            or (len(bare) >= 8 and _is_drawn(text, 8))
        )
    if bare.isdigit():
        return family == "password" and bare == text
    is_code = not value.is_quoted and not value.is_line and value.follows in {")", ","}
    return not (is_code and _IDENTIFIER.fullmatch(text) and "_" in text)


def _is_drawn(text: str, least: int) -> bool:
    """Whether a machine drew it: letters and digits without words, dates or names in it."""
    body = text.rstrip("=")
    if len(body) < least or " " in body or not re.search(r"[A-Za-z]", body):
        return False
    runs = [len(run) for run in _RUN.findall(body)]
    if not runs or len(set(body)) < 6:
        return False
    mean = sum(runs) / len(runs)
    if not re.search(r"\d", body):
        letters = re.sub(r"[\W_]", "", body)
        odd = mean < 3.2 and not letters.islower() and not letters.isupper()
        return len(letters) >= 16 and (odd or bool(_CONSONANTS.search(letters)))
    return mean < 3.6 and not _is_slug(body)


def _is_mixed(text: str) -> bool:
    """Whether it has small and capital letters and digits, behind a scheme that says what it is."""
    return len(text) >= 16 and all(re.search(c, text) for c in ("[a-z]", "[A-Z]", r"\d"))


def _is_slug(text: str) -> bool:
    """Whether it is words and short numbers between hyphens: the name of something."""
    parts = re.split(r"[-_.:/]", text)
    return len(parts) > 1 and all(
        (part.isalpha() and (part.islower() or part.istitle() or part.isupper()))
        or (part.isdigit() and len(part) <= 8)
        or len(part) <= 3
        or re.fullmatch(r"[A-Za-z]{2,}\d{1,3}", part)
        for part in parts
    )


def _is_basic(text: str) -> bool:
    try:
        decoded = b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-8")
    except ValueError:
        return False
    name, colon, password = decoded.partition(":")
    return bool(colon and password) and name.isprintable() and password.isprintable()


def _schemed(text: str, at: int, name: str, prefix: str) -> tuple[str, int, int] | None:
    """`Bearer ...` and `Basic ...`, wherever they stand."""
    if prefix and prefix[-1].isalnum():
        return None
    gap = re.compile(
        r"(?:[ \t]|%20|\\?[\"']?[:=]?[ \t])[ \t]*\\?[\"']?" if name == "bearer" else r"[ \t]*"
    )
    lead = gap.match(text, at)
    if lead is None:
        return None
    match = re.compile(r"[A-Za-z0-9._~+/=-]+").match(text, lead.end(), lead.end() + _MOST_VALUE)
    if match is None:
        return None
    value = match[0].rstrip(".")
    weighed = value[:_MOST_WEIGHED]
    if is_placeholder(weighed):
        return None
    real = _is_basic(value) if name == "basic " else _is_drawn(weighed, 12) or _is_mixed(weighed)
    kind = "basic credentials" if name == "basic " else "bearer token"
    return (kind, match.start(), match.start() + len(value)) if real else None


def _kind(name: str, prefix: str, family: Family) -> str:
    if family in {"password", "pass"}:
        return "password"
    if family == "pin":
        return "pin"
    if family == "phrase":
        return "passphrase" if name == "passphrase" else "seed phrase"
    if family in {"header", "auth"}:
        return "credentials"
    if "aws" in prefix or "secretaccess" in prefix or "secret_access" in prefix:
        return "aws secret"
    if name == "client-key-data":
        return "private key"
    return {"key": "key", "token": "token"}.get(name, "secret")


# Commands

_COMMAND = lazy_pattern(
    r"(?:\b(?:curl|wget|http|https)\b[^\n]{0,300}?[ ](?:-u[ ]?|--user[= ])[\"']?[^\s:\"'@/$]{1,64}:"
    r"|\bmysql(?:dump|admin|sh)?\b[^\n]{0,200}?[ ]-p[\"']?(?=[^\s\"'])"
    r"|\bsshpass[ ]+-p[ ]*[\"']?|\bredis-cli\b[^\n]{0,100}?[ ]-a[ ]+[\"']?"
    r"|\bdocker[ ]+login\b[^\n]{0,100}?[ ]-p[ ]+[\"']?|\bhtpasswd\b[^\n]{0,100}?[ ]-\w*b\w*[ ]+\S+[ ]+\S+[ ]+[\"']?)"
    r"(?P<value>[^\s\"']{4,256})"
)
_COMMANDS = (" -u", "--user", "mysql", "sshpass", "redis-cli", "docker login", "htpasswd")


def _commands(text: str) -> Iterator[tuple[str, int, int]]:
    if not any(command in text for command in _COMMANDS):
        return
    for match in _COMMAND.finditer(text):
        start, end = match.span("value")
        value = _Value(match["value"], start, end, True, False, "")
        if _looks_real(value, "password", "") and not match["value"].startswith("$"):
            yield "password", start, end
