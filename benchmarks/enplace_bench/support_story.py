"""A made-up case of a help desk: five phases, what is said and read in them, and twenty facts.

Everything else comes from a seeded generator and holds none of the facts.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Carrier = Literal["message", "tool", "note"]
PHASES = ("intake", "diagnosis", "fix", "billing", "follow-up")
CARRIERS: tuple[Carrier, ...] = ("message", "tool", "note", "tool", "message")
"""Of the facts of each phase, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """Something that is said once, in the middle of much else, and asked for at the end."""

    carrier: Carrier
    text: str
    question: str
    answer: str
    """Stands in the text and nowhere else."""


_FACTS: Mapping[str, str] = {
    "intake": """
The customer is Marlene Okonjo, she runs the bakery on Tallow Street.|Who is the customer that runs the bakery?|Marlene Okonjo
account: contract C-77103 since 2019, tariff Harbour Plus|Which contract and tariff does the account have?|C-77103
The callback number for the customer is extension 4417, mornings only.|What is the callback extension of the customer?|4417
device: router in the cellar // model: Quillnet QX-8, firmware 3.19.2|What kind of router is in the cellar?|Quillnet QX-8
The outage began on the ninth of May at about a quarter past six.|When did the outage begin?|ninth of May""",
    "diagnosis": """
I saw that the amber lamp blinks in groups of seven.|In groups of how many does the amber lamp blink?|groups of seven
probe: line attenuation measured at 41.7 dB on pair two|What attenuation did the probe of the line measure?|41.7 dB
The suspect is splice box Heron-12 behind the depot.|Which splice box is the suspect?|Heron-12
trace: packets vanish on the way // hop: node-brindle-04|Where do packets vanish in the trace?|node-brindle-04
It only fails while the dough mixer runs, which draws sixteen amperes.|How many amperes does the dough mixer draw?|sixteen amperes""",
    "fix": """
The technician who comes is called Tobias Renfield.|What is the technician called?|Tobias Renfield
order: replacement part SKU LX-5520-B reserved|Which replacement part is reserved in the order?|LX-5520-B
Workaround: channel width was set to 20 MHz.|To what was the channel width set as a workaround?|20 MHz
commit: rollback of the profile applied // revision: r8831|The rollback of the profile: what was it applied to?|r8831
The new cable has to go under the flour store, said the landlord Mr. Abernathy.|What is the name of the landlord?|Abernathy""",
    "billing": """
My accountant wants the credit note addressed to Tallow Bread Ltd.|To whom is the credit note addressed that the accountant wants?|Tallow Bread Ltd
ledger: refund of 63.40 EUR booked under voucher V-20981|Under which voucher was the refund booked in the ledger?|V-20981
Agreed discount: eleven percent for three months.|Which discount was agreed for three months?|eleven percent
ledger: late fee of April is void // signed by: Ilse Quandt|Who declared the late fee of April void?|Ilse Quandt
Please send the paper invoice to post box 2094 in Kelmstead.|To which post box goes the paper invoice?|post box 2094""",
    "follow-up": """
I am content with the repair and the staff noticed the difference.||
survey: rating of the visit is four out of five||
Call back in two weeks to hear how it goes.||
monitor: no drop since the repair||
Give my regards to the technician, he was very patient.||""",
}

ENDS: Mapping[str, str] = {
    "fix": "The fix is done and the line is stable. Let's move on to the billing question.",
    "billing": "That's it for the billing. Next: the follow-up.",
}
"""Phases that end by the user's words."""
LABELS: Mapping[str, str] = {"intake": "the intake", "diagnosis": "the diagnosis"}
"""Those that end by the API and by the tool."""


def planted(phase: str) -> tuple[Planted, ...]:
    """The facts of a phase, in order; nobody asks for those of the last phase."""
    lines = [line.split("|") for line in _FACTS.get(phase, "").strip().splitlines()]
    return tuple(
        Planted(
            carrier=carrier, text=text.replace(" // ", "\n  "), question=question, answer=answer
        )
        for carrier, (text, question, answer) in zip(CARRIERS, lines, strict=False)
    )


_ASKS = (
    "Could you check the {part} once more, please?",
    "It is slow again since this {time}, I think the {part} has a problem.",
    "What does the {part} say at the moment?",
    "My colleague restarted the {part} this {time}; did that change anything?",
    "I would like to know what you saw in the {part}.",
    "Please look at the {part} and tell me in a few words.",
    "The {part} seems fine to me, but have another look.",
)
_SAYS = (
    "I looked at the {part}: nothing unusual this {time}, and I keep an eye on it.",
    "The {part} answers as it should; the small drops of this {time} are within what is usual.",
    "I see a few warnings of the {part}, none of which needs anything from you for now.",
)
_PARTS = ("modem", "line", "switch", "access point", "gateway", "meter", "portal", "mail queue")
_TIMES = ("morning", "noon", "afternoon", "evening")
_VERBS = ("polled", "renewed", "dropped", "queued", "retried", "accepted", "closed", "flushed")


def message(luck: random.Random) -> str:
    """What a customer says."""
    return luck.choice(_ASKS).format(part=luck.choice(_PARTS), time=luck.choice(_TIMES))


def answer(luck: random.Random) -> str:
    """What the desk answers."""
    return luck.choice(_SAYS).format(part=luck.choice(_PARTS), time=luck.choice(_TIMES))


LOADS = (0, 0, 0, 0, 0, 40, 60, 80, 100, 120)
"""Lines that are read in ten turns, so that any fifty of them are as much work as any others."""


def record(source: str, line: str = "") -> str:
    """What a system tells: as many lines as its name ends with, a planted one in the middle."""
    luck = random.Random(source)
    lines = [
        f"{luck.randrange(24):02}:{luck.randrange(60):02} {luck.choice(_PARTS)}"
        f" {luck.choice(_VERBS)} id={luck.randrange(10**6):06x} took {luck.randrange(900)} ms"
        for _ in range(int(source.rsplit("-", 1)[1]))
    ]
    if line:
        lines.insert(len(lines) // 2, line)
    return "\n".join(lines)
