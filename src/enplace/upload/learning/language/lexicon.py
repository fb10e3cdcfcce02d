"""Words that the rules know: of people, work, taste, and what ends a phrase."""

from enplace.records.lazy_pattern import lazy_pattern


def worded(text: str) -> frozenset[str]:
    """The words of a text, each once."""
    return frozenset(text.split())


KIN: dict[str, str] = {
    **dict.fromkeys(worded("wife husband spouse hubby missus"), "married_to"),
    **dict.fromkeys(worded("fiance fiancee fiancé fiancée"), "engaged_to"),
    **dict.fromkeys(worded("girlfriend boyfriend partner gf bf"), "partner_of"),
    **dict.fromkeys(
        worded("ex ex-wife ex-husband ex-girlfriend ex-boyfriend ex-partner"), "ex_partner_of"
    ),
    **dict.fromkeys(
        worded(
            "son daughter kid child baby boy girl toddler eldest youngest oldest firstborn stepson "
            "stepdaughter"
        ),
        "has_child",
    ),
    **dict.fromkeys(
        worded(
            "mother father mum mom dad mam mama papa mommy daddy mummy stepmother stepfather stepmum "
            "stepmom stepdad"
        ),
        "child_of",
    ),
    **dict.fromkeys(
        worded(
            "brother sister sibling twin stepbrother stepsister half-brother half-sister bro sis "
            "brothers sisters siblings"
        ),
        "sibling_of",
    ),
    **dict.fromkeys(
        worded(
            "cousin uncle aunt auntie nephew niece grandma grandpa grandmother grandfather gran nan "
            "granddad grandad granny grandson granddaughter grandchild mother-in-law father-in-law "
            "brother-in-law sister-in-law son-in-law daughter-in-law godson goddaughter godmother "
            "godfather godchild in-law in-laws abuela oma opa"
        ),
        "relative_of",
    ),
    **dict.fromkeys(
        worded("friend bestie mate buddy pal flatmate roommate housemate bff"), "friend_of"
    ),
    **dict.fromkeys(
        worded("colleague coworker co-worker workmate teammate deskmate officemate"), "colleague_of"
    ),
    **dict.fromkeys(worded("boss manager supervisor lead teamlead"), "manager"),
    **dict.fromkeys(worded("neighbour neighbor"), "neighbour_of"),
    **dict.fromkeys(worded("landlord landlady"), "landlord"),
    **dict.fromkeys(
        worded(
            "doctor gp dentist therapist physio physiotherapist psychiatrist gynaecologist "
            "dermatologist cardiologist pediatrician paediatrician optician"
        ),
        "doctor",
    ),
    **dict.fromkeys(
        worded(
            "dog cat puppy kitten rabbit hamster parrot horse pony tortoise goldfish guinea-pig budgie "
            "ferret snake lizard gecko hen pup doggo kitty cats dogs"
        ),
        "has_pet",
    ),
}
"""What somebody is to whoever says `my`: the predicate that joins them."""

PETS = frozenset(word for word, predicate in KIN.items() if predicate == "has_pet")
SPECIES = {
    "puppy": "dog", "pup": "dog", "doggo": "dog", "dogs": "dog", "kitten": "cat", "kitty": "cat",
    "cats": "cat", "pony": "horse",
}  # fmt: skip
BREEDS = worded(
    "beagle labrador lab poodle dachshund corgi terrier collie spaniel husky retriever pug whippet "
    "greyhound boxer rottweiler dalmatian schnauzer chihuahua shepherd siamese tabby persian bengal "
    "ragdoll maine-coon"
)
KINDS_OF_KIN = {
    "mum": "mother", "mom": "mother", "mam": "mother", "mama": "mother", "mommy": "mother",
    "mummy": "mother", "dad": "father", "papa": "father", "daddy": "father", "hubby": "husband",
    "missus": "wife", "gf": "girlfriend", "bf": "boyfriend", "kid": "child", "bro": "brother",
    "sis": "sister", "gran": "grandmother", "grandma": "grandmother", "nan": "grandmother",
    "granny": "grandmother", "oma": "grandmother", "grandpa": "grandfather",
    "granddad": "grandfather", "grandad": "grandfather", "opa": "grandfather", "auntie": "aunt",
    "coworker": "colleague", "co-worker": "colleague", "workmate": "colleague",
    "neighbor": "neighbour", "fiancé": "fiance", "fiancée": "fiancee", "gp": "doctor",
    "bestie": "friend", "mate": "friend", "buddy": "friend", "pal": "friend", "bff": "friend",
}  # fmt: skip
"""One word for each kind of person."""

