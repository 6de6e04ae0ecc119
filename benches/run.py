"""Measures imdsure against a floor and against boto3, on simulated organizations.

README.md, next to this file, says what is measured and holds the table that a full run writes.

    python benches/run.py            build, measure everything, write the table (eight minutes)
    python benches/run.py --quick    build, a smoke test in half a minute; writes nothing

The Python that runs this must have boto3 for the peer; everything here is the standard library's.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
README = HERE / "README.md"
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
RELEASE = ROOT / "target" / "release"
IMDSURE = RELEASE / "imdsure"
WALK = RELEASE / "imdsure-bench-walk"

SEED = 1
FOUR_REGIONS = "us-east-1,us-west-2,eu-west-1,eu-central-1"
ALL_REGIONS = "17"
CONCURRENCY = 32
RUNS = 5
# No client takes this long unless it hangs.
LONGEST = 3600

# The goals.
CPU_OF_WALK = 2.0
LESS_THAN_BOTO3 = 50.0
LARGEST_MIB = 600
# Twice the calls under way: the pool opens a spare connection when a call starts a moment before another
# call's connection is back.
MOST_CONNECTIONS = 64
MOST_MICROSECONDS_A_CALL = 150
# What AWS answers although it is no mistake of the client: an account without an EC2 policy, and a template
# version that something names and that is gone.
EXPECTED_ERRORS = {"EffectivePolicyNotFoundException", "InvalidLaunchTemplateId.VersionNotFound"}

# The control that the floor and the peer are compared with: it reads instances alone.
INSTANCES = ["--control", "instance-imdsv1-disabled"]
# Controls whose calls find nothing in an account without instances, templates and groups.
LAUNCHES = [
    "--control",
    "instance-imdsv1-disabled",
    "launch-template-launches-imdsv2",
    "autoscaling-group-launches-imdsv2",
    "spot-request-launches-imdsv2",
    "launch-configuration-tokens-required",
    "account-default-tokens-required",
]
USAGE = ["--usage", "--max-cost", "100", "--control", "instance-imdsv1-unused"]


@dataclass
class Organization:
    """What the simulator is to simulate."""

    accounts: int
    regions: str
    instances: int
    templates: int | None = None
    groups: int | None = None

    def __str__(self):
        regions = int(self.regions) if self.regions.isdigit() else len(self.regions.split(","))
        return f"{self.instances:,} instances, {self.accounts:,} accounts × {regions} regions"


@dataclass
class Run:
    """What one run of a client took."""

    cpu: float
    wall: float
    mib: float
    printed: dict
    connections: int = 0
    calls: dict = field(default_factory=dict)


@dataclass
class Series:
    """The runs of one client on one organization."""

    runs: list = field(default_factory=list)

    @property
    def cpu(self):
        return min(run.cpu for run in self.runs)

    @property
    def spread(self):
        highest = max(run.cpu for run in self.runs)
        return f"{self.cpu:.2f}–{highest:.2f}" if len(self.runs) > 1 else "one run"

    @property
    def wall(self):
        return min(run.wall for run in self.runs)

    @property
    def mib(self):
        return max(run.mib for run in self.runs)

    @property
    def connections(self):
        return max(run.connections for run in self.runs)

    @property
    def calls(self):
        return self.runs[0].calls


def fail(message):
    sys.exit(f"bench: {message}")


def note(message):
    print(message, file=sys.stderr, flush=True)


def clean_environment():
    """This process's environment without anything that would lead an AWS client elsewhere."""

    def leads_elsewhere(name):
        return name.startswith("AWS_") or name.lower().endswith("_proxy")

    kept = {name: value for name, value in os.environ.items() if not leads_elsewhere(name)}
    nothing = str(HERE / "no-such-file")
    return kept | {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": nothing,
        "AWS_SHARED_CREDENTIALS_FILE": nothing,
    }


def json_of(out):
    """What a program printed."""
    printed = out.read().decode()
    return json.loads(printed) if printed.strip() else {}


