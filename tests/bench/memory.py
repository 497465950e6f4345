#!/usr/bin/env python3
"""Memory of the whole service while a mail with a PDF of 500 pages goes through: the sum of all processes' proportional set size (PSS),
looked at every 50 ms. Needs libreoffice.

    tests/bench/memory.py [--pages N]"""
import argparse
import collections
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "scenario"))
import documents  # noqa: E402
from documents_test import mail_with  # noqa: E402
from kiyome_service import Service, Sink  # noqa: E402

LINE = "利用者は、受領した添付ファイルを閲覧する前に、必ず画素化処理を行わなければならない。東京都千代田区霞が関一丁目①②③。"


def pss(pid):
    try:
        lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def name_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "?"


def make_pdf(folder, pages):
    source = folder / "text.docx"
    source.write_bytes(documents.docx(*[f"{i} {LINE}" for i in range(22 * pages)]))
    subprocess.run(["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to",
                    f'pdf:writer_pdf_Export:{{"PageRange":{{"type":"string","value":"1-{pages}"}}}}', "--outdir", folder, source],
                   check=True, capture_output=True)
    return (folder / "text.pdf").read_bytes()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=500)
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kiyome-memory-"))
    octets = make_pdf(folder, options.pages)
    sink = Sink()
    with Service(sink.port, '[policy]\nattachments = "flatten"\n') as service:
        time.sleep(3)
        peak, parts, done = 0, {}, threading.Event()

        def watch():
            nonlocal peak, parts
            while not done.wait(0.05):
                now = collections.Counter()
                for pids in service.pids().values():
                    for pid in pids:
                        now[name_of(pid)] += pss(pid)
                if sum(now.values()) > peak:
                    peak, parts = sum(now.values()), now
        thread = threading.Thread(target=watch)
        thread.start()
        began = time.monotonic()
        service.send(mail_with([("many.pdf", "application/pdf", octets)]))
        mails = sink.wait(1, 300)
        took = time.monotonic() - began
        done.set()
        thread.join()
        print(f"{len(octets) / 1e6:.1f} MB, {options.pages} pages: delivered {len(mails)} mail of {len(mails[0][2]) / 1e6:.1f} MB in {took:.1f} s; "
              f"peak PSS of all processes {peak / 1024:.0f} MB")
        for name, size in parts.most_common(12):
            print(f"  {name:<16} {size / 1024:.0f} MB")
    sink.stop()


if __name__ == "__main__":
    main()
