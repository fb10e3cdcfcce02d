"""Moments in a prompt that were put in when it was made: a day, a time of day, seconds since 1970.

A label is looked for first, and then what stands behind it.
"""

import re
from collections.abc import Iterator

_YEAR = r"20(?:2[3-9]|[3-9]\d)"
_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez|ene|abr|ago|dic|janv|fév"
    r"|avr|juin|juil|août|déc|gen|mag|giu|lug|set|ott|fev|out)\w{0,7}\.?"
)
_DAY = (
    rf"(?:{_YEAR}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.]{_YEAR}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er|\.)?\s(?:de\s|of\s)?{_MONTH},?\s(?:de\s)?{_YEAR}"
    rf"|{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s{_YEAR}|{_YEAR}年\d{{1,2}}月\d{{1,2}}日)"
)
_CLOCK = r"(?:\d{1,2}[:h]\d{2}(?::\d{2})?(?:\s?[ap]\.?m\b)?|\d{1,2}\s?[ap]m\b)"
_EPOCH = r"(?:1[6-9]\d{8}(?:\d{3})?(?!\d))"
_WEEKDAY = (
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|diens|donners|frei|sams|sonn)tag"
    r"|mittwoch|lunes|martes|miércoles|jueves|viernes|sábado|domingo|lundi|mardi|mercredi|jeudi"
    r"|vendredi|samedi|dimanche|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|星期.|周.)"
)
_MOMENT = re.compile(rf"{_WEEKDAY}|{_DAY}|{_CLOCK}|{_EPOCH}", re.IGNORECASE)
_DATE = re.compile(rf"(?:{_WEEKDAY}\W+)?(?:{_DAY}|{_EPOCH})", re.IGNORECASE)
_STAMP = re.compile(rf"(?:{_WEEKDAY}\W+)?{_DAY}\W{{0,3}}T?(?:at )?{_CLOCK}", re.IGNORECASE)
_NOTHING_ELSE = re.compile(r"\W*(?:UTC|GMT|Z|\d\d:?\d\d)?\W*$", re.IGNORECASE)

_NOW = (
    r"(?:today(?:['\u2019]?s (?:date|day))?|(?:current|present|local|server|system)[ _-]?"
    r"(?:date(?:[ _-]?time)?|time(?:stamp)?|day|moment)|right now|\bnow|as of now|time now"
    r"|\bthe (?:date|time|hour)"
    r"|heute|aktuell\w* (?:datum|uhrzeit|zeit)|es ist jetzt|jetzt|hoy|fecha (?:actual|de hoy)"
    r"|hora actual|ahora|aujourd['\u2019]hui|date (?:du jour|actuelle)|nous|oggi"
    r"|data (?:odierna|attuale|atual)|hoje|今天|今日|当前(?:时间|日期)|現在|现在)"
)
_IS = (
    r"(?:\W{0,4}(?:\b(?:is|it's|it|now|date|time|day|and|the|a|at|on|in|ist|es|der|den|am|um|el|le"
    r"|est|sommes|è|é|il|la)\b|[:=是为])){1,5}\W{0,4}"
)
_LABELS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (re.compile(rf"{_NOW}{_IS}", re.IGNORECASE), _MOMENT),
    (re.compile(rf"{_NOW}\W{{1,4}}", re.IGNORECASE), _DATE),
    (
        re.compile(
            r"\b(?:it(?: is|['\u2019]s) (?:now|currently)|es ist(?: jetzt)?|(?:ahora )?son las"
            r"|il est|last (?:login|log-in|seen|active|activity|visit|sign-?in)(?: (?:is|was|on))?"
            r"|(?:session|conversation|chat) (?:started|opened|began)(?: (?:at|on))?)\W{1,4}",
            re.IGNORECASE,
        ),
        _MOMENT,
    ),
    (re.compile(r"\b(?:date[ _-]?time|time[ _-]?stamp|ts)\W{1,4}", re.IGNORECASE), _DATE),
    (
        re.compile(
            r"\b(?:generated|rendered|created|built|compiled)(?:[ _-](?:at|on))?\W{1,4}",
            re.IGNORECASE,
        ),
        _STAMP,
    ),
)
"""Labels with what lies between, and the kind of moment that must stand behind."""
_HEADER = re.compile(r"\W*(?:date|datum|fecha|data|time|timestamp)\W{1,4}", re.IGNORECASE)
_RELEASED = re.compile(
    r"\b(?:version|author|owner|release|revision|rev|status|autor|changed|reviewed)\b",
    re.IGNORECASE,
)
_MARKS = re.compile(r"\W*")


def states_release(line: str) -> bool:
    """Whether a line speaks of the prompt's own release, so that a date beside it stands still."""
    return bool(_RELEASED.search(line))


def moments_in(line: str, *, is_released: bool = False) -> Iterator[int]:
    """Where in a line a label begins behind which a moment stands.

    Args:
        line: Of a prompt.
        is_released: A bare `Date:` is that of the prompt's release.
    """
    if not any(map(str.isdigit, line)) and not _MOMENT.search(line):
        return
    for label, moment in _LABELS:
        for found in label.finditer(line):
            if moment.match(line, found.end()):
                yield found.start()
    header = None if is_released else _HEADER.match(line)
    if header is not None and _DATE.match(line, header.end()):
        yield header.start()
    begins = _MARKS.match(line)
    stamp = _STAMP.match(line, begins.end() if begins else 0)
    if stamp is not None and _NOTHING_ELSE.match(line, stamp.end()):
        yield stamp.start()
