"""What verbs and phrases say about whoever they are said of: the table of frames.

A frame begins behind the auxiliary verbs of a head (`heads.py`). `{x}` stands for the object, which
`objects.py` cuts to what is named.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from enplace.upload.learning.heads import Head
from enplace.upload.learning.lexicon import (
    BREEDS,
    DIETS,
    EDITORS,
    ILLNESSES,
    INSTRUMENTS,
    KIN,
    NATIONALITIES,
    PETS,
    SYSTEMS,
    VEHICLES,
)
from enplace.upload.learning.objects import Kind, objects

Sense = Literal["holds", "begins", "ends", "happened"]
"""`holds`: it is so. `begins`: it is so from then on. `ends`: it is so no longer. `happened`: once."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One way to say something."""

    on: Literal["be", "have", "do", "now", "perfect", "deny", "cannot"]
    """Which verb its head ends with; `now`: be, with `now`; `perfect`: have been, for some time;
    `deny`: any that is denied; `cannot`: with `can't`."""
    pattern: re.Pattern[str]
    predicate: str
    kind: Kind
    sense: Sense = "holds"
    denial: str = ""
    """Predicate that a denial says instead; without one it ends what was so, or says nothing."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a frame found."""

    frame: Frame
    objects: tuple[str, ...]
    start: int
    """Of the verb, in the sentence."""
    at: int
    """Of the object."""


def _any(words: object) -> str:
    return "|".join(sorted((re.escape(word) for word in words), key=len, reverse=True))  # type: ignore[arg-type]


_DEF: list[tuple[str, str, str, Kind, Sense, str]] = []


def _add(
    on: str, predicate: str, kind: Kind, *patterns: str, sense: Sense = "holds", denial: str = ""
) -> None:
    _DEF.extend((on, pattern, predicate, kind, sense, denial) for pattern in patterns)


_AGAIN = r"(?:(?:back|over|down|up|away|out|here|house|flat|all|alone|together|just|right|mostly|full time|part time|full-time|part-time|permanently|for good) )*"

# Where somebody lives
_add("do", "lives_in", "place",
     rf"(?:live|lives|living|lived|reside|resides|residing|dwell) {_AGAIN}(?:in|at|near|outside|outside of|on|by) {{x}}",
     r"(?:live|lives|living|lived) (?:with|alone|in a|in an|in the|in my|on my own|by myself|together)\b[^.,;]{0,40}? in (?=[A-Z]){x}")
_add("be", "lives_in", "place",
     rf"(?:living|based|located|residing|settled|house-sitting|housesitting|staying) {_AGAIN}(?:in|at|near|outside|on) {{x}}")
_add("now", "lives_in", "place", r"(?:back |living |over )?in (?=[A-Z]){x}")
_add("now", "works_at", "org", r"(?:working )?(?:at|with) (?!home\b|school\b|work\b|the (?:moment|station|airport|beach|hospital|door|end)\b|my\b){x}")
_add("do", "lives_in", "place",
     r"(?:moved|got|settled|moving) (?:[\w ]{0,20} )?into (?:an?|our|my|the|his|her|their) [^.,;]{0,40}? in (?=[A-Z]){x}",
     r"(?:got|have|rent|renting|own|share|sharing) (?:an?|our|my|the) (?:[\w-]+ ){0,2}(?:room|flat|house|apartment|place|studio|bedsit)(?: in an? [\w ]{3,25})? in (?=[A-Z]){x}")
_add("do", "lives_in", "place",
     rf"(?:moved|relocated|emigrated|immigrated|resettled|settled|upped sticks) {_AGAIN}(?:from [^.,;]{{2,30}}? )?(?:to|into|in) {{x}}",
     r"(?:bought|rented|found) (?:a|an|our|my) (?:[\w-]+ ){0,3}?(?:house|flat|apartment|place|home|condo) in {x}",
     r"settled (?:down )?in {x}", r"(?:got|have|picked up) (?:the )?keys (?:to|for) (?:my|our|the) (?:new )?(?:place|flat|house) in {x}", sense="begins")
_add("do", "lives_in", "place", r"(?:left|moved (?:away|out) (?:from|of)|moved out of) (?:[^.,;]{0,30}? in )?(?=[A-Z]){x}", sense="ends")
_add("do", "home_town", "place",
     r"(?:grew up|was raised|come|comes|came|hail|hails) (?:originally )?(?:in|from) {x}")
_add("be", "home_town", "place", r"(?:from|originally from|raised in|born and raised in|born and bred in|a native of) {x}")
_add("be", "born_in", "place", r"born (?:and raised |and bred )?(?:on [^,;]{3,20} )?in {x}")
_add("do", "born_in", "place", r"born (?:and raised )?in {x}")

# Work and study
_add("do", "works_at", "org",
     rf"(?:work|works|working|worked|freelance|intern|interning|volunteer|volunteers|volunteering|temp) (?:now |nights |part[- ]time |full[- ]time |shifts |remotely |mostly )*(?:as an? [^.,;]{{3,40}}? )?(?:at|for|with(?! (?:my|a|an|kids|children|people|him|her|them|python|java|the same)\b)) {{x}}")
