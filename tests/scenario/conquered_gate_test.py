#!/usr/bin/env python3
"""A gate that was conquered: over TLS, with the right certificate, it says everything it should not, half of it, and far too much. The
Internet side holds, hears the known messages and no others, goes on taking mail, and delivers it when the true gate is back."""
import os
import pathlib
import random
import socket
import ssl
import struct
import tempfile
import threading
import time
import unittest

from kiyome_service import Client, Service, Sink, free_port
from two_hosts import Papers

ITEM = bytes.fromhex("018900000000700080000123456789ab")
MEMORY_MORE = 64 << 20  # of the cleaner, by all that is done to it here
WAY_BACK_SECOND = 20000  # messages, as in service/cleaner/gate_link.cpp


def frame(kind, payload):
    return struct.pack("<IB", len(payload) + 1, kind) + payload


def accepted(item=ITEM, part=1):
    return frame(1, item + struct.pack("<H", part))


# The closed side's words, each once as it should be.
KNOWN = {
    "Accepted": accepted(),
    "Refused": frame(2, ITEM + struct.pack("<HBQ", 1, 1, 0)),
    "DeliveryResult": frame(3, ITEM + struct.pack("<HIB3H", 1, 0, 4, 5, 1, 1)),
    "DoorRequest": frame(4, ITEM + struct.pack("<II", 0, 2)),
    "DoorPassword": frame(5, ITEM + struct.pack("<IQI", 0, 12345, 2) + b"pw"),
    "Checkpoint": frame(8, struct.pack("<BBQQ", 3, 1, 7, 1000) + bytes(128)),  # … but for its signature
    "DropResult": frame(7, ITEM + struct.pack("<HIB", 1, 0, 4)),
}
WRONG = {
    "no kind": struct.pack("<I", 0),
    "the largest length": struct.pack("<IB", 0xFFFFFFFF, 1),
    "one octet more than a frame may have": struct.pack("<IB", 4097, 1),
    "kind 0": frame(0, ITEM + b"\1\0"),
    "kind 6, which was taken back": frame(6, ITEM + b"\1\0"),
    "an unknown kind": frame(9, ITEM + b"\1\0"),
    "a bundle, which goes the other way": frame(1, ITEM + struct.pack("<HB", 1, 1) + b"\x06\0\0\0a@b.jp" + bytes(60)),
    "an octet left over": frame(1, ITEM + b"\1\0\0"),
    "an octet missing": frame(1, ITEM + b"\1"),
    "an enumerator beyond the last": frame(3, ITEM + struct.pack("<HIB3H", 1, 0, 6, 5, 1, 1)),
    "a status that contradicts its class": frame(3, ITEM + struct.pack("<HIB3H", 1, 0, 1, 5, 1, 1)),
    "a recipient beyond the last": frame(4, ITEM + struct.pack("<II", 1 << 31, 2)),
    "a password longer than one is": frame(5, ITEM + struct.pack("<IQI", 0, 1, 4000) + b"p" * 4000),
    "a password with a control": frame(5, ITEM + struct.pack("<IQI", 0, 1, 2) + b"p\n"),
    "what is no frame": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
}


