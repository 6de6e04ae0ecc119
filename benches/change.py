"""Measures planning from kept evidence, and what applying holds in memory, on simulated organizations.

    python benches/change.py                     build, measure, write the table in README.md (ten minutes)
    python benches/change.py --quick             the same with smaller organizations; writes nothing
    python benches/change.py --binary PATH       with a binary that is there

README.md, next to this file, says what is measured.
"""

import argparse
import datetime
import itertools
import os
import pathlib
import re
import sys
import tempfile
import time

import run
from run import Organization, Simulator, fail, note, table

BEGIN, END = "<!-- change:begin -->", "<!-- change:end -->"
LONGEST_PLAN_SECONDS = 10.0
# A dry run is answered by an error, and a policy of the organization closes the way back in some accounts.
run.EXPECTED_ERRORS |= {"DryRunOperation", "UnauthorizedOperation"}
# Seconds in which half of 100 requests come back at half of 5 a second, and a little more.
REFILL = 22
# Applying five times as much may hold this much more, and no more, once as many changes are under way as ever are (4,096).
FLAT = 1.25


def imdsure(simulator, name, arguments, good=(0,)):
    """One command, measured."""
    return simulator.measure(name, [str(run.IMDSURE), *arguments], good)


def head_of(plan):
    """The digest and the number of changes of a plan, which is not read whole: Linux would count it as the next client's memory."""
    with open(plan) as lines:
        text = "".join(itertools.takewhile(lambda line: not line.lstrip().startswith('"changes"'), lines))
    found = lambda pattern: re.search(pattern, text).group(1)
    return {
        "digest": found(r'"digest": ?"(sha256:[0-9a-f]+)"'),
        "total_changes": int(found(r'"total_changes": ?(\d+)')),
    }


def planned(organization):
    """Planning from kept evidence in which usage was read."""
    note(f"  {organization}")
    with Simulator(organization) as simulator, tempfile.TemporaryDirectory() as folder:
        kept, plan = f"{folder}/evidence", f"{folder}/plan.json"
        read = ["audit", "--org", "--usage", "--max-cost", "10000", "--save", kept, "--output", "none"]
        imdsure(simulator, "audit", read, good=(0, 1))
        series = run.Series()
        changes = 0
        for _ in range(3):
            draw = ["plan", "--from", kept, "--output", "none", "-o", plan]
            series.runs.append(imdsure(simulator, "plan", draw))
            changes = head_of(plan)["total_changes"]
        return organization, changes, os.path.getsize(plan), series


def applied(organization):
    """Applying a plan of all instances in one wave, at half of AWS's allowance as by default, and undoing it."""
    note(f"  {organization}")
    with Simulator(organization) as simulator, tempfile.TemporaryDirectory() as folder:
        plan, journal = f"{folder}/plan.json", f"{folder}/journal"
        draw = ["plan", "--org", "--include-unknown", "--kind", "instance", "--canary", "100%"]
        imdsure(simulator, "plan", [*draw, "--output", "none", "-o", plan])
        head = head_of(plan)
        # What policies forbid to take back is left alone (5); the simulated software that needs version 1 fails then (4).
        record = ["--journal", journal, "--output", "json"]
        apply = ["apply", plan, "--approve", head["digest"], "--soak", "0", *record]
        there = imdsure(simulator, "apply", apply, good=(0, 4, 5))
        done = there.printed["endings"].get("done", 0)
        name = there.printed["run"]
        # What applying drew from AWS's allowances comes back: who undoes does not know of it, and would be throttled.
        time.sleep(REFILL)
        undo = ["undo", name, "--approve", name, *record]
        back = imdsure(simulator, "undo", undo)
        return organization, done, there, back


def plan_table(plans):
    head = ["imdsure plan --from", "changes", "plan MB", "CPU s", "wall s", "peak MiB"]
    rows = [
        [organization, f"{changes:,}", f"{size / 1e6:.0f}", f"{s.cpu:.2f}", f"{s.wall:.2f}", f"{s.mib:.0f}"]
        for organization, changes, size, s in plans
    ]
    return table(head, rows)


def apply_table(runs):
    head = ["imdsure apply and undo", "changed", "apply wall s", "apply peak MiB", "undo wall s", "undo peak MiB"]
    rows = [
        [organization, f"{done:,}", f"{there.wall:.1f}", f"{there.mib:.0f}", f"{back.wall:.1f}", f"{back.mib:.0f}"]
        for organization, done, there, back in runs
    ]
    return table(head, rows)


def goals(plans, runs):
    organization, _, _, series = plans[-1]
    wall, (few, many) = series.wall, runs[-2:]
    rows = [
        [
            f"planning from {organization.instances:,} instances: under {LONGEST_PLAN_SECONDS:g} s",
            f"{wall:.2f} s",
            "met" if wall < LONGEST_PLAN_SECONDS else "**not met**",
        ],
        [
            f"applying {many[1]:,} changes: at most {FLAT:g}× the memory of {few[1]:,}",
            run.times(many[2].mib / few[2].mib),
            "met" if many[2].mib <= FLAT * few[2].mib else "**not met**",
        ],
    ]
    return table(["Goal", "Measured", ""], rows)


def main():
    parser = argparse.ArgumentParser(description="Measure planning and applying; see benches/README.md.")
    parser.add_argument("--quick", action="store_true", help="smaller organizations; writes nothing")
    parser.add_argument("--binary", type=pathlib.Path, help="use this binary, and do not build")
    arguments = parser.parse_args()
    if arguments.binary:
        run.IMDSURE = arguments.binary.resolve()
    else:
        run.build()
    machine = run.machine()
    note(machine)
    sizes = [10_000, 100_000] if arguments.quick else [100_000, 1_000_000]
    note("planning")
    plans = [planned(Organization(100, run.FOUR_REGIONS, size)) for size in sizes]
    sizes = [1_000, 4_000] if arguments.quick else [2_000, 20_000, 100_000]
    note("applying")
    runs = [applied(Organization(20, run.FOUR_REGIONS, size, 0, 0)) for size in sizes]
    today = datetime.datetime.now(datetime.timezone.utc).date()
    build = "" if not arguments.binary else f" Binary: the `{run.IMDSURE.parent.name}` profile."
    text = "\n\n".join(
        [f"{today}: {machine}.{build}", goals(plans, runs), plan_table(plans), apply_table(runs)]
    )
    print(text)
    if not arguments.quick:
        run.write(text, BEGIN, END)


if __name__ == "__main__":
    sys.exit(main())
