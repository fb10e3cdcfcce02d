"""What a short answer says, read with the question before it."""

import re

from enplace.upload.learning.heads import NAME

_ASKED: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), statement)
    for pattern, statement in (
        (
            r"what (?:should|shall|can|may|do) i call you|how should i address you|what do you (?:like|want|prefer) to be called",
            "call me {}",
        ),
        (
            r"what(?:'s| is) your (?:full |first |last )?name|who am i (?:speaking|talking) (?:to|with)|may i (?:have|ask) your name|your name\?",
            "my name is {}",
        ),
        (r"how old are you|what(?:'s| is) your age|your age\?", "I'm {} years old"),
        (
            r"where do you live|where are you (?:based|located|living)|which (?:city|town|country) (?:do you live|are you) in|what city",
            "I live in {}",
        ),
        (r"where are you from|where do you come from|where did you grow up", "I'm from {}"),
        (
            r"where do you work|who do you work for|which company|what company|who(?:'s| is) your employer",
            "I work at {}",
        ),
        (
            r"what do you do(?: for (?:a living|work))?\?|what(?:'s| is) your (?:job|profession|occupation|role|job title)|what kind of work",
            "I'm a {}",
        ),
        (
            r"what do you study|what are you studying|what(?:'s| is) your major|which subject",
            "I study {}",
        ),
        (r"where do you study|which (?:university|school|uni|college)", "I study at {}"),
        (
            r"date of birth|when(?:'s| is) your birthday|when were you born|birth date|birthday\?",
            "my birthday is {}",
        ),
        (r"(?:which|what) nationality|what(?:'s| is) your nationality|your citizenship", "I'm {}"),
        (r"(?:what|which) languages? do you speak", "I speak {}"),
        (
            r"(?:any|do you have any|are there any)[^?]*(?:allerg|intoleranc)\w*|what are you allergic to|allergies\?",
            "I'm allergic to {}",
        ),
        (r"(?:any|do you (?:have|follow) any)[^?]*(?:diet\w*|food preferences|eat)\b", "I'm {}"),
        (
            r"what(?:'s| is) your (?:wife|husband|partner|girlfriend|boyfriend|son|daughter|sister|brother|mother|father|boss|manager|dog|cat|doctor|landlord)'?s? ?(?:name|called)",
            "{kin}",
        ),
        (
            r"what(?:'s| is) (?:the |your )?(?:dog|cat|pet|puppy|kitten)'?s? ?(?:name|called)",
            "{kin}",
        ),
        (r"(?:what|which) (?:is )?your favou?rite (?P<noun>[a-z]+)", "my favourite {noun} is {}"),
        (r"(?:what|which) (?:phone|mobile|smartphone)", "I have a {}"),
        (r"(?:what|which) (?:car|vehicle)", "I drive a {}"),
        (r"(?:what|which) (?:editor|ide)", "I use {}"),
        (r"(?:what|which) (?:os|operating system|distro)", "I use {}"),
        (
            r"(?:what(?:'s| is)) your (?:phone|mobile)? ?number|phone number\?",
            "my phone number is {}",
        ),
        (r"(?:what(?:'s| is)) your e-?mail|e-?mail address\?", "my email is {}"),
        (r"(?:what(?:'s| is)) your address", "my address is {}"),
        (r"how tall are you|your height", "I'm {} tall"),
        (r"(?:what|which) instrument", "I play the {}"),
        (r"what(?:'s| is) your blood (?:type|group)", "my blood type is {}"),
        (r"what(?:'s| is) your (?:time ?zone)|which time ?zone", "my timezone is {}"),
        (r"what are your pronouns|which pronouns", "my pronouns are {}"),
    )
)
_KIN_ASKED = re.compile(
    r"your (?P<kin>\w+)'?s? ?(?:name|called)|(?:the |your )?(?P<pet>dog|cat|pet|puppy|kitten)",
    re.IGNORECASE,
)
_YES = re.compile(
    r"^\W*(?:yes|yep|yeah|yup|ja|correct|exactly|right|that's right|true|indeed|spot on|yes,? exactly|of course|sure do|i do|i am|bingo)\b[\s,.!]*(?:exactly|i do|i am|that's right|correct)?\W*(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_NO = re.compile(
    r"^\W*(?:no|nope|nah|not quite|wrong|close|almost)\b[\s,.!-]*(?:no\b[\s,.!-]*)?(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_GUESS = re.compile(
    r"(?:^|[.!?]\s+|\bso\s+|\bso,?\s+|\band\s+)(?P<asks>do|are|so you|you)\s+(?P<you>you\s+)?(?P<what>(?:still |also |currently )?(?:live|work|study|speak|play|have|drive|use|prefer|like|own|living|working|allergic|married|based|a\b|an\b|vegan|vegetarian|from)\b[^.?!]{2,60}?)(?:,? (?:right|correct|yes|don't you|aren't you|then))?\?",
    re.IGNORECASE,
)
_SHORT = re.compile(
    r"^(?:(?:it's|its|i'm|just|um|uh|oh|hmm|well|the|my name is|sure|that would be|mostly)[,\s]+)*(?P<x>[^.!?\n;]{1,60}?)(?:\s+(?:is fine|works|please|will do|thanks|thank you|everyone does|everybody does|it is).*)?(?:[.!?\n;]|,\s+(?:everyone|but|and i|why|so)|$)",
    re.IGNORECASE,
)


