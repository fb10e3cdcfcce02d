"""Verbs with which a sentence or a clause begins that tells somebody what to do."""

_ENGLISH = """
accept act adapt add address admit adopt advise aggregate agree aim allow always analyse analyze
announce answer append apply approve argue ask assess assign assist assume avoid base be become
begin behave break bring build calculate call cancel capitalise capitalize care change chat check
choose cite clarify classify clean close collect comment commit compare compute conclude conduct
confirm consider consult continue convert copy correct count cover create cut debug decide declare
decline define delegate delete deliver delve describe design detect determine differentiate discuss
display distinguish do don't draft draw edit elaborate emit emphasise emphasize encourage end engage
enhance ensure escalate estimate evaluate examine execute expect explain explore express extract
factor fail favor favour fetch fill find finish fix flag focus follow forget format gather gauge
generate get give go grade greet ground guess guide hand handle help hide highlight identify ignore
illustrate imagine implement improve include incorporate infer inform initiate insert inspect
integrate interpret introduce invent investigate invite judge keep label lead leave let leverage
limit list listen log look maintain make mark match mention mirror modify monitor move name navigate
never note notify obey offer omit only open optimise optimize order organise organize outline output
paraphrase pass pause perform personalise personalize pick pinpoint place plan play point praise
prefer prefix prepare present preserve press pretend prevent print prioritise prioritize proceed
produce promise prompt propose protect provide put quote raise rank rate reach read reassure
recognise recognize recommend record redirect reduce refactor refer refrain refuse reject rely
remain remember remind remove rename repeat rephrase replace reply report request require research
resolve respect respond restate retrieve return reveal review rewrite round route run sanitise
sanitize save say scan search see select send separate set share show showcase sign simplify skip
solve sort speak specify spell split start state stay stick stop store strive structure submit
substitute suggest summarise summarize support switch tag tailor take talk tell test thank think
trace track transform translate treat trim try turn update upload use utilise utilize validate
verify view wait warn watch weigh welcome work wrap write
"""
_GERMAN = """
achte antworte ändere beachte beantworte beginne begründe benutze bestätige biete bleib bleibe
entscheide erfinde erkläre erstelle erwähne fasse finde formuliere frag frage gib gibt halte hilf
höre ignoriere kürze lass lies löse mach mache markiere merke nenne nimm nutze prüfe sage schlage
schreib schreibe sei sprich stelle suche teile übersetze verbinde vermeide verwende verweise warte
wähle wiederhole zeig zeige zitiere
"""
_SPANISH = """
actúa acepta añade analiza anota ayuda busca cita comprueba confirma contesta corrige crea da
describe di escribe evita explica genera haz indica limita mantén menciona muestra nunca ofrece pide
pregunta prioriza procura propón recomienda recuerda repite responde resume revisa sé sigue sugiere
traduce usa utiliza verifica
"""
_FRENCH = """
adapte affiche agis aide ajoute analyse assure cherche choisis cite commence compare confirme
corrige demande donne écris encourage évite explique fais garde indique invente laisse mentionne
n'écris n'invente n'utilise ne parle pose précise propose rappelle refuse réponds reste résume
reformule suis termine tiens traduis utilise vérifie
"""

ORDERS = frozenset(f"{_ENGLISH} {_GERMAN} {_SPANISH} {_FRENCH}".split())
