#!/usr/bin/env python3
"""Turns the TSV of files.sh into a markdown table: medians, and ratios to the naive limit and to the best peer.

Exits with 1 if any step failed.
"""
import csv
import statistics
import sys

TITLES = {
    "A": "A: many small source files",
    "B": "B: one SQL dump",
    "C": "C: one heap file of 8 KB pages",
    "D": "D: eight files of random bytes",
}
STEPS = {
    "init": "make the repository",
    "first": "first backup",
    "unchanged": "backup, nothing changed",
    "restore": "restore",
    "check": "full check",
    "v2": "backup after change",
    "v3": "backup after scattered change",
    "prune": "prune to the last backup",
    "restore-last": "restore after prune",
}
NO_LIMIT = ("init", "prune")  # naive has nothing to compare there
NOT_PEERS = ("naive", "holdfast")
NOISE = 0.1  # of all cores


def good(row):
    return row["code"] == "0" and row["same"] != "DIFFERENT"


def median(rows, *columns):
    return statistics.median(sum(float(row[column]) for column in columns) for row in rows)


def ratio(seconds, base):
    return f"{seconds / base:.2f}" if base else "–"


def line(step, tool, rows, seconds, naive, best, cores):
    done = [row for row in rows if good(row)]
    cells = [step, tool]
    if not done:
        return cells + ["FAILED"] + ["–"] * 7
    wall = seconds[tool]
    noisy = median(done, "other_cpu_s") > NOISE * cores * max(wall, 0.1)
    failed = f" ({len(rows) - len(done)} of {len(rows)} FAILED)" if len(done) < len(rows) else ""
    return cells + [
        f"{wall:.2f}{' ~' if noisy else ''}{failed}",
        ratio(wall, naive),
        ratio(wall, best),
        f"{median(done, 'user', 'sys'):.2f}",
        f"{median(done, 'rss_mb'):.0f}",
        f"{median(done, 'added_mb'):.1f}",
        f"{median(done, 'stored_mb'):.1f}",
        f"{median(done, 'sync_s'):.2f}",
    ]


def main(path):
    with open(path, encoding="utf-8") as results:
        text = results.read().splitlines()
    notes = [entry[2:] for entry in text if entry.startswith("#")]
    cores = int(notes[0].split(" cores")[0].split()[-1])
    groups = {}  # set -> step -> tool -> rows
    for row in csv.DictReader((entry for entry in text if not entry.startswith("#")), delimiter="\t"):
        groups.setdefault(row["set"], {}).setdefault(row["step"], {}).setdefault(row["tool"], []).append(row)

    print("; ".join(notes))
    for name, steps in groups.items():
        print(f"\n## {TITLES.get(name, name)}\n")
        print("| step | tool | seconds | × naive | × best peer | CPU s | peak RSS MB | added MB | stored MB | sync s |")
        print("|---|---|---|---|---|---|---|---|---|---|")
        for step, tools in sorted(steps.items(), key=lambda item: list(STEPS).index(item[0])):
            seconds = {tool: median([r for r in rows if good(r)], "seconds") for tool, rows in tools.items() if any(map(good, rows))}
            best = min((s for tool, s in seconds.items() if tool not in NOT_PEERS), default=None)
            naive = None if step in NO_LIMIT else seconds.get("naive")
            title = STEPS[step]
            for tool in sorted(tools, key=lambda tool: (tool != "holdfast", tool == "naive", seconds.get(tool, 1e9))):
                print("| " + " | ".join(line(title, tool, tools[tool], seconds, naive, best, cores)) + " |")
                title = ""
    return 0 if all(good(row) for steps in groups.values() for tools in steps.values() for rows in tools.values() for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
