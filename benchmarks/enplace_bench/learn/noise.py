"""Longer noise out of `noise.jsonl`: the same list for the same arguments.

Nothing in it makes a fact. Ids, times and paths vary, in tool output and boot texts only. The order
is guarded: a bare "yes", "same" or "exactly" behind an assistant's guess ("So you're a teacher?"),
a question, a hypothetical, a quote or role play would read as a confirmation, so small talk comes
only where nothing about the user is on the table.
"""

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, cast

Who = Literal["user", "assistant", "tool"]

_USER = {
    "small_talk": 40,
    "request": 32,
    "hypothetical": 9,
    "quote": 9,
    "question": 9,
    "role_play": 5,
}
"""How often each kind comes among the user's turns."""

_CONTEXTUAL = re.compile(
    r"(?i)^(ok|okay|k|okie|alright|right|cool|nice|no\b|nope|nah|yes|yep|yup|yeah|sure|go |do it"
    r"|let's|sounds good|that's|that makes|agreed|exactly|totally|absolutely|of course|true|same"
    r"|ditto|fair|good point|you're (probably )?right|you were|i stand|i think|not |kind of|sort of"
    r"|maybe|perhaps|i guess|idk|dunno|who knows|whatever|either|both|never ?mind|nvm|nm |forget"
    r"|sorry|oops|ignore|whoops|my bad|wait|i like|i love|love|i really|i don't love|hate|ha, fair"
    r"|oh right|done|roger|noted|got|understood|i get|i see|ah|aha|makes sense|perfect|great"
    r"|first one|that was fast|easy|speak of|it is what|stop|hm+ not|thanks, that's|tell me about"
    r"|scratch|doesn't matter|up to|you choose|surprise|touch wood|here goes|exactly!"
    r"|\U0001f602|\U0001f44d|\u2764\ufe0f|\U0001f64f|:\)|:\()"
)
_SAFE = re.compile(
    r"(?i)^(hi|hello|hey|good (morning|evening|afternoon|night)|morning|mornin|evening|yo$|what a"
    r"|it's (pouring|boiling)|ooh|sun's|so windy|gosh|that thunder|can't believe|is it friday"
    r"|mondays|happy|merry|have a|bye|see |talk later|ttyl|night|off for|bit sleepy|need coffee"
    r"|coffee|i'm (confused|a bit|not foll|sorry what)|how are|how's|what's (up|new)|do you|are you"
    r"|you there|anyone|test|asdf|brb|one sec|hang on|hold on|give me|just a moment|still reading"
    r"|someone's|the internet|the traffic|ugh my)"
)
"""Small talk that cannot be taken for assent, whatever came before."""
_ABOUT = re.compile(
    r"(?i)\?|\byou\b|\byou'|\byour|i prefer|i live|my name|i love|i like|favourite|feelings"
    r"|i am an|i was made|recap"
)
"""Assistant's turns after which small talk could be taken for assent."""
_ASSENT = re.compile(
    r"(?i)^(ok|okay|yes|yeah|yep|sure|right|same|do the same|and |now |try|again|isn't|exactly)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """A turn from which nothing is to be learned."""

    kind: str
    who: Who
    text: str


@cache
def lines() -> tuple[Noise, ...]:
    """What the longer noise is made of."""
    path = Path(__file__).with_name("noise.jsonl")
    with path.open(encoding="utf-8") as file:
        rows = [cast("dict[str, str]", json.loads(line)) for line in file if line.strip()]
    return tuple(
        Noise(kind=row["kind"], who=cast(Who, row["who"]), text=row["text"]) for row in rows
    )


def is_contextual(text: str) -> bool:
    """Whether small talk can confirm, deny or take back a turn before it."""
    said = text.strip()
    return bool(_CONTEXTUAL.match(said)) or len(said) < 4


def corpus(seed: int, turns: int, *, standalone: bool = False) -> list[Noise]:
    """Noise in the order of a conversation.

    Args:
        seed: Of everything that varies.
        turns: How many.
        standalone: Without small talk that can confirm, deny or retract the turn before it ("yes",
            "oops wrong paste", "same here"): for noise that is mixed in between turns with facts.
    """
    return _Babble(random.Random(f"noise/{seed}"), standalone=standalone).say(turns)


class _Deck:
    """Draws without putting back; shuffled anew when empty."""

    def __init__(self, cards: Sequence[Noise], luck: random.Random) -> None:
        self._cards, self._luck = [*cards], luck
        self._left: list[Noise] = []

    def draw(self, fits: Callable[[Noise], bool] | None = None) -> Noise:
        """The next card that fits."""
        for _ in range(2):
            if not self._left:
                self._left = self._cards[:]
                self._luck.shuffle(self._left)
            for place in range(len(self._left) - 1, -1, -1):
                if fits is None or fits(self._left[place]):
                    return self._left.pop(place)
            self._left = []
        raise ValueError("no card fits")


class _Babble:
    """One conversation of noise."""

    def __init__(self, luck: random.Random, *, standalone: bool) -> None:
        by_kind: dict[str, list[Noise]] = {}
        for line in lines():
            by_kind.setdefault(line.kind, []).append(line)
        small = by_kind["small_talk"]
        if standalone:
            small = by_kind["small_talk"] = [x for x in small if not is_contextual(x.text)]
        self._luck = luck
        self._decks = {kind: _Deck(cards, luck) for kind, cards in by_kind.items()}
        self._safe = _Deck([x for x in small if _SAFE.match(x.text)], luck)
        self._seen: set[str] = set()
        self._said: list[Noise] = []
        self._guarded = False
        """Something about the user is on the table: no small talk now."""

    def say(self, turns: int) -> list[Noise]:
        """The conversation, cut to a number of turns."""
        while len(self._said) < turns:
            if self._luck.random() < 0.35:
                line = self._decks["boot_text"].draw()
                self._add("boot_text", line.who, vary(line.text, self._luck))
                self._guarded = True
            for _ in range(self._luck.randint(3, 14)):
                self._exchange()
        return self._said[:turns]

    def _add(self, kind: str, who: Who, text: str) -> None:
        self._said.append(Noise(kind=kind, who=who, text=text))

    def _exchange(self) -> None:
        """A turn of the user, and mostly an answer."""
        luck, kind = self._luck, self._luck.choices([*_USER], [*_USER.values()])[0]
        if self._guarded and kind == "small_talk":
            line = self._safe.draw()
        else:
            line = self._decks[kind].draw(_is_no_assent if self._guarded else None)
        self._add(kind, "user", _touched(line.text, kind, luck, guarded=self._guarded))
        if kind != "small_talk":
            self._guarded = kind != "request"
        dumps = 0
        if kind == "request" and luck.random() < 0.75:
            dumps = luck.choice((1, 1, 2, 3))
        elif kind == "question" and luck.random() < 0.1:
            dumps = 1
        for _ in range(dumps):
            text = _dumped(self._decks["tool_dump"].draw().text, luck, self._seen)
            self._add("tool_dump", "tool", text)
        if luck.random() < 0.7:
            line = self._decks["assistant_chatter"].draw()
            self._add("assistant_chatter", "assistant", line.text)
            self._guarded = self._guarded or bool(_ABOUT.search(line.text))


def _is_no_assent(line: Noise) -> bool:
    return not _ASSENT.match(line.text)


# --- tool output --------------------------------------------------------------------------------

_WORDS = (
    "alpha bravo cedar delta ember flint grove harbor inlet juniper kelp lagoon maple nectar onyx "
    "pebble quartz river slate tundra umber vale willow xenon yarrow zephyr"
)
_VARIES = re.compile(
    r"(?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
    r"|(?P<iso>\b20\d\d-\d\d-\d\d)"
    r"|(?P<cdate>\b20\d{6}T\d{6}Z)"
    r"|(?P<time>(?<![\d:])\d\d:\d\d:\d\d(?:\.\d{3})?)"
    r"|(?P<minute>(?<![\d:])\d\d:\d\d(?![\d:]))"
    r"|(?P<ip>\b(?:\d{1,3}\.){3}\d{1,3}\b)"
    r"|(?P<ver>\b\d+\.\d+\.\d+\b)"
    r"|(?P<hex>\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b)"
    r"|(?P<file>\b(?:app|main|util|report_\d+|page-\d+|parse_test|config)"
    r"\.(?=(?:py|go|ts|rs|html|png|yml)\b))"
    r"|(?P<month>\b(?:Jan|Feb|Mar) \d\d\b)"
    r"|(?P<num>(?<!HTTP/)(?<![\w.+:])\d{1,8}(?:\.\d+)?(?=(?:ms|s|K|M|G|MB|KiB|MiB|kB)?\b))"
)
_FIXED_ADDRESSES = {"127.0.0.1", "0.0.0.0"}


def vary(text: str, luck: random.Random) -> str:
    """New ids, numbers, times and paths; the words stay. One id stays one id within a text."""
    known: dict[tuple[str, str], str] = {}

    def one(found: re.Match[str]) -> str:
        kind, said = found.lastgroup or "", found[0]
        if len(said) < 3 or kind in {"time", "minute"}:
            return _fresh(kind, said, luck)
        if (kind, said) not in known:
            known[kind, said] = _fresh(kind, said, luck)
        return known[kind, said]

    return _VARIES.sub(one, text)


def _fresh(kind: str, said: str, luck: random.Random) -> str:
    match kind:
        case "uuid":
            return "-".join(_hex(luck, count) for count in (8, 4, 4, 4, 12))
        case "iso":
            return f"2026-{luck.randint(1, 12):02d}-{luck.randint(1, 28):02d}"
        case "cdate":
            return f"2026{luck.randint(1, 12):02d}{luck.randint(1, 28):02d}T{_pair(luck)}0000Z"
        case "time":
            fraction = "." in said
            clock = f"{_pair(luck)}:{_pair(luck, 59)}:{_pair(luck, 59)}"
            return clock + (f".{luck.randint(0, 999):03d}" if fraction else "")
        case "minute":
            return f"{_pair(luck)}:{_pair(luck, 59)}"
        case "ver":
            return f"{luck.randint(0, 20)}.{luck.randint(0, 30)}.{luck.randint(0, 12)}"
        case "hex":
            return _hex(luck, len(said))
        case "file":
            return f"{luck.choice(_WORDS.split())}_{luck.randint(1, 99)}."
        case "month":
            return f"{luck.choice(('Jan', 'Feb', 'Mar'))} {luck.randint(1, 28):02d}"
        case "ip" if said in _FIXED_ADDRESSES:
            return said
        case "ip":
            return f"{said.rsplit('.', 1)[0]}.{luck.randint(2, 250)}"
        case _:
            return _number(luck, said)


def _pair(luck: random.Random, most: int = 23) -> str:
    return f"{luck.randint(0, most):02d}"


def _digits(luck: random.Random, count: int) -> str:
    return "".join([str(luck.randint(1, 9))] + [str(luck.randint(0, 9)) for _ in range(count - 1)])


def _hex(luck: random.Random, count: int) -> str:
    return "".join(luck.choice("0123456789abcdef") for _ in range(count))


def _number(luck: random.Random, said: str) -> str:
    whole, dot, fraction = said.partition(".")
    if len(whole) == 1:
        whole = whole if whole in "01" else str(luck.randint(2, 9))
    elif len(whole) == 4 and 1900 <= int(whole) <= 2100:
        whole = str(luck.randint(2018, 2026)) if int(whole) > 2017 else whole
    else:
        whole = _digits(luck, len(whole))
    return whole + dot + "".join(str(luck.randint(0, 9)) for _ in fraction)


def _framed(text: str, luck: random.Random) -> str:
    """What a shell puts around its output."""
    root = luck.choice(("srv", "tmp", "work", "opt", "data"))
    path = (
        f"/{root}/{luck.choice(_WORDS.split())}/{luck.choice(_WORDS.split())}{luck.randint(1, 999)}"
    )
    match luck.randrange(6):
        case 0:
            return f"$ cd {path} && ./run.sh --job {luck.randint(100, 99999)}\n{text}"
        case 1:
            code, seconds = luck.choice((0, 0, 0, 1, 2)), luck.uniform(0.05, 90)
            return f"{text}\n[exit code {code} after {seconds:.2f}s]"
        case 2:
            day = f"2026-{luck.randint(1, 12):02d}-{luck.randint(1, 28):02d}"
            return f"[{day}T{_pair(luck)}:{_pair(luck, 59)}:{_pair(luck, 59)}Z] {path}\n{text}"
        case 3:
            return f"==> {path}/out.txt <==\n{text}"
        case 4:
            lines_of = text.count("\n") + 1
            return f"run {_hex(luck, 8)}\n{text}\n({lines_of} lines)"
        case _:
            return f'<output id="{_hex(luck, 10)}">\n{text}\n</output>'


def _dumped(text: str, luck: random.Random, seen: set[str]) -> str:
    """A piece of tool output that was not there before."""
    dump = text
    for again in range(6):
        dump = vary(text, luck)
        if luck.random() < 0.25 or again > 0:
            dump = _framed(dump, luck)
        if dump not in seen:
            break
    seen.add(dump)
    return dump


# --- the user's lines ---------------------------------------------------------------------------

_OPENERS = ("hey, ", "so ", "hmm ", "btw ", "quick one: ", "next: ")
_ENDS = (" pls", " please", ", thanks", " thx", " when you get a sec")


def _touched(text: str, kind: str, luck: random.Random, *, guarded: bool) -> str:
    """Light wear: letter case, end stop, an opener, a slip of the keys. It means what it meant."""
    if "\n" in text or text[:1] in '>"*([':
        return text
    if luck.random() < 0.18 and '"' not in text and "I'" not in text:
        text = text.lower()
    if luck.random() < 0.12 and text[-1:] in ".!" and text[:-1].strip(".!"):
        text = text[:-1]
    asks = kind in {"request", "question", "hypothetical"}
    if asks and not guarded and luck.random() < 0.15:
        text = luck.choice(_OPENERS) + text
    if kind == "request" and text[-1:] not in '?.:"$x`' and luck.random() < 0.12:
        text += luck.choice(_ENDS)
    if kind in {"small_talk", "request"} and luck.random() < 0.05:
        text = _slipped(text, luck)
    return text


def _slipped(text: str, luck: random.Random) -> str:
    """Two letters of a longer word change places."""
    found = list(re.finditer(r"\b[a-z]{6,}\b", text))
    if not found:
        return text
    word = luck.choice(found)
    at = word.start() + luck.randint(1, len(word[0]) - 3)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