_add("be", "works_at", "org", r"(?:employed|hired|working|interning|volunteering|freelancing|engaged) (?:as an? [^.,;]{3,40}? )?(?:at|by|for|with) {x}")
_add("do", "works_at", "org",
     r"(?:joined|joining) (?:as [^.,;]{3,30}? at )?(?!a\b|the\b|my\b|an\b|you\b|in\b){x}",
     r"(?:started|began|starting|start) (?:(?:a|my|the) )?(?:new )?(?:job |work |working |role |position |out )*(?:at|with) {x}",
     r"(?:got|landed|took|accepted|have|found) (?:a|the|my|an) (?:[\w-]+ ){0,3}?(?:job|position|role|gig|offer) (?:[^.,;]{0,30}? )?(?:at|with|from) {x}",
     r"(?:got |was )?hired (?:by|at) {x}", r"(?:switched|moved|went|changed) (?:jobs )?(?:from [^.,;]{2,30} )?(?:over )?to work (?:at|for) {x}", sense="begins")
_add("do", "works_at", "org",
     r"(?:quit|left|resigned from|retired from|stopped working (?:at|for)|finished at|got (?:fired|sacked|laid off) (?:from|by|at)|was (?:laid off|fired|made redundant) (?:from|by|at)) (?:my job |my position |my role |my post |work )?(?:at |with )?{x}",
     r"parted ways with {x}", sense="ends")
_add("be", "works_at", "org", r"(?:laid off|fired|let go|made redundant|sacked|retired) (?:from|by|at) {x}", sense="ends")
_add("do", "job_title", "job",
     r"(?:work|works|working|worked|freelance|started|start|got hired|was hired|trained|qualified) (?:[\w-]+ ){0,2}?as (?:an? |the |their )?{x}",
     r"(?:became|become|got promoted to|was promoted to|been promoted to|made|made it to|retrained as|retrained to be|qualified as) (?:an? |the )?{x}", sense="begins")
_add("be", "job_title", "job", r"(?:now )?(?:an? |the |one of the |our |their )?(?!not\b){x}", r"(?:working|employed|hired|training) as (?:an? |the )?{x}")
_add("be", "job_title", "job", r"(?:promoted to) (?:an? )?{x}", sense="begins")
_add("do", "industry", "thing", r"(?:work|works|working) in (?=(?:the )?[a-z][\w -]{2,30}(?: industry| sector| business)?\b){x}")
_add("do", "works_on", "thing", r"(?:work|working|works|worked) on {x}", r"(?:lead|leads|leading|maintain|maintains|run the) (?=(?:the|our|a) [\w -]+(?:project|team|department|platform|module|service|site|library|app)\b){x}")
_add("do", "works_with", "names", r"(?:work|works|working|worked|share an? \w+|sharing an? \w+) (?:closely |together )?with (?=[A-Z]){x}")
_add("perfect", "works_at", "org", r"(?:with|at) (?=(?:the )?[A-Z]){x}")
_add("do", "manager", "name", r"(?:report|reports|reporting) (?:directly )?(?:to) {x}", r"(?:answer|answers) to {x}")
_add("do", "studies", "thing", r"(?:study|studies|studying|studied|read|reading|major|majoring|majored|minoring) (?:in )?(?!at\b|for\b|with\b|hard\b|in\b|abroad\b|a\b|an\b|the\b|my\b|this\b|that\b|about\b|on\b|through\b|your\b|it\b|every\b|all\b|and\b)(?=[A-Za-z][\w &-]{2,40}(?: at| in| \(|,|\.|$| and)){x}")
_add("do", "studies", "thing",
     r"(?:doing|do|did|started|start|taking|got|finishing|finished|have|pursuing|completing|completed) (?:a|an|my|the) (?:[\w'-]+ )?(?:phd|ph\.d|master'?s?|bachelor'?s?|ba|bsc|msc|ma|mba|degree|course|doctorate|apprenticeship|diploma|evening course|night course|thesis|dissertation) (?:degree )?(?:in|on|as) {x}")
_add("do", "studies_at", "org", r"(?:study|studies|studying|studied|enrolled|go|goes|going|started) (?:[^.,;]{0,30}? )?(?:at|to) (?=(?:the )?(?:[A-Z][\w'-]+ )*(?:University|Uni|College|School|Academy|Institute|Polytechnic|ETH|TU|MIT|UCL|KTH|LSE)\b){x}")
_add("do", "graduated_from", "org", r"(?:graduated|graduate) (?:[^.,;]{0,20}? )?from {x}")

