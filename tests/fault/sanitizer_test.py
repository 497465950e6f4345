#!/usr/bin/env python3
"""Sanitizer processes are killed or stopped under load: their items are cleaned again or held, the rest is served."""
import os
import random
import signal
import threading
import time
import unittest

from kiyome_service import Service, Sink

MAIL = b"From: a@outside.example\r\nSubject: x\r\n\r\n" + b"text\r\n" * 2000


class Sanitizers(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.service = Service(self.sink.port, extra="[cleaner]\nmail_seconds = 3\n").start()
        self.count = 0

    def tearDown(self):
        self.service.__exit__()
        self.sink.stop()

    def send_many(self, count):
        for _ in range(count):
            self.service.send(MAIL)
            self.count += 1

    def run_with(self, signals, seconds):
        sender = threading.Thread(target=self.send_many, args=(150,), daemon=True)
        sender.start()
        dice = random.Random(7)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            time.sleep(dice.uniform(0.05, 0.3))
            pids = self.service.pids().get("sanitizer", [])
            if pids:
                try:
                    os.kill(dice.choice(pids), dice.choice(signals))
                except ProcessLookupError:
                    pass
        sender.join()
        rows = self.service.wait_settled(self.count, seconds=120)
        for row in rows:
            if row["state"] == "held":
                self.assertIn(row["reasons"][0], ("sanitizer-crashed", "sanitizer-timeout"), row)
        self.assertEqual(self.service.log_events("role died"), [])
        self.send_many(3)
        states = [row["state"] for row in self.service.wait_settled(self.count)]
        self.assertEqual(states[-3:], ["delivered"] * 3)
        print(f"{states.count('delivered')} delivered, {states.count('held')} held", flush=True)

    def test_killed(self):
        self.run_with([signal.SIGKILL], 5)

    def test_a_stop_in_the_middle_is_no_death_of_the_item(self):
        self.service.stop()
        config = self.service.config.read_text()
        self.service.config.write_text(config.replace("mail_seconds = 3", "mail_seconds = 60"))
        self.service.start()
        for _ in range(3):
            for pid in self.service.pids()["sanitizer"]:
                os.kill(pid, signal.SIGSTOP)
            if self.count == 0:
                self.send_many(1)
            time.sleep(1)
            self.assertEqual(self.service.stop(), 0)
            self.service.start()
        self.assertEqual([row["state"] for row in self.service.wait_settled(1)], ["delivered"])

    def test_stopped(self):
        self.run_with([signal.SIGSTOP], 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
