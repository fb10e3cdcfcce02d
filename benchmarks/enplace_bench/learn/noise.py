"""Longer noise out of noise.jsonl. Pure stdlib, deterministic: corpus(seed, turns) is the same list for the same arguments.

Nothing here makes a fact. Besides varying ids, times and paths (in tool dumps and boot texts only), the ORDER is guarded:
a bare "yes"/"same"/"exactly" right after an assistant's guess ("So you're a teacher?") or after a question, hypothetical,
quote or role play would read as a confirmation, so small talk comes only where nothing about the user is on the table.

corpus(seed, turns, standalone=True) leaves out small talk that can confirm, deny or retract a turn before it
("yes", "no", "oops wrong paste", "same here"): use it when the noise is mixed in between turns that do hold facts."""
import json
import os
import random
import re

_PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "noise.jsonl")

# share of the user's turns
_USER = [("small_talk", 40), ("request", 32), ("hypothetical", 9), ("quote", 9), ("question", 9), ("role_play", 5)]

_CONTEXTUAL = re.compile(
    r"(?i)^(ok|okay|k|okie|alright|right|cool|nice|no\b|nope|nah|yes|yep|yup|yeah|sure|go |do it|let's|sounds good|that's|that makes|"
    r"agreed|exactly|totally|absolutely|of course|true|same|ditto|fair|good point|you're (probably )?right|you were|i stand|"
    r"i think|not |kind of|sort of|maybe|perhaps|i guess|idk|dunno|who knows|whatever|either|both|never ?mind|nvm|nm |"
    r"forget|sorry|oops|ignore|whoops|my bad|wait|i like|i love|love|i really|i don't love|hate|ha, fair|oh right|done|roger|"
    r"noted|got|understood|i get|i see|ah|aha|makes sense|perfect|great|first one|that was fast|easy|speak of|it is what|stop|"
    r"hm+ not|thanks, that's|tell me about|scratch|doesn't matter|up to|you choose|surprise|touch wood|here goes|exactly!|😂|👍|❤️|🙏|:\)|:\()")
# small talk which cannot be taken for assent whatever came before
_SAFE = re.compile(r"(?i)^(hi|hello|hey|good (morning|evening|afternoon|night)|morning|mornin|evening|yo$|what a|it's (pouring|boiling)|ooh|"
                   r"sun's|so windy|gosh|that thunder|can't believe|is it friday|mondays|happy|merry|have a|bye|see |talk later|ttyl|night|off for|"
                   r"bit sleepy|need coffee|coffee|i'm (confused|a bit|not foll|sorry what)|how are|how's|what's (up|new)|do you|are you|you there|"
                   r"anyone|test|asdf|brb|one sec|hang on|hold on|give me|just a moment|still reading|someone's|the internet|the traffic|ugh my)")
# assistant's turns after which small talk could be taken for assent
_ABOUT = re.compile(r"(?i)\?|\byou\b|\byou'|\byour|i prefer|i live|my name|i love|i like|favourite|feelings|i am an|i was made|recap")
_ASSENT = re.compile(r"(?i)^(ok|okay|yes|yeah|yep|sure|right|same|do the same|and |now |try|again|isn't|exactly)")


def load():
    with open(_PATH, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip()]


def contextual(text):
    """Can this small talk confirm, deny or take back a turn before it?"""
    t = text.strip()
    return bool(_CONTEXTUAL.match(t)) or len(t) < 4


class _Deck:
    """Draws without putting back; reshuffles when empty."""

    def __init__(self, cards, rnd):
        self.cards, self.rnd, self.left = list(cards), rnd, []

    def draw(self, fits=None):
        for _ in range(2):
            if not self.left:
                self.left = self.cards[:]
                self.rnd.shuffle(self.left)
            for i in range(len(self.left) - 1, -1, -1):
                if fits is None or fits(self.left[i]):
                    return self.left.pop(i)
            self.left = []
        raise ValueError("no card fits")


_WORDS = ("alpha bravo cedar delta ember flint grove harbor inlet juniper kelp lagoon maple nectar onyx pebble quartz river "
          "slate tundra umber vale willow xenon yarrow zephyr").split()
