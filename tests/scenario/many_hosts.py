"""Hosts of a side that share a PostgreSQL, for tests: their keys, a sink that knows what came twice, load."""
import os
import re
import shutil
import tempfile
import threading
import time
import unittest

import postgres
from kiyome_service import Client, Sink
from two_hosts import Papers


class Clock(Sink):
    """Notes when it answered for which mail; answers for some later, while it is asked to."""

    def __init__(self):
        self.answered, self.holding = [], True
        super().__init__(behave=self.hold)

    def hold(self, step, text):
        # A third of them waits for another attempt.
        return "450 4.2.1 later" if self.holding and step == "RCPT" and re.search(r"<[a-z]*[147]@", text) else None

    def keep(self, sender, recipients, octets):
        self.answered.append((time.monotonic(), re.search(rb"^X-Kiyome-Id: (.*?)\r$", octets, re.M)[1].decode()))
        super().keep(sender, recipients, octets)

    def subjects(self):
        return {re.search(rb"^Subject: (.*?)\r$", octets, re.M)[1].decode() for _, _, octets in list(self.mails)}

    def wait_subjects(self, wanted, seconds, services):
        deadline = time.monotonic() + seconds
        while missing := wanted - self.subjects():
            assert time.monotonic() < deadline, f"{len(missing)} missing\n" + "\n".join(each.log_text()[-2500:] for each in services)
            time.sleep(0.1)

    def twice(self):
        seen = {}
        for when, name in self.answered:
            seen.setdefault(name, []).append(when)
        return {name: times for name, times in seen.items() if len(times) > 1}


class Load(threading.Thread):
    """Mails, one after the other; which of them were accepted."""

    def __init__(self, port, name, count):
        super().__init__(daemon=True)
        self.port, self.prefix, self.count, self.accepted = port, name, count, set()
        self.start()

    def run(self):
        with Client(self.port) as client:
            for number in range(self.count):
                subject = f"{self.prefix}-{number}"
                mail = f"From: a@outside.example\r\nTo: b@city.example.jp\r\nSubject: {subject}\r\n\r\nHello.\r\n"
                mail += "0123456789 " * 9000 if number % 20 == 0 else ""  # a large one, beside the rows of the others
                if client.send(mail.encode(), "a@outside.example", [f"r{number % 10}@city.example.jp"]).startswith("250 "):
                    self.accepted.add(subject)


def like(service, other):
    """A host beside another one of its side: the keys that they share are carried over."""
    for role in ("gate", "cleaner", "edge", "console"):
        there, here = other.folder / "data" / role, service.folder / "data" / role
        keys = [key for key in ("audit.key", "cleaner.key", "cleaner.pub") if (there / key).exists()]
        if not keys:
            continue
        for folder, model in ((here.parent, there.parent), (here, there)):
            if not folder.exists():
                folder.mkdir()
                about = model.stat()
                os.chmod(folder, about.st_mode & 0o7777)
                os.chown(folder, about.st_uid, about.st_gid)
        for key in keys:
            shutil.copy2(there / key, here)
            os.chown(here / key, (there / key).stat().st_uid, (there / key).stat().st_gid)


@unittest.skipUnless(postgres.programs(), "SKIPPED: no PostgreSQL here")
class Hosts(unittest.TestCase):
    """A database, a sink, papers of both zones, and hosts that end with the test."""

    def setUp(self):
        self.cluster = postgres.Cluster()
        self.addCleanup(self.cluster.close)
        folder = tempfile.TemporaryDirectory(prefix="kiyome-papers-")
        self.addCleanup(folder.cleanup)
        self.papers = Papers(folder.name)
        self.sink = Clock()
        self.addCleanup(self.sink.stop)

    def begin(self, service, model=None):
        """Starts it, as a host beside `model` if there is one."""
        self.addCleanup(service.__exit__)
        if model:
            like(service, model)
        return service.start()

    def store(self):
        return f'\n[store]\nurl = "{self.cluster.url()}"\n'
