#!/usr/bin/env python3
"""Documents made to burn time, memory or disk: each is held within its limit, and the next one is served as if nothing had been."""
import email.message
import email.policy
import io
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))
import documents  # noqa: E402
from kiyome_service import KIYOME  # noqa: E402

SECONDS = 20  # for one document


def deflate_zip(entries):
    """[(name, raw deflate octets, crc, size)]"""
    return documents.zip_of([(name, 0x800, 8, packed, crc, size) for name, packed, crc, size in entries])


def zeros(size):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block, out, crc, left = bytes(1 << 20), [], 0, size
    while left:
        piece = block[:min(left, len(block))]
        out.append(packer.compress(piece))
        crc = zlib.crc32(piece, crc)
        left -= len(piece)
    return b"".join(out) + packer.flush(), crc, size


def stored(name, octets):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return name, packer.compress(octets) + packer.flush(), zlib.crc32(octets), len(octets)


def flat_bomb():
    packed, crc, size = zeros(600 << 20)
    return deflate_zip([(b"%d.txt" % i, packed, crc, size) for i in range(20)])


def nested_bomb(levels):
    inner = deflate_zip([stored(b"a.txt", b"deep")])
    for _ in range(levels):
        inner = deflate_zip([stored(b"in.zip", inner)])
    return inner


def overlapping():
    """Every record of the directory points to the same octets (Fifield)."""
    packed, crc, size = zeros(10 << 20)
    name = b"a.txt"
    head = struct.pack("<HHHHHIIIHH", 20, 0x800, 8, 0, 0x5821, crc, len(packed), size, len(name), 0)
    local = b"PK\3\4" + head + name + packed
    central = b"".join(b"PK\1\2" + struct.pack("<H", 20) + head + struct.pack("<HHHII", 0, 0, 0, 32, 0) + name for _ in range(1000))
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1000, 1000, len(central), len(local), 0)


def many_entries():
    return deflate_zip([stored(b"%d.txt" % i, b"x") for i in range(3000)])


def png_flood():
    def chunk(kind, octets):
        return struct.pack(">I", len(octets)) + kind + octets + struct.pack(">I", zlib.crc32(kind + octets))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(bytes(1 << 20))) + chunk(b"IEND", b""))


