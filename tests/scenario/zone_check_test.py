#!/usr/bin/env python3
"""kiyome check --live says whether the other zone answers, is who it must be by its pin, and takes us for who we are."""
import subprocess
import tempfile
import time
import unittest

from kiyome_service import KIYOME, Service, Sink, free_port
from two_hosts import Papers


class ZoneCheck(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="kiyome-papers-")
        self.addCleanup(folder.cleanup)
        self.papers = Papers(folder.name)
        self.where = f"127.0.0.1:{free_port()}"
        self.sink = Sink()
        self.addCleanup(self.sink.stop)

    def host(self, side, **changes):
        """A host of a pair in which the closed side connects: what is looked at on it is soon looked at. `changes`: in its [transfer]."""
        section = self.papers.section(side, "pull", listen=self.where, connect=self.where)
        for old, new in changes.get("replace", []):
            self.assertIn(old, section)
            section = section.replace(old, new)
        service = Service(self.sink.port, roles="gate" if side == "closed" else "edge,cleaner", extra=section)
        self.addCleanup(service.__exit__)
        # A name that is known without asking anybody: where no name server answers each look would take ten seconds.
        service.config.write_text(service.config.read_text().replace("kiyome.example.jp", "localhost"))
        return service

    def check(self, service):
        """The one line about the other zone."""
        told = subprocess.run([KIYOME, "check", "--live", "--config", service.config, "--role", service.roles], capture_output=True, text=True,
                              timeout=60, check=False)
        line, = [line for line in told.stdout.splitlines() if "other zone" in line]
        self.assertTrue(told.returncode == 1 or not line.startswith("失敗"), told.stdout)
        return line

    def test_the_pin_is_looked_at_and_ours_is_taken(self):
        internet, gate = self.host("internet"), self.host("closed")
        line = self.check(gate)  # nobody is there
        self.assertTrue(line.startswith("失敗"), line)
        self.assertIn(self.where, line)
        line = self.check(internet)  # who listens cannot try
        self.assertTrue(line.startswith("注意"), line)
        internet.start()
        line = self.check(gate)
        self.assertTrue(line.startswith("ok"), line)
        self.assertIn("its certificate and pin fit, and it takes ours", line)
        unpinned = self.host("closed", replace=[(f'peers = ["{self.papers.pin("internet")}"]', "")])
        line = self.check(unpinned)
        self.assertTrue(line.startswith("注意"), line)
        stranger = self.host("closed", replace=[(self.papers.pin("internet"), "0" * 64)])
        line = self.check(stranger)
        self.assertTrue(line.startswith("失敗"), line)
        self.assertIn("a key that transfer.peers does not name: " + self.papers.pin("internet"), line)

    def test_one_who_does_not_take_ours_is_told(self):
        self.host("internet", replace=[(self.papers.pin("closed"), "0" * 64)]).start()
        line = self.check(self.host("closed"))
        self.assertTrue(line.startswith("失敗"), line)
        self.assertIn("it refuses us", line)

    def test_while_we_serve_the_connection_that_stands_is_told_and_not_disturbed(self):
        internet, gate = self.host("internet"), self.host("closed")
        gate.start()
        line = self.check(gate)
        self.assertTrue(line.startswith("失敗"), line)
        internet.start()
        internet.wait_event("zone connected")
        deadline = time.monotonic() + 10
        while not (line := self.check(gate)).startswith("ok"):
            self.assertLess(time.monotonic(), deadline, line)
        self.assertIn("connected, by this service", line)
        self.assertTrue(self.check(internet).startswith("ok"))
        self.assertEqual(len(internet.log_events("zone connected")), 1)
        self.assertEqual(internet.log_events("zone connection ends"), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