FEMALE = worded(
    "wife girlfriend gf mother sister aunt niece daughter grandmother granddaughter stepmother "
    "stepdaughter stepsister half-sister mother-in-law sister-in-law daughter-in-law goddaughter "
    "godmother fiancee landlady"
)
MALE = worded(
    "husband boyfriend bf father brother uncle nephew son grandfather grandson stepfather stepson "
    "stepbrother half-brother father-in-law brother-in-law son-in-law godson godfather fiance "
    "landlord"
)

ATTRIBUTES: dict[str, str] = {
    "name": "name", "first name": "name", "last name": "name", "surname": "name",
    "full name": "name", "real name": "name", "nickname": "nickname", "age": "age",
    "birthday": "birthday", "bday": "birthday", "date of birth": "birthday", "dob": "birthday",
    "pronouns": "pronouns", "nationality": "nationality", "native language": "native_language",
    "mother tongue": "native_language", "first language": "native_language",
    "address": "home_address", "home address": "home_address", "home town": "home_town",
    "hometown": "home_town", "email": "email", "e-mail": "email", "email address": "email",
    "mail": "email", "phone": "phone_number", "phone number": "phone_number",
    "mobile": "phone_number", "mobile number": "phone_number", "number": "phone_number",
    "cell": "phone_number", "timezone": "timezone", "time zone": "timezone", "job": "job_title",
    "job title": "job_title", "title": "job_title", "profession": "job_title",
    "occupation": "job_title", "role": "job_title", "position": "job_title",
    "employer": "works_at", "company": "works_at", "workplace": "works_at", "team": "team",
    "major": "studies", "degree": "studies", "subject": "studies", "university": "studies_at",
    "uni": "studies_at", "school": "studies_at", "college": "studies_at", "height": "height",
    "blood type": "blood_type", "blood group": "blood_type", "car": "drives",
    "editor": "editor", "os": "operating_system", "operating system": "operating_system",
    "hobby": "interested_in", "hobbies": "interested_in", "goal": "goal", "diet": "diet",
    "deadline": "deadline", "allergies": "allergic_to", "allergy": "allergic_to",
    "shoe size": "shoe_size", "gym": "member_of", "shift": "habit",
}  # fmt: skip
"""Nouns behind `my`, and the predicate of what they are said to be."""