# Family and friends
_add("be", "married_to", "name", r"(?:happily )?married to {x}")
_add("do", "married_to", "name", r"(?:got |get )?(?:married|wed|hitched) (?:to )?(?=[A-Z]|my \w+,? [A-Z])(?:my [\w-]+,? )?{x}", sense="begins")
_add("be", "engaged_to", "name", r"engaged to {x}")
_add("do", "engaged_to", "name", r"(?:got |get )engaged to {x}", r"proposed to {x}", sense="begins")
_add("be", "partner_of", "name", r"(?:dating|seeing|going out with|together with|in a relationship with|with) (?=[A-Z]){x}")
_add("do", "partner_of", "name", r"(?:dating|started dating|date|been seeing|started seeing|moved in with) (?=[A-Z]){x}", sense="begins")
_add("do", "partner_of", "name", r"(?:broke up|split up|split|broken up|parted|separated|finished things|got divorced|divorced) (?:with|from)? ?{x}", r"(?:dumped|left|divorced) (?=[A-Z]){x}", sense="ends")
_add("be", "partner_of", "name", r"(?:divorced|separated) from {x}", sense="ends")
_NUM = r"(?:an?|one|two|three|four|five|six|seven|\d|twin|another|the|our|my)"
_CHILD = r"(?:kids?|children|child|sons?|daughters?|boys?|girls?|twins|baby|toddlers?|babies)"
_add("have", "has_child", "names", rf"{_NUM} (?:[\w-]+ ){{0,3}}?{_CHILD}(?:,| -|:| \()? ?(?:called|named|whose names? (?:is|are)|who(?:'s| is) called)? ?(?=[A-Z]){{x}}")
_add("do", "has_child", "names", rf"(?:had|have|got|adopted|welcomed|raising|raise) {_NUM} (?:[\w-]+ ){{0,3}}?{_CHILD}(?:,| -|:| \()? ?(?:called|named)? ?(?=[A-Z]){{x}}")
_add("have", "has_child", "clause", rf"(?={_NUM} (?:[\w-]+ ){{0,3}}?{_CHILD}\b){{x}}")
_SIB = r"(?:brothers?|sisters?|siblings?)"
_add("have", "sibling_of", "names", rf"{_NUM} (?:[\w-]+ ){{0,3}}?{_SIB}(?:,| -|:| \()? ?(?:called|named)? ?(?=[A-Z]){{x}}")
_add("have", "sibling_of", "clause", rf"(?={_NUM} (?:[\w-]+ ){{0,3}}?{_SIB}\b){{x}}")
_PET = rf"(?:{_any(PETS)}|dogs|cats|kittens|puppies|rabbits|hamsters|parrots|horses|hens|chickens|budgies|goldfish|bunny|bunnies)"
_add("have", "has_pet", "names", rf"{_NUM} (?:[\w-]+ ){{0,3}}?{_PET}(?:,| -|:| \()? ?(?:called|named|who(?:'s| is) called)? ?(?=[A-Z]){{x}}")
_add("do", "has_pet", "names", rf"(?:got|get|adopted|bought|rescued|own|owns|keep|fostering|took in) (?:{_NUM}|us {_NUM}|ourselves {_NUM}) (?:[\w-]+ ){{0,3}}?{_PET}(?:,| -|:| \()? ?(?:called|named)? ?(?=[A-Z]){{x}}", sense="begins")
_add("have", "has_pet", "clause", rf"(?:an? |one |two |three |four |five |some )(?:[\w-]+ ){{0,2}}?(?={_PET}\b){{x}}")
_add("do", "has_pet", "clause", rf"(?:got|adopted|rescued|own|keep) (?:an? |two |three )(?:[\w-]+ ){{0,2}}?(?={_PET}\b){{x}}", sense="begins")
_add("do", "friend_of", "name", r"(?:am|are|been|became|become|made) (?:best |good |close |old )?friends with (?=[A-Z]){x}")
_add("be", "friend_of", "name", r"(?:best |good |close |old )?friends with (?=[A-Z]){x}")

# Who somebody is
_add("be", "name", "name", r"(?:called|named) {x}")
_add("do", "nickname", "name", r"(?:go|goes) by (?:the name (?:of )?)?{x}")
_TENS = r"(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:-\w+)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen)"
_add("be", "age", "word", rf"(?:turning )?(?={_TENS}(?:$|[.,;!)]| and | years? old\b| now\b)){{x}}")
_add("do", "age", "word", rf"(?:turned|turn|turns|turning) (?={_TENS}\b){{x}}", sense="begins")
_add("be", "age", "word", r"(?:turning )?(?=\d{1,3}(?:$|[.,;!)]| and | years?\b| yo\b| y/o\b| now\b| next\b| in \w+ |\s?[mf]\b| so\b| but\b| year))(?!\d+ (?:minutes|hours|days|weeks|months|km|m |kg|kilos|cm|percent|people|of))(?<!\d){x}", r"in (?:my|his|her) (?=(?:early |mid |late |mid-|early-)?\w+ties\b){x}", r"aged {x}")
_add("do", "age", "word", r"(?:turned|turn|turns|turning) (?=\d{1,3}\b){x}", sense="begins")
_add("be", "nationality", "word", rf"(?:an? |half |half-|originally |actually |born )?(?=(?i:{_any(NATIONALITIES)})(?:\b(?! (?:teacher|class|student|lessons?|literature|food|translator|tutor|course|speaker|guy who))))(?=[A-Za-z]){{x}}")
_add("be", "height", "value", r"(?=\d(?:[.,]\d+)? ?m(?:\b| tall)|\d{3} ?cm|\d ?(?:'|ft|foot|feet)){x}")
_add("be", "pronouns", "word", r"(?=(?:she|he|they|ze|xe)/\w+){x}")
_add("do", "pronouns", "word", r"(?:use|go by|uses) (?=(?:she|he|they|ze|xe)/\w+){x}")
_add("be", "birthday", "date", r"born (?:on )?(?=(?:the )?\d|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|in \d{4}|19|20){x}")
_add("do", "birthday", "date", r"born (?:on )?(?=(?:the )?\d){x}")

