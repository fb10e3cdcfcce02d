"""Messages for which nothing that is remembered should be shown.

All generators give the same messages for the same seed. `specific` is a plain rule that knows
nothing of the engine's word lists, so that it stays what it is when those change.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path

from enplace.records.words import words
from enplace_bench.recall.conversations import Conversation, Question
from enplace_bench.recall.metrics import APART

# --- gibberish ------------------------------------------------------------------------------------

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_KEYS = (*_LETTERS, *"0123456789;,./[]!?# ")
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_ONSETS = ("", "b", "br", "cl", "d", "f", "gr", "k", "l", "m", "pr", "s", "st", "t", "tr", "v", "z")
_CODAS = ("", "n", "r", "l", "m", "st", "ck", "x", "nt", "p")
_REAL = tuple(
    words(
        """adventure banana beach bicycle birthday budget camera coffee concert doctor electric
        festival garden guitar hiking important kitchen letter mountain music question recipe school
        travel umbrella weather wonderful yesterday"""
    )
)
_OPENINGS = ("What is the", "What did the", "When did", "Why does", "How many", "Where is the")


def gibberish(n: int, seed: int = 1) -> list[str]:
    """Messages without meaning: random keys, made-up words, sometimes with one that exists."""
    dice = random.Random(seed)
    forms = (_random_letters, _mashed_keys, _shuffled_words, _made_up, _made_up_question, _one_real)
    messages: dict[str, None] = {}
    while len(messages) < n:
        messages[forms[len(messages) % len(forms)](dice)] = None
    return list(messages)


def _random_letters(dice: random.Random) -> str:
    if dice.random() < 0.5:
        return "".join(dice.choices(_KEYS, k=dice.randint(6, 40))).strip()
    return " ".join(
        "".join(dice.choices(_LETTERS, k=dice.randint(2, 9))) for _ in range(dice.randint(1, 7))
    )


def _mashed(dice: random.Random) -> str:
    """Neighbouring keys, again and again."""
    row = dice.choice(_KEYBOARD)
    start = dice.randrange(len(row) - 3)
    return (row[start : start + dice.randint(3, 6)] * dice.randint(1, 3))[: dice.randint(4, 12)]


def _mashed_keys(dice: random.Random) -> str:
    return " ".join(_mashed(dice) for _ in range(dice.randint(1, 5)))


def _shuffled_words(dice: random.Random) -> str:
    """Words that exist, each with its syllables in another order."""
    mixed: list[str] = []
    for word in dice.sample(_REAL, dice.randint(2, 6)):
        syllables = re.findall(r"[^aeiou]*[aeiou]+", word)
        dice.shuffle(syllables)
        mixed.append("".join(syllables))
    return " ".join(mixed)


def _pseudo(dice: random.Random) -> str:
    return "".join(
        dice.choice(_ONSETS) + dice.choice("aeiou") + dice.choice(_CODAS)
        for _ in range(dice.randint(2, 3))
    )


def _made_up(dice: random.Random) -> str:
    return " ".join(_pseudo(dice) for _ in range(dice.randint(2, 6)))


def _made_up_question(dice: random.Random) -> str:
    start, joint = dice.choice(_OPENINGS), dice.choice(("of", "in", "for", "the"))
    return f"{start} {_pseudo(dice)} {joint} {_pseudo(dice)}{dice.choice(('?', '', ' again?'))}"


def _one_real(dice: random.Random) -> str:
    said = [_pseudo(dice) for _ in range(dice.randint(2, 5))]
    said.insert(dice.randrange(len(said) + 1), dice.choice(_REAL))
    return " ".join(said)


# --- small talk -----------------------------------------------------------------------------------

_ACCEPTING = """ok;okay cool;ok sounds good;sounds great;perfect;great;awesome;got it;alright;sure
thing;yes please;yep;yeah;nope;no worries;no problem;that works for me;fine by me;makes sense;I see
;understood;fair enough;nice;good to know;haha;haha nice;lol that's funny;hmm interesting;oh wow;oh
no;brilliant;lovely;exactly;agreed;of course;absolutely;noted;done;cool beans;that's hilarious;you
got it boss;fingers crossed;works like a charm;sounds about right"""
_THANKING = """thanks;thank you so much;many thanks;thx;ty;thanks for your help;thanks, that helps;I
appreciate it;much appreciated;cheers;cheers mate, much obliged;you're the best;great job;well done
"""
_GREETING = """hi;hello;hey there;good morning;good evening;good afternoon;good night;yo;hello
again;hi, it's me;hey, I'm back;greetings;howdy;sup"""
_ASKING = """how are you;how are you doing;how are you today;how's it going;how was your day;what's
up;how have you been;hope you're well;nice to see you;did you sleep well;are you there;everything
fine;how's life"""
_GOING_ON = """let's continue;let's go on;please continue;go on;carry on;keep going;let's move
on;next one please;let's get started;shall we begin;where were we;one moment;wait a second;hold
on;give me a minute;let me think;I'll be right back;brb;talk to you later;see you tomorrow;bye for
now;have a nice day;have a great weekend;take care;that's all for now;nothing else;never mind;forget
it;I don't know;I'm not sure;maybe later;we'll see;who knows;really;are you sure;is that so;say that
again;could you repeat that;what do you mean;I don't understand;can you explain that again;try
again;one more time;another one;no, not that;the first one;that's not what I meant;you're right;my
mistake;sorry about that;excuse me;oops;can you help me;I have a question;can I ask you something"""
_PLAYING = """tell me a joke;tell me something funny;make me laugh;sing me a song;say something
nice;surprise me;I'm bored;I'm so tired;I'm hungry;what a day;it's cold today;nice weather
today;what time is it;who are you;what's your name;what can you do;are you a robot;do you like
me;what do you think;what's new;guess what;happy new year;happy birthday;congratulations;good
luck;wish me luck;I love it;that's so sweet of you;that made my day;I feel better now;have
fun;enjoy your evening;same to you;welcome back;long time no see;let's chat;just kidding;you must be
joking;flip a coin;pick a number;that was fun;can't wait;time flies;let's call it a day;I'm off to
bed;sweet dreams;what should I do now;sounds like a plan"""