def measured(name, command, environment, good=(0,), read=json_of):
    """Runs a program to its end and measures exactly its process.

    Linux counts the memory of the process that starts a program as the program's own until then: whoever reads what is
    printed must not keep much of it."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.monotonic()
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        limit = threading.Timer(LONGEST, os.kill, (process.pid, signal.SIGKILL))
        limit.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        limit.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode not in good:
            complaint = err.read().decode()[-4000:]
            fail(f"{name} ended with {process.returncode}\n{' '.join(command)}\n{complaint}")
        printed = read(out)
    run = Run(
        cpu=usage.ru_utime + usage.ru_stime,
        wall=wall,
        mib=usage.ru_maxrss / 1024,
        printed=printed,
    )
    note(
        f"    {name:8} CPU {run.cpu:8.2f} s (user {usage.ru_utime:.2f}, system {usage.ru_stime:.2f})"
        f"  wall {run.wall:7.2f} s  {run.mib:6.0f} MiB"
    )
    return run


class Simulator:
    """A simulator in a process of its own, for as long as the `with` lasts."""

    def __init__(self, organization):
        self.command = [
            *(str(IMDSURE), "simulator", "serve", "--listen", "127.0.0.1:0"),
            *("--accounts", str(organization.accounts), "--regions", organization.regions),
            *("--instances", str(organization.instances), "--seed", str(SEED)),
        ]
        for name in ("templates", "groups"):
            number = getattr(organization, name)
            self.command += [f"--{name}", str(number)] if number is not None else []

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command, env=clean_environment(), stdout=subprocess.PIPE, text=True
        )
        exports = {}
        while "AWS_DEFAULT_REGION" not in exports:
            line = self.process.stdout.readline()
            if not line:
                self.__exit__()
                fail(f"the simulator ended with {self.process.returncode}: {' '.join(self.command)}")
            name, _, value = line.removeprefix("export ").strip().partition("=")
            exports[name] = value
        self.environment = clean_environment() | exports
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()

    def stats(self):
        """The simulator's counts. Asking opens one connection, which is counted too."""
        url = self.environment["AWS_ENDPOINT_URL"] + "/_simulator/stats"
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(url) as answer:
            return json.load(answer)

    def measure(self, name, command, good=(0,)):
        """Runs a client and measures exactly its process."""
        before = self.stats()
        run = measured(name, command, self.environment, good)
        after = self.stats()
        # A client that was refused or throttled did other work than the rest.
        for what in ("throttled", "errors", "faults"):
            unmet = lambda counts: counts[what] if what == "throttled" else {
                name: number for name, number in counts[what].items() if name not in EXPECTED_ERRORS
            }
            if unmet(before) != unmet(after):
                fail(f"{name} met {what}: {before[what]} before, {after[what]} after")
        run.connections = after["connections"] - before["connections"] - 1
        run.calls = {
            action: count - before["calls"].get(action, 0)
            for action, count in after["calls"].items()
            if count > before["calls"].get(action, 0)
        }
        note(f"             {run.connections} connections  {sum(run.calls.values())} calls")
        return run

    def imdsure(self, chosen=INSTANCES):
        # 1 says that findings fail, and here many do; 2 would say that something was not read.
        command = [str(IMDSURE), "audit", "--org", "--output", "none", *chosen]
        return self.measure("imdsure", command, good=(0, 1))

    def walk(self):
        command = [str(WALK), "--regions", FOUR_REGIONS, "--concurrency", str(CONCURRENCY)]
        return self.measure("walk", command)

    def boto3(self):
        command = [sys.executable, str(HERE / "boto3_audit.py"), FOUR_REGIONS]
        return self.measure("boto3", command)


def compare(organization, runs):
    """The floor, imdsure and boto3 on one organization; runs alternate so that noise hits all."""
    note(f"  {organization}")
    walk, imdsure, boto3 = Series(), Series(), Series()
    with Simulator(organization) as simulator:
        for _ in range(runs):
            walk.runs.append(simulator.walk())
            imdsure.runs.append(simulator.imdsure())
        boto3.runs.append(simulator.boto3())
    pages = "ec2:DescribeInstances"
    asked = {run.calls[pages] for series in (walk, imdsure, boto3) for run in series.runs}
    printed = {run.printed["pages"] for series in (walk, boto3) for run in series.runs}
    if len(asked | printed) != 1:
        fail(f"the clients did not read the same pages: {asked} asked for, {printed} read")
    found = boto3.runs[0].printed["instances"]
    if found != organization.instances:
        fail(f"boto3 found {found} instances, there are {organization.instances}")
    return organization, walk, imdsure, boto3


def alone(organization, runs):
    """imdsure on one organization."""
    note(f"  {organization}")
    with Simulator(organization) as simulator:
        return organization, Series([simulator.imdsure() for _ in range(runs)])