# Body
_add("cannot", "diet", "word", r"(?:have|digest|tolerate|eat|drink) (?!an?\b|the\b|any\b|it\b|this\b|that\b|more\b|my\b|you\b|both\b|one\b|kids\b|children\b|pets\b)(?=[a-z]+(?:$|[.,;!?]| and | or | because| so)){x}")
_add("be", "allergic_to", "things", r"(?:(?:severely|very|highly|also|deathly|really|badly|a bit|mildly) )*(?:allergic|intolerant|sensitive|hypersensitive) to {x}")
_add("have", "allergic_to", "things", r"(?:an?|a (?:bad|severe|mild|nasty|serious|strong|terrible|really bad)|severe|bad) (?:allergy|intolerance|allergic reaction) (?:to|against) {x}")
_add("have", "allergic_to", "thing", r"(?:an?|a (?:bad|severe|mild|nasty|serious|strong|terrible)) (?=[\w -]{2,25}? (?:allergy|intolerance)\b)(?P<x>[\w -]{2,25}?) (?:allergy|intolerance)")
_add("do", "allergic_to", "things", r"(?:swell up|break out|come out in (?:hives|a rash)|get (?:hives|a rash)|react(?:s)?(?: badly)?) (?:in hives )?(?:from|to|when (?:i|I|he|she) (?:eat|eats|have|has|touch|touches|am near)) {x}")
_add("be", "diet", "word", rf"(?:an? |strictly |mostly |practically |basically |properly |fully )*(?=(?i:{_any(DIETS)})\b){{x}}")
_add("do", "diet", "word", rf"(?:went|go|gone|turned|became|become|been|eat|eats|keep|keeps|eating|turn|follow|follows|doing|am|switched to) (?:an? |strictly |mostly |fully |completely |properly |back to )*(?=(?i:{_any(DIETS)})\b){{x}}")
_add("deny", "diet", "thing", r"(?:eat|drink|touch) (?!out\b|at\b|here\b|there\b|much\b|it\b|that\b|lunch\b|breakfast\b|dinner\b|enough\b){x}")
_add("be", "ill_with", "thing", rf"(?:an? |type (?:1|2|one|two) |severely |mildly |partially |half |slightly )*(?=(?i:{_any(ILLNESSES)})\b){{x}}", r"(?:recently |just )?diagnosed (?:with|as) {x}", r"(?:recovering from|suffering from|being treated for|prone to) {x}")
_add("have", "ill_with", "thing", rf"(?:(?:an?|mild|severe|bad|chronic|terrible|type (?:1|2|one|two)|late-onset|a bit of|the|adult) )*(?=(?i:{_any(ILLNESSES)})\b){{x}}")
_add("do", "ill_with", "thing", r"(?:suffer|suffers|suffering|struggle|struggles) (?:badly |a lot )?(?:from|with) (?=(?:my |an? |chronic )?\w+(?:itis|aine|aines|oma|osis|emia|ia|ism|sthma|sion|gia|tes)\b){x}", rf"(?:have|has|get|gets|got|diagnosed with|battle|manage) (?:\w+ )?(?=(?i:{_any(ILLNESSES)})\b){{x}}")
_DRUG = r"(?:\w*(?:pril|sartan|statin|formin|azole|cillin|olol|pine|zine|mab|tidine|oxetine|aline|opram|zepam|zolam|mycin|thyroxine|warfarin|insulin|ibuprofen|aspirin|lithium|prednisone|prednisolone|methotrexate|antidepressants?|antibiotics|thinners|beta blockers?|inhaler|pill|gabapentin|xarelto|eliquis|ritalin|adderall|concerta|ozempic|tablets|pills|medication|antihistamines|painkillers|statins)\b|\w+ \d+ ?mg|\d+ ?mg)"
_add("be", "medication", "things", rf"(?:now |still |back )?(?:on|taking|prescribed|put on) (?=(?:\w+ ){{0,3}}{_DRUG}){{x}}")
_add("do", "medication", "things", rf"(?:take|takes|taking|took|started|started on|use|get|been on|switched to|inject) (?=(?:\w+ ){{0,3}}{_DRUG}){{x}}")
_add("do", "medication", "things", rf"(?:stopped|came off|quit|stopped taking|off) (?=(?:\w+ ){{0,2}}{_DRUG}){{x}}", sense="ends")

