#!/usr/bin/env python3
"""kiyome queue resend: the closed side is lost, with mail that it had taken and not delivered; what has no result is cleaned and sent once
more, nothing else is, and nothing at all by mistake."""
import datetime
import shutil
import subprocess
import time
import unittest

from kiyome_service import KIYOME, Service, Sink, item_id


def mail(subject):
    return f"From: a@outside.example\r\nTo: b@city.example.jp\r\nSubject: {subject}\r\n\r\nHello.\r\n".encode()


class Resend(unittest.TestCase):
    def setUp(self):
        self.away = True
        self.sink = Sink(behave=lambda step, text: "451 4.3.0 later" if step == "RCPT" and self.away and "slow@" in text else None)
        self.addCleanup(self.sink.stop)
        self.service = Service(self.sink.port)
        self.addCleanup(self.service.__exit__)
        self.service.start()

    def send(self, subject, recipients=("slow@city.example.jp",)):
        return item_id(self.service.send(mail(subject), recipients=recipients))

    def resend(self, *words):
        return subprocess.run([KIYOME, "queue", "resend", *words, "--config", self.service.config], capture_output=True, text=True,
                              timeout=60, check=False)

    def states(self):
        return {row["id"]: row["state"] for row in self.service.queue()}

    def lose_the_closed_side(self):
        """As when its disk is gone: it comes back knowing nothing."""
        self.service.stop()
        shutil.rmtree(self.service.folder / "data" / "gate")
        self.service.start()

    def subjects(self):
        return sorted(line[9:].decode() for _, _, octets in self.sink.mails for line in octets.split(b"\r\n") if line.startswith(b"Subject: "))

    def test_what_the_closed_side_lost_is_sent_once_more_and_nothing_else(self):
        done = self.send("done", ["b@city.example.jp"])
        self.service.wait_event("delivered")
        earlier = self.send("earlier")
        time.sleep(1.1)
        since = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        lost = [self.send(f"lost {number}") for number in range(3)]
        both = self.send("two recipients", ["b@city.example.jp", "slow@city.example.jp"])
        self.service.wait_event("delivery put off", 5)
        self.service.wait_event("delivered", 2)
        deadline = time.monotonic() + 10  # its word has crossed
        while not any(row["id"] == both and row["state"] == "delivered" for row in self.service.queue()):
            self.assertLess(time.monotonic(), deadline, self.service.queue())
            time.sleep(0.05)
        self.lose_the_closed_side()
        self.away = False
        time.sleep(1)
        self.assertEqual(self.subjects(), ["done", "two recipients"])  # nobody sends what nobody has
        self.assertEqual({self.states()[each] for each in [earlier, *lost, both]}, {"sending"})

        told = self.resend("--since", since)
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        self.assertIn("もう一度送ります: 4 件 / sent once more: 4", told.stdout)
        deadline = time.monotonic() + 30
        while {self.states()[each] for each in [*lost, both]} != {"delivered"}:
            self.assertLess(time.monotonic(), deadline, self.service.queue())
            time.sleep(0.1)
        self.assertEqual(self.states()[earlier], "sending")  # received before that moment
        # The recipient who had it has it once; each of the others has his own now.
        self.assertEqual(self.subjects(), sorted(["done", "two recipients", "two recipients", "lost 0", "lost 1", "lost 2"]))
        self.assertEqual(sorted(each for _, recipients, octets in self.sink.mails if b"two recipients" in octets for each in recipients),
                         ["b@city.example.jp", "slow@city.example.jp"])
        told = self.resend(earlier)
        self.assertIn("sent once more: 1", told.stdout)
        self.service.wait_settled(6)
        self.assertEqual(self.states()[done], "delivered")
        self.assertEqual(self.subjects().count("earlier"), 1)

    def test_what_is_done_or_still_to_be_sent_is_left_alone(self):
        done = self.send("done", ["b@city.example.jp"])
        self.service.wait_settled(1)
        told = self.resend(done)
        self.assertIn("sent once more: 0", told.stdout)
        told = self.resend("--since", "2000-01-01")
        self.assertIn("sent once more: 0", told.stdout)
        time.sleep(0.5)
        self.assertEqual(self.subjects(), ["done"])

    def test_words_that_mean_nothing_are_refused(self):
        item = self.send("waits")
        for words in ((), (item, "--since", "2026-11-21"), ("--since", "yesterday")):
            told = self.resend(*words)
            self.assertEqual(told.returncode, 2, told.stdout)
            self.assertIn("resend" if words != ("--since", "yesterday") else "--since", told.stderr)
        self.assertEqual(self.resend("nonsense").returncode, 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
