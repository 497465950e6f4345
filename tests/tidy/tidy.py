#!/usr/bin/env python3
"""Rules of the house that a compiler does not know. `tidy.py RULE` prints each fault as PATH:LINE: WHAT and exits 1."""
import ast
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# service/: each room with the rooms that stand below it. A room may include itself and what it names here.
BASE = {"base"}
MIDDLE = {"policy", "store", "audit", "trail", "auth", "http", "portal", "workers", "compose", "delivery", "sight", "zone"}
ROLES = {"edge", "cleaner", "gate", "console"}
SERVICE = {room: BASE for room in MIDDLE}
SERVICE |= {"base": set(), "store": BASE | {"audit"}, "auth": BASE | {"store"}, "portal": BASE | {"http", "auth"}}
SERVICE["audit"] = BASE
SERVICE["zone"] = BASE | {"delivery"}  # the wire between two hosts
SERVICE["sight"] = BASE | {"http"}  # what a role tells of itself, and who shows it to the network
SERVICE["trail"] = BASE | {"audit", "store", "delivery"}  # what a role does with its trail
SERVICE["review"] = BASE | {"http", "audit", "policy", "store"}  # what console and cleaner say to each other
SERVICE |= {role: BASE | MIDDLE for role in ROLES}
SERVICE["console"] = BASE | {"http", "auth", "portal", "review", "store", "audit", "trail", "policy", "sight"}  # it asks; it owns no item
SERVICE["gate"] = BASE | (MIDDLE - {"compose", "workers"})  # the closed side reads nothing foreign, writes no mail
SERVICE["document"] = BASE | {"compose", "workers"}  # between the sandboxes and the writers
SERVICE["cleaner"] |= {"document", "review"}
SERVICE["compose"] = BASE
SERVICE["supervisor"] = BASE | MIDDLE
SERVICE["backup"] = BASE | {"store", "supervisor"}
SERVICE["command"] = BASE | MIDDLE | ROLES | {"document", "supervisor", "backup"}  # with the main files: the wiring
PROTO = {"base": set(), "clean": {"base"}, "smtp": {"base"}, "transfer": {"base", "clean"}}
SANITIZER_LIBRARIES = {"host", "type", "text"}

NO_THREADS_NO_IO = {"thread", "mutex", "shared_mutex", "atomic", "future", "condition_variable", "semaphore", "fstream",
                    "iostream", "filesystem", "sstream", "csignal"}
TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "service", "sanitizers", "proto", "deploy", "tests", "samples", "README.md",
             "LICENSE", "CHANGELOG.md"}
TOP_LEVEL_OPTIONAL = {"README.ja.md"}
README_LINES = 120