class Conquered:
    """One connection of the conquered gate."""

    def __init__(self, port, papers, side="closed"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_verify_locations(papers.path("ca.crt"))
        context.load_cert_chain(papers.path(side + ".crt"), papers.path(side + ".key"))
        context.set_alpn_protocols(["kiyome-bundles/1"])
        self.socket = context.wrap_socket(socket.create_connection(("127.0.0.1", port), 30), server_hostname="internet.kiyome.internal")
        try:
            self.greeting = self.socket.recv(1)
        except OSError:
            self.socket.close()
            raise

    def ended(self, seconds=20):
        """Whether the other side hangs up; what it sends until then is thrown away."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(65536):
                pass
            return True
        except TimeoutError:
            return False
        except OSError:
            return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


class ConqueredGate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="kiyome-papers-")
        cls.papers = Papers(cls.folder.name)
        cls.port = free_port()
        where = f"127.0.0.1:{cls.port}"
        cls.sink = Sink()
        cls.internet = Service(9, roles="edge,cleaner", extra=cls.papers.section("internet", "pull", listen=where)).start()
        cls.gate = Service(cls.sink.port, roles="gate", extra=cls.papers.section("closed", "pull", connect=where))
        cls.sent = 0

    @classmethod
    def tearDownClass(cls):
        for service in (cls.gate, cls.internet):
            service.__exit__()
        cls.sink.stop()
        cls.folder.cleanup()

    def setUp(self):
        self.cleaner = self.internet.pids()["cleaner"]

    def tearDown(self):
        self.assertEqual(self.internet.pids()["cleaner"], self.cleaner)  # it did not die of it
        self.assertEqual(self.internet.log_events("role died"), [])

    def conquered(self):
        out = Conquered(self.port, self.papers)
        self.assertEqual(out.greeting, b"K")
        return out

    def memory(self):
        text = pathlib.Path(f"/proc/{self.cleaner[0]}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0]) * 1024

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.cleaner[0]}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def take_mail(self):
        """Mail is taken all the same; gives how long that took."""
        type(self).sent += 1
        begin = time.monotonic()
        mail = f"From: a@outside.example\r\nSubject: during {self.sent}\r\n\r\nHello.\r\n".encode()
        with Client(self.internet.port) as client:
            self.assertTrue(client.send(mail, "a@outside.example", ["b@city.example.jp"]).startswith("250 "))
        return time.monotonic() - begin

    def test_1_only_the_known_messages_are_understood(self):
        with self.conquered() as gate:  # the accepting twin: all of them, and the connection stands
            gate.socket.sendall(b"".join(KNOWN.values()))
            self.assertFalse(gate.ended(1))
        for name, octets in WRONG.items():
            with self.subTest(name), self.conquered() as gate:
                gate.socket.sendall(accepted() + octets)
                self.assertTrue(gate.ended())
        self.assertGreater(self.take_mail(), 0)

    def test_2_half_frames_and_random_ones_are_bounded(self):
        before = self.memory()
        halves = []
        for length in (1, 19, 4096):  # the newest counts; the ones before it are hung up on
            halves.append(self.conquered())
            halves[-1].socket.sendall(struct.pack("<IB", length, 1)[:5 if length > 1 else 4])
            time.sleep(0.3)
        for gate in halves[:-1]:
            self.assertTrue(gate.ended())
        self.assertFalse(halves[-1].ended(1))
        for gate in halves:
            gate.socket.close()
        chance = random.Random(6)
        for _ in range(12):
            octets = bytearray(chance.choice(list(KNOWN.values())) * 400)
            for _ in range(chance.randrange(1, 30)):
                octets[chance.randrange(len(octets))] = chance.randrange(256)
            with self.conquered() as gate:
                try:
                    gate.socket.sendall(bytes(octets))
                    gate.ended(0.2)
                except OSError:
                    pass  # it was hung up on in the middle
        self.take_mail()
        self.assertLess(self.memory() - before, MEMORY_MORE)

    def flood(self, octets, seconds, each):
        """Says it again and again; gives how many messages went and what part of a processor the cleaner took."""
        with self.conquered() as gate:
            gate.socket.settimeout(0.5)
            begin, used, count, offset = time.monotonic(), self.cpu(), 0, 0
            block = octets * (65536 // len(octets) + 1)
            while time.monotonic() < begin + seconds:
                try:
                    offset += gate.socket.send(block[offset:])
                except TimeoutError:
                    continue  # we are slowed down
                except OSError:
                    break
                if offset == len(block):
                    count, offset = count + len(block) // each, 0
            return count, (self.cpu() - used) / (time.monotonic() - begin)

    def test_4_what_is_said_seldom_is_heard_seldom(self):
        before = len(self.internet.log_events("gate refused"))
        with self.conquered() as gate:
            gate.socket.settimeout(5)
            gate.socket.sendall(KNOWN["Refused"] * 2000)
            time.sleep(3)
        told = len(self.internet.log_events("gate refused")) - before
        self.assertGreater(told, 20)
        self.assertLess(told, 6 * 51)  # no way to fill the log's disk

    def test_3_a_flood_is_slowed_down_and_mail_goes_on(self):
        before = self.memory()
        taken = []
        others = threading.Thread(target=lambda: [taken.append(self.take_mail()) for _ in range(10) if time.sleep(0.3) is None])
        others.start()
        often = [KNOWN[name] for name in ("Accepted", "DeliveryResult", "DoorRequest", "DoorPassword", "DropResult")]
        count, part = self.flood(b"".join(often), 5, sum(map(len, often)) / len(often))
        others.join()
        # What waits in sockets and buffers on the way, and the cap for each second and the one it began in.
        self.assertLess(count, 7 * WAY_BACK_SECOND + (8 << 20) / 19)
        self.assertGreater(count, WAY_BACK_SECOND / 4)
        self.assertEqual(len(taken), 10)
        self.assertLess(max(taken), 10)
        self.assertLess(part, 1)  # of one processor
        self.assertLess(self.memory() - before, MEMORY_MORE)

    def test_5_strangers_are_told_and_counted_and_the_true_gate_takes_what_waits(self):
        with self.assertRaises(OSError):  # the wrong side's papers
            Conquered(self.port, self.papers, side="internet")
        self.internet.wait_event("unknown zone peer")
        told = self.internet.log_events("unknown zone peer")[-1]
        self.assertEqual((told["address"], told["level"]), ("127.0.0.1", "warning"))
        self.take_mail()
        self.gate.start()
        deadline = time.monotonic() + 60
        while len(self.sink.mails) < self.sent:
            self.assertLess(time.monotonic(), deadline, self.internet.log_text()[-2000:])
            time.sleep(0.1)
        time.sleep(1)
        subjects = [next(line for line in octets.split(b"\r\n") if line.startswith(b"Subject: ")) for _, _, octets in self.sink.mails]
        self.assertEqual(len(subjects), self.sent)
        self.assertEqual(len(set(subjects)), self.sent)


if __name__ == "__main__":
    unittest.main(verbosity=2)
