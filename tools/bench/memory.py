"""Resident memory of processes."""
import pathlib
import re


def resident(pid):
    """MiB resident (RSS) and MiB when what is shared is divided among those who share it (PSS)."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {name.lower(): round(int(re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)[1]) / 1024, 1)
            for name in ("Rss", "Pss")}


def total(pids):
    """The same for several, added up."""
    each = [resident(pid) for pid in pids]
    return {"processes": len(each), **{name: round(sum(one[name] for one in each), 1) for name in ("rss", "pss")}}