def everything(organization, empty, runs):
    """The default audit, usage, and calls that find nothing."""
    note(f"  {organization}, {organization.templates:,} templates, {organization.groups:,} groups")
    with Simulator(organization) as simulator:
        default = Series([simulator.imdsure([]) for _ in range(runs)])
        usage = Series([simulator.imdsure(USAGE)])
    note(f"  {empty}, nothing there")
    with Simulator(empty) as simulator:
        nothing = Series([simulator.imdsure(LAUNCHES) for _ in range(runs)])
    return organization, default, usage, empty, nothing


def build():
    packages = ["-p", "imdsure-cli", "-p", "imdsure-bench-walk"]
    subprocess.run(["cargo", "build", "--release", *packages], cwd=ROOT, check=True)


def table(head, rows):
    """A Markdown table with numbers after the first column."""
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def times(ratio):
    return f"{ratio:.2f}×" if ratio < 10 else f"{ratio:.0f}×"


def comparison_table(compared):
    head = ["Organization and client", "CPU s", "spread", "wall s", "peak MiB", "CPU against walk"]
    rows = []
    for organization, walk, imdsure, boto3 in compared:
        rows.append([f"**{organization}**", "", "", "", "", ""])
        for name, series in (("walk", walk), ("imdsure", imdsure), ("boto3", boto3)):
            ratio = times(series.cpu / walk.cpu)
            numbers = [f"{series.cpu:.2f}", series.spread, f"{series.wall:.2f}", f"{series.mib:.0f}"]
            rows.append([name, *numbers, ratio])
    return table(head, rows)


def scale_table(scaled):
    head = ["imdsure alone", "CPU s", "spread", "CPU µs per instance", "wall s", "instances/s", "peak MiB"]
    rows = [
        [
            organization,
            f"{series.cpu:.2f}",
            series.spread,
            f"{series.cpu * 1e6 / organization.instances:.1f}",
            f"{series.wall:.2f}",
            f"{organization.instances / series.wall:,.0f}",
            f"{series.mib:.0f}",
        ]
        for organization, series in scaled
    ]
    return table(head, rows)


def wide_table(wide):
    organization, series = wide
    head = ["imdsure alone, many small units", "connections", "calls", "wall s", "CPU s", "spread", "peak MiB"]
    calls = sum(series.calls.values())
    numbers = [f"{series.wall:.2f}", f"{series.cpu:.2f}", series.spread, f"{series.mib:.0f}"]
    return table(head, [[organization, series.connections, f"{calls:,}", *numbers]])


def calls_of(series):
    return sum(series.calls.values())


def microseconds(series):
    return series.cpu * 1e6 / calls_of(series)


def everything_table(launches):
    organization, default, usage, empty, nothing = launches
    head = ["imdsure alone, everything that launches", "calls", "CPU s", "spread", "CPU µs per call", "wall s", "peak MiB"]
    regions = organization.accounts * int(organization.regions)

    def row(name, series):
        numbers = [f"{series.cpu:.2f}", series.spread, f"{microseconds(series):.0f}", f"{series.wall:.2f}", f"{series.mib:.0f}"]
        return [name, f"{calls_of(series):,}", *numbers]

    rows = [
        row(f"default controls: {organization}, {organization.templates:,} templates, {organization.groups:,} groups", default),
        row("`--usage` alone, the same organization", usage),
        row(f"what launches, in regions with nothing in them: {empty}", nothing),
    ]
    per_region = table(
        ["Calls of the default audit", "in all", "for each account and region"],
        [[f"`{action}`", f"{count:,}", f"{count / regions:.2f}"] for action, count in sorted(default.calls.items())],
    )
    return table(head, rows) + "\n\n" + per_region


