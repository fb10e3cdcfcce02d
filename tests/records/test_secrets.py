"""Secrets are found, look-alikes stay. Every secret is made at run time: no file holds one."""

import json
import random
import string
import time
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace.records.secrets import redacted, redacted_value, secrets_in

LETTERS = string.ascii_letters + string.digits
HEX = "0123456789abcdef"


def drawn(count: int, alphabet: str = LETTERS, seed: int = 1) -> str:
    return "".join(random.Random(seed).choices(alphabet, k=count))


def key(label: str = "RSA PRIVATE KEY", lines: int = 12) -> str:
    body = "\n".join(drawn(64, LETTERS + "+/", seed=n) for n in range(lines))
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----"


def token() -> str:
    return "gh" + "p_" + drawn(36)


def card(begin: str = "4539", count: int = 16) -> str:
    digits = begin + drawn(count - len(begin) - 1, string.digits)
    total = sum(
        d if at % 2 else d * 2 - 9 * (d > 4) for at, d in enumerate(map(int, reversed(digits)))
    )
    return digits + str(-total % 10)


def jwt() -> str:
    parts = [b64encode(json.dumps(x).encode()).decode().rstrip("=") for x in ({"alg": 1}, {"a": 2})]
    return ".".join([*("ey" + "J" + drawn(20, seed=n) for n, _ in enumerate(parts)), drawn(43)])


FORMATS = {
    "github token": [token(), "github" + "_pat_" + drawn(22) + "_" + drawn(59)],
    "gitlab token": ["gl" + "pat-" + drawn(20)],
    "aws key": ["AK" + "IA" + drawn(16, string.ascii_uppercase + "234567")],
    "slack token": ["xo" + "xb-" + drawn(12, string.digits) + "-" + drawn(24)],
    "slack webhook": ["https://hooks.sl" + "ack.com/services/T0/B0/" + drawn(24)],
    "openai key": ["sk" + "-" + drawn(48), "sk" + "-proj-" + drawn(74)],
    "anthropic key": ["sk" + "-ant-api03-" + drawn(90) + "AA"],
    "google key": ["AI" + "za" + drawn(35)],
    "stripe key": ["sk" + "_live_" + drawn(24)],
    "sendgrid key": ["S" + "G." + drawn(22) + "." + drawn(43)],
    "npm token": ["np" + "m_" + drawn(36)],
    "pypi token": ["py" + "pi-AgEIcHlwaS5vcmc" + drawn(80)],
    "digitalocean token": ["do" + "p_v1_" + drawn(64, HEX)],
    "hugging face token": ["h" + "f_" + drawn(34)],
    "telegram token": [drawn(10, "123456789") + ":A" + "A" + drawn(33)],
    "jwt": [jwt()],
    "age key": ["AGE-SEC" + "RET-KEY-1" + drawn(58, string.ascii_uppercase)],
    "vault token": ["hv" + "s." + drawn(24)],
    "databricks token": ["da" + "pi" + drawn(32, HEX)],
    "shopify token": ["sh" + "pat_" + drawn(32, HEX)],
    "linear key": ["lin" + "_api_" + drawn(40)],
    "notion token": ["nt" + "n_" + drawn(46)],
    "twilio key": ["S" + "K" + drawn(32, HEX)],
    "payment card": [card(), card("34", 15), card("5105"), card("6011")],
    "private key": [key(), key("OPENSSH PRIVATE KEY"), key("PGP PRIVATE KEY BLOCK")],
}
AROUND = (
    "{}",
    "look: {} is mine",
    "<{}>",
    "'{}',",
    "a\n{}\nb",
    '{{"out": "{}"}}',
)


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("kind", FORMATS)
def test_known_formats_are_found_wherever_they_stand(kind: str, around: str) -> None:
    for secret in FORMATS[kind]:
        text = around.format(secret)
        assert redacted(text) == around.format(f"[redacted {kind}]")


