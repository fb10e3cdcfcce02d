"""What a person tells in a long chat, and the questions about it: made up, and never tuned to a model.

A question counts as right when the answer holds the expected words. Between what is asked about
stand messages that nobody asks about.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from enplace.records.words import fold


@dataclass(frozen=True, slots=True)
class Told:
    """Something that was said, the question about it, and the word that answers it."""

    said: str
    question: str
    answer: str

    def is_right(self, reply: str) -> bool:
        """Whether a reply holds the answer."""
        return fold(self.answer) in fold(reply)


TOLD = (
    Told("My sister Marta lives in Lisbon.", "Where does my sister Marta live?", "Lisbon"),
    Told("My dentist is called Okafor.", "What is my dentist called?", "Okafor"),
    Told("My violin teacher is called Piet.", "What is my violin teacher called?", "Piet"),
    Told("My bicycle is a green Gazelle.", "Which bicycle do I have?", "Gazelle"),
    Told("My favourite tea is Lapsang.", "What is my favourite tea?", "Lapsang"),
    Told("My flight to Oslo leaves on Friday.", "When does my flight to Oslo leave?", "Friday"),
    Told("My cat Biscuit eats only salmon.", "What does my cat Biscuit eat?", "salmon"),
    Told("My landlord is Mr. Brandt.", "Who is my landlord?", "Brandt"),
    Told("My library card number is 4471.", "What is my library card number?", "4471"),
    Told("My mother was born in Tromso.", "Where was my mother born?", "Tromso"),
    Told("My boat is moored in Gothenburg.", "Where is my boat moored?", "Gothenburg"),
    Told("My camera is a Rolleiflex.", "Which camera do I use?", "Rolleiflex"),
    Told("My brother Jonas works as a baker.", "What does my brother Jonas work as?", "baker"),
    Told("My garden has three plum trees.", "Which trees are in my garden?", "plum"),
    Told("I am allergic to walnuts.", "What am I allergic to?", "walnut"),
    Told("My car is a yellow Skoda.", "Which car do I drive?", "Skoda"),
    Told("My tent is stored in the attic.", "Where is my tent stored?", "attic"),
    Told("My daughter Selma studies geology.", "What does my daughter Selma study?", "geology"),
    Told("My piano was built in 1911.", "When was my piano built?", "1911"),
    Told("My neighbour Hugo keeps bees.", "What does my neighbour Hugo keep?", "bees"),
    Told("My passport expires in November.", "When does my passport expire?", "November"),
    Told("My grandfather was a lighthouse keeper.", "What was my grandfather?", "lighthouse"),
    Told("My office is on the seventh floor.", "On which floor is my office?", "seventh"),
    Told("My doctor is called Lindqvist.", "What is my doctor called?", "Lindqvist"),
    Told("My favourite painter is Vermeer.", "Who is my favourite painter?", "Vermeer"),
    Told("My wedding was in Ghent.", "Where was my wedding?", "Ghent"),
    Told("My choir rehearses on Tuesday.", "When does my choir rehearse?", "Tuesday"),
    Told("My laptop runs Debian.", "What does my laptop run?", "Debian"),
    Told("My uncle Carlo sells antique clocks.", "What does my uncle Carlo sell?", "clocks"),
    Told("My kitchen is painted turquoise.", "Which colour is my kitchen?", "turquoise"),
    Told("My first school was in Cork.", "Where was my first school?", "Cork"),
    Told("My gym costs 38 euros a month.", "How much does my gym cost?", "38"),
    Told("My best friend is called Amira.", "What is my best friend called?", "Amira"),
    Told("My insurance is with Helvetia.", "With whom is my insurance?", "Helvetia"),
    Told("My horse Juno is eleven years old.", "How old is my horse Juno?", "eleven"),
    Told("My favourite soup is borscht.", "What is my favourite soup?", "borscht"),
    Told("My spare key is under the flowerpot.", "Where is my spare key?", "flowerpot"),
    Told("My boss is called Ines.", "What is my boss called?", "Ines"),
    Told("My aunt Ruth collects stamps.", "What does my aunt Ruth collect?", "stamps"),
    Told("My train to Basel leaves at noon.", "When does my train to Basel leave?", "noon"),
)
"""Forty things a person might say of their life; no two questions share an answer."""

_OPENINGS = ("Today", "This morning", "Yesterday", "Last week", "On the way home", "After lunch")
_SUBJECTS = (
    "the bus",
    "a colleague",
    "the radio",
    "the printer",
    "somebody",
    "the shop",
    "a child",
)
_DEEDS = (
    "was late again",
    "told a long story about the weather",
    "made a strange noise",
    "was closed for no reason",
    "played the same song twice",
    "stood in the rain for an hour",
    "asked for the time",
)
_ENDS = (
    "and nobody seemed to mind.",
    "which was rather funny.",
    "so I took the stairs.",
    "and then it was over.",
    "but it did not matter much.",
)


def chatter(seed: int) -> Iterator[str]:
    """Messages without end that nobody asks about."""
    luck = random.Random(seed)
    while True:
        parts = (luck.choice(words) for words in (_OPENINGS, _SUBJECTS, _DEEDS, _ENDS))
        yield " ".join(parts)