def goals_table(compared, scaled, wide, launches):
    rows = []

    def goal(text, measured, met):
        rows.append([text, measured, "met" if met else "**not met**"])

    for organization, walk, imdsure, boto3 in compared:
        of_walk, less = imdsure.cpu / walk.cpu, boto3.cpu / imdsure.cpu
        where = f"{organization.instances:,} instances"
        text = f"{where}: at most {CPU_OF_WALK:g}× the CPU of walk"
        goal(text, times(of_walk), of_walk <= CPU_OF_WALK)
        text = f"{where}: at least {LESS_THAN_BOTO3:g}× less CPU than boto3"
        goal(text, f"{less:.0f}× less", less >= LESS_THAN_BOTO3)
    organization, series = max(scaled, key=lambda result: result[0].instances)
    text = f"{organization.instances:,} instances: at most {LARGEST_MIB} MiB"
    goal(text, f"{series.mib:.0f} MiB", series.mib <= LARGEST_MIB)
    organization, series = wide
    text = (
        f"{organization.accounts:,} accounts: connections near the {CONCURRENCY} calls under way at once"
        f" (at most {MOST_CONNECTIONS})"
    )
    goal(text, series.connections, series.connections <= MOST_CONNECTIONS)
    organization, _, usage, empty, nothing = launches
    text = f"calls that find nothing: at most {MOST_MICROSECONDS_A_CALL} µs of CPU each"
    measured = microseconds(nothing)
    goal(text, f"{measured:.0f} µs", measured <= MOST_MICROSECONDS_A_CALL)
    regions = organization.accounts * int(organization.regions)
    least = regions * -(-(organization.instances // regions) // 500)
    asked = usage.calls["cloudwatch:GetMetricData"]
    # Each region's instances by day, and those that called once more by hour.
    text = f"usage of {organization.instances:,} instances: {least:,} calls by day, as many by hour at most"
    goal(text, f"{asked:,} calls", least <= asked <= 2 * least)
    return table(["Goal", "Measured", ""], rows)


def machine(peer=None):
    """One line on the machine and the versions; the peer is boto3 unless it is given."""

    def said(*command):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def of_file(path, name):
        lines = pathlib.Path(path).read_text().splitlines()
        values = (line.split(":", 1)[1].strip() for line in lines if line.startswith(name))
        return next(values, "unknown")

    memory = int(of_file("/proc/meminfo", "MemTotal").split()[0]) / (1 << 20)
    peer = peer or "boto3 " + said(sys.executable, "-c", "import boto3; print(boto3.__version__)")
    return (
        f"{os.cpu_count()} cores of {of_file('/proc/cpuinfo', 'model name')}, {memory:.0f} GiB of memory,"
        f" {platform.system()} {platform.release()}; {said('rustc', '--version')};"
        f" {peer} on Python {platform.python_version()}"
    )


def report(compared, scaled, wide, launches):
    today = datetime.datetime.now(datetime.timezone.utc).date()
    tables = [
        goals_table(compared, scaled, wide, launches),
        comparison_table(compared),
        scale_table(scaled),
        wide_table(wide),
        everything_table(launches),
    ]
    return "\n\n".join([f"{today}: {machine()}.", *tables])


def write(text, first=BEGIN, last=END):
    """Puts the text between two marks of README.md."""
    readme = README.read_text()
    before, begin, rest = readme.partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        fail(f"{README.name} has no {first} and {last}")
    README.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")


def main():
    parser = argparse.ArgumentParser(description="Measure imdsure; see benches/README.md.")
    parser.add_argument("--quick", action="store_true", help="a smoke test that writes no table")
    parser.add_argument("--no-build", action="store_true", help="use the binaries that are there")
    arguments = parser.parse_args()
    if not arguments.no_build:
        build()
    # The versions are told at the end; better to miss one now.
    note(machine())
    if os.getloadavg()[0] > 0.5:
        note(f"the machine is busy (load average {os.getloadavg()[0]:.1f}): expect higher numbers")
    quick = arguments.quick
    runs = 1 if quick else RUNS
    small = Organization(20, FOUR_REGIONS, 20_000)
    large = Organization(50, FOUR_REGIONS, 100_000)
    sizes = [1_000, 10_000] if quick else [10_000, 100_000, 1_000_000]
    many = Organization(40, ALL_REGIONS, 6_800) if quick else Organization(2_000, ALL_REGIONS, 340_000)
    note("against walk and boto3")
    compared = [compare(organization, runs) for organization in ([small] if quick else [small, large])]
    note("from small to large")
    scaled = [alone(Organization(100, FOUR_REGIONS, size), runs) for size in sizes]
    note("many accounts and regions")
    wide = alone(many, runs)
    note("everything that launches")
    full = Organization(100, "4", 20_000, 500, 200) if quick else Organization(1_000, "4", 200_000, 5_000, 2_000)
    empty = Organization(full.accounts, "4", 0, 0, 0)
    text = report(compared, scaled, wide, everything(full, empty, runs))
    print(text)
    if not quick:
        write(text)


if __name__ == "__main__":
    main()
