"""Writes docs/clients.md from what was found.

usage: page.py FOLDER PAGE        (FOLDER holds ecl.json, openstack.json and tempest.json, each if it was run)
"""
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent


def read(folder, name):
    path = pathlib.Path(folder) / name
    return json.loads(path.read_text()) if path.exists() else None


def commands(name):
    """(group, command) of every command that a client has."""
    return [line.split("\t") for line in (HERE / f"{name}-commands.txt").read_text().splitlines()]


def client_section(title, name, found):
    """A table by group, then the commands one by one."""
    if found is None:
        return [f"## {title}", "", "Not run.", ""]
    groups = {}
    for group, command in commands(name):
        groups.setdefault(group, []).append(command)
    passed = sum(1 for group in groups.values() for each in group if found.get(each, {}).get("pass"))
    total = sum(map(len, groups.values()))
    lines = [f"## {title}", "", f"{passed} of {total} commands pass.", "",
             "| group | commands | pass | fail | not tried |", "|---|---:|---:|---:|---:|"]
    for group, members in sorted(groups.items()):
        good = sum(1 for each in members if found.get(each, {}).get("pass"))
        tried = sum(1 for each in members if each in found)
        lines.append(f"| {group} | {len(members)} | {good} | {tried - good} | {len(members) - tried} |")
    lines.append("")
    for group, members in sorted(groups.items()):
        if not any(each in found for each in members):
            continue
        lines += [f"### {group}", "", "| command | |", "|---|---|"]
        for each in sorted(members):
            one = found.get(each)
            state = "not tried" if one is None else "passes" if one["pass"] else "fails: " + cell(one["why"])
            lines.append(f"| `{name} {each}` | {state} |")
        lines.append("")
    silent = [group for group, members in sorted(groups.items()) if not any(each in found for each in members)]
    if silent:
        lines += ["No command is tried yet of: " + ", ".join(silent) + ".", ""]
    return lines


def cell(text):
    """Text that fits into one cell."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())[:160]


def reasons():
    """(pattern, why) for tests that do not pass and do not say why."""
    lines = (HERE.parent / "tempest" / "reasons.tsv").read_text().splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


def tempest_section(found):
    """The interoperability list by area, the suites by area, and a reason for each test that does not pass."""
    if found is None:
        return ["## Tempest 47", "", "Not run.", ""]
    names = (HERE.parent / "tempest" / "interop.txt").read_text().splitlines()
    interop = [name for name in names if not name.startswith("#")]

    def area(name):
        return ".".join(name.split(".")[1:3])
    lines = ["## Tempest 47", "", "| area | interoperability tests | pass | all tests run | pass | skipped |",
             "|---|---:|---:|---:|---:|---:|"]
    for each in sorted({area(name) for name in [*interop, *found]}):
        must = [name for name in interop if area(name) == each]
        ran = [name for name in found if area(name) == each]
        good = [name for name in ran if found[name]["outcome"] == "pass"]
        skipped = sum(1 for name in ran if found[name]["outcome"] == "skip")
        lines.append(f"| {each} | {len(must)} | {len(set(must) & set(good))} | {len(ran)} | {len(good)} | {skipped} |")
    lines += ["", "### Why the others do not", "", "| test | interop | |", "|---|---|---|"]
    known = reasons()
    for name, one in sorted(found.items()):
        if one["outcome"] != "pass":
            mark = "yes" if name in interop else ""
            why = next((why for pattern, why in known if re.search(pattern, name)), cell(one["why"]))
            lines.append(f"| {name.removeprefix('tempest.')} | {mark} | {one['outcome']}: {why} |")
    absent = sum(1 for name in interop if name not in found)
    if absent:
        lines += ["", f"{absent} tests of the interoperability list were not run."]
    return lines + [""]


def main(folder, page):
    lines = ["# What the official clients and Tempest make of Akashi", "",
             "Written by `./dev clients` from a run against a real installation; not edited by hand. A command passes if",
             "it did what it is for: what was created was listed, shown, changed, shown changed, and gone after deletion.",
             ""]
    lines += client_section("ecl, the Enterprise Cloud 2.0 client", "ecl", read(folder, "ecl.json"))
    lines += client_section("openstack, OpenStack's client", "openstack", read(folder, "openstack.json"))
    lines += tempest_section(read(folder, "tempest.json"))
    pathlib.Path(page).write_text("\n".join(lines))
    print(page)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
