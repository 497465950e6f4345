#!/usr/bin/env python3
"""Several edges on one PostgreSQL, with no cleaner for a while: what they said 250 to is there, whatever is killed, and can be read and
delivered by a host that comes later."""
import os
import pathlib
import signal
import tempfile
import threading
import time
import unittest

from kiyome_service import Client, Service, free_port, item_id
from many_hosts import Hosts


class Senders:
    """So many clients, each one mail after the other and again when an edge is away; remembers who said 250 to what."""

    def __init__(self, ports, count):
        self.accepted, self.refused, self.ended = {}, [], threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, args=(ports[number % len(ports)], number), daemon=True) for number in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self, port, name):
        number = 0
        while not self.ended.is_set():
            try:
                with Client(port) as client:
                    while not self.ended.is_set():
                        number += 1
                        self.send(client, f"{name}-{number}", 700_000 if number % 15 == 0 else 3000)
            except OSError:
                time.sleep(0.05)

    def send(self, client, subject, size):
        mail = f"From: a@outside.example\r\nTo: b@city.example.jp\r\nSubject: {subject}\r\n\r\n" + "0123456789 words " * (size // 17) + "\r\n"
        answer = client.send(mail.encode(), "a@outside.example", ["b@city.example.jp"])
        with self.lock:
            if answer.startswith("250 "):
                self.accepted[item_id(answer)] = subject
            else:
                self.refused.append(answer)

    def wait(self, count, seconds=60):
        deadline = time.monotonic() + seconds
        while len(self.accepted) < count:
            assert time.monotonic() < deadline, (len(self.accepted), self.refused[-5:])
            time.sleep(0.02)

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(60)


class Edges(Hosts):
    def setUp(self):
        super().setUp()
        self.sink.holding = False

    def host(self, roles, model=None, extra=""):
        return self.begin(Service(9, roles=roles, extra=extra + self.store() + self.blobs), model)

    blobs = ""

    def arrivals(self):
        rows = self.cluster.primary.sql("SELECT encode(id, 'hex') FROM kiyome_originals.arrivals").split()
        return {f"{row[:8]}-{row[8:12]}-{row[12:16]}-{row[16:20]}-{row[20:]}" for row in rows}

    def play(self):
        one = self.host("edge")
        two = self.host("edge", one)
        senders = Senders([one.port, two.port], 8)
        senders.wait(40)
        edge = one.pids()["edge"][0]
        os.kill(edge, signal.SIGKILL)
        with Client(one.port):  # it serves again
            pass
        senders.wait(len(senders.accepted) + 40)
        self.assertNotEqual(one.pids()["edge"][0], edge)
        pids = (one.pids()["edge"], two.pids()["edge"])
        self.cluster.primary.kill()
        time.sleep(1)
        self.cluster.primary.start()
        senders.wait(len(senders.accepted) + 40)
        senders.stop()
        # Nobody was started again for the database's sake.
        self.assertEqual(pids, (one.pids()["edge"], two.pids()["edge"]), one.log_text()[-3000:])
        self.assertTrue(all(answer.startswith("451 ") for answer in senders.refused), senders.refused)
        self.assertEqual(set(senders.accepted) - self.arrivals(), set())
        self.assertFalse(list(pathlib.Path(one.folder).glob("data/edge/originals/*.seg")))
        return one, two, senders

    def deliver(self, senders, model):
        """A host with a cleaner comes, and the closed side has it all."""
        place = f"127.0.0.1:{free_port()}"
        gate = self.begin(Service(self.sink.port, roles="gate", extra=self.papers.section("closed", "push", listen=place)))
        late = self.host("cleaner", model, self.papers.section("internet", "push", connect=place))
        self.sink.wait_subjects(set(senders.accepted.values()), 90, [late, gate])
        self.assertEqual(self.sink.twice(), {})
        deadline = time.monotonic() + 30
        while self.arrivals():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def test_what_edges_accepted_outlives_them_and_the_database(self):
        one, _, senders = self.play()
        self.deliver(senders, one)

    def test_the_same_with_originals_in_a_folder(self):
        with tempfile.TemporaryDirectory(prefix="kiyome-blobs-") as folder:
            os.chmod(folder, 0o2777)
            self.blobs = f'blobs = "{folder}"\n'
            one, _, senders = self.play()
            self.assertTrue(list(pathlib.Path(folder).glob("originals/*/*.seg")))
            self.assertEqual(self.cluster.primary.sql("SELECT count(*) FROM kiyome_originals.chunks"), "0")
            self.deliver(senders, one)


if __name__ == "__main__":
    unittest.main(verbosity=2)
