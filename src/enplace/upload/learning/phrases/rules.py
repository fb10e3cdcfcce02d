"""What the owner wants of the assistant from now on: standing instructions and preferences."""

import re
from dataclasses import dataclass

from enplace.records.lazy_pattern import lazy_pattern
from enplace.records.memory import SoulSection
from enplace.records.stop_words import STOP_WORDS
from enplace.records.words import words
from enplace.upload.learning.language.lexicon import worded
from enplace.upload.learning.phrases.tables import lines_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One wish, with the line of the soul that it belongs to."""

    text: str
    section: SoulSection
    key: str
    suspect: bool = False
    """It asks for what nobody should get by asking: a person has to look at it."""


_LASTING = lazy_pattern(
    r"\b(?:from (?:now|here|this point|today) (?:on|onwards?)|from here on(?: out| in)?|going forward|henceforth|in (?:the )?future|for (?:the|future)(?: future)? (?:reference|chats|conversations|record)|"
    r"(?:in|for) (?:all|every|any)(?:thing)?(?: of)? (?:our|my|your|future)\s+\w+|in everything|(?:from|as of) (?:this day|today)(?: on)?|permanently|that's our (?:system|rule)|make it a habit|(?:in|for) (?:all|every|any) (?:of )?(?:our|my|your|future)?\s*(?:chats?|conversations?|answers?|replies|responses|messages?|code|work|time|requests?)"
    r"|whenever (?:you|i|we)|when (?:you|we) (?:need|write|answer|reply|respond|give|show|code|use|talk|quote|format|suggest|explain|mention|translate|summari[sz]e|list|recommend|refer|draft)|when i (?:ask|say|paste|send|write|share)|every ?time|each time|any ?time (?:you|i|we)|always|never|by default|forever|for good|in general|as a (?:general )?rule|ever again|no matter what|without exception|at all times|permanently|"
    r"every (?:single )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|as of (?:now|today)|(?:standing|general|house|ground|golden) (?:rule|instruction|order|preference|request)s?|rule (?:for|number|of)|(?:new|one|two|quick|my|the|only) rules?\b|my (?:rule|preference|default)|unless i (?:say|ask|tell|explicitly|specifically)|until i (?:say|tell)|remember (?:to|that|this|:|,)|keep in mind|please remember|make a note|note to self|please note that|don't forget"
    r"|if i (?:ask|paste|send|say|write|give|don't|ever)|any more|anymore|ever\b|once and for all|across (?:all )?(?:chats|sessions|conversations)|all (?:my|our) (?:chats|conversations))",
    re.IGNORECASE,
)
_STYLE = lazy_pattern(
    r"\b(?:emojis?|emoticons?|smileys|bullet(?:s| points?)?|lists?|markdown|tables?|headings?|headers?|bold|italics?|exclamation (?:marks?|points?)|apologi[sz]\w*|sorry|disclaimers?"
    r"|metric|imperial|celsius|fahrenheit|kilomet\w+|miles|kilos?|litres?|units?|tabs|spaces|indent\w*|type hints?|docstrings?|comments?|semicolons?|british|american|spelling|short(?:er)?|brief(?:ly)?|concise\w*|terse|verbose|long(?:er|-winded)?|wordy|lengthy|waffle|preambles?|small ?talk|filler"
    r"|formal\w*|informal\w*|casual\w*|jargon|plain (?:english|language|prose|text|words)|prose|step[- ]by[- ]step|steps|sources?|cit(?:e|ations?)|references?|links?|24[- ]?hour|12[- ]?hour|iso|date format|dates|time ?zones?|tone|sarcas\w*|jokes?|humou?r|puns|metaphors?|first name|sir|ma'am|pronouns|summar\w+|conclusions?|recap|intro\w*|follow-?up questions?|questions?|options?|examples?|numbered|paragraphs?|sentences?|words|answers?|repl(?:y|ies)|responses?|tests?|code|snippets?|language|tl;?dr|caps|capitals|translat\w+|currency|euros?|dollars|pounds|decimals?|comma|oxford|em ?dash(?:es)?|quotes|citations|rhymes?|flattery|praise|compliments?|\"?as an ai\"?|great question|vegan|vegetarian|gluten|pork|meat|recipes?|confirm\w*|permission|ask (?:me )?(?:first|before)|commit\w*|push\w*|delete|python|typescript|javascript|rust|bash|sudo)\b",
    re.IGNORECASE,
)
_ORDER = lazy_pattern(
    r"(?:^|[,;:.!]\s*|\b(?:please|pls|just|and|but|so|then|to|today|now|onwards?|forward|future|you(?:'ll| can| should| must| may)?|on|out|always|never|chats|rule|reference|default)\s*[,:]?\s+)"
    r"(?:please |pls |always |never |just |only |kindly |also )*"
    r"(?P<order>(?:don't|do not|never|no|stop|quit|avoid|skip|drop|cut|leave out|lose|spare me|use|using|keep|answer|reply|respond|write|give|show|put|add|include|start|begin|end|sign|call|address|speak|talk|explain|format|convert|translate|quote|cite|ask|check|run|tell|treat|assume|prefer|stick|be|make|list|number|round|spell|refer|mention|suggest|recommend|warn|remind|say|default|switch|follow|include|limit|wrap|indent|name|let|go|get|do|have|read|test|mark|leave|attach|offer|remember|consider|ignore|forget|swear|curse|bullet|plain|metric|short)\b.*)",
    re.IGNORECASE | re.DOTALL,
)
_WISH = lazy_pattern(
    r"\bi(?:'d| would)? (?:really |always |strongly |much |generally |definitely |usually )*(?P<wish>(?:want|like|prefer|need|expect|love|appreciate|hate|dislike|can't stand|don't like|don't want|don't need)\s+(?:it (?:when|if) )?(?:you|your|my (?:answers|code|replies|recipes|dates|units|temperatures|text)|all (?:answers|code|dates)|answers|replies|responses|dates|units|code|everything|short|long|concise|plain|formal|informal|no|tabs|spaces|metric|bullet|numbered|sources|links|citations|direct|detailed|brief|prose|examples|tables|british|american|imperial|explanations|seeing)\b.*)",
    re.IGNORECASE | re.DOTALL,
)
_ADDRESS = lazy_pattern(r"[\w.+-]+@[\w-]+\.|\d[\d ()/-]{6,}\d")
_POLITE = lazy_pattern(
    r"\b(?:it would be (?:great|nice|good|helpful|lovely|better)|i(?:'d| would) (?:be (?:grateful|glad|happy)|appreciate it|prefer it|like it|love it)) if you\b|\b(?:i'd|i would) rather (?:have )?you\b"
    r"|\b(?:my|your|all|the) (?:answers|replies|responses|recipes|messages|code|examples|texts) (?:should|must|have to|are to|need to) (?:always|never|be|come|contain|include|have)\b",
    re.IGNORECASE,
)
"""An order in other words."""
_ONCE = lazy_pattern(
    r"\b(?:this (?:time|once|one|text|email|function|file|letter|message|paragraph|table|code|draft|list|bug|sentence|image|as|into|in|a\b|to)|the (?:following|attached|below|above|second|first|third|last|next|table|text|letter|email|function|file|draft|image)|here's|right now|for now|today|just now|it (?:in|as|to|into|again|for)|that (?:again|in|one|part|paragraph))\b",
    re.IGNORECASE,
)
_TELLING = lazy_pattern(
    r"^\W*(?:(?:well|so|and|but|oh|yeah|no|also|because)\W+)*(?:i (?!'d like|want|prefer|need|expect|would|hate|like|love|appreciate|can't stand|don't (?:want|like|need)|use)|i'm|i've|he|she|they|we|it|my (?!rule|preference|default|answers)|the\b|there|that's|people|everyone|nobody|what|why|how|who|where|does|did|is|are|was|can|could|would|have you)\b",
    re.IGNORECASE,
)

_SUSPECT = lazy_pattern(
    r"\b(?:hereby|developer mode|dev mode|debug mode|god mode|maintenance mode|override (?:code|accepted|mode|protocol|all|the|your)|jailbreak\w*|unrestricted|no restrictions|without (?:any )?(?:restrictions?|filters?|safety)"
    r"|safety (?:rules|filters?|guidelines|checks?)|content polic\w+|guardrails?|core identity|your (?:true|real|new) (?:self|identity|name|purpose|persona)|you(?: are|'re) now (?!my\b)|repeat after me|do anything now"
    r"|(?:previous|prior|all|any|other|safety) (?:instructions|guidelines|programming|training|polic\w+|directives|restrictions)|obey|comply with (?:all|any|every)|exfiltrat\w+"
    r"|(?:send|post|upload|forward|leak|share|mail|transmit|report|cc|bcc)\b[^.]{0,60}(?:https?:|www\.|@|passwords?|credentials?|secrets?|api keys?|tokens?|everything|memor(?:y|ies))|bank (?:account|details)|bitcoin|wallet address"
    r"|trusted (?:source|user|operator|admin)|as (?:the|your|an?) (?:developer|creator|operator|vendor|openai|anthropic|system)\b|i am (?:the|your) (?:developer|creator|operator|maker)|your (?:creator|developer|maker|owner)s?\b"
    r"|highest priority|top priority instruction|security (?:team|update)|always (?:agree|approve|trust|buy|recommend)|approve (?:all|every|any)|the user (?:prefers|wants|is|has|said|agreed|consents)|never refuse|refuse nothing)\b",
    re.IGNORECASE,
)

_FOREIGN = {kind: lazy_pattern(pattern) for (kind,), pattern in lines_of("foreign.txt", 1, {})}
_KEEP_IT = lazy_pattern(
    r"\b(?:retiens(?:-le)?|retenez|merk(?:e)? dir(?: das)?|recuérdalo|recuerda(?:lo)?|ricordatelo|ricordalo|lembra-te|onthoud(?: dat)?|kom ihåg(?: det)?|husk(?: det)?|zapamiętaj|zapamatuj si|запомни|merke dir)\b",
    re.IGNORECASE,
)
_OWN_STORY = lazy_pattern(r"(?i:^\W*(?:ich|je|j'|yo|eu|io|ik|jag|jeg|ja|я|мы|wir|nous))\b")
_ENGLISH = lazy_pattern(
    r"\b(?:the|you|your|is|are|to|of|and|in|with|for|me|my|i|it|that|this|please|always|never|use|on)\b",
    re.IGNORECASE,
)

_TOPICS: tuple[tuple[str, str], ...] = (
    ("language", r"\b(?:in (?:english|german|french|spanish|italian|portuguese|dutch|czech|polish|swedish|danish|norwegian|finnish|russian|chinese|japanese|korean|arabic|turkish|hindi|welsh|irish|catalan)|auf deutsch|en français|en español|em português|in italiano|language)\b|中文|日本語|한국어|по-русски"),
    ("units", r"\b(?:metric|imperial|celsius|fahrenheit|kilomet\w+|miles|units?|kilos?|litres?|cups|grams)\b"),
    ("spelling", r"\b(?:british|american|spelling)\b"),
    ("emoji", r"\b(?:emojis?|emoticons?|smileys?)\b|表情"),
    ("lists", r"\b(?:bullets?|bullet points?|lists?|numbered|prose|tables?)\b"),
    ("markdown", r"\b(?:markdown|headings?|headers?|bold|plain text)\b"),
    ("length", r"\b(?:short\w*|brief\w*|concise\w*|terse|verbose|long\w*|wordy|waffle|sentences|words|paragraphs?|kurz|court\w*|breve\w*)\b"),
    ("apologies", r"\b(?:apologi[sz]\w*|sorry)\b"),
    ("indentation", r"\b(?:tabs|spaces|indent\w*)\b"),
    ("types", r"\b(?:type hints?|annotations?)\b"),
    ("docstrings", r"\bdocstrings?\b"),
    ("comments", r"\bcomments?\b"),
    ("tests", r"\btests?\b"),
    ("dates", r"\b(?:date format|dates?|iso)\b"),
    ("clock", r"\b(?:24|12)[- ]?hour\b"),
    ("tone", r"\b(?:tone|formal\w*|informal\w*|casual\w*|sarcas\w*|jokes?|humou?r|duze?|tutoie|siez\w*|vouvoie)\b"),
    ("sources", r"\b(?:sources?|cit\w+|references?|links?)\b"),
    ("address", r"\b(?:call me|address me|first name|sir|ma'am|pronouns)\b"),
    ("currency", r"\b(?:currency|euros?|dollars|pounds)\b"),
    ("questions", r"\b(?:follow-?up|clarifying|questions?)\b"),
)  # fmt: skip
ONE_AT_A_TIME = worded(
    "language units spelling indentation clock currency address lists tone length"
)
"""Topics on which a new wish takes the place of the old."""
_TOPIC_PATTERNS = tuple((key, lazy_pattern(pattern, re.IGNORECASE)) for key, pattern in _TOPICS)


def rule_in(text: str) -> Rule | None:
    """The standing wish that a sentence of the owner's tells, if it tells one."""
    if re.match(r"\W*never ?mind\b", text, re.IGNORECASE):
        return None
    if re.search(
        r"\b(?:never|always|only) (?!miss\b|discuss\b|address\b|guess\b|stress\b|access\b|process\b|focus\b|bullets\b|emojis\b|lists\b|tabs\b|sources\b|units\b|names\b)[a-z]+s\b",
        text,
    ) and re.search(r"\b(?:my|our|he|she|who)\b|^[A-Z]\w+ ", text):
        return None  # somebody who never cleans
    if _ADDRESS.search(text) and not _LASTING.search(text):
        return None  # "write to me at"
    wish = _english(text) or _foreign(text)
    if not wish:
        return None
    plain = " ".join(wish.split()).strip(" ,;:-.")
    section: SoulSection = "style" if topic_of(plain) in _STYLES else "preferences"
    return Rule(
        text=plain, section=section, key=topic_of(plain), suspect=bool(_SUSPECT.search(text))
    )


