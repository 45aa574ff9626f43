"""What the peers share: arguments, turns, lines of JSON."""

import json
import sys
import time


def arguments():
    inputs, outputs, repeats = (int(word) for word in sys.argv[1:4])
    rows, threads = ([int(n) for n in word.split(",")] for word in sys.argv[4:6])
    return inputs, outputs, repeats, rows, threads


def seconds_of(run):
    """The time of one call, of as many as take a millisecond."""
    calls = 1
    while True:
        start = time.perf_counter()
        for _ in range(calls):
            run()
        seconds = time.perf_counter() - start
        if seconds > 1e-3 or calls > 10000:
            return seconds / calls
        calls *= 2


def best(sides, repeats):
    """Takes turns; the best turn of each side, by name."""
    found = {name: float("inf") for name in sides}
    for run in sides.values():
        run()
    for _ in range(repeats):
        for name, run in sides.items():
            found[name] = min(found[name], seconds_of(run))
    return found


def emit(name, base, limit, rows, threads, inputs, outputs, seconds):
    """`base` names our kernel that computes the same."""
    line = {
        "name": name, "base": base, "rows": rows, "threads": threads, "seconds": seconds,
        "rate": 2 * rows * inputs * outputs / seconds / 1e9, "unit": "GOP/s", "limit": limit,
    }
    if rows <= 16:
        line["state"] = "warm"
    print(json.dumps(line), flush=True)


def emit_bytes(name, count, seconds):
    """Something that one thread does with so many bytes that are in cache."""
    line = {"name": name, "threads": 1, "seconds": seconds, "rate": count / seconds / 1e9,
            "unit": "GB/s", "gigabytes": count / seconds / 1e9, "state": "warm"}
    print(json.dumps(line), flush=True)
