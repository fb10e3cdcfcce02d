"""What a short answer says, read with the question before it.

A question is turned into the statement that it asks for: `what's your X?` into `my X is ...`,
`do you X?` into `I X`, `where do you X?` into `I X in ...`.
"""

import re

from enplace.records.lazy_pattern import lazy_pattern
from enplace.records.words import words
from enplace.upload.learning.language.heads import NAME
from enplace.upload.learning.language.lexicon import KIN, worded
from enplace.upload.learning.language.sentences import Sentence, asks

_KIN = "|".join(map(re.escape, sorted(KIN, key=len, reverse=True)))
# fmt: off
_ASKED: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (lazy_pattern(pattern, re.IGNORECASE), statement)
    for pattern, statement in (
        # What is asked in words of its own
        (r"what (?:should|shall|can|may|do) i call you|how should i address you|what do you (?:like|want|prefer) to be called", "call me {}"),
        (r"who am i (?:speaking|talking) (?:to|with)|may i (?:have|ask) your name|and your name\?|your name\?", "my name is {}"),
        (r"how old are you|your age\?", "I'm {} years old"),
        (r"how old (?:is|are) (?:your |the )?(?P<whose>\w+)", "my {whose} is {}"),
        (r"where are you (?:based|located|living)|(?:which|what) (?:city|town|country|place|part of \w+) (?:do you live|are you) in|(?:which|what) (?:city|town|country)\?|where(?:'s| is) home", "I live in {}"),
        (r"where are you from|where do you come from|where did you grow up", "I'm from {}"),
        (r"where do you work|who do you work for|(?:which|what) company|who(?:'s| is) your employer", "I work at {}"),
        (r"what do you do(?: for (?:a living|work))?\?|what(?:'s| is) your (?:job|profession|occupation|role|job title)|what kind of work|what do you work as", "I work as a {}"),
        (r"where do you study|(?:which|what) (?:university|school|uni|college)", "I study at {}"),
        (r"date of birth|when(?:'s| is) your birthday|when were you born|birth date|birthday\?", "my birthday is {}"),
        (r"(?:which|what) nationality|your citizenship", "I'm {}"),
        (r"(?:any|do you have any|are there any)[^?]*(?:allerg|intoleranc)\w*|what are you allergic to|allergies\?", "I'm allergic to {}"),
        (r"(?:any|do you (?:have|follow) any)[^?]*(?:diet\w*|food preferences)\b", "I'm {}"),
        (r"(?:what|which) (?:car|vehicle)|what do you drive", "I drive a {}"),
        (r"(?:what|which) (?:phone|mobile|smartphone|model)", "I have a {}"),
        (r"(?:what|which) (?:editor|ide|os|operating system|distro|software|app|database)", "I use {}"),
        (r"phone number\?", "my phone number is {}"),
        (r"e-?mail address\?", "my email is {}"),
        (r"how tall are you|your height", "I'm {} tall"),
        (r"(?:what|which) instrument", "I play the {}"),
        (r"which time ?zone", "my timezone is {}"),
        (r"which pronouns", "my pronouns are {}"),
        (r"who(?:'s| is| are) (?P<name>[A-Z]\w+)", "{name} is {}"),
        # By how it is asked
        (rf"what(?:'s| is| are) (?:your|the) (?P<kin>{_KIN})'?s? ?(?:name|called)", "{kin}"),
        (rf"who(?:'s| is) your (?P<kin>{_KIN})\b", "{kin}"),
        (rf"do you have (?:a |an |any )?(?P<pet>pets?|{_KIN}|children|kids|siblings|brothers or sisters|hobbies|plans)\b", "I have {}"),
        (r"(?:what|which|who)(?:'s| is| are) your (?P<noun>(?:favou?rite )?[a-z]+(?: [a-z]+)?)\?", "my {noun} is {}"),
        (r"(?:what|which)(?: \w+)? (?:do|are) you (?P<verb>speak|study|play|read|watch|prefer|use|drive|like|take|eat|learn|studying|reading|watching|playing|using|learning|taking)\w*", "I {verb} {}"),
        (r"when(?:'s| is) your (?P<noun>[a-z]+(?: [a-z]+)?)\?", "my {noun} is on {}"),
        (r"where do you (?P<verb>live|study|work|swim|train|teach)", "I {verb} in {}"),
    )
)
_YES = lazy_pattern(
    r"^\W*(?:yes|yep|yeah|yup|ja|correct|exactly|right|that's right|true|indeed|spot on|yes,? exactly|of course|sure do|i do|i am|bingo)\b"
    r"[\s,.!]*(?:exactly|i do|i am|i have|we do|that's right|correct)?\W*(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_NO = lazy_pattern(
    r"^\W*(?:no|nope|nah|not quite|wrong|close|almost|not (?:in |at |from )?[A-Z][\w-]+)\b[\s,.!-]*(?:no\b[\s,.!-]*)?(?:but |it's |i'm |in |at |from |a |actually |rather )*(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_GUESS = lazy_pattern(
    r"(?:^|[.!?]\s+|\bso,?\s+|\band\s+|\bah,?\s+)(?:do|are|so|is)?\s*\byou(?:'re)?\s+(?P<what>(?:still |also |currently )?(?:live|work|study|speak|play|have|drive|use|prefer|like|own|living|working|allergic|married|based"
    r"|a\b|an\b|vegan|vegetarian|from|self-employed|retired|single|in\b|at\b)\b[^.?!]{0,60}?)(?:,? (?:right|correct|yes|then|don't you|aren't you))?\?",
    re.IGNORECASE,
)
_SHORT = lazy_pattern(
    r"^(?:(?:yes|yep|yeah|it's|its|just|um|uh|oh|hmm|well|the|my name is|sure|that would be|mostly|only|to|in|at|from|i am|i'm|a|an)\b[,\s]+)*(?P<x>[^.!?\n;]{1,80}?)"
    r"(?:\s+(?:is fine|works|please|will do|thanks|thank you|everyone does|everybody does|it is).*)?(?:[.!?\n;]|,\s+(?:everyone|but|and i|why|so|right by|near)\b|$)",
    re.IGNORECASE,
)
_CLAUSE = lazy_pattern(
    r"(?:i|we|my|our|what|why|how|can|could|not|don't|no|skip|never mind|does|is|none|nothing|nope|the same|it|that|this|you)\b(?!')", re.IGNORECASE
)
_REQUESTS = worded(
    "run restart start stop open close explain show remove refactor summarize summarise correct fix make write give tell"
    " translate convert list add change try find check rename delete create update compare sort calculate merge draft"
    " rewrite shorten proofread generate print format move copy paste use help search look read review let suggest"
    " recommend continue undo redo replace split turn put send define count describe analyse analyze plan build test"
)
_GREETINGS = worded(
    "hello hi hey yo bye goodbye morning mornin evening afternoon night thanks thx ty cheers happy merry welcome sorry"
    " oops wow gosh ugh ah oh hmm lol haha ok okay cool nice great fine brb sec second moment minute internet screen"
    " weather friday monday sleepy tired hungry quote said wrote fewer tl bored there anyone everyone anybody coffee"
)
_POINTING = lazy_pattern(r"\b(?:the|this|that|these|those|it|it's|you|your|me|here|there|is|are|was)\b", re.IGNORECASE)
_STATES = worded("living working allergic married based a an vegan vegetarian from self-employed retired single in at")
# fmt: on
MOST_WORDS = 9
"""Of an answer that is read with its question."""
MOST_WORDS_BEHIND = 8
"""Of what the assistant said behind its question: after more, it waits for no answer."""