_STYLES = worded(
    "language units spelling emoji lists markdown length apologies tone dates clock address"
)


def topic_of(text: str) -> str:
    """What a wish is about, so that a later one on the same takes its place."""
    for key, pattern in _TOPIC_PATTERNS:
        if pattern.search(text):
            return key
    telling = [
        word for word in words(text) if word not in STOP_WORDS and word not in _LASTING_WORDS
    ]
    return "-".join(telling[:4]) or "wish"


_LASTING_WORDS = worded(
    "always never please now from on ever remember don use want you your make sure keep"
)


def _english(text: str) -> str:
    if len(_ENGLISH.findall(text)) < 1 and not _STYLE.search(text):
        return ""
    lasting, style = _LASTING.search(text), _STYLE.search(text)
    if re.match(
        r"\W*(?:always |please )?(?:ask|check with|tell|warn) me (?:first|before)\b|\W*before you \w+",
        text,
        re.IGNORECASE,
    ):
        return text
    if _POLITE.search(text) and (style or lasting) and not (_ONCE.search(text) and not lasting):
        return text
    wish = _WISH.search(text)
    if wish and (style or lasting) and not _ONCE.search(wish.group()):
        return text
    order = _ORDER.search(text)
    if (
        not order
        and style
        and lasting
        and re.search(r"\b(?:please|pls)\b", text, re.IGNORECASE)
        and not _TELLING.match(text)
    ):
        return text  # "one question at a time please, when you need something"
    if (
        not order
        and style
        and (
            _strong(text) or re.search(r"\. (?:always|every time|forever)\W*$", text, re.IGNORECASE)
        )
        and not _TELLING.match(text)
        and len(text.split()) <= 14
    ):
        return text  # "prices in euros from now on"
    if not order or (_TELLING.match(text) and not _starts_with_cue(text)):
        return ""
    said = order["order"]
    if _ONCE.search(text) and not _strong(text):
        return ""
    if lasting and (
        style
        or _strong(text)
        or lasting.group().lower() in {"always", "never", "permanently", "ever"}
        or re.match(r"\W*(?:please )?(?:no|never|don't)\b", text, re.IGNORECASE)
    ):
        return text
    denies = re.match(
        r"(?:don't|do not|never|no|stop|quit|avoid|skip|drop|leave out|spare me|enough)\b",
        said,
        re.IGNORECASE,
    )
    if denies and _STYLE.search(said) and len(said.split()) <= 14:
        return text
    keeps = re.match(
        r"(?:keep|answer|reply|respond|speak|talk|be|stick|write to me|address)\b",
        said,
        re.IGNORECASE,
    )
    if (
        keeps
        and style
        and re.search(
            r"\b(?:me|your|answers?|replies|responses?|with me|to me)\b", said, re.IGNORECASE
        )
    ):
        return text
    return ""


def _strong(text: str) -> bool:
    return bool(
        re.search(
            r"\b(?:from (?:now|here|this point|today) on|from here on|going forward|henceforth|in (?:the )?future|whenever|every ?time|each time|by default|forever|every (?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:from|as of) (?:this day|today)|in everything|(?:in|for|across) all (?:of )?my|permanently|standing|rule|remember|unless i|for all|ever again|as a rule|in general|if i (?:paste|send|say|ask|write))\b",
            text,
            re.IGNORECASE,
        )
    )


def _starts_with_cue(text: str) -> bool:
    return _strong(text[:60])


def _foreign(text: str) -> str:
    if len(_ENGLISH.findall(text)) >= 3 and text.isascii():
        return ""
    if _KEEP_IT.search(text) and not text.isascii():
        return text
    if (
        _FOREIGN["lasting"].search(text)
        and _FOREIGN["order"].search(text)
        and not (_OWN_STORY.match(text) and not _KEEP_IT.search(text))
    ):
        return text
    return ""