_SUB = re.compile(
    r"(?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
    r"|(?P<iso>\b20\d\d-\d\d-\d\d)"
    r"|(?P<cdate>\b20\d{6}T\d{6}Z)"
    r"|(?P<time>(?<![\d:])\d\d:\d\d:\d\d(?:\.\d{3})?)"
    r"|(?P<minute>(?<![\d:])\d\d:\d\d(?![\d:]))"
    r"|(?P<ip>\b(?:\d{1,3}\.){3}\d{1,3}\b)"
    r"|(?P<ver>\b\d+\.\d+\.\d+\b)"
    r"|(?P<hex>\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b)"
    r"|(?P<file>\b(?:app|main|util|report_\d+|page-\d+|parse_test|config)\.(?=(?:py|go|ts|rs|html|png|yml)\b))"
    r"|(?P<month>\b(?:Jan|Feb|Mar) \d\d\b)"
    r"|(?P<num>(?<!HTTP/)(?<![\w.+:])\d{1,8}(?:\.\d+)?(?=(?:ms|s|K|M|G|MB|KiB|MiB|kB)?\b))")
_KEEP = {"127.0.0.1", "0.0.0.0"}


def _digits(rnd, n):
    return "".join([str(rnd.randint(1, 9))] + [str(rnd.randint(0, 9)) for _ in range(n - 1)])


def _hex(rnd, n):
    return "".join(rnd.choice("0123456789abcdef") for _ in range(n))


def _number(rnd, s):
    whole, dot, frac = s.partition(".")
    if len(whole) == 1:
        whole = whole if whole in "01" else str(rnd.randint(2, 9))
    elif len(whole) == 4 and 1900 <= int(whole) <= 2100:
        whole = str(rnd.randint(2018, 2026)) if int(whole) > 2017 else whole
    else:
        whole = _digits(rnd, len(whole))
    return whole + dot + "".join(str(rnd.randint(0, 9)) for _ in frac)


def vary(text, rnd):
    """New ids, numbers, times and paths; the words stay. One id stays one id within a dump."""
    memo = {}

    def one(m):
        key = (m.lastgroup, m.group(0))
        if len(key[1]) < 3 or key[0] in ("time", "minute"):
            return fresh(m)
        if key not in memo:
            memo[key] = fresh(m)
        return memo[key]

    def fresh(m):
        kind, s = m.lastgroup, m.group(0)
        if kind == "uuid":
            return "-".join(_hex(rnd, n) for n in (8, 4, 4, 4, 12))
        if kind == "iso":
            return "2026-%02d-%02d" % (rnd.randint(1, 12), rnd.randint(1, 28))
        if kind == "cdate":
            return "2026%02d%02dT%02d0000Z" % (rnd.randint(1, 12), rnd.randint(1, 28), rnd.randint(0, 23))
        if kind == "time":
            t = "%02d:%02d:%02d" % (rnd.randint(0, 23), rnd.randint(0, 59), rnd.randint(0, 59))
            return t + (".%03d" % rnd.randint(0, 999) if "." in s else "")
        if kind == "minute":
            return "%02d:%02d" % (rnd.randint(0, 23), rnd.randint(0, 59))
        if kind == "ip":
            return s if s in _KEEP else s.rsplit(".", 1)[0] + "." + str(rnd.randint(2, 250))
        if kind == "ver":
            return "%d.%d.%d" % (rnd.randint(0, 20), rnd.randint(0, 30), rnd.randint(0, 12))
        if kind == "hex":
            return _hex(rnd, len(s))
        if kind == "file":
            return rnd.choice(_WORDS) + "_" + str(rnd.randint(1, 99)) + "."
        if kind == "month":
            return "%s %02d" % (rnd.choice(("Jan", "Feb", "Mar")), rnd.randint(1, 28))
        return _number(rnd, s)
    return _SUB.sub(one, text)


def _frame(text, rnd):
    """A line of the shell around a dump."""
    path = "/".join(["", rnd.choice(("srv", "tmp", "work", "opt", "data")), rnd.choice(_WORDS), rnd.choice(_WORDS) + str(rnd.randint(1, 999))])
    way = rnd.randrange(6)
    if way == 0:
        return "$ cd %s && ./run.sh --job %d\n%s" % (path, rnd.randint(100, 99999), text)
    if way == 1:
        return "%s\n[exit code %d after %.2fs]" % (text, rnd.choice((0, 0, 0, 1, 2)), rnd.uniform(0.05, 90))
    if way == 2:
        return "[2026-%02d-%02dT%02d:%02d:%02dZ] %s\n%s" % (rnd.randint(1, 12), rnd.randint(1, 28), rnd.randint(0, 23), rnd.randint(0, 59), rnd.randint(0, 59), path, text)
    if way == 3:
        return "==> %s/out.txt <==\n%s" % (path, text)
    if way == 4:
        return "run %s\n%s\n(%d lines)" % (_hex(rnd, 8), text, text.count("\n") + 1)
    return "<output id=\"%s\">\n%s\n</output>" % (_hex(rnd, 10), text)


