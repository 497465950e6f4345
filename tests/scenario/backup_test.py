#!/usr/bin/env python3
"""kiyome backup and restore: made under load, with everything dead afterwards, restored on another "host": what was answered 250 before
the backup began is there, the trails hold, and the service goes on. Damage and a wrong key are told."""
import json
import os
import pathlib
import re
import sqlite3
import stat
import subprocess
import tempfile
import threading
import time
import unittest

from both_sides import Site
from kiyome_service import KIYOME, Service, Sink, item_id


def mail(number, size=3000):
    text = f"From: a@outside.example\r\nTo: b@city.example.jp\r\nSubject: backup {number}\r\n\r\nnumber {number}\r\n"
    return (text + "x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * (size // 72)).encode()


def kiyome(*words, check=True, data=None):
    done = subprocess.run([KIYOME, *map(str, words)], capture_output=True, check=False, input=data, timeout=60)
    assert not check or done.returncode == 0, (words, done.stderr.decode())
    return done


class Load:
    """Clients that send one mail after another until they are told to stop; what was answered 250, with when."""

    def __init__(self, service, clients=3):
        self.accepted, self.stopping = [], threading.Event()
        self.threads = [threading.Thread(target=self.send, args=(service, number), daemon=True) for number in range(clients)]
        for thread in self.threads:
            thread.start()

    def send(self, service, number):
        count = 0
        while not self.stopping.is_set():
            count += 1
            size = 400_000 if count % 10 == 0 else 3000  # some have chunks in front of their commit record
            try:
                with service.connect() as client:
                    answer = client.send(mail(f"{number}.{count}", size), "a@outside.example", ["b@city.example.jp"])
            except OSError:
                return
            if answer.startswith("250"):
                self.accepted.append((time.monotonic(), item_id(answer)))

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(20)


def settled_but(service, waiting, these, seconds=60):
    """Waits until these items are known and none but `waiting` is on its way; gives the rows."""
    deadline = time.monotonic() + seconds
    while True:
        told = service.run("queue", "list", "--json", check=False)
        rows = [json.loads(line) for line in told.stdout.splitlines()]
        moving = [row for row in rows if row["state"] not in ("delivered", "held", "bounced") and row["id"] != waiting]
        if told.returncode == 0 and not moving and set(these) <= {row["id"] for row in rows}:
            return rows
        assert time.monotonic() < deadline, f"not settled: {moving[:3]} of {len(rows)}\n" + service.log_text()[-3000:]
        time.sleep(0.1)


class Backup(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """One backup under load serves all tests: kept by `Backup.file`."""
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="kiyome-test-"))
        cls.sink, cls.file, cls.key = Sink(behave=lambda step, text: "450 4.2.0 later" if step == "RCPT" and "slow@" in text else None), \
            cls.folder / "one.backup", cls.folder / "secret"
        with Service(cls.sink.port) as service:
            cls.refused = service.run("backup", "--to", str(cls.folder), check=False)
            kiyome("backup", "key", "--config", service.config, "--secret-to", cls.key)
            # One that stays on its way, one that is held, one that is delivered, whatever comes.
            cls.waiting = item_id(service.send(mail("waiting"), recipients=["slow@city.example.jp"]))
            load = Load(service)
            cls.done = set()
            while len(load.accepted) < 60 or not cls.done:
                time.sleep(0.05)
                cls.done = {row["id"] for row in service.queue() if row["state"] == "delivered"}
            cls.before = time.monotonic()
            begun = time.monotonic()
            cls.made = kiyome("backup", "--to", cls.file, "--config", service.config)
            cls.seconds = time.monotonic() - begun
            while len(load.accepted) < 120:
                time.sleep(0.05)
            service.kill_all()  # the disaster
            load.stop()
            cls.accepted = load.accepted
            cls.old_secrets = (service.folder / "data/cleaner/cleaner.key").read_text()
            cls.leftovers = [path.name for path in (service.folder / "data").rglob("*-journal")]

    @classmethod
    def tearDownClass(cls):
        cls.sink.stop()
        subprocess.run(["rm", "-rf", cls.folder], check=False)

    def other_host(self, **settings):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="kiyome-test-"))
        self.addCleanup(subprocess.run, ["rm", "-rf", folder], check=False)
        service = Service(self.sink.port, folder=folder, **settings)
        return service

    def restore(self, service, *words, check=True):
        return kiyome("restore", "--from", self.file, "--key", self.key, "--config", service.config, *words, check=check)

    def test_without_a_key_there_is_no_backup_and_it_says_what_to_do(self):
        self.assertEqual(self.refused.returncode, 2)
        self.assertIn("kiyome backup key", self.refused.stderr)
        self.assertEqual(stat.S_IMODE(self.key.stat().st_mode), 0o600)

    def test_everything_accepted_before_it_is_there_after_it_and_the_service_goes_on(self):
        early = {each for when, each in self.accepted if when < self.before}
        self.assertGreaterEqual(len(early), 60)
        service = self.other_host()
        self.restore(service)
        self.assertEqual((service.folder / "data/cleaner/cleaner.key").read_text(), self.old_secrets)
        with service:
            rows = {row["id"]: row for row in settled_but(service, self.waiting, early)}
            self.assertEqual(early - set(rows), set())
            self.assertEqual({rows[each]["state"] for each in early}, {"delivered"})
            self.assertEqual(rows[self.waiting]["state"], "sending")
            self.assertEqual([row for row in service.log_events("original-damaged")], [])
            verified = service.run("audit", "verify")
            self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)
            # Every original opens with the restored key: one is cleaned anew.
            fresh = item_id(service.send(mail("after")))
            settled_but(service, self.waiting, {fresh})
        ids = [re.search(rb"^X-Kiyome-Id: (\S+)", octets, re.M)[1].decode() for _, _, octets in self.sink.mails]
        twice = {each for each in ids if ids.count(each) > 1}
        self.assertGreater(len(self.done), 0)
        self.assertEqual(twice & self.done, set(), "what was done before the backup is not done again")
        print(f"backup of {self.file.stat().st_size >> 20} MiB under load in {self.seconds:.2f} s; {len(early)} items before it, "
              f"{len(twice)} of {len(set(ids))} delivered a second time after the restore")

    def test_databases_of_a_restore_are_whole(self):
        service = self.other_host()
        self.restore(service)
        for path in ("cleaner/items.db", "gate/gate.sqlite", "edge/audit.sqlite"):
            with sqlite3.connect(service.folder / "data" / path) as database:
                self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",), path)
        settings = list((service.folder / "data/settings-restored").rglob("kiyome.toml"))
        self.assertEqual(len(settings), 1)

    def test_proving_it(self):
        self.assertIn("ok", kiyome("backup", "verify", self.file).stdout.decode())
        whole = kiyome("backup", "verify", self.file, "--key", self.key).stdout.decode()
        self.assertIn("ok", whole)
        piped = kiyome("backup", "verify", "-", "--key", self.key, data=self.file.read_bytes())
        self.assertEqual(piped.returncode, 0)

    def test_one_altered_octet_anywhere_is_found_with_and_without_the_key(self):
        octets = bytearray(self.file.read_bytes())
        damaged = self.folder / "damaged"
        for at in (0, 20, 60, 140, 149, 5000, len(octets) // 2, len(octets) - 40, len(octets) - 1):
            octets[at] ^= 0x10
            damaged.write_bytes(octets)
            octets[at] ^= 0x10
            for words in ([], ["--key", self.key]):
                told = kiyome("backup", "verify", damaged, *words, check=False)
                self.assertNotEqual(told.returncode, 0, f"octet {at} {words}")
        damaged.write_bytes(octets[:-100_000])
        self.assertEqual(kiyome("backup", "verify", damaged, "--key", self.key, check=False).returncode, 1)

    def test_a_wrong_key_is_told_apart_from_damage(self):
        service = self.other_host()
        wrong = service.folder / "wrong"
        kiyome("backup", "key", "--config", service.config, "--secret-to", wrong)
        told = kiyome("restore", "--from", self.file, "--key", wrong, "--config", service.config, check=False)
        self.assertEqual(told.returncode, 2)
        self.assertIn("この鍵では開けません", told.stderr.decode())
        slip = service.folder / "slip"
        text = self.key.read_text()
        slip.write_text(text[:-3] + ("0" if text[-3] != "0" else "1") + text[-2:])
        self.assertIn("写し間違い", kiyome("backup", "verify", self.file, "--key", slip, check=False).stderr.decode())
        slip.write_text(text.upper().replace("-", " "))  # typed from paper
        kiyome("backup", "verify", self.file, "--key", slip)

    def test_a_restore_never_mixes_with_what_is_there_and_a_broken_one_is_not_served(self):
        service = self.other_host()
        self.restore(service)
        again = self.restore(service, check=False)
        self.assertEqual(again.returncode, 2)
        self.assertIn("既にデータがあります", again.stderr.decode())
        other = self.other_host()
        cut = other.folder / "cut"
        cut.write_bytes(self.file.read_bytes()[:-5000])
        broken = kiyome("restore", "--from", cut, "--key", self.key, "--config", other.config, check=False)
        self.assertEqual(broken.returncode, 1)
        self.assertIn("壊れています", broken.stderr.decode())
        self.assertEqual(list((other.folder / "data/cleaner").iterdir()), [], "nothing is in its place before all was proved")
        served = kiyome("serve", "--config", other.config, check=False)
        self.assertEqual(served.returncode, 2)
        self.assertIn("復元が途中です", served.stderr.decode())
        self.restore(other)  # done again
        with other:
            settled_but(other, self.waiting, {self.waiting})

    def test_one_side_alone_comes_back_without_the_other(self):
        service = self.other_host()
        self.restore(service, "--side", "gate")
        data = service.folder / "data"
        self.assertTrue((data / "gate/gate.sqlite").exists())
        self.assertEqual([path for path in (data / "cleaner").iterdir()], [])
        self.restore(service, "--side", "internet")
        with service:
            self.assertGreaterEqual(len(settled_but(service, self.waiting, {each for when, each in self.accepted if when < self.before})), 60)

    @unittest.skipIf(os.getuid() != 0, "only root can give files to the roles")
    def test_as_root_everything_belongs_to_its_role(self):
        service = self.other_host()
        self.restore(service)
        for role in ("edge", "cleaner", "gate"):
            folder = service.folder / "data" / role
            owners = {path.stat().st_uid for path in [folder, *folder.rglob("*")]}
            self.assertEqual(len(owners), 1, role)
            self.assertNotEqual(owners, {0}, role)

    def test_a_backup_while_nothing_runs_and_one_over_a_pipe(self):
        site = Site()
        try:
            site.user("add", "hanako", "--side", "edge", "--name", "花子", "--roles", "sender", "--no-password")
            site.service.run("backup", "key")
            site.service.stop()
            out = kiyome("backup", "--to", "-", "--config", site.service.config).stdout
            self.assertTrue(out.startswith(b"KIYOMEBK"))
            kept = site.service.folder / "kept"
            kept.mkdir()
            for _ in range(3):
                kiyome("backup", "--to", kept, "--keep", "2", "--config", site.service.config)
                time.sleep(1.1)
            self.assertEqual(len(list(kept.iterdir())), 2)
            site.service.start()  # who made the backup left nothing behind that the roles cannot open
            self.assertIn("hanako", site.user("list", "--side", "edge"))
        finally:
            site.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
