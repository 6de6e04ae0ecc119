"""Runs checkov and imdsure over the same small fixtures and explains every difference.

    python tests/compare_checkov.py             run both, write docs/scan-and-checkov.md
    python tests/compare_checkov.py --check     run both, and fail where that page says something else
    python tests/compare_checkov.py --binary PATH

One folder of crates/iac/fixtures/compare is one case. Comments in the first lines of its first file say who is right and
why, where the two differ: a difference without an explanation fails. Needs checkov beside the Python that runs this
(`make compare` installs it), and a binary of imdsure.
"""

import argparse
import itertools
import json
import os
import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "crates" / "iac" / "fixtures" / "compare"
PAGE = ROOT / "docs" / "scan-and-checkov.md"
BINARY = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "imdsure"

# What is compared with what, unless a fixture says otherwise.
USUAL = ("CKV_AWS_79", "code-launches-imdsv2")
CHECKS = ["CKV_AWS_79", "CKV_AWS_341"]
CONTROLS = ["code-launches-imdsv2", "code-hop-limit", "code-hop-limit-one"]
SILENT = "nothing"
FIRST = ["main.tf", "main.tf.json", "template.yaml", "template.json"]
JUDGES = {"imdsure", "checkov", "neither", "either"}

INTRO = """# imdsure scan and checkov

[checkov](https://www.checkov.io) looks at the same code with two of its checks: `CKV_AWS_79` (tokens) and `CKV_AWS_341` (hop
limit). This page is what both say of the same small fixtures, and why they differ where they do. Each fixture is a folder of
[`crates/iac/fixtures/compare`](../crates/iac/fixtures/compare); the explanation stands in the first lines of its first file.
`tests/compare_checkov.py` runs both and writes this page, `make compare` runs both and compares; a test holds imdsure to it.

`nothing` is no verdict at all: no finding, no pass. imdsure's severity is high unless it says *medium*: what the code does not
say is inherited, and checkov's `fail` is the same for that and for an explicit `optional`. *either*: it depends on what one asks.
"""


@dataclass
class Case:
    """A fixture and what its first lines say."""

    name: str
    check: str
    control: str
    right: str
    why: str


def fail(message):
    sys.exit(f"compare: {message}")


def comment(path):
    """The lines of the comment that a fixture begins with. JSON has no comments, but members that nobody reads."""
    if path.suffix == ".json":
        read = json.loads(path.read_text())
        said = read.get("//", read.get("Description", []))
        return [said] if isinstance(said, str) else said
    lines = itertools.takewhile(lambda line: line.startswith("#"), path.read_text().splitlines())
    return [line.removeprefix("#").strip() for line in lines]


def said_in(path):
    """The `word: text` lines of that comment. A line that goes on has no word of its own."""
    said, word = {}, None
    for line in comment(path):
        named = re.match(r"^(compare|right|why): (.*)$", line)
        if named:
            word = named[1]
            said[word] = named[2]
        elif word:
            said[word] += f" {line}"
    return said


def cases():
    found = []
    for folder in sorted(path for path in FIXTURES.glob("*/*") if path.is_dir()):
        said = said_in(next(path for name in FIRST if (path := folder / name).exists()))
        check, control = said["compare"].split() if "compare" in said else USUAL
        found.append(Case(str(folder.relative_to(FIXTURES)), check, control, said.get("right", ""), said.get("why", "")))
    return found


def case_of(path):
    return "/".join(pathlib.PurePath(path.lstrip("/")).parts[:2])


def in_words(verdicts):
    """A place that a tool judges twice, in two files of a module, has two words."""
    return {key: " and ".join(sorted(words)) for key, words in verdicts.items()}


def checkov():
    """Verdicts by check, case and resource."""
    program = pathlib.Path(sys.executable).with_name("checkov")
    command = [program, "-d", ".", "--check", ",".join(CHECKS), "--framework", "terraform", "cloudformation"]
    # Without a key it would ask its maker for guidelines.
    ended = subprocess.run([*command, "--compact", "--skip-download", "-o", "json"], cwd=FIXTURES, capture_output=True, text=True)
    if ended.returncode not in (0, 1):
        fail(f"checkov ended with {ended.returncode}\n{ended.stderr[-2000:]}")
    printed = json.loads(ended.stdout)
    verdicts = {}
    for report in printed if isinstance(printed, list) else [printed]:
        for kind, word in (("passed_checks", "pass"), ("failed_checks", "fail"), ("skipped_checks", "skipped")):
            for record in report["results"][kind]:
                # Instances by number are one place; `AWS::EC2::Instance.Web` is Web.
                resource = re.sub(r"\[\d+\]$", "", re.sub(r"^AWS::\w+::\w+\.", "", record["resource"]))
                key = (record["check_id"], case_of(record["file_path"]), resource)
                verdicts.setdefault(key, set()).add(word)
    return in_words(verdicts)