# Taste
_add("do", "likes", "things", r"(?:like|likes|love|loves|loved|enjoy|enjoys|enjoyed|adore|adores|dig|fancy|appreciate) (?!you\b|your\b|it\b|to (?:know|see|ask|have|get|add|hear|make|change)\b){x}", denial="dislikes")
_add("be", "likes", "things", r"(?:an? (?:big|huge|massive|lifelong|total|great|keen) fan of|an? (?:[\w-]+ )?(?:lover|fan|fanatic|aficionado) of|obsessed with|crazy about|mad about|nuts about|fond of|keen on|hooked on|addicted to|a sucker for|in love with|partial to) {x}", denial="dislikes")
_add("be", "interested_in", "things", r"(?:really |very |super |mostly |big |heavily )*(?:into|interested in|passionate about|fascinated by|getting into|learning about|an amateur) (?!your\b|the (?:job|position|role|offer)\b|buying\b|your\b){x}")
_add("do", "studies", "thing", r"(?:learning|learn) (?!about\b|that\b|how\b|to\b|it\b|a lot\b|from\b|the hard way\b|more\b)(?=[A-Z]\w+){x}")
_add("do", "interested_in", "things", r"(?:got|get|gotten|getting) (?:really |very )?into {x}", r"(?:collect|collects|collecting|breed|breeds|restore|restores|took up|taken up|taking up) (?!(?:my|the|it|them|your|a lot)\b){x}", sense="begins")
_add("do", "dislikes", "things", r"(?:hate|hates|hated|dislike|dislikes|loathe|loathes|detest|despise|despises|abhor|avoid|avoids) (?!it when\b|to (?:ask|bother|say|be|break)\b|having to\b){x}", r"(?:stand|bear|abide|stomach|tolerate) (?:the (?:taste|smell|sound) of )?{x}")
_add("be", "dislikes", "things", r"(?:sick of|allergic to people who|grossed out by|put off by) {x}")
_add("do", "prefers", "thing", r"(?:prefer|prefers|preferred|would rather have|favour|favor) (?!not\b|if\b|it\b|that\b|you\b){x}")
_add("be", "fears", "things", r"(?:(?:really|so|absolutely|a bit|very) )*(?:afraid|scared|terrified|frightened|petrified|phobic) of {x}")
_add("have", "fears", "things", r"an? (?:fear|phobia|terror) of {x}")

# Things
_add("do", "drives", "thing", r"(?:drive|drives|driving|drove) (?:an? |my |our |the |to work in )(?!me\b|crazy\b){x}")
_add("do", "drives", "thing", rf"(?:bought|got|have|picked up|leased|own|owns) (?:an? |my |our )(?:[\w-]+ ){{0,3}}?(?=(?i:{_any(VEHICLES)})\b){{x}}", sense="begins")
_add("have", "drives", "thing", rf"an? (?:(?!at |with |for |in |from |about )[\w-]+ ){{0,2}}?(?=(?i:{_any(VEHICLES)})\b){{x}}")
_PHONE = r"(?:iphone|pixel|galaxy|fairphone|oneplus|xiaomi|nokia|motorola|huawei|samsung)"
_add("have", "phone_model", "thing", rf"(?:an? |the |my )?(?:new |old |ancient |cheap )?(?=(?i:{_PHONE})\b){{x}}")
_add("do", "phone_model", "thing", rf"(?:got|bought|use|uses|using|switched to|upgraded to|have|own) (?:an? |the |my )?(?:new |old |ancient |cheap )?(?=(?i:{_PHONE})\b){{x}}", sense="begins")
_add("do", "editor", "word", rf"(?:use|uses|using|write [\w ]{{2,20}} in|code in|program in|edit in|work in|switched to|switched from \w+ to|moved to|went over to|live in|run) (?=(?i:{_any(EDITORS)})\b){{x}}", sense="begins")
_add("be", "editor", "word", rf"(?:an? )?(?=(?i:vim|emacs|neovim|helix|vscode|nano)\b){{x}}")
_add("do", "operating_system", "word", rf"(?:use|uses|using|run|runs|running|switched to|moved to|work on|boot|installed|develop on) (?=(?i:{_any(SYSTEMS)})\b){{x}}", sense="begins")
_add("be", "operating_system", "word", rf"(?:on|running|using) (?=(?i:{_any(SYSTEMS)})\b){{x}}")
_add("do", "uses", "thing", r"(?:use|uses|using) (?!it\b|this\b|that\b|the (?:same|word|term|following|code|function|first|second)\b|your\b|to\b|them\b|as\b|for\b|up\b){x}", r"(?:switched|migrated|changed|converted) (?:over )?(?:from [^.,;]{2,30} )?to (?=[A-Z]\w+|[a-z]+(?:script|sql|db)\b){x}")
_add("do", "owns", "thing", r"(?:run|runs|own|owns|opened|have) (?=(?:an?|my own|our own|the) (?:[\w-]+ ){0,3}?(?:shop|business|company|bakery|café|cafe|farm|studio|agency|practice|restaurant|bar|pub|b&b|guesthouse|hotel|salon|garage|vineyard|nursery|bookshop|gallery|startup|bed and breakfast|hostel|kiosk|stall|clinic|theatre|blog|podcast|newsletter|channel|workshop|school)\b){x}")
_add("do", "owns", "things", r"(?:own|owns|bought|inherited|treated myself to) (?:an? |my own |our own |two |three |the |some )?(?!it\b|them\b|this\b){x}")
_add("have", "owns", "thing", r"(?:an? |my own |our own |two |three )(?:[\w-]+ ){0,3}?(?=(?:bike|bicycle|boat|car|house|flat|cottage|cabin|garden|allotment|piano|guitar|camera|drone|telescope|laptop|chromebook|macbook|thinkpad|printer|3d printer|ebike|e-bike|motorbike|caravan|campervan|greenhouse|workshop|farm|shop|kiln|loom|sewing machine|record player|typewriter|kindle|tablet|ipad|xbox|playstation|switch)\b){x}")

