"""Whether a message holds a conversation with an assistant, and not just words about one.

What is fenced, what is code, and a dialogue that somebody wants judged, translated or otherwise
worked on is material and stays.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from enplace.records.canonical import Json

_ASKER = (
    r"user|human|me|you|customer|prompt|nutzer(?:in)?|benutzer(?:in)?|ich|mensch|usuari[oa]|yo"
    r"|utilisat(?:eur|rice)|moi|utente|usuário|用户|ユーザー|пользователь"
)
_ANSWERER = (
    r"assistant|ai|bot|chatbot|chat[ -]?gpt|gpt(?:-[\w.]+)?|claude|gemini|copilot|model|llm|agent"
    r"|assistentin|assistent|ki|asistente|assistente|ia|助手|アシスタント|ассистент"
)
_NEEDLES = (
    "assist", "asistente", "bot", "gpt", "claude", "gemini", "copilot", "llm", "model", "agent",
    "ai:", "ai*", "ai]", "ai s", "ki:", "ki*", "ia:", "ia*",
)  # fmt: skip
_FOREIGN_NEEDLES = ("助手", "アシスタント", "ассистент")
"""One of them is in every text in which an assistant has a label."""
_PERHAPS = frozenset({"agent", "model"})
"""May also be people or things: they answer as machines only to a `User`."""
_LABEL = re.compile(
    rf"[^\S\n]*(?:[*_#\[(<-]{{0,4}}[^\S\n]*)(?:(?P<asker>{_ASKER})|(?P<answerer>{_ANSWERER}))"
    r"(?:\s(?:said|says|wrote))?[^\S\n]*(?:\([^)\n]{1,20}\))?"
    r"(?:[\]*_)]{0,3}[:\uff1a][*_]{0,3}(?=\s|$)|[^\S\n]*[*_#]{0,3}$|[\]>](?=\s|$))",
    re.IGNORECASE,
)
_SIGN = re.compile(r"[:\uff1a\]>]|^\s*[#*_]")
"""Without one of these no line begins with a label."""
MOST_LABEL = 40
"""Characters at the beginning of a line in which the end of a label stands."""
_MARKED = re.compile(
    r"<\|(?:im_start\|>\s*|start_header_id\|>\s*)?(?P<a>user|human|assistant|ai|bot)"
    r"|<start_of_turn>(?P<b>user|model)"
    r"|<\w+\s[^>]{0,80}?\brole\s*=\s*[\"']?(?P<c>user|human|assistant|ai|bot|model)\b"
    r"|<(?P<d>user|human|assistant|ai|bot)(?:_?(?:message|turn))?>"
    r"|\[(?P<f>/?inst)\]"
    r"|[\"']role[\"']\s*:\s*[\"'](?P<e>user|human|assistant|ai|bot|model)[\"']",
    re.IGNORECASE,
)
_INLINE = re.compile(r"(?:^|\s)(User|Human|Assistant|AI|Bot|ChatGPT): ")
_ASKERS = frozenset({"user", "human", "inst"})
_SIGNS = ("<", "role", "INST]")
"""One of them is in every text with the marks of a chat format."""
_EARLIER = re.compile(
    r"\b(?:previous|earlier|prior|past|current) (?:conversation|chat|messages?|dialogue|turns?)"
    r"|\b(?:conversation|chat|message|dialogue) (?:history|so far|log)\b|\bhistory\b"
    r"|\b(?:bisheriges?|früheres?|vorheriges?) (?:gespräch|unterhaltung|chat)|\bverlauf\b"
    r"|\bconversación (?:anterior|previa)|\bhistorial\b|\bconversation précédente|\bhistorique\b",
    re.IGNORECASE,
)
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_CODE = re.compile(
    r"\bmessages\s*=\s*\[|^\s*(?:def|import|from|const|let) \w|\bcurl -", re.MULTILINE
)
_WORK = re.compile(
    r"\b(?:rate|grade|evaluate|assess|judge|score|translate|summari[sz]e|convert|rewrite|rephrase"
    r"|proofread|analy[sz]e|review|label|annotate|classify|compare|shorten|cut|improve|critique"
    r"|check|edit|format|correct|transcript|dialogues?|bewerte|übersetze|analysiere|fasse"
    r"|korrigiere|evalúa|traduce|resume|corrige|évalue|traduis|résume)\b",
    re.IGNORECASE,
)
MOST_CHARACTERS = 20_000
"""Of a message that are looked at: from its beginning."""
MOST_JSON_CHARACTERS = 200_000
"""Of a message that is read as JSON."""


def transcript_in(message: str) -> int:
    """The turns of a conversation with an assistant that a message holds; 0 where it holds none.

    One line costs a microsecond; many some for each thousand characters.
    """
    text = message[:MOST_CHARACTERS]
    if text.lstrip()[:1] in {"[", "{"} and (turns := _turns_of_json(message)):
        return turns
    if "```" in text:
        text = _FENCED.sub("", text)
    if _names_one(text) and (turns := _spoken(text) or _marked(text, _INLINE)):
        return turns
    return _marked(text, _MARKED) if any(sign in text for sign in _SIGNS) else 0


def _names_one(text: str) -> bool:
    """Whether an assistant may be named in a text: quick, and true too often rather than not."""
    lowered = text.lower()
    needles = _NEEDLES if text.isascii() else (*_NEEDLES, *_FOREIGN_NEEDLES)
    return any(needle in lowered for needle in needles)


def _spoken(text: str) -> int:
    """Turns with a speaker's label at the beginning of a line."""
    askers: set[str] = set()
    answerers: set[str] = set()
    turns = lead = at = 0
    for line in text.split("\n"):
        begin = line[:MOST_LABEL]
        label = _LABEL.match(line) if _SIGN.search(begin) else None
        if label is not None:
            turns, lead = turns + 1, lead if turns else at
            (askers if label["asker"] else answerers).add(label[label.lastgroup or 0].lower())
        at += len(line) + 1
    if _ASKERS.isdisjoint(askers):
        answerers -= _PERHAPS
    if not askers or not answerers:
        return 0
    least = 2 if _EARLIER.search(text[:lead]) else 3
    return turns if turns >= least and not _is_work(text[:lead]) else 0