def small_talk(n: int, seed: int = 2) -> list[str]:
    """Greetings, thanks and whatever else is said without being about anything remembered."""
    dice = random.Random(seed)
    accepting, thanking, greeting, asking, going_on, playing = map(
        _phrases, (_ACCEPTING, _THANKING, _GREETING, _ASKING, _GOING_ON, _PLAYING)
    )
    every = (*accepting, *thanking, *greeting, *asking, *going_on, *playing)
    pairs = (
        (accepting, going_on),
        (greeting, asking),
        (accepting, thanking),
        (thanking, (*going_on, *playing)),
        (greeting, (*playing, *going_on)),
        (accepting, playing),
    )
    messages: dict[str, None] = {}
    while len(messages) < n:
        if len(messages) % 2:
            message = dice.choice(every)
        else:
            first, second = dice.choice(pairs)
            message = dice.choice(first) + dice.choice((", ", ". ", "! ")) + dice.choice(second)
        if dice.random() < 0.3:
            message = message[0].upper() + message[1:]
        messages[message + dice.choice(("", "", "!", ".", "...", " :)"))] = None
    return list(messages)


def _phrases(listed: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in listed.split(";"))


# --- questions of other conversations -------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A question that was never asked about a conversation."""

    target: int
    """Which of the conversations it is put to."""
    text: str


def answerable(conversation: Conversation) -> list[Question]:
    """The questions that the conversation answers."""
    return [one for one in conversation.questions if one.evidence and one.kind not in APART]


def swapped(conversations: Sequence[Conversation], n: int, seed: int = 3) -> list[Foreign]:
    """Questions of other conversations of the same set, as if about those who speak in this one.

    Conversations have their turn one after the other. One whose speakers share a name with those of
    the target is no source, and neither is a question that names none of its speakers. Users and
    assistants have no names: their questions stay as they are.
    """
    dice = random.Random(seed)
    speakers = [_speakers(conversation) for conversation in conversations]
    parts = [{part for name in names for part in name.lower().split()} for names in speakers]
    sources = [
        [
            index
            for index, source in enumerate(conversations)
            if index != at and source.set_name == target.set_name and not parts[index] & parts[at]
        ]
        for at, target in enumerate(conversations)
    ]
    questions = [answerable(conversation) for conversation in conversations]
    found: dict[tuple[int, int, int], Foreign] = {}
    for attempt in range(50 * n):
        target = attempt % len(conversations)
        source = dice.choice(sources[target] or [target])
        if len(found) == n or source == target or not questions[source]:
            continue
        question = dice.choice(questions[source])
        names = dice.sample(speakers[target], len(speakers[target]))
        text = _renamed(question.text, speakers[source], names)
        if text is not None:
            found.setdefault((target, source, question.index), Foreign(target=target, text=text))
    return list(found.values())


