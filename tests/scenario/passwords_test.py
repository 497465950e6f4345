#!/usr/bin/env python3
"""PPAP: an encrypted file in one mail, its password in another, whichever comes first; and an operator who knows it."""
import email
import email.message
import email.policy
import json
import pathlib
import sqlite3
import subprocess
import tempfile
import time
import unittest

import documents
from kiyome_service import Service, Sink, item_id

PASSWORD = "Xy7#pq82"
OTHER = "Kt5%wv31"
WORDS = "合併協議会の名簿です"


def locked_zip(password=PASSWORD, method="ZipCrypto", names=("名簿.txt", "図.png")):
    """A ZIP as Windows tools make it: the names can be read, the contents cannot."""
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            octets = documents.png() if name.endswith(".png") else (WORDS + "\r\n").encode("cp932")
            (pathlib.Path(folder) / name).write_bytes(octets)
        subprocess.run(["7z", "a", "-tzip", f"-mem={method}", f"-p{password}", "out.zip", *names], cwd=folder, check=True,
                       capture_output=True)
        return (pathlib.Path(folder) / "out.zip").read_bytes()


def mail(body, files=(), subject="ご連絡"):
    out = email.message.EmailMessage()
    out["From"], out["To"], out["Subject"] = "鈴木 <suzuki@supplier.example>", "staff@city.example.jp", subject
    out["Message-ID"] = f"<{time.monotonic_ns()}@supplier.example>"
    out.set_content(body)
    for name, octets in files:
        out.add_attachment(octets, maintype="application", subtype="octet-stream", filename=name)
    return out.as_bytes(policy=email.policy.SMTP)


FIRST = "お世話になっております。\n名簿をお送りします。\nパスワードは別途お送りいたします。\n"
SECOND = f"先ほどお送りしたファイルのパスワードは\n\n　　{PASSWORD}\n\nです。よろしくお願いいたします。\n"


class Arrived:
    def __init__(self, octets):
        self.octets = octets
        self.mail = email.message_from_bytes(octets, policy=email.policy.default)
        self.id = self.mail["X-Kiyome-Id"]
        self.message_id = self.mail["Message-ID"]
        self.files = {part.get_filename(): part.get_payload(decode=True) for part in self.mail.iter_attachments()}


