"""Words of a message that are not what it is about. English."""

from enplace.records.words import terms


def _stems(text: str) -> frozenset[str]:
    return frozenset(terms(text))


FRAME = _stems(
    """
able according achieve achieved achievement across activities activity additional advice affect
affected among amount answer appreciation approach appropriate area areas ask aspect aspects
assume assumed assumption attend attended attitude attribute attributes background based became
become began begin behavior behaviour believe best better both bring brought call called came
categories category certain challenge challenges character characteristic choose chose chosen
circumstances cities city close come common compare comparison complete completed conduct
conducting connection consider considered conversation conversations correspondence countries
country course current currently decide decided detail details develop developed different discuss
discussing discussion duration effect effort efforts emotion emotions encounter encountered
engagement enhance enjoy enjoyed enjoys entire environment event events example examples excited
exciting experience experienced experiences explain exploration explorations explore express
expressed factor factors far favorite favourite feeling feelings felt field fields final finally
finish finished frequently future gain gained gave general genre genres geographical give given
goal goals good great habit habits handle handling happen happened help helped highlight hobbies
hobby hope hoped host hosted idea ideas impact important improve improved include included
including indicate individual individually infer inferred influence information initially inspire
inspired intention interest interested interesting interests introduce introduced involve involved
issue issues item items join joined keep kept kind last lately lead leave led left like liked
likely list live lived lives living location locations long love loved main manage managing meet
met method most motivate motivated move moved multiple mutual name names natural navigate negative
new next number object objects often old open opinion option options order originally overall own
owned part partake participate participated particular past people period person personality phase
phases pick picked place places plan planned planning plans pleasant popular positive possibility
possible possibly practice practiced practicing prefer preference preferences preferred prefers
prepare prepared present previous previously problem problems process professional
proponent provide provided purpose pursue pursuing put question questions react reaction reason
reasons receive received recent recently recommend recommendation recommended recreational refer
referring region related relation relationship respective respectively response result results
resume return returned reveal role run saw see separate sequence session sessions several share
shared sharing short show showed shown significant similar situation social sort sound special
specific specifically spend spent stage stages start started starting state states status stay
step steps stop strategies strategy subject suggest suggested suggestion summarize summary suppose
supposed suspected take taken taking technique techniques tendency theme themes thought throughout
together topic topics total trait traits tried try type typically unpleasant upcoming usually
various view views visit visited walk way ways word words work worked working
"""
)
"""Words that say what sort of answer is wanted: "What kind of place did Ana visit?"."""

PHATIC = _stems(
    """
absolutely afternoon again agreed ah alright amazing another anything appreciate appreciated aw
awesome back bad bed begin best better birthday bit bored boring bot brb brilliant buddy busy bye
care chat cheers christmas coin cold congrats congratulations continue cool correct course day
dear definitely doing done dream dreams dude enjoy enough evening everything exactly excellent
excuse explain fair fancy fantastic feel feeling fine flies flip fly forget forgot friend friends
fun funny glad goes going good goodbye great greetings guess guys haha hahaha hang happy hear hehe
hello help helpful helps hey hi hm hmm hold hope hopefully hot howdy hows human hungry idea im
indeed ive job joke jokes joking kidding knew knows later laugh life like likewise lmao lol long
love lovely luck lucky man matter maybe mean meant merely merry mind minute mistake moment more
morning nah name new news next nice night no nope noted nothing number oh ok okay okey ooh oops
pardon perfect perhaps pick plan please proceed question quick repeat rest right robot same sec
second see sense sing sleep sleepy smile song soon sorry sound sounds speak start stop story super
sure surprise sweet talk thank thanks thats thirsty thx time tired today tomorrow tonight totally
true try ty uh um understand understood wait weather weekend welcome well whatever whats while who
wish wonderful work works worries worry wow wrong yeah year yep yes yo youre yup
"""
)
"""Words of greetings, thanks and small talk; they count where somebody is asked about."""