def test_a_format_is_found_behind_escapes_and_colours() -> None:
    for before in ("first\\n", "\x1b[31m", "key%3D"):
        assert redacted(before + token()) == before + "[redacted github token]"
    flat = json.dumps({"out": "cat key\n" + key() + "\ndone"})
    assert json.loads(redacted(flat)) == {"out": "cat key\n[redacted private key]\ndone"}


def test_a_key_that_was_cut_is_found_from_either_side() -> None:
    whole = key(lines=30)
    assert redacted("$ head key\n" + whole[:900]) == "$ head key\n[redacted private key]"
    assert redacted("$ tail key\n" + whole[900:]).endswith("[redacted private key]")
    assert whole[1100:1160] not in redacted(whole[900:])


WORD = "Tr0ub4" + "dor-9"
HIGH = drawn(40, LETTERS, seed=5)
ASSIGNED = [
    ("password: {}", WORD),
    ("PASSWORD={}\nHOME=/root", WORD),
    ("DB_PASSWORD=sun" + "{}", "shineday"),
    ('"password": "{}"', WORD),
    ('{{"user": "u", "db_password": "{}", "x": 1}}', WORD),
    ("password = '{}'  # dev", WORD),
    ('password: str = "{}"', WORD),
    ("my password is {}.", WORD),
    ("the password for the door is {}", WORD),
    ("das Passwort lautet {}", WORD),
    ("mot de passe : {}", WORD),
    ("- name: DB_PASSWORD\n  value: {}", WORD),
    ("<password>{}</password>", WORD),
    ("Server=db;User Id=sa;Password={};Encrypt=true", WORD),
    ("postgres://app:{}@db:5432/main", WORD),
    ("redis://:{}@cache:6379", WORD),
    ("curl -u admin:{} https://host", WORD),
    ("tool --password {} --verbose", WORD),
    ("machine host login me password {}", WORD),
    ("create user a identified by '{}'", WORD),
    ("API_KEY={}", HIGH),
    ("api_key: {}", HIGH),
    ("//registry.npmjs.org/:_authToken={}", HIGH),
    ("aws_secret_access_key = {}", HIGH),
    ("client_secret={}&grant_type=x", HIGH),
    ("x-api-key: {}", HIGH),
    ("Authorization: Bearer {}", HIGH),
    ('-H "authorization: token {}"', HIGH),
    ("Authorization: Basic {}", b64encode(b"me:" + WORD.encode()).decode()),
    ('"auth": "{}"', b64encode(b"me:" + WORD.encode()).decode()),
    ("AccountKey={};EndpointSuffix=x", b64encode(bytes(range(64))).decode()),
    ("client-key-data: {}", b64encode(key().encode()).decode()),
    ("token: {}", drawn(32, HEX)),
    ("seed phrase: {}", "acid bacon canal dance eager fabric garden habit icon jazz kiwi lamp"),
    ("2FA setup key: {}", "JBSW Y3DP EHPK 3PXP"),
]


@pytest.mark.parametrize(("text", "secret"), ASSIGNED)
def test_values_behind_a_telling_name_are_found(text: str, secret: str) -> None:
    left = redacted(text.format(secret))
    before, after = text.format("\0").split("\0")
    assert secret not in left
    assert "[redacted " in left
    assert left.endswith(after)
    assert left[:4] == before[:4]


