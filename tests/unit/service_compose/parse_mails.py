"""Reads every NAME.eml of a folder with Python's email package and compares with NAME.json.

Exit 0 when each parses without a defect and holds exactly the expected texts.
"""
import email
import email.policy
import json
import pathlib
import sys

# Content-Type's name="=?UTF-8?B?...?=" is there for old readers, who know no other form.
HEADER_DEFECTS_EXPECTED = {"encoded word inside quoted string", "missing trailing whitespace after encoded-word"}


def check(path):
    octets = path.read_bytes()
    octets.decode("ascii")
    assert octets.count(b"\n") == octets.count(b"\r\n") == octets.count(b"\r"), "a lone CR or LF"
    assert max(len(line) for line in octets.split(b"\r\n")) <= 998
    head = octets.split(b"\r\n\r\n")[0]
    for line in head.split(b"\r\n"):
        assert line.strip() and not line.endswith(b" "), line
        assert b"=?" not in line or len(line) <= 76, line
    message = email.message_from_bytes(octets, policy=email.policy.default)
    texts, names = [], []
    for part in message.walk():
        assert part.defects == [], part.defects
        for name, value in part.items():
            left = {str(defect) for defect in value.defects}
            if name == "Content-Type":
                left -= HEADER_DEFECTS_EXPECTED
            assert not left, (name, value, left)
        if part.get("Content-Type", "").startswith("text/plain"):
            texts.append(part.get_content().replace("\r\n", "\n"))
            names.append(part.get_filename())
    want = json.loads(path.with_suffix(".json").read_text("utf-8"))
    for name, value in want.get("headers", {}).items():
        assert message[name] == value, (name, str(message[name]), value)
    for text in want.get("body_has", []):
        assert text in texts[0], (text, texts[0])
    for text in want.get("body_lacks", []):
        assert text not in texts[0], text
    assert names[1:] == want.get("names", []), names
    for got, text in zip(texts[1:], want.get("texts", [])):
        assert got == text, (got[:200], text[:200])


def main():
    paths = sorted(pathlib.Path(sys.argv[1]).glob("*.eml"))
    for path in paths:
        try:
            check(path)
        except Exception as error:  # name the mail, then let it fail
            print(f"{path.name}: {error!r}")
            return 1
    print(f"{len(paths)} mails parsed without a defect")
    return 0 if paths else 1


if __name__ == "__main__":
    sys.exit(main())
