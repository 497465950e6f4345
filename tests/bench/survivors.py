#!/usr/bin/env python3
"""Does anything of an input live on in its clean output but what is drawn or read as words?

    tests/bench/survivors.py REPORT…           reports of `kiyome sanitize --report`

Of each input that became clean it collects what must not cross: names, authors and dates of document properties, targets of links and
relations, macro sources, JavaScript, URIs, embedded files' names, XMP, EXIF. It looks for each in the octets of the outputs with every stream
inflated (PDF by qpdf; PNG; ZIP entries), as UTF-8 and as UTF-16. The invisible words of a PDF are hexadecimal codes, so what a page
shows is not found by this; a document's own title is not looked for. Prints what lived on, and how much was looked for. Needs qpdf, python3-pil."""
import io
import json
import re
import struct
import subprocess
import sys
import zipfile
import zlib

LEAST = 6  # shorter words stand in any file by chance


def words_of_zip(octets):
    with zipfile.ZipFile(io.BytesIO(octets)) as package:
        for name in package.namelist():
            low = name.lower()
            if low.startswith("docprops/") or low in ("meta.xml",):
                for tag, text in re.findall(rb"<([A-Za-z:]+)[^>]*>([^<>]+)</", package.read(name)):
                    if not tag.lower().endswith(b"title"):
                        yield "property", text.decode("utf-8", "replace")
            elif low.endswith(".rels"):
                for target in re.findall(rb'Target="([^"]+)"[^>]*TargetMode="External"', package.read(name)):
                    yield "link", target.decode("utf-8", "replace")
            elif low.endswith("vbaproject.bin") or "/embeddings/" in low:
                yield "embedded name", name
                for text in re.findall(rb"[\x20-\x7E]{10,}", package.read(name)):
                    yield "macro or object", text.decode()


def words_of_pdf(octets):
    out = subprocess.run(["qpdf", "--qdf", "--object-streams=disable", "--decrypt", "-", "-"], input=octets, capture_output=True).stdout or octets
    for key, text in re.findall(rb"/(URI|JS|F|UF|Author|Creator|Producer|Subject|Keywords|CreationDate|ModDate)\s*\(((?:[^()\\]|\\.)*)\)", out):
        yield key.decode(), text.decode("latin-1")
    for packet in re.findall(rb"<\?xpacket begin.*?<\?xpacket end", out, re.S):
        for text in re.findall(rb">([^<>]{6,})<", packet):
            yield "XMP", text.decode("utf-8", "replace")


def words_of_picture(octets):
    from PIL import Image
    image = Image.open(io.BytesIO(octets))
    for value in list(image.getexif().values()) + list(image.info.values()):
        if isinstance(value, bytes):
            for text in re.findall(rb"[\x20-\x7E]{8,}", value):
                yield "EXIF or comment", text.decode()
        elif isinstance(value, str):
            yield "EXIF or comment", value


def words_of_ole(octets):
    for text in re.findall(rb"[\x20-\x7E]{12,}", octets):
        if b"http" in text or b"\\" in text or b"Attribute VB" in text or b".dll" in text.lower():
            yield "OLE", text.decode()


def must_not_cross(octets):
    try:
        if octets.startswith(b"PK\3\4"):
            found = words_of_zip(octets)
        elif b"%PDF-" in octets[:1024]:
            found = words_of_pdf(octets)
        elif octets.startswith(b"\xd0\xcf\x11\xe0"):
            found = words_of_ole(octets)
        else:
            found = words_of_picture(octets)
        return {(kind, word.strip()) for kind, word in found if len(word.strip()) >= LEAST}
    except Exception:  # another reader's trouble with a damaged file: nothing to look for
        return set()


def inflated(octets, kind):
    if kind == "application/pdf":
        return subprocess.run(["qpdf", "--qdf", "--stream-data=uncompress", "-", "-"], input=octets, capture_output=True).stdout + octets
    if kind == "image/png":
        data, at = b"", 8
        while at < len(octets):
            size, name = struct.unpack(">I4s", octets[at:at + 8])
            data += octets[at + 8:at + 8 + size] if name == b"IDAT" else b""
            at += size + 12
        return octets + zlib.decompress(data)
    return octets


# What every clean PDF says of itself, and qpdf adds.
OWN = {"application/pdf", "Identity", "Catalog", "DeviceRGB", "DeviceGray"}


def main():
    files = looked = 0
    lived_on = []
    for line in (line for path in sys.argv[1:] for line in open(path)):
        row = json.loads(line)
        if row["verdict"] != "clean":
            continue
        words = must_not_cross(open(row["input"], "rb").read())
        files += 1
        for output in row["outputs"]:
            if output["type"] == "text/plain" or output["type"] == "message/rfc822":
                continue  # words only, each of them read
            octets = inflated(open(output["path"], "rb").read(), output["type"])
            for kind, word in words:
                if word in OWN:
                    continue
                looked += 1
                if any(form in octets for form in (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be"))):
                    lived_on.append((row["input"], kind, word))
    for each in lived_on:
        print(*each, sep="\t")
    print(f"{files} files, {looked} words looked for, {len(lived_on)} lived on", file=sys.stderr)
    sys.exit(1 if lived_on else 0)


if __name__ == "__main__":
    main()