def _dump(text, rnd, seen):
    for turn in range(6):
        t = vary(text, rnd)
        if rnd.random() < 0.25 or turn > 0:
            t = _frame(t, rnd)
        if t not in seen:
            break
    seen.add(t)
    return t


def _touch(text, kind, rnd, guarded):
    """Light wear of the user's lines: case, end stop, an opener, a typo. Meaning as before."""
    if "\n" in text or text[:1] in ">\"*([":
        return text
    if rnd.random() < 0.18 and '"' not in text and "I'" not in text:
        text = text.lower()
    if rnd.random() < 0.12 and text[-1:] in ".!" and text[:-1].strip(".!"):
        text = text[:-1]
    if kind in ("request", "question", "hypothetical") and not guarded and rnd.random() < 0.15:
        text = rnd.choice(("hey, ", "so ", "hmm ", "btw ", "quick one: ", "next: ")) + text
    if kind == "request" and text[-1:] not in "?.:\"$x`" and rnd.random() < 0.12:
        text += rnd.choice((" pls", " please", ", thanks", " thx", " when you get a sec"))
    if kind in ("small_talk", "request") and rnd.random() < 0.05:
        words = [m for m in re.finditer(r"\b[a-z]{6,}\b", text)]
        if words:
            m = rnd.choice(words)
            i = m.start() + rnd.randint(1, len(m.group(0)) - 3)
            text = text[:i] + text[i + 1] + text[i] + text[i + 2:]
    return text


def corpus(seed, turns, standalone=False):
    rnd = random.Random("noise/%s" % seed)
    by = {}
    for line in load():
        by.setdefault(line["kind"], []).append(line)
    if standalone:
        by["small_talk"] = [x for x in by["small_talk"] if not contextual(x["text"])]
    decks = {kind: _Deck(lines, rnd) for kind, lines in by.items()}
    safe = _Deck([x for x in by["small_talk"] if _SAFE.match(x["text"])], rnd)
    names, weights = [k for k, _ in _USER], [w for _, w in _USER]
    seen, out = set(), []
    guarded = False      # something about the user is on the table: no small talk now

    def add(kind, who, text):
        out.append({"kind": kind, "who": who, "text": text})

    while len(out) < turns:
        if rnd.random() < 0.35:
            line = decks["boot_text"].draw()
            add("boot_text", line["who"], vary(line["text"], rnd))
            guarded = True
        for _ in range(rnd.randint(3, 14)):
            kind = rnd.choices(names, weights)[0]
            if guarded and kind == "small_talk":
                line = safe.draw()
            else:
                line = decks[kind].draw((lambda x: not _ASSENT.match(x["text"])) if guarded else None)
            add(kind, "user", _touch(line["text"], kind, rnd, guarded))
            if kind == "request":
                guarded = False
            elif kind != "small_talk":
                guarded = True
            if kind == "request" and rnd.random() < 0.75:
                for _ in range(rnd.choice((1, 1, 2, 3))):
                    add("tool_dump", "tool", _dump(decks["tool_dump"].draw()["text"], rnd, seen))
            elif kind == "question" and rnd.random() < 0.1:
                add("tool_dump", "tool", _dump(decks["tool_dump"].draw()["text"], rnd, seen))
            if rnd.random() < 0.7:
                line = decks["assistant_chatter"].draw()
                add("assistant_chatter", "assistant", line["text"])
                if _ABOUT.search(line["text"]):
                    guarded = True
    return out[:turns]


if __name__ == "__main__":
    import sys
    for turn in corpus(int(sys.argv[1]) if len(sys.argv) > 1 else 0, int(sys.argv[2]) if len(sys.argv) > 2 else 100):
        print(json.dumps(turn, ensure_ascii=False))