class Passwords(unittest.TestCase):
    POLICY = '[policy]\nattachments = "flatten"\n[documents]\npasswords = ["never-fits-1"]\n'

    def setUp(self):
        self.sink = Sink()
        self.service = Service(self.sink.port, self.POLICY).start()

    def tearDown(self):
        self.service.__exit__()
        self.sink.stop()

    def send(self, octets, sender="suzuki@supplier.example", recipients=("staff@city.example.jp",)):
        """The item's id when its own mail has arrived."""
        item = item_id(self.service.send(octets, sender, recipients))
        deadline = time.monotonic() + 60
        while not any(each.id.startswith(item) for each in self.arrived()):
            self.assertLess(time.monotonic(), deadline, self.service.log_text()[-2000:])
            time.sleep(0.05)
        return item

    def arrived(self, item=None):
        mails = [Arrived(octets) for _, _, octets in self.sink.wait(0)]
        return [each for each in mails if item is None or each.id.startswith(item)]

    def wait(self, item, count):
        deadline = time.monotonic() + 60
        while len(self.arrived(item)) < count:
            self.assertLess(time.monotonic(), deadline, self.service.log_text()[-2000:])
            time.sleep(0.05)
        return self.arrived(item)

    def quiet(self):
        """Waits until nothing is at work, and a little longer."""
        for _ in range(2):
            self.service.wait_settled()
            time.sleep(1)

    def actions(self, item):
        lines = [json.loads(line) for line in self.service.run("queue", "show", item, "--json").stdout.splitlines()]
        return {part["name"]: (part["action"], part["reasons"]) for group in lines[0]["report"]["groups"] for part in group["parts"]}

    def audit(self, event):
        rows = [json.loads(line) for line in self.service.run("audit", "list", "--json").stdout.splitlines()]
        return [row for row in rows if row["event"] == event]

    def is_the_further_mail(self, item, first, further):
        self.assertEqual((first.id, further.id), (item, f"{item}.2"))
        # An answer to the first: with the same Message-ID a mail server might drop it.
        self.assertTrue(further.message_id.startswith(f"<{item}.2@"), further.message_id)
        self.assertEqual(further.mail["In-Reply-To"], first.message_id)
        self.assertTrue(further.mail["References"].endswith(first.message_id))
        self.assertEqual(first.files, {})
        self.assertIn("名簿.txt", further.files)
        self.assertIn(WORDS, further.files["名簿.txt"].decode())
        self.assertIn("パスワードで復号しました", further.mail.get_body(("plain",)).get_content())

    def test_the_password_follows_in_a_second_mail(self):
        for method in ("ZipCrypto", "AES256"):
            with self.subTest(method):
                sender = f"{method.lower()}@supplier.example"
                item = self.send(mail(FIRST, [("名簿.zip", locked_zip(method=method))]), sender)
                self.assertEqual(self.actions(item)["名簿.txt"][0], "hold")
                self.assertIn("encrypted", self.actions(item)["名簿.txt"][1])
                self.send(mail(SECOND), sender.upper())
                first, further = self.wait(item, 2)
                self.is_the_further_mail(item, first, further)
                self.assertIn("図.png.pdf", further.files)
                row = next(row for row in self.service.wait_settled() if row["id"] == item)
                self.assertEqual(row["state"], "delivered")
                self.send(mail(SECOND + "（再送）"), sender)   # it was opened already
                self.quiet()
                self.assertEqual(len(self.arrived(item)), 2)
        entries = self.audit("unlock")
        self.assertEqual([entry["actor"] for entry in entries], ["cleaner"] * 2)
        self.assertEqual(entries[0]["detail"]["part"], 2)
        self.assertTrue(json.loads(self.service.run("audit", "verify", "--json").stdout)["intact"])

    def test_the_password_came_before(self):
        self.send(mail("本日お送りするファイルの解凍パスワードは「" + PASSWORD + "」です。\n"))
        item = self.send(mail("ファイルをお送りします。\n", [("名簿.zip", locked_zip())]))
        self.quiet()
        [only] = self.arrived(item)
        self.assertIn(WORDS, only.files["名簿.txt"].decode())

    def test_the_password_stands_in_the_same_mail(self):
        item = self.send(mail(f"添付のパスワード：{PASSWORD}\n", [("名簿.zip", locked_zip())]))
        [only] = self.arrived(item)
        self.assertIn(WORDS, only.files["名簿.txt"].decode())
        self.assertIn("password-used", self.actions(item)["名簿.txt"][1])

    def test_a_short_mail_is_guessed_at_for_itself_only(self):
        item = self.send(mail(f"よろしくお願いします。\n{PASSWORD}\n", [("名簿.zip", locked_zip())]))
        self.assertIn("名簿.txt", self.arrived(item)[0].files)
        locked = self.send(mail("続きです。\n", [("名簿.zip", locked_zip())]))
        self.quiet()
        self.assertEqual([each.files for each in self.arrived(locked)], [{}])

    def test_both_at_once_find_each_other(self):
        """However the two are scheduled: one mail with everything, or a further one."""
        with self.service.connect() as one, self.service.connect() as two:
            item = item_id(one.send(mail(FIRST, [("名簿.zip", locked_zip())]), "s@x.example", ["b@city.example.jp"]))
            two.send(mail(SECOND), "s@x.example", ["b@city.example.jp"])
        deadline = time.monotonic() + 60
        while not any("名簿.txt" in each.files for each in self.arrived(item)):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_a_cleaner_that_dies_between_the_two_tries_again(self):
        item = self.send(mail(FIRST, [("名簿.zip", locked_zip())]))
        self.service.wait_settled()
        self.service.send(mail(SECOND), "suzuki@supplier.example", ["staff@city.example.jp"])
        self.service.kill_all()
        self.service.start()
        self.is_the_further_mail(item, *self.wait(item, 2)[:2])
        self.quiet()
        self.assertEqual({each.id for each in self.arrived(item)}, {item, f"{item}.2"})

    def test_a_locked_pdf_opens_too(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "in.pdf").write_bytes(documents.pdf("Meibo"))
            subprocess.run(["qpdf", "--encrypt", PASSWORD, "owner-x", "256", "--", "in.pdf", "out.pdf"], cwd=folder, check=True)
            octets = (pathlib.Path(folder) / "out.pdf").read_bytes()
        item = self.send(mail(FIRST, [("名簿.pdf", octets)]))
        self.assertEqual(self.actions(item)["名簿.pdf"], ("hold", ["encrypted"]))
        self.send(mail(SECOND))
        further = self.wait(item, 2)[1]
        self.assertEqual(list(further.files), ["名簿.pdf"])
        self.assertNotIn(b"/Encrypt", further.files["名簿.pdf"])

    def test_other_senders_and_other_recipients_words_do_nothing(self):
        both = ("staff@city.example.jp", "chief@city.example.jp")
        item = self.send(mail(FIRST, [("名簿.zip", locked_zip())]), recipients=both)
        self.send(mail(SECOND), sender="suzuki@other.example", recipients=both)
        self.send(mail(SECOND), recipients=("mayor@city.example.jp",))
        self.quiet()
        self.assertEqual(len(self.arrived(item)), 1)
        self.send(mail(SECOND), recipients=("chief@city.example.jp",))
        self.wait(item, 2)
        self.quiet()
        further = [(recipients, octets) for _, recipients, octets in self.sink.wait(0) if f"X-Kiyome-Id: {item}.2".encode() in octets]
        self.assertEqual([recipients for recipients, _ in further], [["chief@city.example.jp"]])
        self.send(mail(SECOND), recipients=("staff@city.example.jp",))   # the other one has his turn too
        self.wait(item, 3)

    def test_two_files_with_two_passwords_open_one_after_the_other(self):
        item = self.send(mail(FIRST, [("名簿.zip", locked_zip()), ("別紙.zip", locked_zip(OTHER, names=("別紙.txt",)))]))
        self.send(mail(SECOND))
        first, second = self.wait(item, 2)
        self.assertIn("名簿.txt", second.files)
        self.assertNotIn("別紙.txt", second.files)
        self.assertEqual(self.service.run("quarantine", "unlock", item, "--password", OTHER).returncode, 0)
        third = self.wait(item, 3)[2]
        self.assertEqual(third.id, f"{item}.3")
        self.assertEqual(list(third.files), ["別紙.txt"])   # only what is new to them

    def test_an_operator_unlocks(self):
        item = self.send(mail(FIRST, [("名簿.zip", locked_zip(OTHER))]))
        wrong = self.service.run("quarantine", "unlock", item, "--password", "wrong-1", "wrong-2", check=False)
        self.assertEqual((wrong.returncode, wrong.stdout), (1, ""))
        self.assertIn("no password fits", wrong.stderr)
        self.assertEqual(len(self.arrived(item)), 1)
        right = subprocess.run([*self.command("quarantine", "unlock", item, "--password-stdin")], input=f"wrong-3\n{OTHER}\n",
                               capture_output=True, text=True)
        self.assertEqual((right.returncode, right.stderr), (0, ""))
        first, further = self.wait(item, 2)
        self.is_the_further_mail(item, first, further)
        again = self.service.run("quarantine", "unlock", item, "--password", OTHER, check=False)
        self.assertEqual(again.returncode, 1)
        self.assertIn("nothing of this item", again.stderr)
        for words in (["--password", "x" * 200], ["--password-stdin"], []):
            self.assertIn(subprocess.run(self.command("quarantine", "unlock", item, *words), input="", text=True,
                                         capture_output=True).returncode, (1, 2))
        self.quiet()
        self.assertEqual(len(self.arrived(item)), 2)
        import getpass
        self.assertEqual([entry["actor"] for entry in self.audit("unlock")], [getpass.getuser()])
        self.nowhere(OTHER, raw=True)

    def test_what_was_remembered_survives_a_restart_and_is_not_readable(self):
        self.send(mail(SECOND))
        self.quiet()
        self.nowhere(PASSWORD)
        self.service.stop()
        self.service.start()
        item = self.send(mail("名簿です。\n", [("名簿.zip", locked_zip())]))
        self.assertIn("名簿.txt", self.arrived(item)[0].files)
        self.nowhere(PASSWORD)

    def test_a_held_item_is_not_sent_behind_the_operators_back(self):
        self.service.stop()
        self.service.roles = "edge,cleaner"   # no gate: nothing can leave
        self.service.start()
        item = item_id(self.service.send(mail(FIRST, [("名簿.zip", locked_zip())]), "suzuki@supplier.example",
                                         ["staff@city.example.jp"]))
        deadline = time.monotonic() + 60
        while [row["state"] for row in self.service.queue()] != ["sending"]:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        self.service.run("queue", "hold", item)
        self.service.send(mail(SECOND), "suzuki@supplier.example", ["staff@city.example.jp"])
        time.sleep(2)
        refused = self.service.run("quarantine", "unlock", item, "--password", PASSWORD, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("released first", refused.stderr)
        self.service.stop()
        self.service.roles = None
        self.service.start()
        self.quiet()
        self.assertEqual(self.arrived(item), [])
        self.service.run("queue", "release", item)
        self.assertIn("名簿.txt", self.wait(item, 1)[0].files)   # the words came meanwhile

    def command(self, *words):
        from kiyome_service import KIYOME
        return [KIYOME, *words, "--config", self.service.config]

    def nowhere(self, password, raw=False):
        """Not in the log, and in no table of the cleaner but the clean mail itself, which says what the sender wrote."""
        self.assertNotIn(password, self.service.log_text())
        folder = self.service.folder / "data" / "cleaner"
        with sqlite3.connect(f"file:{folder}/items.db?mode=ro", uri=True) as db:
            tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
            self.assertIn("words", tables)
            for table in tables:
                if table == "bundles":
                    continue
                for row in db.execute(f"SELECT * FROM {table}"):
                    for value in row:
                        octets = value if isinstance(value, bytes) else str(value).encode()
                        self.assertNotIn(password.encode(), octets, table)
        db.close()
        if raw:
            for path in (self.service.folder / "data").rglob("*"):
                if path.is_file():
                    self.assertNotIn(password.encode(), path.read_bytes(), path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
