#!/usr/bin/env python3
"""Files of the drop box through the real cleaner: what comes out, what its sender sees, what a kill or an operator does to it."""
import io
import json
import pathlib
import queue
import subprocess
import tempfile
import threading
import time
import unittest
import zipfile

import documents
from kiyome_service import BUILD, Service

PASSWORD = "Xy7#pq82"
STAFF, CHIEF = "staff@city.example.jp", "chief@city.example.jp"
POLICY = """
[policy]
attachments = "strip"
[[policy.rule]]
to = "chief@*"
type = "image/*"
attachments = "hold"
[[policy.rule]]
from = "*@refused.example"
verdict = "rejected"
[[approval.rule]]
name = "個人番号を含む"
finding = "my-number"
[[approval.rule]]
name = "PDF 以外"
type = "text/*"
"""


class Sides:
    """drop_sides.cpp: the edge and the gate of a cleaner."""

    def __init__(self, service):
        self.out = pathlib.Path(tempfile.mkdtemp(dir=service.folder))
        self.process = subprocess.Popen([BUILD / "drop_sides", service.folder / "data", self.out], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.told = []
        self.fresh = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.fresh.put(json.loads(line))
        self.fresh.put(None)

    def say(self, *words):
        self.process.stdin.write("\t".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()

    def wait(self, fits, seconds=60):
        """The first thing told, ever or soon, that fits; it is not given twice."""
        deadline = time.monotonic() + seconds
        for row in self.told:
            if fits(row):
                self.told.remove(row)
                return row
        while True:
            try:
                row = self.fresh.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"not told: {self.told[-10:]}") from None
            if row is None:
                raise AssertionError(f"drop_sides ended: {self.process.wait()}")
            if fits(row):
                return row
            self.told.append(row)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(20)


class Drops(unittest.TestCase):
    def setUp(self):
        self.service = Service(9, POLICY, roles="cleaner").start()
        deadline = time.monotonic() + 20
        while not (self.service.folder / "data" / "cleaner" / "cleaner.pub").exists():
            self.assertLess(time.monotonic(), deadline, self.service.log_text()[-2000:])
            time.sleep(0.05)
        self.sides = Sides(self.service)

    def tearDown(self):
        self.sides.stop()
        self.service.__exit__()

    def drop(self, name, octets, password="", message="よろしく\\nお願いします", recipients=(STAFF, CHIEF)):
        path = self.service.folder / f"upload-{time.monotonic_ns()}"
        path.write_bytes(octets)
        self.sides.say("drop", path, name, password, message, *recipients)
        return self.sides.wait(lambda row: "dropped" in row)["dropped"]

    def bundle(self, item, part=1):
        return self.sides.wait(lambda row: row.get("bundle") == item and row["part"] == part)

    def state(self, item, state):
        return self.sides.wait(lambda row: row.get("id") == item and row.get("state") == state)

    def clean(self, item, part=1):
        got = self.bundle(item, part)
        self.assertEqual(got["verdict"], "clean", got)
        self.assertEqual({each["proof"] for each in got["files"]}, {"ok"})
        return got

    def test_a_document_crosses_with_all_that_was_said_and_its_sender_sees_the_pages(self):
        item = self.drop("資料/計画.docx", documents.docx("計画です", "二行目"))
        got = self.clean(item)
        self.assertEqual([each["name"] for each in got["files"]], ["計画.docx.pdf"])
        self.assertEqual(got["name"], "資料/計画.docx")
        self.assertEqual(got["recipients"], [STAFF, CHIEF])
        self.assertEqual((got["message"], got["sender_name"]), ("よろしく\nお願いします", "佐藤 花子"))
        self.assertEqual(got["approval"], [])
        self.state(item, "cleaning")
        self.assertEqual(self.state(item, "clean")["pages"], 1)
        self.assertTrue((self.sides.out / "計画.docx.pdf").read_bytes().startswith(b"%PDF"))
        self.assertEqual({(row["recipient"], row["state"]) for row in self.service.queue()}, {(STAFF, "sending"), (CHIEF, "sending")})
        shown = json.loads(self.service.run("queue", "show", item, "--json").stdout.splitlines()[0])
        self.assertEqual(shown["subject"], "資料の送付")
        self.assertEqual(shown["report"]["groups"][0]["parts"][0]["name"], "計画.docx")

    def test_what_the_closed_side_says_is_kept_and_told(self):
        item = self.drop("a.docx", documents.docx("x"), recipients=(STAFF,))
        self.clean(item)
        for stage, state in ((1, "waiting"), (2, "delivered"), (4, "picked-up")):
            self.sides.say("result", item, 1, 0, stage)
            self.sides.wait(lambda row: row.get("taken") == item and row["stage"] == stage)
            self.state(item, state)
        self.assertEqual([row["state"] for row in self.service.queue()], ["delivered"])
        self.sides.say("ask", item)
        self.state(item, "picked-up")

    def test_entries_of_an_archive_and_parts_of_a_mail_are_files_of_their_own(self):
        octets = io.BytesIO()
        with zipfile.ZipFile(octets, "w") as archive:
            archive.writestr("a/x.txt", "一")
            archive.writestr("b/x.txt", "二")
            archive.writestr("run.exe", b"MZ" + bytes(200))
        got = self.clean(self.drop("束.zip", octets.getvalue()))
        self.assertEqual(sorted(each["name"] for each in got["files"]), ["x (2).txt", "x.txt"])
        self.assertIn("entry-held", got["findings"])
        mail = ("From: a@b.example\r\nTo: c@d.example\r\nSubject: =?utf-8?b?5Lu25ZCN?=\r\nMIME-Version: 1.0\r\n"
                "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nbody words\r\n--x\r\n"
                "Content-Type: text/csv; name=t.csv\r\nContent-Disposition: attachment; filename=t.csv\r\n\r\na,b\r\n1,2\r\n--x--\r\n")
        got = self.clean(self.drop("転送.eml", mail.encode()))
        names = sorted(each["name"] for each in got["files"])
        self.assertEqual(names, ["t.csv.pdf", "転送.eml.txt"])
        self.assertIn("body words", (self.sides.out / "転送.eml.txt").read_text())

    def test_a_personal_number_asks_for_an_approval_and_plain_words_for_another(self):
        got = self.clean(self.drop("名簿.txt", "個人番号 1234 5678 9018\n".encode()))
        self.assertEqual(got["approval"], ["個人番号を含む", "PDF 以外"])
        self.assertIn("my-number", got["findings"])
        got = self.clean(self.drop("名簿.txt", "個人番号 1234 5678 9017\n".encode()))
        self.assertEqual(got["approval"], ["PDF 以外"])
        got = self.clean(self.drop("届.docx", documents.docx("マイナンバー：1234 5678 9018")))
        self.assertEqual(got["approval"], ["個人番号を含む"])

    def test_the_strictest_recipient_counts_and_a_release_sends_a_further_part(self):
        item = self.drop("図.png", documents.png())
        got = self.bundle(item)
        self.assertEqual((got["verdict"], got["files"], got["findings"]), ("held", [], ["policy-hold"]))
        self.assertEqual(self.state(item, "held")["findings"], ["policy-hold"])
        self.assertEqual({row["state"] for row in self.service.queue()}, {"held"})
        self.assertEqual(self.clean(self.drop("図.png", documents.png(), recipients=(STAFF,)))["files"][0]["name"], "図.png.pdf")
        self.service.run("queue", "release", item)
        self.assertEqual(self.clean(item, 2)["files"][0]["name"], "図.png.pdf")
        self.state(item, "clean")

    def test_a_password_that_came_along_opens_and_one_that_comes_later_unlocks(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "名簿.txt").write_text("名簿です")
            subprocess.run(["7z", "a", "-tzip", f"-p{PASSWORD}", "out.zip", "名簿.txt"], cwd=folder, check=True, capture_output=True)
            locked = (pathlib.Path(folder) / "out.zip").read_bytes()
        got = self.clean(self.drop("名簿.zip", locked, PASSWORD))
        self.assertEqual([each["name"] for each in got["files"]], ["名簿.txt"])
        item = self.drop("名簿.zip", locked)
        got = self.bundle(item)
        self.assertEqual(got["verdict"], "held")
        self.state(item, "held")
        wrong = self.service.run("quarantine", "unlock", item, "--password", "wrong", check=False)
        self.assertNotEqual(wrong.returncode, 0)
        self.service.run("quarantine", "unlock", item, "--password", PASSWORD)
        self.assertEqual([each["name"] for each in self.clean(item, 2)["files"]], ["名簿.txt"])
        self.state(item, "clean")

    def test_what_cannot_be_cleaned_is_held_with_its_reason(self):
        for name, octets in (("run.exe", b"MZ" + bytes(500)), ("x.pdf", b"%PDF-1.7\nbroken"), ("x.docx", documents.docx("x")[:300]),
                             ("empty", b""), ("bomb.bin", bytes(100000))):
            item = self.drop(name, octets)
            got = self.bundle(item)
            self.assertIn(got["verdict"], ("held", "clean") if name == "empty" else ("held",), name)
            if got["verdict"] == "held":
                self.assertTrue(got["findings"], name)
                self.assertEqual(self.state(item, "held")["findings"], got["findings"])

    def test_a_bundle_that_the_verifier_refuses_is_held_and_told(self):
        self.sides.say("refuse")
        item = self.drop("a.docx", documents.docx("x"))
        got = self.bundle(item, 2)
        self.assertEqual((got["verdict"], got["files"]), ("held", []))
        self.assertIn("verify-refused", got["findings"])
        self.state(item, "held")
        self.assertEqual({row["state"] for row in self.service.queue()}, {"held"})

    def test_delete_is_told_to_both_sides(self):
        item = self.drop("run.exe", b"MZ" + bytes(500))
        self.bundle(item)
        self.service.run("queue", "delete", item)
        self.assertEqual(self.bundle(item, 2)["verdict"], "rejected")
        self.state(item, "refused")

    def test_a_cleaner_that_is_killed_at_any_moment_loses_nothing_and_says_nothing_twice(self):
        items = []
        for round_number in range(4):
            fresh = [self.drop(f"{round_number}-{i}.docx", documents.docx(f"{i}")) for i in range(3)]
            time.sleep(0.4 * round_number)
            self.service.kill_all()
            self.service.start()
            for item in fresh:  # a second death at work would hold them
                self.clean(item)
                self.sides.say("ask", item)
                self.state(item, "clean")
            items += fresh
        time.sleep(1)
        again = [row for row in list(self.sides.fresh.queue) + self.sides.told if row and row.get("bundle") in items]
        self.assertTrue(all(row["part"] == 1 and row["verdict"] == "clean" for row in again), again)
        self.assertEqual(len(self.service.queue()), 2 * len(items))


if __name__ == "__main__":
    unittest.main(verbosity=2)