# What somebody does
_add("do", "plays", "things", rf"(?:play|plays|playing|played|took up|taken up|learning|learn|practise|practice) (?:the |a bit of |some |bit of |a little |competitive )?(?=(?i:{_any(INSTRUMENTS)})\b){{x}}", sense="begins")
_add("do", "speaks", "languages", r"(?:speak|speaks|spoke|talk) (?=.){x}")
_add("be", "speaks", "languages", r"(?:fluent|conversational|bilingual|proficient|a native speaker of|native|trilingual) (?:in |speaker of |: )?(?=.){x}")
_add("do", "native_language", "languages", r"grew up (?:speaking|with) {x}")
_add("do", "reads", "thing", r"(?:reading|started reading|rereading) (?!it\b|this\b|that\b|the (?:docs?|manual|error|article|paper|code|readme)\b|about\b|through\b|up\b|your\b|my\b|of\b){x}")
_add("do", "watches", "thing", r"(?:watch|watching|binge-watching|bingeing|binging|rewatching) (?!it\b|this\b|that\b|out\b|your\b|my\b|the (?:video|kids|clip)\b|what\b){x}")
_add("do", "listens_to", "things", r"(?:listen|listens|listening) (?:mostly |only |a lot )?to (?!me\b|you\b|it\b|this\b|that\b|my\b){x}")
_CLUB = r"(?:[\w'&.-]+ ){0,5}?(?:choir|club|band|team|orchestra|society|association|union|party|league|quintet|quartet|trio|ensemble|gym|committee|board|group|co-op|church|troupe|guild|lodge|network|crew|library|federation|council)\b"
_add("be", "member_of", "thing", rf"(?:an? )?(?:[\w-]+ )?(?:members?|part|treasurer|chair|chairman|chairwoman|secretary|president|captain|organiser|alto|soprano|tenor|conductor) (?:of|at|in) {{x}}", rf"in (?=(?:the|a|an|my|our|our local|a local) {_CLUB}){{x}}")
_add("do", "member_of", "thing", rf"(?:joined|join|belong to|belongs to|sing (?:[\w ]{{0,15}} )?in|sings in|play in|plays in|play for|plays for|row for|row with|signed up (?:to|with|for)|help run|volunteer (?:with|at|for)|train with|dance (?:in|with)) (?=(?:the|a|an|my|our)? ?{_CLUB}){{x}}", sense="begins")
_add("do", "member_of", "thing", rf"(?:left|quit|cancelled|dropped out of|resigned from) (?=(?:the|my|our)? ?{_CLUB}){{x}}", r"cancelled (?:my|our) (?P<x>[\w' ]{2,30}?) membership", sense="ends")
_add("do", "attends", "thing", r"(?:go|goes|attend|attends|going) to (?=(?:an? |the |my |our )?(?:[\w'-]+ ){0,3}?(?:class|classes|lessons?|course|church|mosque|synagogue|meetups?|therapy|aa|yoga|pilates|evening school|night school|group|training|rehearsals?|sessions?)\b){x}")
_DAYS = r"(?:every|each|on (?:mon|tues|wednes|thurs|fri|satur|sun)days|on weekends|at weekends|twice a|once a|three times a|\d times a|most|daily|before work|after work|in the mornings?)"
_add("do", "habit", "clause", rf"(?=(?:go|run|swim|walk|cycle|bike|jog|meditate|do|wake|get up|train|cook|bake|read|write|practise|practice|volunteer|paint|climb|hike|drink|smoke|fast|eat|visit|call|commute|work from home|garden|knit|journal|sleep|teach|take|meet|have|ride|row|dance|sing|watch|play|skate|ski|fish|pray)s?\b[^.,;!?]{{0,50}}\b{_DAYS}\b){{x}}", r"(?=(?:get up|wake up|go to bed|work from home|bike to work|cycle to work|walk to work|commute|work nights|work shifts|smoke|vape|meditate|don't drink|don't smoke|journal)\b){x}")
_add("do", "event", "clause", r"(?=(?:gave up|given up|quit|stopped) (?:smoking|drinking|vaping|alcohol|sugar|caffeine|meat|coffee)\b){x}", sense="happened")
_add("do", "habit", "clause", r"(?:stopped|quit|gave up|given up|kicked|no longer) (?=(?:\w+ing coffee|\w+ing|smoking|drinking|vaping|coffee|alcohol|sugar|caffeine|meat|running|gluten|cigarettes)\b){x}", sense="ends")