HARMLESS = """\
password: string
password is required and must have at least 8 characters
password=<your-password>
PASSWORD=changeme
password = os.environ["DB_PASSWORD"]
password: ${DB_PASSWORD}
token: ${{ secrets.GITHUB_TOKEN }}
api_key = config.get("api_key")
api_key: your-api-key-here
connect(user=user, password=password)
return {"password": credentials.password}
"password": "Forgot your password?"
max_tokens: 4096
"prompt_tokens": 1234, "total_tokens": 99
"nextPageToken": "CAUQAABcDe12345xyz"
tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased")
token = tokens[0]
secretName: web-tls-2024
imagePullSecrets: registry-creds-2
primary_key=user_id
Authorization: Bearer <token>
curl -u $USER:$PASS https://x
docker run -u 1000:1000 img
commit 3f1c2aa9d0771be4c55a0f8e2b6d9a7c1e4f5b02
sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
550e8400-e29b-41d4-a716-446655440000
https://host:8080/path?page=2&id=12345678
-----BEGIN CERTIFICATE-----
if line.startswith("-----BEGIN RSA PRIVATE KEY-----"):
class="sk-circle-fade-dot-large-12"
the bypass: 12ab34cd56ef
order_id=4539578763621486
1732262400000
1.4539578763621486
"""


@pytest.mark.parametrize("line", HARMLESS.splitlines())
def test_look_alikes_stay(line: str) -> None:
    assert redacted(line) == line


def test_public_keys_stay() -> None:
    for label in ("CERTIFICATE", "PUBLIC KEY", "RSA PUBLIC KEY", "PGP SIGNATURE"):
        assert redacted(key(label)) == key(label)


def test_a_number_that_fails_luhn_stays() -> None:
    number = card()
    other = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert redacted(f"card {other}") == f"card {other}"
    spaced = " ".join(number[n : n + 4] for n in range(0, 16, 4))
    assert redacted(f"card {spaced}!") == "card [redacted payment card]!"


def test_the_same_secret_looks_the_same_and_says_its_kind_only() -> None:
    left = redacted(f"{token()} and again {token()}")
    assert left == "[redacted github token] and again [redacted github token]"


def test_what_is_found_is_in_order_and_apart() -> None:
    text = f"GITHUB_TOKEN={token()} password: {WORD} x"
    found = secrets_in(text)
    assert [(secret.kind, text[secret.start : secret.end]) for secret in found] == [
        ("github token", token()),
        ("password", WORD),
    ]


def test_a_field_tells_of_its_value() -> None:
    assert redacted_value("password", WORD) == "[redacted password]"
    assert redacted_value("path", WORD) == WORD
    assert redacted_value("", WORD) == WORD


PIECES = [
    *(text.format(secret) for text, secret in ASSIGNED),
    *(secret for secrets in FORMATS.values() for secret in secrets),
    *HARMLESS.splitlines(),
    "\n",
    " ",
    "=",
    ":",
    '"',
    "\\n",
    "[redacted password]",
    "é",
    "İ",
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=8))
def test_redacting_twice_changes_nothing(pieces: list[str]) -> None:
    once = redacted("".join(pieces))
    assert redacted(once) == once


@given(st.text(max_size=300))
def test_any_text_can_be_redacted(text: str) -> None:
    for secret in secrets_in(text):
        assert 0 <= secret.start < secret.end <= len(text)


def took(text: str) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.thread_time()  # others may use the machine
        redacted(text)
        best = min(best, time.thread_time() - start)
    return best


@pytest.mark.parametrize(
    ("before", "repeated"),
    [
        ("", "password="),
        ("", 'password="'),
        ("", "token="),
        ("", "eyJ"),
        ("", "://a:"),
        ("", "4539 "),
        ("", "curl -u "),
        ("", "-----BEGIN PRIVATE KEY-----"),
        ("", "AAAA\n-----END PRIVATE KEY-----\n"),
        ("", "M"),
        ("", "\\"),
        ("token", "\\"),
        ("passphrase is ", "word "),
        ("cookie: ", "sid="),
        ("", "passphrase for a "),
        ("ghp_", "sk-"),
    ],
)
def test_the_time_it_takes_grows_no_faster_than_the_text(before: str, repeated: str) -> None:
    """Twenty times as much text: quadratic would be four hundred times as long."""
    small, large = took(before + repeated * 500), took(before + repeated * 10_000)
    assert large < 80 * small + 0.02
