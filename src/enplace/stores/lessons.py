"""What every store does with proposals in the same way. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from enplace.records.changeset import Changeset
from enplace.records.learning import Assert, Batch, End, Proposal
from enplace.records.memory import Fact


def place_of(proposal: Proposal) -> Fact | None:
    """The fact in whose place a proposal meets what is known; None where it meets nothing."""
    match proposal:
        case Assert():
            return proposal.fact
        case End():
            return proposal.about
        case _:
            return None


def looks_back(proposal: Proposal) -> bool:
    """Whether it changes a fact that stands: then what that one followed or carried on counts."""
    return isinstance(proposal, End) or (
        isinstance(proposal, Assert) and proposal.instead_of is not None
    )


def of_batch(changeset: Changeset, batch: Batch) -> Changeset:
    """A changeset as a batch writes it: what it writes names the batch.

    It is decided and written in one transaction, so that no revision can have passed meanwhile.
    """
    write = changeset.write
    return replace(
        changeset,
        write=None if write is None else replace(write, batch=batch.id),
        soul=tuple(replace(line, batch=batch.id) for line in changeset.soul),
        revision=None,
    )


def reported(batch: Batch, changesets: Sequence[Changeset]) -> Batch:
    """A batch with the outcomes of its writes in its report."""
    outcomes = Counter(batch.report.outcomes)
    outcomes.update(change.write.outcome for change in changesets if change.write is not None)
    adopted = sum(len(change.soul) for change in changesets)
    if adopted:
        outcomes["adopted"] += adopted
    return replace(batch, report=replace(batch.report, outcomes=dict(sorted(outcomes.items()))))
