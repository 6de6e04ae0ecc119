"""Measures `imdsure scan` and checkov side by side, on generated Terraform and CloudFormation.

    python benches/scan.py                     build, measure, write the table in README.md (a quarter of an hour)
    python benches/scan.py --quick             the same with smaller corpora; writes nothing
    python benches/scan.py --binary PATH       with a binary that is there

checkov comes from .venv-bench (`make bench` installs it), or from --checkov PATH. README.md, next to this file, says what is
measured.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass

import cloudformation_corpus
import run
import terraform_corpus
from run import Series, clean_environment, fail, measured, note, table, times

BEGIN, END = "<!-- scan:begin -->", "<!-- scan:end -->"
CHECKOV = run.ROOT / ".venv-bench" / "bin" / "checkov"
CHECKS = ["CKV_AWS_79", "CKV_AWS_341"]

# The goals.
LESS_THAN_CHECKOV = 50.0
LONGEST_SECONDS = 1.0
LARGEST_MIB = 300


@dataclass
class Corpus:
    """Generated code, where it lies and how large it is."""

    name: str
    folder: str
    files: int
    size: int

    def __str__(self):
        return f"{self.name}, {self.files:,} files, {self.size / 1e6:.1f} MB"


def terraform(folder, files, modules=terraform_corpus.MODULES):
    size = terraform_corpus.generate(pathlib.Path(folder), files, modules)
    return Corpus("Terraform", folder, files, size)


def cloudformation(folder, files):
    return Corpus("CloudFormation", folder, files, cloudformation_corpus.generate(pathlib.Path(folder), files))


def counts_of_imdsure(out):
    """Verdicts that were given, and those that fail: each control begins with its summary, on a line of its own."""
    heads = (line for line in out if line.startswith(b'{"name":'))
    counts = [{word: int(number) for word, number in re.findall(rb'"(pass|fail)":(\d+)', head)} for head in heads]
    return sum(count[b"pass"] + count[b"fail"] for count in counts), sum(count[b"fail"] for count in counts)


def counts_of_checkov(out):
    printed = json.load(out)
    counts = [report["summary"] for report in (printed if isinstance(printed, list) else [printed])]
    return sum(count["passed"] + count["failed"] for count in counts), sum(count["failed"] for count in counts)


def imdsure(corpus, *options, output="json"):
    command = [str(run.IMDSURE), "scan", corpus.folder, *options, "--output", output]
    return measured("imdsure", command, clean_environment(), good=(0, 1), read=counts_of_imdsure)


def checkov(corpus):
    # Without --skip-download it would first ask its maker for guidelines.
    quiet = ["--compact", "--quiet", "--skip-download", "--output", "json"]
    only = ["--check", ",".join(CHECKS), "--framework", "terraform", "cloudformation"]
    command = [str(CHECKOV), "--directory", corpus.folder, *only, *quiet]
    return measured("checkov", command, clean_environment(), good=(0, 1), read=counts_of_checkov)


def counts(series):
    return series.runs[0].printed


def alone(corpus, runs):
    """imdsure with its default controls: a line for each finding, and all verdicts as JSON."""
    note(f"  {corpus}")
    brief = Series([imdsure(corpus, output="brief") for _ in range(runs)])
    return corpus, brief, Series([imdsure(corpus) for _ in range(runs)])


def compared(corpus, runs):
    """Both on the same files, with the same two checks."""
    note(f"  {corpus}")
    ours = Series([imdsure(corpus, "--control", *CHECKS) for _ in range(runs)])
    theirs = Series([checkov(corpus)])
    if not counts(ours)[0] or not counts(theirs)[0]:
        fail(f"{corpus}: one of the tools judged nothing")
    return corpus, ours, theirs


def per_megabyte(corpus, series):
    return f"{series.cpu * 1e9 / corpus.size:,.1f}"


def row(name, corpus, series, counted):
    judged, failed = counts(counted)
    numbers = [f"{series.cpu:.2f}", series.spread, per_megabyte(corpus, series), f"{series.wall:.2f}", f"{series.mib:.0f}"]
    return [name, *numbers, f"{judged:,}", f"{failed:,}"]


def tables(pairs, whole):
    head = ["CPU s", "spread", "CPU ms per MB", "wall s", "peak MiB", "judged", "failing"]
    rows = []
    for corpus, ours, theirs in pairs:
        rows.append([f"**{corpus}**", *[""] * len(head)])
        rows.append(row("imdsure", corpus, ours, ours))
        rows.append(row("checkov", corpus, theirs, theirs))
    both = table(["The same files, CKV_AWS_79 and CKV_AWS_341", *head], rows)
    rows = []
    for corpus, brief, full in whole:
        rows.append(row(f"{corpus}: a line a finding", corpus, brief, full))
        rows.append(row(f"{corpus}: all verdicts as JSON", corpus, full, full))
    return both + "\n\n" + table(["imdsure scan, default controls", *head], rows)


def goals(pairs, whole):
    rows = []

    def goal(text, measured, met):
        rows.append([text, measured, "met" if met else "**not met**"])

    for corpus, ours, theirs in pairs:
        for what, ratio in (("CPU", theirs.cpu / ours.cpu), ("wall time", theirs.wall / ours.wall)):
            text = f"{corpus}: at least {LESS_THAN_CHECKOV:g}× less {what} than checkov"
            goal(text, times(ratio), ratio >= LESS_THAN_CHECKOV)
    for corpus, brief, full in whole:
        mib = max(brief.mib, full.mib)
        goal(f"{corpus}: under {LONGEST_SECONDS:g} s", f"{brief.wall:.2f} s", brief.wall < LONGEST_SECONDS)
        goal(f"{corpus}: under {LARGEST_MIB} MiB", f"{mib:.0f} MiB", mib < LARGEST_MIB)
    return table(["Goal", "Measured", ""], rows)


def measure(folder, quick):
    """A tenth of the corpora for both, since checkov takes minutes for it; all of them for imdsure."""
    runs, share = (1, 10) if quick else (run.RUNS, 1)
    files, templates = 4_000 // share, 2_000 // share
    modules = terraform_corpus.MODULES // share
    note("imdsure and checkov")
    pairs = [
        compared(terraform(f"{folder}/terraform-part", files // 10, modules // 10), runs),
        compared(cloudformation(f"{folder}/cloudformation-part", templates // 10), runs),
    ]
    note("imdsure alone")
    whole = [
        alone(terraform(f"{folder}/terraform", files, modules), runs),
        alone(cloudformation(f"{folder}/cloudformation", templates), runs),
    ]
    return pairs, whole


def main():
    global CHECKOV
    parser = argparse.ArgumentParser(description="Measure scanning against checkov; see benches/README.md.")
    parser.add_argument("--quick", action="store_true", help="smaller corpora; writes nothing")
    parser.add_argument("--binary", type=pathlib.Path, help="use this binary, and do not build")
    parser.add_argument("--checkov", type=pathlib.Path, default=CHECKOV, help="checkov's program")
    arguments = parser.parse_args()
    CHECKOV = arguments.checkov.absolute()
    if arguments.binary:
        run.IMDSURE = arguments.binary.resolve()
    else:
        run.build()
    version = subprocess.run([CHECKOV, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    machine = run.machine(f"checkov {version}")
    load = os.getloadavg()[0]
    if load > 0.5:
        machine += f". The machine was busy with other work (load average {load:.1f}), so wall times are too long"
    note(machine)
    with tempfile.TemporaryDirectory() as folder:
        pairs, whole = measure(folder, arguments.quick)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    build = "" if not arguments.binary else f" Binary: the `{run.IMDSURE.parent.name}` profile."
    text = "\n\n".join([f"{today}: {machine}.{build}", goals(pairs, whole), tables(pairs, whole)])
    print(text)
    if not arguments.quick:
        run.write(text, BEGIN, END)


if __name__ == "__main__":
    sys.exit(main())