def pdf_of_pages(count):
    kids = b" ".join(b"3 0 R" for _ in range(count))
    return documents.pdf_of([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [" + kids + b"] /Count %d >>" % count,
                      b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>"])


def pdf_recursion():
    """A form that shows itself twice."""
    stream = b"/X Do /X Do"
    form = b"<< /Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << /XObject << /X 5 0 R /Y 4 0 R >> >> /Length 11 >>\nstream\n/Y Do /Y Do\nendstream"
    return documents.pdf_of([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                      b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /XObject << /X 5 0 R >> >> /Contents 4 0 R >>",
                      b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream", form])


def pdf_huge_page():
    return documents.pdf_of([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                      b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 14000000 14000000] >>"])


def pdf_deflate_bomb():
    packed = zlib.compress(b"0 0 1 1 re f\n" * (40 << 20 >> 3), 9)
    packed = zlib.compress(packed, 9)
    return documents.pdf_of([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                      b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
                      b"<< /Filter [/FlateDecode /FlateDecode] /Length %d >>\nstream\n" % len(packed) + packed + b"\nendstream"])


def two_cells():
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(documents.xlsx([["a"]]))) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            text = old.read(entry)
            if entry.endswith("sheet1.xml"):
                begin, end = text.index(b"<sheetData>") + 11, text.index(b"</sheetData>")
                text = text[:begin] + rows.encode() + text[end:]
            new.writestr(entry, text)
    return out.getvalue()


def tnef(attributes):
    """[(level, id, octets, length that is told)] as [MS-OXTNEF] has it."""
    out = struct.pack("<IH", 0x223E9F78, 1)
    for level, number, octets, told in attributes:
        out += struct.pack("<BII", level, number, told) + octets + struct.pack("<H", sum(octets) & 0xFFFF)
    return out


def tnef_in_tnef(levels):
    inner = b"end of it"
    for _ in range(levels):
        inner = tnef([(2, 0x00069002, bytes(14), 14), (2, 0x00018010, b"winmail.dat\0", 12), (2, 0x0006800F, inner, len(inner))])
    return winmail(inner)


def tnef_that_lies():
    """Lengths that lead back, and properties that count themselves for ever."""
    properties = struct.pack("<I", 0xFFFFFFFF) + struct.pack("<HHI", 0x101E, 0x3001, 0xFFFFFFFF) * 2000
    return winmail(tnef([(2, 0x00069002, b"", 0xFFFFFFF7), (2, 0x00069005, properties, len(properties)), (1, 0x00069003, properties, 0)] * 50))


def winmail(octets):
    mail = email.message.EmailMessage()
    mail["From"], mail["Subject"] = "a@outside.example", "TNEF"
    mail.set_content("text")
    mail.add_attachment(octets, maintype="application", subtype="ms-tnef", filename="winmail.dat")
    return mail.as_bytes(policy=email.policy.SMTP)


BOMBS = {
    # name: (octets, reasons of which one is given, or None when a clean result is as good)
    "flat.zip": (flat_bomb, {"limit-expanded"}),
    "nested.zip": (lambda: nested_bomb(30), {"limit-nesting"}),
    "overlapping.zip": (overlapping, {"archive-inconsistent"}),
    "many.zip": (many_entries, {"limit-entries"}),
    "flood.png": (png_flood, {"limit-pixels"}),
    "pages.pdf": (lambda: pdf_of_pages(11000), {"pages-cut"}),
    "recursion.pdf": (pdf_recursion, None),
    "huge.pdf": (pdf_huge_page, None),
    "deflate.pdf": (pdf_deflate_bomb, None),
    "tnef.eml": (lambda: tnef_in_tnef(100), {"limit-depth"}),
    "lies.eml": (tnef_that_lies, None),
    "cells.xlsx": (two_cells, {"limit-time", "pages-cut", "limit-memory"}),
}


class Bombs(unittest.TestCase):
    def test_each_is_held_in_time_and_the_next_is_served(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="kiyome-bombs-"))
        config = folder / "kiyome.toml"
        config.write_text(f"[documents]\nseconds = {SECONDS}\nno_progress_seconds = {SECONDS}\npages_max = 300\n")
        files = []
        for name, (make, _) in BOMBS.items():
            (folder / name).write_bytes(make())
            (folder / f"after-{name}.pdf").write_bytes(documents.pdf("Good day"))
            files += [folder / name, folder / f"after-{name}.pdf"]
        began = time.monotonic()
        done = subprocess.run([KIYOME, "sanitize", "--config", config, "--mode", "flatten", "--out", folder / "out", "--report",
                               folder / "report", *files], capture_output=True, text=True, timeout=600)
        took = time.monotonic() - began
        self.assertIn(done.returncode, (0, 1), done.stderr[-2000:])
        rows = {pathlib.Path(row["input"]).name: row for row in map(json.loads, (folder / "report").read_text().splitlines())}
        for name, (_, expected) in BOMBS.items():
            with self.subTest(bomb=name):
                row = rows[name]
                print(f"  {name}: {row['verdict']} {row['reasons']} {row['ms']['total']:.0f} ms")
                self.assertLess(row["ms"]["total"], (2 * SECONDS + 15) * 1000)
                if expected is not None:
                    self.assertTrue(expected & set(row["reasons"]), row)
                after = rows[f"after-{name}.pdf"]
                self.assertEqual(after["verdict"], "clean", after)
                self.assertLess(after["ms"]["total"], 5000)
        print(f"  all in {took:.1f} s")


if __name__ == "__main__":
    unittest.main(verbosity=2)
