#!/usr/bin/env python3
"""Every sample goes through the real service and comes out as its .expected.toml says."""
import email
import email.policy
import subprocess
import tomllib
import unittest

from documents import pdf_text
from kiyome_service import KIYOME, ROOT, Served, item_id

SAMPLES = sorted((ROOT / "samples").rglob("*.eml"))


def expectation(path):
    return tomllib.loads(path.with_suffix(".expected.toml").read_text())


def text_of(mail):
    return "\n".join(part.get_content() for part in mail.walk() if part.get_content_type() == "text/plain")


class Samples(Served):
    @classmethod
    def setUpClass(cls):
        # A sample that is for another policy comes from a sender of its own.
        cls.serve("".join(f"""
[[policy.rule]]
from = "*@{action}.example"
attachments = "{action}"
""" for action in ("text", "flatten", "image", "hold")))
        cls.items = {}
        for path in SAMPLES:
            action = expectation(path).get("attachments", "strip")
            cls.items[path] = item_id(cls.service.send(path.read_bytes(), sender=f"sender@{action}.example"))
        cls.rows = {row["id"]: row for row in cls.service.wait_settled(len(SAMPLES))}
        cls.arrived = {}
        for _, _, octets in cls.sink.mails:
            mail = email.message_from_bytes(octets, policy=email.policy.default)
            cls.arrived[mail["X-Kiyome-Id"]] = (octets, mail)

    def test_there_are_samples(self):
        self.assertGreater(len(SAMPLES), 30)

    def test_each_sample_ends_as_expected(self):
        for path, item in self.items.items():
            with self.subTest(sample=str(path.relative_to(ROOT))):
                self.check_one(path, item)

    def check_one(self, path, item):
        expected = expectation(path)
        row = self.rows[item]
        self.assertEqual(row["state"], "delivered" if expected["verdict"] == "clean" else "held", row)
        for finding in expected.get("findings", []):
            self.assertIn(finding, row["reasons"])
        if expected["verdict"] != "clean":
            self.assertNotIn(item, self.arrived)
            return
        octets, mail = self.arrived[item]
        self.assertEqual(mail.defects, [])
        if "subject" in expected:
            self.assertEqual(mail["Subject"], expected["subject"])
        text = text_of(mail).replace("\r\n", "\n")
        for piece in expected.get("body_contains", []):
            self.assertIn(piece, text)
        for piece in expected.get("body_lacks", []):
            self.assertNotIn(piece, text)
        for name in expected.get("listed", []):
            self.assertIn(name, text)
        files = {part.get_filename(): part for part in mail.iter_attachments()}
        if "files" in expected:
            self.assertEqual(sorted(files), sorted(expected["files"]))
        shown = "".join(pdf_text(part.get_content()) for part in files.values() if part.get_content_type() == "application/pdf")
        for piece in expected.get("pages_show", []):
            self.assertIn(piece, shown)

    def test_every_output_is_proved_clean(self):
        for index, (octets, _) in enumerate(self.arrived.values()):
            path = self.service.folder / f"out{index}.eml"
            path.write_bytes(octets)
            result = subprocess.run([KIYOME, "verify", path], capture_output=True, text=True)
            self.assertEqual(result.stdout, f"{path}: ok\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
