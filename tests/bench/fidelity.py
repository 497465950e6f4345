#!/usr/bin/env python3
"""Our pages beside those of stock tools: page counts, structural similarity, characters, octets a page.

    tests/bench/fidelity.py [--pages N] [--keep FOLDER] FILE…

Reference: `soffice --headless --convert-to pdf` for office files, the file itself for PDF; both sides drawn by pdftoppm at 150 dpi and
read by pdftotext. Octets are those of whole documents of at most N pages beside `mutool draw -r 150` and img2pdf. One JSON object a file on
stdout, the summary on stderr. Needs soffice, poppler-utils, mupdf-tools, img2pdf, python3-numpy."""
import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unicodedata

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
KIYOME = pathlib.Path(os.environ.get("KIYOME_BUILD", ROOT / "build")) / "kiyome"


def pages_of(pdf):
    out = subprocess.run(["pdfinfo", pdf], capture_output=True, text=True, errors="replace").stdout
    return next((int(line.split()[1]) for line in out.splitlines() if line.startswith("Pages:")), 0)


def gray(pdf, page, folder):
    subprocess.run(["pdftoppm", "-r", "150", "-gray", "-f", str(page), "-l", str(page), "-singlefile", pdf, folder / "page"],
                   capture_output=True, timeout=120)
    octets = (folder / "page.pgm").read_bytes()
    (folder / "page.pgm").unlink()
    _, size, _, pixels = octets.split(b"\n", 3)
    width, height = map(int, size.split())
    return numpy.frombuffer(pixels, numpy.uint8).reshape(height, width).astype(numpy.float64)


def box(image, size=8):
    total = numpy.pad(image, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    return (total[size:, size:] - total[:-size, size:] - total[size:, :-size] + total[:-size, :-size]) / size ** 2


def ssim(a, b):
    """Wang et al. 2004, uniform window of 8 pixels."""
    height, width = min(a.shape[0], b.shape[0]), min(a.shape[1], b.shape[1])
    if abs(a.shape[0] - b.shape[0]) > 3 or abs(a.shape[1] - b.shape[1]) > 3 or min(height, width) < 8:
        return 0.0
    a, b = a[:height, :width], b[:height, :width]
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    ma, mb = box(a), box(b)
    va, vb, cov = box(a * a) - ma * ma, box(b * b) - mb * mb, box(a * b) - ma * mb
    return float((((2 * ma * mb + c1) * (2 * cov + c2)) / ((ma ** 2 + mb ** 2 + c1) * (va + vb + c2))).mean())


def characters(pdf):
    text = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, timeout=120).stdout.decode(errors="replace")
    # What clean text writes in another way, or not at all, is no loss.
    text = unicodedata.normalize("NFC", text)
    return collections.Counter(c for c in text if not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cn"))


def octets_of_pictures(pdf, folder):
    """What the usual pipeline makes of it: each page a picture of 150 dpi."""
    subprocess.run(["mutool", "draw", "-q", "-r", "150", "-o", folder / "flat-%04d.png", pdf], capture_output=True, timeout=120)
    pictures = sorted(folder.glob("flat-*.png"))
    made = subprocess.run(["img2pdf", *pictures], capture_output=True, timeout=120).stdout if pictures else b""
    for each in pictures:
        each.unlink()
    return len(made)


def measure(source, clean, reference, folder, pages_max):
    out = {"file": source, "pages": pages_of(clean), "reference_pages": pages_of(reference)}
    scores = []
    for page in range(1, min(out["pages"], out["reference_pages"], pages_max) + 1):
        scores.append(ssim(gray(clean, page, folder), gray(reference, page, folder)))
    out["ssim"] = scores
    if 0 < out["pages"] == out["reference_pages"] <= pages_max:
        out["bytes"], out["reference_bytes"] = os.path.getsize(clean), octets_of_pictures(reference, folder)
    ours, theirs = characters(clean), characters(reference)
    total = sum(theirs.values())
    out["characters"], out["found"] = total, sum((ours & theirs).values()) / total if total else 1.0
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=5)
    parser.add_argument("--keep", default="")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    work = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="kiyome-fidelity-"))
    (work / "ours").mkdir(parents=True, exist_ok=True)
    (work / "reference").mkdir(exist_ok=True)
    report = work / "report.jsonl"
    if not report.exists():
        subprocess.run([KIYOME, "sanitize", "--mode", "flatten", "--out", work / "ours", "--report", report, *options.files], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    rows, held, renderable = [], [], 0
    for row in map(json.loads, report.read_text().splitlines()):
        source = row["input"]
        reference = pathlib.Path(source)
        if row["type"] != "application/pdf":
            reference = work / "reference" / (pathlib.Path(source).stem + ".pdf")
            if not reference.exists():
                try:
                    subprocess.run(["soffice", f"-env:UserInstallation=file://{work}/profile", "--headless", "--convert-to", "pdf", "--outdir",
                                    work / "reference", source], capture_output=True, timeout=180)
                except subprocess.TimeoutExpired:
                    pass
        if not reference.exists() or pages_of(reference) == 0:
            continue
        renderable += 1
        if row["verdict"] != "clean" or row["outputs"][0]["type"] != "application/pdf":
            held.append((source, row["reasons"]))
            continue
        try:
            rows.append(measure(source, row["outputs"][0]["path"], reference, work, options.pages))
        except (subprocess.TimeoutExpired, OSError, ValueError) as trouble:
            print(json.dumps({"file": source, "trouble": str(trouble)}), flush=True)
            continue
        print(json.dumps(rows[-1], ensure_ascii=False), flush=True)
    scores = sorted(score for row in rows for score in row["ssim"])
    say = lambda *words: print(*words, file=sys.stderr)
    say(f"renderable by the reference {renderable}, clean {len(rows)}, held {len(held)}")
    for source, reasons in held:
        say("  held:", source, reasons)
    same = sum(row["pages"] == row["reference_pages"] for row in rows)
    say(f"same page count {same} of {len(rows)}")
    if scores:
        say(f"SSIM median {scores[len(scores) // 2]:.4f}, 5th percentile {scores[len(scores) // 20]:.4f}, {len(scores)} pages")
    sizes = sorted(row["bytes"] / row["reference_bytes"] for row in rows if row.get("reference_bytes"))
    if sizes:
        say(f"octets beside mutool and img2pdf: median {sizes[len(sizes) // 2]:.3f}, 95th percentile {sizes[len(sizes) * 95 // 100]:.3f}, {len(sizes)} documents")
    good = sum(row["found"] >= 0.98 for row in rows)
    say(f"at least 98 % of the characters: {good} of {len(rows)}")
    worst = sorted((min(row["ssim"]), row["file"]) for row in rows if row["ssim"])[:10]
    for score, source in worst:
        say(f"  {score:.3f} {source}")


if __name__ == "__main__":
    main()
