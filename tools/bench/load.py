"""Requests by wrk, and the bare routes that they are compared with."""
import json
import os
import pathlib
import re
import statistics
import subprocess
import tempfile

from cloud import Failed, free_port

ROUNDS = 3
CONNECTIONS = (1, 16)


class Peer:
    """The bare routes, one a size."""

    def __init__(self, build, sizes, tls):
        self.port = free_port()
        self.process = subprocess.Popen([pathlib.Path(build) / "bench-peer", str(self.port), *tls, *map(str, sorted(set(sizes)))],
                                        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise Failed("the bare routes did not start")
        self.pid, self.url = self.process.pid, f"http{'s' if tls else ''}://127.0.0.1:{self.port}"

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def size(client, path, headers):
    """Bytes of what a GET is answered."""
    client.connection.request("GET", path, headers=headers)
    answer = client.connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise Failed(f"{path}: {answer.status} {body[:300]}")
    return len(body)


def compare(ours, bare, connections, seconds=1):
    """Both in turns, each a `(pid, URL, headers, body)`: medians of their rates and latencies, and the ratios."""
    pairs = [(load(*ours, connections, seconds), load(*bare, connections, seconds)) for _ in range(ROUNDS)]
    return _summary(pairs)


def _summary(pairs):
    def middle(side, key):
        return statistics.median(pair[side][key] for pair in pairs)
    keys = ("rate", "p50_us", "p90_us", "p99_us", "processor_us")
    out = {"ours": {key: middle(0, key) for key in keys}, "bare": {key: middle(1, key) for key in keys}}
    # Of each pair, since what disturbs a machine lasts longer than a round.
    out["ratio"] = round(statistics.median(ours["rate"] / bare["rate"] for ours, bare in pairs), 3)
    out["processor_ratio"] = round(statistics.median(ours["processor_us"] / max(0.1, bare["processor_us"]) for ours, bare in pairs), 3)
    return out


def load(pid, url, headers, body, connections, seconds=1):
    """One run of wrk against a process: GET, or POST where there is a body. Every answer must be a success."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if body is not None:
            script.write(f'wrk.method = "POST"\nwrk.body = {json.dumps(json.dumps(body))}\n')
            script.flush()
        before = processor(pid)
        done = subprocess.run(
            ["wrk", "-t", str(min(2, connections)), "-c", str(connections), "-d", f"{seconds}s", "--latency", "--timeout", "20s",
             *(["-s", script.name] if body is not None else []),
             *[word for name, value in headers.items() for word in ("-H", f"{name}: {value}")], url],
            capture_output=True, text=True, timeout=seconds + 60)
        spent = processor(pid) - before
    text = done.stdout
    if done.returncode != 0 or "Non-2xx" in text or "Socket errors" in text:
        raise Failed(f"wrk: {text}{done.stderr}")
    requests = int(re.search(r"(\d+) requests in", text)[1])
    if not requests:
        if seconds > 20:
            raise Failed(f"nothing was answered in {seconds} s: {url}")
        return load(pid, url, headers, body, connections, seconds * 3)
    # Each connection ends with a request that is served and not counted.
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
            **{f"p{percent}_us": _latency(text, percent) for percent in (50, 90, 99)},
            "processor_us": round(spent / (requests + connections) * 1e6, 1)}


def _latency(text, percent):
    found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s|m) *$", text, re.MULTILINE)
    if not found:
        raise Failed(f"wrk tells no latency: {text}")
    number, unit = found.groups()
    return round(float(number) * {"us": 1, "ms": 1e3, "s": 1e6, "m": 6e7}[unit], 1)


def processor(pid):
    """Seconds of processor time that a process has used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