def asked_for(question: str, answer: str) -> str:
    """The statement that an answer makes when it is read with the question; empty for none.

    Args:
        question: What the assistant said last.
        answer: What was said next.
    """
    asked = question[question.rfind("\n", 0, max(0, question.rfind("?"))) + 1 :]
    if "?" not in asked:
        return ""
    yes, no = _YES.match(answer), _NO.match(answer)
    guess = list(_GUESS.finditer(asked))
    if guess:
        return _of_guess(guess[-1], yes, no)
    if no:
        return ""
    told = _SHORT.match(answer.strip())
    if (
        not told
        or len(told["x"].split()) > 6
        or re.match(
            r"(?:i|we|my|what|why|how|can|could|not|don't|no|skip|never mind|does|is)\b(?!')",
            told["x"],
            re.IGNORECASE,
        )
    ):
        return ""
    last = (
        max(
            (found.end(), index, found)
            for index, (pattern, _) in enumerate(_ASKED)
            for found in pattern.finditer(asked)
        )
        if any(pattern.search(asked) for pattern, _ in _ASKED)
        else None
    )
    if last is None:
        return ""
    _, index, found = last
    statement = _ASKED[index][1]
    value = told["x"].strip(" ,'\"")
    if statement == "{kin}":
        kin = _KIN_ASKED.search(found.group())
        name = re.match(NAME, value[:1].upper() + value[1:])
        return f"my {(kin['kin'] or kin['pet']).lower()} is {name.group()}" if kin and name else ""
    groups = found.groupdict()
    if statement.startswith(("call me", "my name", "I live", "I'm from", "I work")):
        value = value[:1].upper() + value[1:]
    return statement.format(value, noun=groups.get("noun") or "")


def _of_guess(guess: re.Match[str], yes: re.Match[str] | None, no: re.Match[str] | None) -> str:
    what = guess["what"]
    verb = what.split()[0].lower()
    begin = (
        "I'm"
        if verb
        in {
            "living",
            "working",
            "allergic",
            "married",
            "based",
            "a",
            "an",
            "vegan",
            "vegetarian",
            "from",
        }
        else "I"
    )
    if yes:
        return f"{begin} {what}"
    if no and (rest := no["rest"].strip()):
        value = re.match(NAME, rest)
        lead = re.match(r"(?:\w+ )*?(?:in|at|for|from|to|a|an)\s+", what)
        if value and lead:
            return f"{begin} {lead.group()}{value.group()}"
    return ""