def files():
    """Everything that belongs to the project, as paths from its root."""
    try:
        listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                cwd=ROOT, check=True, capture_output=True).stdout.decode()
        found = [pathlib.PurePosixPath(name) for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        found = [pathlib.PurePosixPath(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]
        found = [path for path in found if path.parts[0] != ".git" and not path.parts[0].startswith("build")]
    return sorted(path for path in set(found) if (ROOT / path).is_file())


def text(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def cpp_files():
    return [path for path in files() if path.suffix in (".cpp", ".h")]


def source_files():
    """What people wrote to be run: samples and seeds are data."""
    kinds = {".cpp", ".h", ".py", ".def", ".cmake", ".sh", ".ts", ".toml", ".txt", ".md", ""}
    return [path for path in files() if path.suffix in kinds and path.parts[0] not in ("samples", "LICENSE")
            and "seeds" not in path.parts and "dialogs" not in path.parts]


def includes(path):
    for number, line in enumerate(text(path).splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if found:
            yield number, found[1] == '"', found[2]


def rooms():
    top = {path.parts[0] for path in files()}
    faults = [f"{name}: is not part of the house" for name in sorted(top - TOP_LEVEL - TOP_LEVEL_OPTIONAL) if name[0] != "."]
    return faults + [f"{name}: is missing" for name in sorted(TOP_LEVEL - top)]


def may_include(source, target):
    """Why `source` may not include `target`, or nothing. Both are paths from the root."""
    here, there = source.parts, target.parts
    if here[0] == "tests":
        return ""
    if there[0] == "tests":
        return "nothing includes tests"
    if here[0] == "proto":
        if there[0] != "proto":
            return "proto includes proto only"
        return "" if there[1] == here[1] or there[1] in PROTO.get(here[1], set()) else f"proto/{here[1]} stands below proto/{there[1]}"
    if there[0] == "proto":
        return ""
    if here[0] != there[0]:
        return "sanitizers and service meet only through proto"
    if here[0] == "sanitizers":
        allowed = there[1] == here[1] or there[1] in SANITIZER_LIBRARIES
        return "" if allowed else f"{there[1]} is a sanitizer, not a library of theirs"
    if len(here) == 2:  # service/main.cpp
        return ""
    if here[1] not in SERVICE:
        return f"service/{here[1]} is not known to tests/tidy"
    allowed = there[1] == here[1] or there[1] in SERVICE[here[1]]
    return "" if allowed else f"no arrow from service/{there[1]} to service/{here[1]}"


def arrows():
    faults = []
    for path in cpp_files():
        for number, quoted, name in includes(path):
            if not quoted:
                continue
            if not (ROOT / name).is_file():
                faults.append(f"{path}:{number}: {name} is not a path from the root")
                continue
            why = may_include(path, pathlib.PurePosixPath(name))
            if why:
                faults.append(f"{path}:{number}: includes {name}: {why}")
    return faults


def foreign(path, name):
    """Why `path` may not see the system header `name`, or nothing."""
    standard = "/" not in name and not name.endswith(".h")
    if path.parts[0] == "proto":
        if name == "tl/expected.hpp":
            return ""
        return "" if standard and name not in NO_THREADS_NO_IO else "proto sees the standard library only, without I/O and threads"
    if path.parts[0] == "sanitizers" and re.match(r"(Poco|unicode|spdlog|sqlite3|toml)", name):
        return "the untrusted side stays small"
    if path.match("service/gate/verify_inflate.h") and name == "zlib.h":
        return ""
    if path.match("service/gate/verify*") and not standard and name != "utf8proc.h":
        return "the verifier sees the standard library, utf8proc and zlib's inflate only"
    if path.parts[0] == "service" and re.match(r"(magic\.h|uchardet|archive|zip|gmime)", name):
        return "foreign formats are parsed in sanitizers only"
    if name.startswith("mimetic") and path.parts[:2] not in (("service", "compose"), ("sanitizers", "mail")):
        return "mimetic builds the clean mail, and is the mail sanitizer's second opinion"
    if name.startswith("toml++") and not str(path).startswith("service/base/config"):
        return "only service/base/config*.cpp reads TOML"
    return ""


def libraries():
    faults = []
    for path in cpp_files():
        if path.parts[0] == "tests":
            continue
        for number, quoted, name in includes(path):
            why = "" if quoted else foreign(path, name)
            if path.match("service/gate/verify*") and quoted and not re.match(r"(service/gate/verify|proto/base/|service/base/digest\.h)", name):
                why = "the verifier shares no code"
            if why:
                faults.append(f"{path}:{number}: includes {name}: {why}")
    return faults


def format():
    program = shutil.which("clang-format-14") or shutil.which("clang-format")
    if not program:
        print("clang-format is not installed")
        sys.exit(77)
    faults, paths = [], [str(path) for path in cpp_files()]
    for begin in range(0, len(paths), 40):
        run = subprocess.run([program, "--dry-run", "-Werror", *paths[begin:begin + 40]], cwd=ROOT, capture_output=True, text=True)
        faults += sorted({line.split(":")[0] + ": not as clang-format writes it" for line in run.stderr.splitlines() if "error:" in line})
    return faults


def words():
    pattern = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X(?![+-])|HA" r"CK|TB" r"D|WI" r"P)\b|place" r"holder|coming so" r"on")
    faults = []
    for path in source_files():
        for number, line in enumerate(text(path).splitlines(), 1):
            found = pattern.search(line)
            if found:
                faults.append(f"{path}:{number}: {found[0]}")
    return faults


def names():
    pattern = re.compile(r"(^|_|-)(utils?|managers?|helpers?|misc|common|stuff)($|_|-)")
    types = re.compile(r"\b(?:class|struct|enum class)\s+(\w*(?:Util|Manager|Helper|Misc)\w*)")
    faults = []
    for path in files():
        faults += [f"{path}: the name {part} says nothing" for part in path.parts if pattern.search(pathlib.PurePath(part).stem)]
        if path.parts[0] in ("proto", "sanitizers", "service") and path.suffix in (".cpp", ".h"):
            faults += [f"{path}: the name {found} says nothing" for found in types.findall(text(path))]
            if not re.fullmatch(r"[a-z0-9_]+", path.stem):
                faults.append(f"{path}: files are named in snake_case")
    return faults


def lengths():
    faults = []
    for path in files():
        if path.suffix not in (".cpp", ".h", ".py", ".ts") and path.parent.name != "deploy":
            continue
        count = text(path).count("\n")
        if count > 500:
            print(f"{path}: {count} lines")
        if count > 600:
            faults.append(f"{path}: {count} lines, more than 600")
    return faults


def readmes():
    entered = {pathlib.PurePosixPath(name) for name in ("proto", "sanitizers", "service", "deploy", "tests", "samples")}
    entered |= {path.parent for path in files() if path.name == "README.md"}
    entered |= {path.parent for path in files() if path.parts[0] == "tests" and len(path.parts) == 3 and path.parts[1] in ("bench", "fault", "tidy")}
    faults = []
    for folder in sorted(entered):
        readme = ROOT / folder / "README.md"
        if not readme.is_file():
            faults.append(f"{folder}: has no README.md")
        elif readme.read_text(encoding="utf-8").count("\n") > README_LINES:
            faults.append(f"{folder}/README.md: longer than a page")
    for path in cpp_files():
        if path.suffix != ".h":
            continue
        head = text(path)
        if not head.startswith("//"):
            faults.append(f"{path}: does not open with what it is")
        if "#pragma once" not in head:
            faults.append(f"{path}: no #pragma once")
    return faults


def limits():
    header = pathlib.PurePosixPath("proto/base/limits.h")
    names = re.findall(r"inline constexpr [\w:]+ (k\w+) = ", text(header))
    used = set(re.findall(r"\bk[A-Z]\w*", "\n".join(text(path) for path in cpp_files()
                                                     if path != header and path.parts[0] != "tests")))
    # A bound may be made of another one.
    used |= {name for name in names if len(re.findall(rf"\b{name}\b", text(header))) > 1}
    faults = [f"{header}: {name} bounds nothing" for name in names if name not in used]
    lines = text(header).splitlines()
    without = [line for before, line in zip([""] + lines, lines)
               if line.startswith("inline constexpr") and "//" not in line and "//" not in before]
    return faults + [f"{header}: no reason beside: {line}" for line in without]


def scripts():
    faults = []
    for path in files():
        first = text(path).split("\n", 1)[0] if path.suffix in ("", ".sh", ".py") else ""
        if path.suffix == ".py" or re.match(r"#!.*python", first):
            try:
                ast.parse(text(path), str(path))
            except SyntaxError as error:
                faults.append(f"{path}:{error.lineno}: {error.msg}")
        elif re.match(r"#!.*\b(bash|sh)\b", first):
            run = subprocess.run(["bash", "-n", ROOT / path], capture_output=True, text=True)
            if run.returncode != 0:
                faults.append(f"{path}: {run.stderr.strip()}")
            if not (ROOT / path).stat().st_mode & 0o100:
                faults.append(f"{path}: is not executable")
    return faults


RULES = [rooms, arrows, libraries, format, words, names, lengths, readmes, limits, scripts]


def main():
    by_name = {rule.__name__: rule for rule in RULES}
    if len(sys.argv) != 2 or sys.argv[1] not in by_name:
        print("\n".join(by_name))
        return 0 if sys.argv[1:] == ["--list"] else 2
    faults = by_name[sys.argv[1]]()
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
