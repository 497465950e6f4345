#!/usr/bin/env python3
"""Somebody sets the wall clock, by seconds, hours and days, in both directions, while we work: mail goes on, nothing is lost or given up,
and what waits for another try does not wait for the clock to come back."""
import datetime
import random
import tempfile
import time
import unittest

from machine import DAY, HOUR, Machine  # first: it says which programs are started
import kill_test
from kill_test import Load
from kiyome_service import Service, Sink, item_id

MAIL = "From: a@outside.example\r\nSubject: 件名\r\nMessage-ID: <m1@outside.example>\r\n\r\n本文\r\n".encode()


class Clock(unittest.TestCase):
    check_nothing_lost = kill_test.Kill.check_nothing_lost

    def begin(self, behave=None, returns=None):
        folder = tempfile.TemporaryDirectory(prefix="kiyome-clock-")
        self.addCleanup(folder.cleanup)
        self.machine = Machine(folder.name)
        self.sink, self.returns = Sink(behave=behave), Sink(behave=returns)
        self.addCleanup(self.sink.stop)
        self.addCleanup(self.returns.stop)
        self.service = Service(self.sink.port, folder=folder.name, smtp="connections_per_address_max = 0", returns_port=self.returns.port)
        self.addCleanup(self.service.__exit__)
        self.service.start()

    def ahead(self, item):
        """How far ahead of this machine's clock the item's time is: by its id, which edge makes, and by the cleaner's word."""
        said = next(row["received_at"] for row in self.service.queue() if row["id"] == item)
        made = int(item.replace("-", "")[:12], 16) / 1000
        return made - time.time(), datetime.datetime.fromisoformat(said).timestamp() - time.time()

    def test_the_clock_really_is_set(self):
        """The tests can fail: the programs see the time that they are told."""
        self.begin()
        self.machine.set_clock(DAY)
        item = item_id(self.service.send(MAIL))
        self.service.wait_settled(1)
        for seconds in self.ahead(item):
            self.assertAlmostEqual(seconds, DAY, delta=60)
        told = self.service.log_events("delivered")[0]["time"]  # of the gate
        self.assertAlmostEqual(datetime.datetime.fromisoformat(told).timestamp() - time.time(), DAY, delta=60)

    def test_the_disk_really_is_slow(self):
        self.begin()
        self.machine.slow_disk(0.5)
        begin = time.monotonic()
        self.service.send(MAIL)
        self.assertGreater(time.monotonic() - begin, 0.5)  # 250 stands behind an fsync
        self.machine.slow_disk(0)
        self.service.wait_settled(1)

    def test_jumps_under_load_lose_nothing(self):
        self.begin()
        dice = random.Random(20261122)
        load = Load(self.service, 300)
        load.pause = 0.02
        for jump in (1, -2, HOUR, -3 * HOUR, DAY, -2 * DAY, 5 * HOUR, -30, DAY + HOUR):
            time.sleep(dice.uniform(0.1, 0.4))
            self.machine.jump(jump)
        load.wait()
        self.check_nothing_lost(load)

    def test_set_back_by_a_day_nothing_waits_for_the_day_to_pass(self):
        away = {"hop": True, "returns": True}

        def hop(step, text):
            return ("550 5.1.1 no" if "gone@" in text else "451 4.3.0 later" if away["hop"] else None) if step == "RCPT" else None
        self.begin(hop, lambda step, _: "451 4.3.0 later" if step == "MAIL" and away["returns"] else None)
        self.machine.set_clock(DAY)
        self.service.send(MAIL)
        self.service.send(MAIL, recipients=("gone@city.example.jp",))
        self.service.wait_event("delivery put off", 2)
        self.service.wait_event("delivery failed")
        deadline = time.monotonic() + 20
        while sum(row["state"] == "bounced" for row in self.service.queue()) != 1:  # a notice waits from here on
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        time.sleep(3)
        self.machine.set_clock(0)
        away["hop"] = False
        self.sink.wait(1, 10)
        self.assertEqual(len(self.sink.mails), 1, "the gate's retries go by the monotonic clock")
        away["returns"] = False
        self.returns.wait(1, 20)
        self.assertEqual(len(self.returns.mails), 1, "the cleaner's notices")

    def test_set_back_by_a_day_and_begun_anew(self):
        """The times on the disk are of tomorrow: the same for processes that know only those."""
        away = {"hop": True}
        self.begin(lambda step, _: "451 4.3.0 later" if step == "RCPT" and away["hop"] else None)
        self.machine.set_clock(DAY)
        self.service.send(MAIL)
        self.service.wait_event("delivery put off")
        self.service.kill_all()
        self.machine.set_clock(0)
        away["hop"] = False
        self.service.start()
        self.sink.wait(1, 20)
        self.assertEqual(len(self.sink.mails), 1)
        self.assertEqual(self.service.wait_settled(1)[0]["state"], "delivered")

    def test_set_forward_by_a_day_gives_nothing_up(self):
        """An attempt may come early; the end of a mail's life does not (five days)."""
        away = {"hop": True}
        self.begin(lambda step, _: "451 4.3.0 later" if step == "RCPT" and away["hop"] else None)
        self.service.send(MAIL)
        self.service.wait_event("delivery put off")
        self.machine.set_clock(10 * DAY)
        self.service.wait_event("delivery put off", 3)
        self.assertEqual(self.service.queue()[0]["state"], "sending")
        away["hop"] = False
        self.assertEqual(self.service.wait_settled(1)[0]["state"], "delivered")


if __name__ == "__main__":
    unittest.main(verbosity=2)