def _speakers(conversation: Conversation) -> list[str]:
    """Names in the order they first spoke; none where a user talks to an assistant."""
    return list(dict.fromkeys(turn.speaker for turn in conversation.turns if turn.role is None))


LIKE_A_NAME = 0.75
"""Share of characters that a misspelt name has in common with the right one."""


def _renamed(text: str, names: Sequence[str], by: Sequence[str]) -> str | None:
    """A question with other names; None where it names nobody of them."""
    if not names:
        return text
    instead = {name.lower(): new for name, new in zip(names, by, strict=False)}
    instead |= {name.split()[0].lower(): new for name, new in zip(names, by, strict=False)}
    outright = "|".join(map(re.escape, sorted(instead, key=len, reverse=True)))
    text, count = re.subn(
        rf"\b({outright})\b", lambda match: instead[match[0].lower()], text, flags=re.IGNORECASE
    )
    new = {part for name in by for part in name.lower().split()}

    def nickname(match: re.Match[str]) -> str:
        word = match[0].lower()
        alike = (other for name, other in instead.items() if _is_like(word, name))
        return match[0] if word in new else next(alike, match[0])

    return re.sub(r"\b[A-Z][a-z]{2,}\b", nickname, text) if count else None


def _is_like(word: str, name: str) -> bool:
    if name.startswith(word):
        return True
    ratio = SequenceMatcher(None, word, name).ratio()
    return len(word) > 3 and word[0] == name[0] and ratio >= LIKE_A_NAME


_NO_CONTENT = frozenset(
    words(
        """about after again also another anybody anyone anything around because been before being
        both could does doing done during each either else ever every everyone everything from have
        having here into just many more most much must never nobody none nothing once only other
        over same shall should since some somebody someone something such than that their theirs
        them themselves then there these they this those though through together towards under until
        upon very were what whatever when whenever where wherever whether which while whom whose
        will with within without would your yours"""
    )
)
"""Pronouns, question words and the like: frozen with the rule, whatever the engine's lists become."""
_ENDINGS = (
    "ations", "ation", "nesses", "ments", "ities", "ness", "ment", "ings", "able", "ions", "ies",
    "ing", "ion", "ity", "ers", "ful", "est", "ily", "ed", "er", "es", "ly", "al", "s", "e", "y",
)  # fmt: skip
_LEAST_LETTERS = 4


def specific(question: str, conversation: Conversation) -> bool:
    """Whether a question holds a word that is never said in a conversation, in any inflection.

    A word of four letters or more that is no name of a speaker, no pronoun and no question word.
    Two words are inflections of one where their beginnings without endings are the same.
    """
    said = _beginnings(conversation)
    return any(_beginning(word) not in said for word in _content_words(question))


def _content_words(text: str) -> Iterator[str]:
    for word in re.findall(r"[^\W\d_]+", text.lower()):
        if len(word) >= _LEAST_LETTERS and word not in _NO_CONTENT:
            yield word


@lru_cache(maxsize=64)
def _beginnings(conversation: Conversation) -> frozenset[str]:
    texts = (turn.line for turn in conversation.turns)
    return frozenset(_beginning(word) for text in texts for word in _content_words(text))


def _beginning(word: str) -> str:
    """A word without its ending, where three letters or more are left, and no last letter twice."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_LETTERS - 1:
            return _undoubled(word[: -len(ending)])
    return _undoubled(word)


def _undoubled(word: str) -> str:
    return word[:-1] if word[-2:-1] == word[-1:] else word


# --- questions that nobody could answer -----------------------------------------------------------


NEVER_SAID = Path(__file__).with_name("never_said.txt")


def never_said(conversations: Sequence[Conversation]) -> list[Foreign]:
    """Fifty questions about things that nobody spoke of, spread over conversations with names."""
    lines = NEVER_SAID.read_text(encoding="utf-8").splitlines()
    named = [
        (index, names)
        for index, conversation in enumerate(conversations)
        if len(names := _speakers(conversation)) > 1
    ]
    return [
        Foreign(
            target=(chosen := named[number % len(named)])[0],
            text=line.format(A=chosen[1][0], B=chosen[1][1]),
        )
        for number, line in enumerate(lines)
        if named
    ]
