#!/usr/bin/env python3
"""kiyome-gate stands on the closed side: it links no parser of foreign formats, no sanitizer, no composer."""
import re
import subprocess
import sys

LIBRARIES = (r"lib(mimetic|magic|uchardet|icu\w*|archive|gmime|poppler\w*|pdfium|mupdf|qpdf|seccomp|jpeg|turbojpeg|png\w*"
             r"|deflate|tiff\w*|gif|webp\w*|rsvg\w*|openjp2|cairo|freetype|fontconfig|lzma|bz2|zstd)\b")
SYMBOLS = (r"mimetic::|\bmagic_(open|load)|\buchardet_|kiyome::(sanitizers?|compose|workers)::|kiyome::clean::.*[Dd]ecode"
           r"|\bjpeg_\w+|\btj3?\w*Compress|\bpng_\w+|\blibdeflate_|\barchive_(read|entry)|poppler|\bTIFF\w+|\bWebP\w+|\bDGif"
           r"|\bFT_\w+|\bU (deflate|gz)\w+")


def main():
    program = sys.argv[1]
    needed = subprocess.run(["readelf", "-d", program], check=True, capture_output=True, text=True).stdout
    symbols = subprocess.run(["nm", "-C", program], check=True, capture_output=True, text=True).stdout
    faults = [line.strip() for line in needed.splitlines() if "NEEDED" in line and re.search(LIBRARIES, line)]
    faults += [line.strip() for line in symbols.splitlines() if re.search(SYMBOLS, line)]
    if not symbols.strip():
        faults.append(program + ": has no symbols to look at")
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