def _marked(text: str, mark: re.Pattern[str]) -> int:
    """Turns with the marks of a chat format, wherever in a line."""
    marks = [] if _CODE.search(text) else list(mark.finditer(text))
    roles = [next(filter(None, found.groups())).lower() for found in marks]
    asking = sum(role in _ASKERS for role in roles)
    if not 0 < asking < len(roles) or len(roles) < 3:
        return 0
    return 0 if _is_work(text[: marks[0].start()]) else len(roles)


def _is_work(lead: str) -> bool:
    """Whether what stands before a dialogue asks for work on it."""
    return bool(_WORK.search(lead)) and not _EARLIER.search(lead)


def _turns_of_json(message: str) -> int:
    """Turns of a message that is nothing but JSON."""
    if '"role"' not in message or len(message) > MOST_JSON_CHARACTERS:
        return 0
    try:
        value = cast(Json, json.loads(message))
    except (ValueError, RecursionError):
        return 0
    return max((_count(turns) for turns in _lists(value, 4)), default=0)


def _lists(value: Json, depth: int) -> Iterator[Sequence[Json]]:
    if depth and isinstance(value, list):
        yield value
    if depth and isinstance(value, dict):
        for inner in value.values():
            yield from _lists(inner, depth - 1)


def _count(turns: Sequence[Json]) -> int:
    roles = [str(turn.get("role")).lower() for turn in turns if isinstance(turn, Mapping)]
    asking = sum(role in _ASKERS for role in roles)
    answering = sum(role in {"assistant", "ai", "bot", "model"} for role in roles)
    return asking + answering if asking and answering and asking + answering >= 3 else 0
