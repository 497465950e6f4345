#!/usr/bin/env python3
"""The watched folder and the output folder of the real service: a file in, its clean copy and a report out; what is left alone; kill -9
of either side in the middle; a share that is away, and a gate without pages."""
import email
import email.policy
import hashlib
import json
import os
import signal
import socket
import subprocess
import time
import unittest

from kiyome_service import KIYOME, ROOT, Service, Sink, free_port

SHARE = "share@city.example.jp"


def sample_docx():
    with open(ROOT / "samples" / "documents" / "office-picture-archive.eml", "rb") as file:
        mail = email.message_from_binary_file(file, policy=email.policy.default)
    return next(part.get_content() for part in mail.iter_attachments() if part.get_filename("").endswith(".docx"))


class FolderTest(unittest.TestCase):
    def begin(self, extra="", pick_up=True):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.service = Service(self.sink.port)
        self.addCleanup(self.service.__exit__)
        folder = self.service.folder
        folder.chmod(0o711)  # roles reach their folder from where it stands
        self.watch, self.out = folder / "in", folder / "out"
        for each in (self.watch, self.out):
            each.mkdir()
            each.chmod(0o777)
        self.service.write_config(self.sink.port, f"""
[edge.folder]
watch = "{self.watch}"
recipients = ["{SHARE}"]
sender = "share@outside.example.jp"
settle_seconds = 0.3
[gate.folder]
output = "{self.out}"
recipients = ["{SHARE}"]
""" + (f"""
[gate.pick_up]
listen = "127.0.0.1:{free_port()}"
""" if pick_up else "") + extra)
        self.service.start()

    def put(self, name, octets):
        """As people do: the name appears when it is whole, and whoever takes it may remove it."""
        path = self.watch / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.parent != self.watch:
            path.parent.chmod(0o777)
        path.write_bytes(octets)
        path.chmod(0o666)

    def seen(self):
        return {str(path.relative_to(self.out)) for path in self.out.rglob("*")
                if path.is_file() and ".kiyome" not in path.parts}

    def wait_for(self, *names, seconds=90):
        deadline = time.monotonic() + seconds
        while not set(names) <= self.seen():
            if time.monotonic() > deadline:
                raise AssertionError(f"{sorted(set(names) - self.seen())} not in {sorted(self.seen())}\n" + self.service.log_text()[-4000:])
            time.sleep(0.1)

    def report(self, name):
        return json.loads((self.out / name).read_text())

    def test_a_document_comes_out_clean_beside_a_report(self):
        self.begin()
        octets = sample_docx()
        self.put("2026/申請書.docx", octets)
        self.wait_for("2026/申請書.docx.json", seconds=180)
        report = self.report("2026/申請書.docx.json")
        self.assertEqual(report["name"], "2026/申請書.docx")
        self.assertEqual(report["sha256"], hashlib.sha256(octets).hexdigest())
        self.assertEqual(report["verdict"], "clean", report)
        self.assertEqual(report["sender"]["mail"], "share@outside.example.jp")
        for file in report["files"]:
            octets = (self.out / file["name"]).read_bytes()
            self.assertEqual(hashlib.sha256(octets).hexdigest(), file["sha256"])
            self.assertEqual(len(octets), file["bytes"])
            self.assertIn("ok", subprocess.run([KIYOME, "verify", self.out / file["name"]], capture_output=True, text=True).stdout)
        self.assertEqual([file["type"] for file in report["files"]], ["application/pdf"])
        self.assertFalse((self.watch / "2026" / "申請書.docx").exists())
        self.assertEqual(self.sink.mails, [])  # a folder gets no mail
        deadline = time.monotonic() + 30
        while not any(row["state"] == "delivered" for row in self.service.queue()):
            self.assertLess(time.monotonic(), deadline, self.service.queue())
            time.sleep(0.2)

    def test_what_is_held_gives_a_report_alone(self):
        self.begin()
        self.put("setup.exe", b"MZ" + bytes(62) + b"PE\0\0" + bytes(400))
        self.put("お知らせ.txt", "明日は休みです。\n".encode())
        self.wait_for("setup.exe.json", "お知らせ.txt.json")
        held = self.report("setup.exe.json")
        self.assertEqual((held["verdict"], held["files"]), ("held", []))
        self.assertTrue(all(each["code"] and each["japanese"] and each["english"] for each in held["findings"]))
        self.assertEqual(self.report("お知らせ.txt.json")["verdict"], "clean")
        self.assertFalse(any(name.startswith("setup") and not name.endswith(".json") for name in self.seen()))

        # Released by an operator: its file follows where there can be one, and never the original.
        self.service.run("quarantine", "release", held["item"], check=False)
        time.sleep(1)
        self.assertNotIn("setup.exe", self.seen())

    def test_links_and_pipes_are_left_alone(self):
        self.begin()
        secret = self.service.folder / "secret.txt"
        secret.write_text("secret")
        (self.watch / "link.txt").symlink_to(secret)
        os.mkfifo(self.watch / "pipe.txt")
        os.link(secret, self.watch / "hard.txt")
        (self.watch / "~$lock.docx").write_text("somebody works here")
        self.put("taken.txt", b"text\n")
        self.wait_for("taken.txt.json")
        self.service.wait_event("file left in the watched folder", 3)
        time.sleep(1.5)
        self.assertEqual(sorted(path.name for path in self.watch.iterdir()), ["hard.txt", "link.txt", "pipe.txt", "~$lock.docx"])
        self.assertEqual(len([name for name in self.seen() if name.endswith(".json")]), 1)
        rows = [json.loads(line) for line in self.service.run("queue", "folder", "--json").stdout.splitlines()]
        self.assertEqual(sorted(row["name"] for row in rows if row["state"] == "left"), ["hard.txt", "link.txt", "pipe.txt"])
        self.assertEqual([row["name"] for row in rows if row.get("source") == "removed"], ["taken.txt"])

    def test_killed_in_the_middle_each_of_fifty_files_arrives_once(self):
        self.begin()
        for number in range(50):
            self.put(f"{number}.txt", b"text %d\n" % number)
        for role in ("edge", "edge", "gate", "edge", "gate"):
            time.sleep(0.6)
            for pid in self.service.pids().get(role, []):
                os.kill(pid, signal.SIGKILL)
        self.wait_for(*(f"{number}.txt.json" for number in range(50)), seconds=180)
        time.sleep(2)
        reports = [name for name in self.seen() if name.endswith(".json")]
        self.assertEqual(len(reports), 50, sorted(self.seen()))
        for number in range(50):
            report = self.report(f"{number}.txt.json")
            self.assertEqual(report["sha256"], hashlib.sha256(b"text %d\n" % number).hexdigest())
            self.assertEqual(len(report["files"]), 1)
        self.assertEqual(len(self.seen()), 100)
        self.assertEqual(list(self.watch.iterdir()), [])
        self.assertEqual(len({row["id"] for row in self.service.queue()}), 50)

    def test_an_output_that_is_away_is_waited_for(self):
        self.begin(pick_up=False)
        away = self.out.with_name("away")
        self.out.rename(away)
        self.put("a.txt", b"text\n")
        self.service.wait_event("output folder")
        self.assertIn("delivered", [row["state"] for row in self.gate_drops()])
        away.rename(self.out)
        self.wait_for("a.txt.json")

    def gate_drops(self):
        """What the gate tells of the items it has."""
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(str(self.service.folder / "data" / "run" / "gate.admin.sock"))
            asking.sendall(b'{"command":"drops"}\n')
            rows = [json.loads(line) for line in asking.makefile("rb")]
        return [row for row in rows if "state" in row]

    def test_a_watched_folder_that_comes_later_is_found(self):
        self.begin()
        self.watch.rename(self.watch.with_name("away"))
        self.service.wait_event("watched folder is away")
        self.watch.with_name("away").rename(self.watch)
        self.put("a.txt", b"text\n")
        self.wait_for("a.txt.json")

    def test_mistakes_are_named_and_absent_folders_are_told(self):
        self.begin()
        check = self.service.run("check")
        self.assertNotIn("edge.folder", check.stdout)
        self.watch.rename(self.watch.with_name("away"))
        self.assertIn("edge.folder.watch", self.service.run("check").stdout)
        for extra, told in (('watch = "in"', "absolute"), ('watch = "/srv/in"\nsender = "a@b.jp"', "needs recipients"),
                            ('watch = "/srv/in"\nrecipients = ["a@b.jp"]', "needs sender"),
                            ('watch = "/srv/in"\nrecipients = ["nobody"]\nsender = "a@b.jp"', "mail address"),
                            ('watch = "/srv/x/in"\nrecipients = ["a@b.jp"]\nsender = "a@b.jp"\n[gate.folder]\noutput = "/srv/x"\nrecipients = ["a@b.jp"]', "gate.folder.output")):
            self.service.write_config(self.sink.port, "[edge.folder]\n" + extra)
            check = self.service.run("check", check=False)
            self.assertEqual(check.returncode, 2)
            self.assertIn(told, check.stderr)


if __name__ == "__main__":
    unittest.main()
