"""What `enplace memory erase` does."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from enplace.cli.memory import owner_of
from enplace.cli.show import jsonable
from enplace.records.erasure import ErasurePlan, ErasureReceipt


async def erase(asked: argparse.Namespace) -> int:
    """Show what would go, ask, and erase it for good."""
    async with owner_of(asked) as owner:
        plan = await owner.erasure.plan(
            ids=asked.ids,
            person=asked.person,
            session=asked.session,
            task=asked.task,
            query=asked.query,
        )
        if asked.dry_run:
            told = {**jsonable(asdict(plan)), "digest": plan.digest}
            print(json.dumps(told) if asked.json else "\n".join(plan_lines(plan)))
            return 0
        if plan.is_empty:
            print(json.dumps({"erased": False}) if asked.json else "nothing would go")
            return 0
        if not asked.yes and not _agreed(plan):
            print("nothing was erased", file=sys.stderr)
            return 1
        receipt = await owner.erasure.execute(plan)
    if asked.json:
        print(json.dumps({**jsonable(asdict(receipt)), "clean": receipt.clean}))
    else:
        print("\n".join(receipt_lines(receipt)))
    return 0 if receipt.clean else 1


def _agreed(plan: ErasurePlan) -> bool:
    print("\n".join(plan_lines(plan)), file=sys.stderr)
    print("erase this for good? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def plan_lines(plan: ErasurePlan) -> Iterator[str]:
    """A plan as people read it."""
    for memory in plan.memories:
        yield f"{memory.kind:<9} {memory.id}  {memory.text}  ({memory.why})"
    for cutout in plan.cutouts:
        if cutout.text:
            text = " ".join(cutout.text.split())
            yield f"log       {cutout.span.task_id} e{cutout.span.ordinal}  {text[:100]}"
    for task, key in plan.notes:
        yield f"note      {task}  {key}"
    for section, key in plan.soul:
        yield f"soul      {section}  {key}"
    for word in plan.words:
        yield f"words     {word}"
    for name in plan.names:
        yield f"name      {name}"
    if plan.is_empty:
        yield "nothing would go"


def receipt_lines(receipt: ErasureReceipt) -> Iterator[str]:
    """A receipt as people read it. It never tells the words."""
    for what, counts in (
        ("deleted", receipt.deleted),
        ("rewritten", receipt.rewritten),
        ("derived", receipt.derived),
    ):
        yield f"{what:<9} {_counts(counts)}"
    scan = receipt.scan
    yield (
        f"scan      {scan.words} words in {scan.texts} values and {scan.file_bytes} bytes:"
        f" {scan.found} found, {scan.inside} inside of longer words"
    )
    if not receipt.packed:
        yield "others held the file: it is packed when it is opened next; erase again to be sure"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {table}" for table, count in counts.items()) or "nothing"