DIETS = worded(
    "vegan vegetarian veggie pescatarian pescetarian halal kosher keto gluten-free lactose-free "
    "dairy-free paleo flexitarian low-carb sugar-free fruitarian teetotal"
)
ILLNESSES = worded(
    "diabetic diabetes asthma asthmatic coeliac celiac epilepsy epileptic migraine migraines adhd "
    "arthritis insomnia insomniac anaemia anemic anaemic ibs crohn's endometriosis hypertension "
    "tinnitus dyslexic dyslexia autistic autism psoriasis eczema gout pcos lupus fibromyalgia "
    "depression anxiety bipolar colour-blind colourblind colorblind deaf hay-fever hayfever reflux "
    "sciatica osteoporosis glaucoma parkinson's sclerosis"
)
LANGUAGES = worded(
    "english german french spanish italian portuguese dutch swedish norwegian danish finnish polish "
    "czech slovak hungarian romanian bulgarian greek turkish arabic hebrew persian farsi hindi urdu "
    "bengali punjabi tamil telugu chinese mandarin cantonese japanese korean vietnamese thai "
    "indonesian malay tagalog swahili amharic somali yoruba igbo hausa zulu afrikaans russian "
    "ukrainian serbian croatian bosnian slovene slovenian albanian latvian lithuanian estonian "
    "icelandic irish welsh scottish basque catalan galician maltese georgian armenian latin "
    "esperanto nepali sinhala marathi gujarati kannada malayalam mongolian tibetan kurdish pashto "
    "luxembourgish frisian breton yiddish quechua guarani maori hawaiian asl bsl"
)
NATIONALITIES = LANGUAGES | worded(
    "american british scottish canadian australian mexican brazilian argentinian argentine chilean "
    "colombian peruvian venezuelan cuban nigerian kenyan ghanaian ethiopian egyptian moroccan "
    "algerian tunisian south-african israeli lebanese syrian iraqi iranian afghan pakistani indian "
    "bangladeshi filipino malaysian singaporean taiwanese austrian swiss belgian cypriot "
    "ecuadorian bolivian uruguayan paraguayan jamaican haitian senegalese cameroonian ivorian "
    "ugandan tanzanian zimbabwean zambian kiwi aussie belarusian moldovan kazakh uzbek dominican "
    "guatemalan honduran salvadoran nicaraguan panamanian"
)
JOBS = worded(
    "attendant nurse doctor surgeon vet teacher tutor lecturer professor student pupil chef cook baker barista "
    "waiter waitress bartender pilot captain sailor fisherman farmer gardener florist carpenter "
    "joiner plumber electrician mechanic welder builder bricklayer roofer painter decorator tiler "
    "architect engineer developer dev programmer coder designer sysadmin admin analyst accountant "
    "auditor bookkeeper banker broker lawyer solicitor barrister attorney judge paralegal notary "
    "clerk secretary receptionist assistant manager director ceo cto cfo founder consultant "
    "contractor freelancer entrepreneur salesman saleswoman salesperson cashier shopkeeper "
    "journalist reporter editor writer author novelist poet translator interpreter librarian "
    "archivist historian musician singer pianist violinist cellist drummer guitarist composer "
    "conductor dj dancer actor actress comedian photographer filmmaker illustrator artist sculptor "
    "potter jeweller tailor seamstress hairdresser barber beautician masseuse physio "
    "physiotherapist therapist psychologist psychiatrist paramedic midwife pharmacist chemist "
    "biologist physicist mathematician statistician geologist astronomer scientist researcher "
    "postdoc phd policeman policewoman officer detective firefighter soldier veteran guard driver "
    "trucker courier postman postwoman mailman cleaner janitor caretaker caregiver carer nanny "
    "babysitter au-pair childminder priest pastor vicar rabbi imam monk nun plasterer glazier "
    "locksmith butcher brewer winemaker sommelier beekeeper forester ranger zookeeper groom jockey "
    "trainer coach referee lifeguard instructor guide steward stewardess recruiter planner surveyor "
    "estate-agent realtor landlord undertaker gravedigger headmaster headteacher principal treasurer "
    "lead intern apprentice trainee retiree pensioner optician dentist hygienist radiographer "
    "radiologist anaesthetist cardiologist neurologist paediatrician dietitian nutritionist "
    "housewife househusband homemaker blogger youtuber streamer tester devops sre copywriter "
    "proofreader luthier goldsmith blacksmith cobbler machinist operator technician cartographer "
    "coo politician mayor councillor diplomat economist actuary underwriter bookseller publisher "
    "mason sous-chef linguist data-scientist postdoctoral manageress editor-in-chief curator conservator restorer sexton bellringer puppeteer magician"
)
_JOB_ENDING = lazy_pattern(
    r"(?:[a-z]{3,}(?:ologist|ographer|ician|wright|smith|monger|mason|keeper|maker|worker|trainer|teacher|monger|herd|iatrist|eutist)"
    r"|\w*(?:(?<!own)(?<!sh)breeder|officer|agent|operator|inspector|specialist|therapist|advis[eo]r|representative|fitter|technician"
    r"|tuner|binder|restorer|controller|administrator|coordinator|organiser|organizer|facilitator|strategist|chemist|physicist"
    r"|scaffolder|shepherd|grower|illustrator|animator|sommelier|usher|bailiff|valuer|optometrist|podiatrist|chiropractor"
    r"|osteopath|acupuncturist|counsell?or|clergyman|minister|bishop|rancher|logger|miner|roadie|model|stuntman|animator))$"
)
NOT_JOBS = worded(
    "fan lover reader member fighter person beginner owner user speaker smoker drinker eater sucker "
    "runner morning lark night owl father mother brother sister player vegetarian vegan idiot "
    "mess newbie foreigner stranger believer regular big huge bit little total complete"
)


