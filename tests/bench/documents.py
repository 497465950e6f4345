#!/usr/bin/env python3
"""Kiyome, warm, beside the pipeline that others build of stock tools, in turn on one machine:

    soffice --headless --convert-to pdf → mutool draw -r 150 → img2pdf

Prints for each document wall and CPU milliseconds of both (medians), their ratios, and the octets a page. Kiyome's wall time is that of a
file in a running process, its CPU that of N files more in one run. Needs libreoffice, mupdf-tools, img2pdf.

    tests/bench/documents.py [--rounds N]"""
import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "scenario"))
import documents  # noqa: E402

KIYOME = pathlib.Path(os.environ.get("KIYOME_BUILD", ROOT / "build")) / "kiyome"
LINE = "利用者は、受領した添付ファイルを閲覧する前に、必ず画素化処理を行わなければならない。東京都千代田区霞が関一丁目①②③。"


def measured(run):
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (time.monotonic() - began) * 1000, cpu * 1000


def quiet(*words):
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Bench:
    def __init__(self, rounds):
        self.rounds = rounds
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kiyome-bench-"))

    def office(self, source):
        quiet("soffice", f"-env:UserInstallation=file://{self.folder}/profile", "--headless", "--convert-to", "pdf", "--outdir", self.folder, source)
        return self.folder / (source.stem + ".pdf")

    def stock(self, source):
        pdf = source if source.suffix == ".pdf" else self.office(source)
        for old in self.folder.glob("page*.png"):
            old.unlink()
        quiet("mutool", "draw", "-r", "150", "-o", self.folder / "page%d.png", pdf)
        pages = sorted(self.folder.glob("page*.png"), key=lambda path: int(path.stem[4:]))
        quiet("img2pdf", "-o", self.folder / "stock.pdf", *pages)
        return (self.folder / "stock.pdf").stat().st_size / len(pages), len(pages)

    def kiyome(self, source, copies, jobs=1):
        """Wall milliseconds of each file but the first, and the octets a page."""
        files = []
        for number in range(copies + 1):
            copy = self.folder / f"{source.stem}-{number}{source.suffix}"
            if not copy.exists():
                copy.write_bytes(source.read_bytes())
            files.append(copy)
        quiet(KIYOME, "sanitize", "--jobs", jobs, "--mode", "flatten", "--out", self.folder / "out", "--report", self.folder / "report", *files)
        rows = [json.loads(line) for line in (self.folder / "report").read_text().splitlines()]
        assert all(row["verdict"] == "clean" for row in rows), rows[0]
        output = rows[0]["outputs"][0]
        return [row["ms"]["total"] for row in rows[1:]], output["bytes"] / output["pages"]

    def compare(self, name, source):
        self.stock(source)  # its profile and caches are warm as well
        theirs = [measured(lambda: self.stock(source)) for _ in range(self.rounds)]
        their_octets, pages = self.stock(source)
        alone = measured(lambda: self.kiyome(source, 0))[1]
        walls, cpus = [], []
        for _ in range(self.rounds):
            took = []
            cpu = measured(lambda: took.extend(self.kiyome(source, 5)[0]))[1]
            walls += took
            cpus.append((cpu - alone) / 5)
        octets = self.kiyome(source, 0)[1]
        wall, cpu = statistics.median(walls), statistics.median(cpus)
        their_wall, their_cpu = (statistics.median(each) for each in zip(*theirs))
        print(f"{name} ({pages} pages): wall {wall:.0f} against {their_wall:.0f} ms = {their_wall / wall:.1f} × faster; CPU {cpu:.0f} against "
              f"{their_cpu:.0f} ms = {cpu / their_cpu:.2f} ×; {octets / 1024:.0f} against {their_octets / 1024:.0f} KB a page = "
              f"{octets / their_octets:.2f} ×", flush=True)

    def both_cores(self, source):
        one = measured(lambda: self.kiyome(source, 7, 1))[0]
        two = measured(lambda: self.kiyome(source, 7, 2))[0]
        print(f"8 documents one after the other {one:.0f} ms, two at once {two:.0f} ms = {one / two:.2f} × (with the start of the processes)")

    def run(self):
        one, twenty = self.folder / "one.docx", self.folder / "twenty.docx"
        one.write_bytes(documents.docx(*[f"{i} {LINE}" for i in range(12)]))
        twenty.write_bytes(documents.docx(*[f"{i} {LINE}" for i in range(420)]))
        pdf = self.folder / "pages.pdf"
        pdf.write_bytes(self.office(twenty).read_bytes())
        self.compare("1-page docx", one)
        self.compare("20-page docx", twenty)
        self.compare("20-page PDF", pdf)
        self.both_cores(twenty)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    Bench(parser.parse_args().rounds).run()
