#!/usr/bin/python3
"""compare.py OURS ORACLE: where mail_dump --leaves and gmime_leaves disagree about a mail.

Each file holds a line a mail. Leaves are compared by digest and by name; a leaf of the oracle that we do not have is a
difference, more leaves on our side are told only with --more.
"""
import sys
from collections import Counter


def lines(path, ours):
    out = {}
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            fields = line.rstrip("\n").split("\t")
            leaves, subject = [], ""
            for field in fields[1:]:
                if field.startswith("SUBJECT="):
                    subject = field[8:]
                elif field.startswith("REFUSED"):
                    leaves.append(("refused", field, "", ""))
                else:
                    parts = field.split("|", 4 if ours else 3)
                    leaves.append(tuple(parts[1:] if ours else parts))
            out[fields[0]] = (leaves, subject)
    return out


def main():
    more = "--more" in sys.argv
    paths = [a for a in sys.argv[1:] if not a.startswith("--")]
    ours, oracle = lines(paths[0], True), lines(paths[1], False)
    same = 0
    for path, (theirs, subject) in oracle.items():
        mine, my_subject = ours.get(path, ([], ""))
        my_digests = Counter(leaf[2] for leaf in mine)
        missing = [leaf for leaf in theirs if my_digests[leaf[2]] == 0]
        extra = len(mine) - len(theirs)
        my_names = {leaf[2]: leaf[3] for leaf in mine}
        names = [(leaf[3], my_names[leaf[2]]) for leaf in theirs
                 if leaf[3] and leaf[2] in my_names and my_names[leaf[2]] != leaf[3]]
        told = []
        if missing:
            told.append("missing " + "; ".join("|".join(leaf) for leaf in missing)[:300] + "  ours: " +
                        "; ".join("|".join(leaf) for leaf in mine)[:300])
        if extra < 0 or (more and extra != 0):
            told.append(f"{extra:+d} leaves")
        if names:
            told.append(f"names {names}")
        if " ".join(subject.split()) != " ".join(my_subject.split()):
            told.append(f"subject oracle={subject!r} ours={my_subject!r}")
        if told:
            print(path, *told, sep="\n    ")
        else:
            same += 1
    print(f"{same} of {len(oracle)} agree")


main()
