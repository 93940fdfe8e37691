# SPDX-License-Identifier: Apache-2.0
"""What was measured: rows of what, how much, the aim, reached or not; as a table and as JSON. Aims stand in limits.json
alone; a row finds its own by its key."""

import json
import os
import pathlib
import platform
import re
import subprocess
import sys

import envtest
import fedcopy as program

LIMITS = pathlib.Path(__file__).with_name("limits.json")


def limits():
    """{key: {"aim": number, "least": true where more is better, "quick": number that the quick form holds}}"""
    return json.loads(LIMITS.read_text(encoding="utf-8"))["limits"]


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


class Figures:
    """What a part has measured. rows: for the table. data: anything that JSON can hold, for plots and for whoever looks
    closer. lines: text for below the table."""

    def __init__(self, name):
        self.name = name
        self.rows = []
        self.data = {}
        self.lines = []

    def add(self, key, what, value, unit="", note=""):
        """key: short and fixed, PART.WORDS, by which documents and limits name the row; value: a number."""
        aim = limits().get(key, {})
        row = {"key": key, "what": what, "value": rounded(value), "unit": unit}
        if note:
            row["note"] = note
        if "aim" in aim:
            row["aim"] = aim["aim"]
            row["least"] = aim.get("least", False)
            row["reached"] = value >= aim["aim"] if row["least"] else value <= aim["aim"]
        self.rows.append(row)
        return row

    def plot(self, name, title, x, y, lines, grows=False):
        """A series to be drawn (plots.py). lines: {words: [[x, y], ...]}; grows: y is expected to grow with x, so that it is
        drawn as a power of ten too, where growth in step is a straight line."""
        plot = {"title": title, "x": x, "y": y, "lines": lines, "grows": grows}
        self.data.setdefault("plots", {})[name] = plot

    def cannot(self, key, what, why):
        """A row that this program or vocabulary cannot fill."""
        self.rows.append({"key": key, "what": what, "value": None, "unit": "", "note": str(why)})


def rounded(value):
    """Four digits that count."""
    if isinstance(value, bool) or not isinstance(value, float):
        return value
    return float(f"{value:.4g}")


def shown(value):
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def lines(figures):
    """The table of one part, as text."""
    yield f"== {figures.name}"
    for row in figures.rows:
        value = f"{shown(row['value'])} {row['unit']}".strip()
        aim = reached = ""
        if "aim" in row:
            aim = f"{'at least' if row['least'] else 'at most'} {shown(row['aim'])}"
            reached = "reached" if row["reached"] else "NOT REACHED"
        note = f"   ({row['note']})" if row.get("note") else ""
        yield f"  {row['what']:<74} {value:>18}  {aim:<16} {reached:<11}{note}".rstrip()
    yield from figures.lines


def _output(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=20)
        return done.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _library(name, binary):
    """The version of a shared library that the program is linked with, as its Debian package has it."""
    match = re.search(rf"{name}\S* => (\S+)", _output("ldd", str(binary)))
    if not match:
        return ""
    package = _output("dpkg", "-S", os.path.realpath(match.group(1))).partition(":")[0]
    return _output("dpkg-query", "--show", "--showformat", "${Version}", package) if package else ""


def own_words(words):
    """What whoever called `make bench` has asked for, without the folder that make itself has named."""
    at = words.index("--out") if "--out" in words else len(words)
    return words[:at] + words[at + 2 :]


def machine(real):
    """Where and with what: for whoever wants to repeat it. real: were real API servers among the grounds?"""
    cpu = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
    memory = re.search(r"^MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text(encoding="ascii"), re.M)
    binary = program.binary()
    return {
        "processor": cpu.group(1) if cpu else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory MiB": int(memory.group(1)) // 1024,
        "kernel": platform.release(),
        "fedcopy": _output(str(binary), "version").partition("\n")[0],
        "commit": _output("git", "-C", str(envtest.REPOSITORY), "describe", "--always", "--dirty"),
        "libcurl": _library("libcurl", binary),
        "OpenSSL": _library("libssl", binary),
        "kube-apiserver": _output(str(envtest.assets() / "kube-apiserver"), "--version") if real else "",
        "command line": " ".join(["make bench", *own_words(sys.argv[1:])]),
    }
