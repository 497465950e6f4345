#!/usr/bin/env python3
"""A full disk: new mails get a 4xx, what was accepted arrives, and all goes on by itself when there is room again."""
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

from kiyome_service import Client, Service, Sink

MAIL = b"From: a@outside.example\r\nSubject: x\r\n\r\n" + b"0123456789abcdef\r\n" * 20000


@unittest.skipUnless(os.geteuid() == 0, "SKIPPED: mounting a small tmpfs takes root")
class Disk(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kiyome-disk-"))
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", self.folder], check=True)
        self.sink = Sink()

    def tearDown(self):
        self.service.__exit__()
        self.sink.stop()
        subprocess.run(["umount", "-l", self.folder], check=True)
        self.folder.rmdir()

    def test_low_space_is_told_at_mail(self):
        self.service = Service(self.sink.port, folder=self.folder, smtp="free_bytes_min = 1073741824")
        self.service.config.write_text(self.service.config.read_text().replace("free_bytes_min = 1048576\n", "", 1))
        self.service.start()
        with self.service.connect() as client:
            client.say("EHLO test.example")
            self.assertTrue(client.say("MAIL FROM:<a@outside.example>").startswith("452 4.3.1"))

    def test_full_disk_loses_nothing(self):
        self.service = Service(self.sink.port, folder=self.folder).start()
        filler = self.folder / "filler"
        accepted, refused = [], 0
        filler.write_bytes(b"")
        for index in range(200):
            if index == 5:   # somebody else fills the disk
                with open(filler, "wb", buffering=0) as out:
                    try:
                        while True:
                            out.write(b"\0" * 65536)
                    except OSError:
                        pass
            try:
                with Client(self.service.port) as client:
                    answer = client.send(MAIL, "a@outside.example", ["b@city.example.jp"])
            except OSError:
                refused += 1
                continue
            if answer.startswith("250"):
                accepted.append(answer.rsplit(" ", 1)[1])
            else:
                self.assertRegex(answer, r"^4(52|51|21) ")
                refused += 1
        self.assertGreater(refused, 0)
        filler.unlink()
        rows = {row["id"]: row for row in self.service.wait_settled(len(accepted), seconds=120)}
        self.assertEqual({rows[item]["state"] for item in accepted}, {"delivered"})
        deadline = time.monotonic() + 10   # the free space is looked at now and then only
        while (answer := self.service.send(MAIL)).startswith("452") and time.monotonic() < deadline:
            time.sleep(0.2)
        self.assertIn("250 2.0.0 Ok", answer)


if __name__ == "__main__":
    unittest.main(verbosity=2)
