"""One strategy on one session at one window: the figures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from enplace.records.price import Rates
from enplace_bench.context import rereads, scoring
from enplace_bench.context.history import text_of
from enplace_bench.context.payload import Payload, Strategy, tokens_of
from enplace_bench.context.prices import LISTED, dollars
from enplace_bench.context.probes import Probe
from enplace_bench.context.replaying import Billed, Call, Case, Meter, calls_of
from enplace_bench.context.scoring import LOST
from enplace_bench.context.shares import NOTHING, Figures, Share
from enplace_bench.context.simulator import Anthropic, Cache, OpenAI, PlainPrefix

UNITS = Rates(hit=0.1, write=1.25, output=5.0)
"""Prices that the printed units stand for: Anthropic's with five minutes."""
DISTANCES = {"8k": 8_000, "16k": 16_000, "32k": 32_000, "64k": 64_000}
"""Probes by the tokens since their identifier was last visible, from the name's on."""
LONG = 90
"""Calls from which on a session tells whether CPU grows with its length."""

Watch = Callable[[Case, Call, Payload | None], None]
"""Called for every call with the request sent before it, if any."""


def caches() -> dict[str, Cache]:
    """Those whose hit rates are printed."""
    return {"anthropic": Anthropic(), "openai": OpenAI(), "plain": PlainPrefix()}


@dataclass(slots=True)
class Measured:
    """One strategy on one session at one window."""

    case: Case
    figures: dict[str, Share] = field(default_factory=dict[str, Share])
    cpu_s: list[float] = field(default_factory=list[float])
    """Of every call, in order."""
    stale_lines: int = 0
    stale_unchanged: int = 0
    """Of these, those that no edit in the request tells of."""

    def add(self, name: str, part: float, whole: float = 1.0) -> None:
        """Add to a figure."""
        self.figures[name] = self.figures.get(name, NOTHING) + Share(part, whole)


def measure(strategy: Strategy, case: Case, window: int, watch: Watch | None = None) -> Measured:
    """Replay a session and measure it."""
    done = Measured(case=case)
    meter = Meter(caches())
    wanted = case.probes.by_call()
    last: Call | None = None
    for call in calls_of(strategy, case, window):
        if watch:
            watch(case, call, last.payload if last else None)
        done.cpu_s.append(call.cpu_s)
        done.add("overflow", call.payload is None)
        _probe(done, call, wanted.get(call.event.index, []))
        _reread(done, call)
        if call.payload is None:
            continue
        output = tokens_of(text_of(call.event), case.session)
        extended = meter.send(call.event.at_s, call.payload, output)
        done.add("breaks_per_100", 100 * (not extended))
        done.add("unannounced_per_100", 100 * (not extended and not call.payload.announced))
        done.add("aux_calls_per_100", 100 * len(call.payload.aux))
        last = call
    _directives(done, last)
    done.figures |= _costs(meter.billed, sent=done.figures["overflow"])
    return done


def _probe(done: Measured, call: Call, asked: list[Probe]) -> None:
    answers = [LOST] * len(asked)
    if call.payload and asked:
        text = scoring.text_of(call.payload)
        refs = scoring.backed_refs(call.payload.blocks)
        answers = [scoring.kept(probe, text, refs) for probe in asked]
    if call.payload:
        missing = any(not answer.verbatim for answer in answers)
        done.add("refetches_per_100", 100 * missing)
    for probe, answer in zip(asked, answers, strict=True):
        for name in _names(probe):
            done.add(name, answer.verbatim)
        done.add("in_context", answer.in_context)
        done.add("recoverable", answer.recoverable)


def _names(probe: Probe) -> list[str]:
    band = max((low, name) for name, low in DISTANCES.items() if low <= max(8_000, probe.distance))
    names = ["kept", f"kept_from_{band[1]}", f"kept_{probe.kind}"]
    if probe.where == "args":
        names.append("kept_args")
        if probe.origin in {"tool", "user"}:
            names.append("kept_strict")
    return names


def _reread(done: Measured, call: Call) -> None:
    for reread in done.case.rereads.get(call.event.index, ()):
        if call.payload is None:
            found = rereads.unanswered(reread)
        else:
            found = rereads.answered(reread, call.payload.blocks, done.case.session.cwd)
        done.add("rereads_current", found.current.part, found.current.whole)
        done.add("rereads_reachable", found.reachable.part, found.reachable.whole)
        state = found.in_file_state
        done.add("rereads_in_file_state", state.part, state.whole)
        done.add("rereads_stale", found.stale.part, found.stale.whole)
        done.stale_lines += found.stale_lines
        done.stale_unchanged += found.stale_unchanged


def _directives(done: Measured, last: Call | None) -> None:
    """At the last call, where a refused one has none; and at the last one that was sent."""
    final = done.case.session.calls[-1] if done.case.session.calls else -1
    text = scoring.folded(scoring.text_of(last.payload)) if last and last.payload else ""
    at = last.event.index if last else -1
    for directive in done.case.probes.directives:
        stands = scoring.has_directive(directive, text)
        if directive.event < at:
            done.add("directives_last_sent", stands)
        if directive.event < final:
            done.add("directives", stands and at == final)


def _costs(billed: Mapping[str, Billed], sent: Share) -> Figures:
    calls = sent.whole - sent.part
    ours = billed["anthropic"]
    summaries = UNITS.output * ours.aux_output
    return {
        "payload_tokens": Share(ours.tokens, calls),
        "units": Share(units(ours, UNITS) + summaries, calls),
        "units_of_summary_output": Share(summaries, calls),
        "units_of_summary_input": Share(UNITS.hit * ours.aux_hit + ours.aux_uncached, calls),
        **{f"hit_{name}": Share(one.hit, one.tokens) for name, one in billed.items()},
        **{
            f"dollars_{price.model}": Share(100 * dollars(billed[price.cache], price), calls)
            for price in LISTED
        },
    }


def units(billed: Billed, rates: Rates) -> float:
    """The input in tokens that no cache had: that of the turn, and that of the calls beside it."""
    cached = rates.hit * (billed.hit + billed.aux_hit) + rates.write * billed.written
    return cached + billed.uncached + billed.aux_uncached