def is_job(word: str) -> bool:
    """Whether a word names what somebody does for a living."""
    return word in JOBS or bool(_JOB_ENDING.search(word))


INSTRUMENTS = worded(
    "piano guitar violin viola cello bass drums flute oboe clarinet saxophone sax trumpet trombone "
    "tuba horn harp ukulele banjo mandolin accordion organ harmonica bagpipes sitar keyboard "
    "recorder fiddle chess tennis football soccer rugby basketball volleyball badminton squash golf "
    "cricket hockey handball poker bridge darts padel"
)
VEHICLES = worded(
    "volvo vw volkswagen skoda toyota honda mazda nissan ford fiat renault peugeot citroen citroën "
    "opel bmw audi mercedes tesla kia hyundai subaru suzuki dacia seat mini porsche jeep lexus "
    "motorbike motorcycle vespa scooter van campervan yaris golf polo corolla civic micra prius "
    "octavia fabia clio twingo leaf zoe"
)
EDITORS = worded(
    "vim neovim emacs helix vscode sublime pycharm intellij notepad++ nano zed cursor atom"
)
SYSTEMS = worded(
    "linux ubuntu debian fedora arch nixos macos windows mint manjaro chromeos freebsd"
)
TASTES = {
    "like": "likes", "love": "likes", "enjoy": "likes", "adore": "likes", "fancy": "likes",
    "dig": "likes", "prefer": "prefers", "hate": "dislikes", "dislike": "dislikes",
    "loathe": "dislikes", "detest": "dislikes", "despise": "dislikes",
}  # fmt: skip
MONTH_NAMES = worded(
    "january february march april may june july august september october november december jan feb "
    "mar apr jun jul aug sep sept oct nov dec"
)
# fmt: off
IRREGULAR: dict[str, str] = {
    "become": "becomes became", "begin": "begins began begun", "break": "breaks broke broken",
    "bring": "brings brought", "build": "builds built", "buy": "buys bought",
    "choose": "chooses chose chosen", "come": "comes came", "cut": "cuts cut",
    "deal": "deals dealt", "do": "does did done", "drink": "drinks drank drunk",
    "drive": "drives drove driven", "eat": "eats ate eaten", "fall": "falls fell fallen",
    "feel": "feels felt", "find": "finds found", "fly": "flies flew flown",
    "get": "gets got gotten", "give": "gives gave given", "go": "goes went gone",
    "grow": "grows grew grown", "have": "has had", "hold": "holds held", "keep": "keeps kept",
    "know": "knows knew known", "lead": "leads led", "learn": "learns learned learnt",
    "leave": "leaves left", "let": "lets let", "lose": "loses lost", "make": "makes made",
    "meet": "meets met", "pay": "pays paid", "put": "puts put", "quit": "quits quit",
    "read": "reads read", "ride": "rides rode ridden", "run": "runs ran", "say": "says said",
    "see": "sees saw seen", "sell": "sells sold", "send": "sends sent", "set": "sets set",
    "sing": "sings sang sung", "sleep": "sleeps slept", "speak": "speaks spoke spoken",
    "spend": "spends spent", "split": "splits split", "steal": "steals stole stolen",
    "swim": "swims swam swum", "take": "takes took taken", "teach": "teaches taught",
    "tell": "tells told", "think": "thinks thought", "throw": "throws threw thrown",
    "understand": "understands understood", "wear": "wears wore worn", "win": "wins won",
    "write": "writes wrote written", "lie": "lies lay lain", "swap": "swaps swapped",
    "stop": "stops stopped", "drop": "drops dropped", "rent": "rents rented",
    "look": "looks looked", "play": "plays played", "stay": "stays stayed",
    "own": "owns owned", "enjoy": "enjoys enjoyed", "hire": "hires hired",
}
# fmt: on
"""Verbs: how they stand with `she`, in the past, and behind `have` where that differs."""