# Plans and events
_LIFE = r"(?:learn|move|run|become|start|buy|visit|travel|open|quit|lose|write|retire|marry|get married|climb|save|finish|apply|study|go to|build|publish|sell|adopt|have (?:a|another) (?:baby|child|kid)|emigrate|sail|hike|cycle|swim|pass|read \d|do a|do my|take a year|change careers?|switch careers?|get (?:a|my|into|fit|back|better)|launch|found|renovate|pay off|give up|stop|launch|qualify|train|walk the|learn|go back|relearn|set up|bring out|restore|complete|reach)"
_add("do", "goal", "clause", rf"(?:want|wants|hope|hopes|hoping|aim|aiming|dream|dreaming|aspire|determined|trying|working|would love|training|saving|saving up|itching|dying) (?:to|of|on|for|up to|towards|up for) (?=(?:eventually |finally |one day |just )?{_LIFE}\b|a (?:marathon|house|car|half|10k|trip)|my own){{x}}")
_add("be", "goal", "clause", rf"(?:trying|aiming|hoping|working|determined|saving up|saving|training|preparing|studying) (?:to|for|towards|hard to|up for) (?=(?:an? |my |the )?(?:be an? \w+|become|{_LIFE}|marathon|house|half|triathlon|10k|exam|exams|bar exam|driving test|wedding|trip|certificate|ironman)\b){{x}}")
_add("do", "plans", "clause", r"(?:plan|plans|planning|intend|intends|intending|thinking of|about to|arranged|booked|signed up) (?:on |to |for )(?!know\b|ask\b){x}", r"(?:booked|bought) (?=(?:a|an|the|our|my|tickets|flights) ?(?:[\w-]+ )*?(?:trip|holiday|flight|flights|tickets?|hotel|cruise|course|table)\b){x}")
_add("be", "plans", "clause", rf"(?:planning|intending|thinking of|considering|about) (?:on |to |a |an )?(?=\w){{x}}", r"(?=(?:moving|getting married|having a baby|expecting|quitting|retiring|starting|opening|launching|selling|renovating|building|adopting|running|hosting|taking (?:a|the|next)|changing|leaving|graduating|getting (?:a|my|our))\b[^?]*){x}")
_add("be", "travelling_to", "place", r"(?:going|flying|travelling|traveling|heading|off|driving|sailing|taking the train|going back|going over|flying out) (?:on (?:holiday|vacation) |back |out |over |away |down |up )?to (?=[A-Z]){x}")
_add("do", "travelling_to", "place", r"(?:fly|travel|leave|head|go|drive|sail|booked (?:a )?(?:trip|flight|flights|tickets|hotel)) (?:out |over |off |back )?(?:to|for) (?=[A-Z]){x}", r"(?:have|got|booked|planning|planned) (?:a|our|my) (?:[\w-]+ ){0,2}?(?:trip|holiday|vacation|flight|honeymoon|tour|cruise) (?:to|in) (?=[A-Z]){x}")
_add("do", "visited", "place", r"(?:visited|went|travelled|traveled|flew|been|toured|came back from|just back from|got back from|returned from|spent [\w ]{2,20} in|drove|hiked|cycled) (?:on holiday |all the way |over |to see )?(?:to |in |from |around |through )?(?=[A-Z]){x}", sense="happened")
_add("be", "visited", "place", r"(?:in|to|back from) (?=[A-Z])(?P<x>[A-Z][\w' -]+) (?:last|in \d{4}|in (?:January|February|March|April|May|June|July|August|September|October|November|December)|years ago|a (?:week|month|year) ago)", sense="happened")
_MEETING = r"(?:appointment|meeting|interview|exam|check-?up|scan|operation|surgery|consultation|viewing|mri|x-ray|driving test|blood test|hearing|audition|date with|rehearsal|smear|vaccination|haircut|physio|therapy session|dentist|root canal|job interview|parents' evening|call with)"
_add("have", "appointment", "clause", rf"(?:an?|my|the|our|another)? ?(?=(?:[\w'-]+ ){{0,4}}?{_MEETING}\b){{x}}")
_add("do", "appointment", "clause", rf"(?:got|booked|made|scheduled) (?:an?|my|the|our|in for)? ?(?=(?:[\w'-]+ ){{0,4}}?{_MEETING}\b){{x}}")
_add("be", "appointment", "clause", r"(?:seeing|meeting|booked in with|due at) (?=(?:the|my|a|an|with)? ?(?:[\w'-]+ ){0,2}?(?:dentist|doctor|gp|vet|lawyer|notary|therapist|surgeon|consultant|specialist|optician|accountant|physio|midwife)\b){x}")
_add("do", "deadline", "clause", r"(?:(?:need|needs|got) )?to (?=\w+ [^.;!?]*\bby (?:the end|mid|early|monday|tuesday|wednesday|thursday|friday|saturday|sunday|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|tomorrow|tonight|\d|next|January|February|March|April|May|June|July|August|September|October|November|December)){x}")
_add("do", "deadline", "clause", r"(?:(?:have|has|need|needs|got|must) )?(?:to )?(?=(?:hand in|submit|file|deliver|send in|turn in|finish|return|renew|pay|ship|register)\b[^.;!?]* (?:by|before|until|on) ){x}", r"(?:have|got) (?:till|until) [^.;,!?]{3,30} to (?P<x>[^.;,!?]+)")
_add("do", "decided", "clause", r"(?:decided|agreed|chose|chosen|opted|resolved|voted|settled|gone|went|going|sticking|committed) (?:to|on|against|for|with|that (?:we|i)(?:'ll| will)?) (?!bed\b|sleep\b|the (?:gym|shop|store|doctor)\b|work\b|[A-Z][a-z]+ (?:last|in)\b){x}")
_add("be", "decided", "clause", r"(?:going|sticking|going ahead) with {x}")
_add("do", "decided", "thing", r"(?:chose|picked|selected) (?!it\b|the wrong\b|you\b){x}")
_add("do", "waiting_for", "clause", r"(?:waiting) (?:for|on|to hear) (?!you\b|your\b|it\b){x}")
_add("be", "waiting_for", "clause", r"(?:still )?waiting (?:for|on|to hear (?:back )?(?:from|about)) (?!you\b|your\b|it\b){x}")