def asked_for(question: str, answer: str) -> str:
    """The statement that an answer makes when it is read with the question; empty for none.

    Args:
        question: What the assistant said last.
        answer: What was said next.
    """
    question, answer = question[-600:], answer[:300]
    asked = question[question.rfind("\n", 0, max(0, question.rfind("?"))) + 1 :]
    if "?" not in asked or len(asked[asked.rfind("?") :].split()) > MOST_WORDS_BEHIND:
        return ""
    yes, no = _YES.match(answer), _NO.match(answer)
    guess = list(_GUESS.finditer(asked))
    if guess and (yes or no):
        return _of_guess(guess[-1]["what"], yes, no)
    if no:
        return ""
    found = [
        (match.end(), -index, match)
        for index, (pattern, _) in enumerate(_ASKED)
        for match in pattern.finditer(asked)
    ]
    told = _SHORT.match(answer.strip())
    if not found or not told or _CLAUSE.match(told["x"]):
        return ""
    if len(told["x"].split()) > MOST_WORDS or _is_elsewhere(told["x"], answer.strip()):
        return ""
    _, index, match = max(found, key=lambda each: each[:2])
    return _statement(_ASKED[-index][1], match, told["x"].strip(" ,'\""))


def _is_elsewhere(value: str, answer: str) -> bool:
    """Whether what comes next takes no notice of the question: a greeting, a request, a question."""
    said = words(value)
    behind = answer[answer.find(value) + len(value) :].lstrip(" '\"")
    first = said[0] if said else ""
    return (
        not said
        or behind.startswith("?")
        or first in _REQUESTS
        or not _GREETINGS.isdisjoint(said)
        or asks(Sentence(text=answer, start=0))
        or (len(said) > 2 and bool(_POINTING.search(value)))
    )


def _statement(statement: str, asked: re.Match[str], value: str) -> str:
    groups = {name: (word or "").lower() for name, word in asked.groupdict().items()}
    if statement == "{kin}":
        name = re.match(NAME, value[:1].upper() + value[1:])
        return f"my {groups['kin']} is {name.group()}" if name else ""
    if "name" in groups:
        groups["name"] = asked["name"]
    if groups.get("whose") in {"he", "she", "they", "you"}:
        statement = "{whose} is {}"
    if statement.startswith(("call me", "my name", "I live", "I'm from", "I work at")):
        value = value[:1].upper() + value[1:]
    if statement == "I have {}" and not re.match(
        r"(?:an?|one|two|three|four|five|\d|some)\b", value
    ):
        value = f"a {value}"
    return statement.format(value, **groups)


def _of_guess(what: str, yes: re.Match[str] | None, no: re.Match[str] | None) -> str:
    begin = "I'm" if what.split(maxsplit=1)[0].lower() in _STATES else "I"
    if yes:
        return f"{begin} {what}"
    if no and (rest := no["rest"].strip()):
        value = re.match(NAME, rest) or re.match(r"[a-z]+(?=\s*(?:$|[.,;!]))", rest)
        lead = re.match(
            r"(?:\w+ )*?(?:in|at|for|from|to|a|an)\s+|(?:prefer|like|use|drive|play|speak|study) ",
            what,
        )
        if value and lead:
            return f"{begin} {lead.group()}{value.group()}"
    return ""