def imdsure(binary):
    """Verdicts by control, case and resource."""
    command = [binary, "scan", ".", "--control", *CONTROLS, "--output", "json"]
    ended = subprocess.run(command, cwd=FIXTURES, capture_output=True, text=True)
    # 2: one of the fixtures is wrong in its syntax.
    if ended.returncode not in (0, 1, 2):
        fail(f"imdsure ended with {ended.returncode}\n{ended.stderr[-2000:]}")
    verdicts = {}
    for control in json.loads(ended.stdout)["controls"]:
        for finding in control["findings"]:
            medium = finding["severity"] == "medium" and finding["control"] == USUAL[1] and finding["verdict"] == "fail"
            place = finding["location"]
            key = (finding["control"], case_of(place["path"]), place["address"])
            word = finding["verdict"] + (", medium" if medium else "")
            verdicts.setdefault(key, set()).add(word)
    return in_words(verdicts)


def differ(theirs, ours):
    return theirs != ours.removesuffix(", medium")


def rows(case, theirs, ours):
    """What both say of each place of a case."""
    places = [place for check, name, place in theirs if (check, name) == (case.check, case.name)]
    places += [place for control, name, place in ours if (control, name) == (case.control, case.name)]
    said = []
    for place in dict.fromkeys(sorted(places)) or [SILENT]:
        one = theirs.get((case.check, case.name, place), SILENT)
        other = ours.get((case.control, case.name, place), SILENT)
        said.append((place, one, other))
    return said


def table(head, lines):
    text = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in text)


def page(binary):
    theirs, ours = checkov(), imdsure(binary)
    apart, alike, unexplained, judged = [], [], [], {}
    for case in cases():
        differs = False
        link = f"[{case.name}](../crates/iac/fixtures/compare/{case.name})"
        # The usual pair is not repeated in every line.
        pair = "" if (case.check, case.control) == USUAL else f"`{case.check}`, `{case.control}`: "
        for place, one, other in rows(case, theirs, ours):
            line = [link, "–" if place == SILENT else f"`{place}`", one, other]
            if differ(one, other):
                differs = True
                apart.append([*line, case.right, pair + case.why])
                judged[case.right] = judged.get(case.right, 0) + 1
            else:
                alike.append([*line, pair + case.why if not differs and not case.right else pair.removesuffix(": ")])
        if differs and (case.right not in JUDGES or not case.why):
            unexplained.append(case.name)
        if not differs and case.right:
            fail(f"{case.name}: says who is right, and both say the same")
    if unexplained:
        fail("differences without an explanation (`right:` and `why:` in the first lines):\n  " + "\n  ".join(unexplained))
    version = subprocess.run([pathlib.Path(sys.executable).with_name("checkov"), "--version"], capture_output=True, text=True, check=True)
    counts = ", ".join(f"{word} {number}" for word, number in sorted(judged.items(), key=lambda pair: -pair[1]))
    head = ["case", "resource", "checkov", "imdsure"]
    return "\n\n".join([
        INTRO.rstrip(),
        f"checkov {version.stdout.strip()}. Places: {len(apart) + len(alike)}. They say the same of {len(alike)} and differ in"
        f" {len(apart)}, where right is: {counts}.",
        "## Where they differ",
        table([*head, "right", "why"], apart),
        "## Where they say the same",
        table([*head, ""], alike),
    ]) + "\n"


def main():
    parser = argparse.ArgumentParser(description="Compare imdsure with checkov on small fixtures.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the page is another")
    parser.add_argument("--binary", type=pathlib.Path, default=BINARY, help="imdsure (else that of `cargo build`)")
    arguments = parser.parse_args()
    os.environ.pop("BC_API_KEY", None)
    text = page(arguments.binary.resolve())
    if not arguments.check:
        PAGE.write_text(text)
    elif PAGE.read_text() != text:
        fail(f"{PAGE.relative_to(ROOT)} says something else: run this without --check and look at the changes")
    print(text.split("\n\n")[3])


if __name__ == "__main__":
    main()