# Pets and others
_add("be", "breed", "word", rf"(?:an? )(?:[\w-]+ ){{0,2}}?(?=(?i:{_any(BREEDS)})\b){{x}}")
_add("be", "species", "word", rf"(?:an? |our |my )(?:[\w-]+ ){{0,2}}?(?=(?i:{_any(PETS)})\b){{x}}")


def _compiled(pattern: str) -> re.Pattern[str]:
    whole = pattern.replace("{x}", r"(?P<x>.+)")
    return re.compile(rf"(?s:{whole})" if "(?P<x>" in whole else whole)


FRAMES: tuple[Frame, ...] = tuple(
    Frame(on, _compiled(pattern), predicate, kind, sense, denial)  # type: ignore[arg-type]
    for on, pattern, predicate, kind, sense, denial in _DEF
)
"""In order: of those with one predicate the first that names something counts."""

_KIN_WORDS = frozenset(KIN)


def phrases(text: str, head: Head) -> Iterator[Phrase]:
    """What is said of a head; one phrase for each predicate."""
    rest = text[head.at :]
    if not rest:
        return
    bare = head.elided and not head.words
    tells = bool(_TELLS.match(rest))
    bare = head.elided and not head.words
    tells = bool(_TELLS.match(rest))
    lower_first = rest[0].lower() + rest[1:] if rest[:2].istitle() and head.elided else rest
    seen: set[str] = set()
    for frame in FRAMES:
        if frame.predicate in seen or not _fits(frame, head, rest):
            continue
        if bare and ((frame.on == "do" and not tells) or frame.predicate in {"plans", "goal", "age", "uses"}):
            continue
        if bare and ((frame.on == "do" and not tells) or frame.predicate in {"plans", "goal", "age", "uses"}):
            continue
        found = frame.pattern.match(lower_first)
        if not found:
            continue
        named = objects(frame.kind, found["x"])
        if named:
            seen.add(frame.predicate)
            yield Phrase(frame, tuple(named), head.at, head.at + found.start("x"))


_FRAGMENTS = frozenset(
    "allergic_to married_to engaged_to born_in lives_in works_at speaks medication diet".split()
)
"""What is told without a verb: `allergic to nuts`."""
_NOW = frozenset(("now", "currently", "these days", "nowadays", "presently", "right now", "at the moment"))
_NOW_AFTER = re.compile(r"(?:at|in|with) [^.,;!?]{2,40}? (?:now|these days|nowadays|currently|at the moment)\b", re.IGNORECASE)
_SOME_TIME = re.compile(r"\b(?:since|for (?:over |about |almost |nearly )?(?:\w+) (?:years?|months|decades))\b", re.IGNORECASE)
_TELLS = re.compile(
    r"(?:\w+ed|\w+ing|got|went|took|bought|sold|left|quit|became|began|met|lost|won|found|had|gave|grew|came|broke|flew"
    r"|drove|ran|wrote|spent|kept|chose)\b",
    re.IGNORECASE,
)
"""A verb that tells, where a bare one would be an order: `moved to York`."""


def _fits(frame: Frame, head: Head, rest: str) -> bool:
    if head.elided and not head.words and frame.on not in {"do", "deny", "cannot"}:
        return frame.predicate in _FRAGMENTS or frame.predicate == "appointment"
    match frame.on:
        case "be":
            return head.is_being or head.elided
        case "now":
            return head.is_being and (not _NOW.isdisjoint(head.words) or bool(_NOW_AFTER.match(rest)))
        case "perfect":
            return head.perfect and head.is_being and bool(_SOME_TIME.search(rest))
        case "cannot":
            return "can't" in head.words or "cannot" in head.words
        case "deny":
            return head.denied
        case "have":
            return head.is_having or head.elided
        case _:
            return True
