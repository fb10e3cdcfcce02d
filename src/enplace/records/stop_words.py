"""English words that say nothing about what is meant; others are found by rarity in the index."""

_ENGLISH = """
a about actually after again ago all already also am among an and another any anybody anyone
anything anyway are around as ask asked asking at be because been before being between but by can
cannot cant could currently d did didnt do does doesnt doing don done dont during each either else
enough ever every everybody everyone everything exactly few for from get gets getting give given go
going gonna good got gotta had happen happened has have having he hello her here hers herself hey hi
him himself his how however i if im in into is isnt it its itself ive just kind kinda kindly know
lately let lets like ll lot lots m made make makes many may maybe me mention mentioned mentioning
might mine more most much must my myself need neither no nobody nor not nothing now of off often oh
ok okay on one ones only or other others otherwise ought our ours ourselves out over own per perhaps
please quite rather re really recall recently remember remembered remind s said same say saying says
see seems shall she should since so some somebody somehow someone something somewhat sort still such
sure t talked talking tell telling than thank thanks that thats the their theirs them themselves
then there these they thing things think this those though through till to together told too toward
towards try trying under unless until up upon us use used uses using usually ve very via wanna want
wanted wants was wasnt we well were what whatever whats when whenever where wherever whether which
whichever while who whoever whom whos whose why will with within without wonder wondering would yeah
yep yes yet you your yours yourself
"""

STOP_WORDS = frozenset(_ENGLISH.split())
