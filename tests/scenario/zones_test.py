#!/usr/bin/env python3
"""Two hosts in two zones: edge and cleaner in one network namespace, the gate in another, a wire between them, and on each side a
firewall (nftables) that lets the one connection of the bundle channel through and drops all else. Mail and a dropped file arrive,
pushed and pulled; the wire is cut under load; nothing else answers."""
import collections
import errno
import pathlib
import re
import resource
import select
import socket
import tempfile
import time
import unittest

from drop_box_test import DropBox
from kiyome_service import Client, Service, Sink, free_port
from namespaces import Zone, join, missing
from pick_up_test import Browser
from two_hosts import Papers

TCP_LISTEN = "0A"
INTERNET, CLOSED, PORT = "192.0.2.1", "192.0.2.2", 8442
MAILS = 40
CUT = 5  # seconds; more than silence_seconds of two_hosts.py


def sockets_of(pid):
    """Inodes of a process's sockets."""
    out = set()
    try:
        names = list(pathlib.Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return out  # a sanitizer's process ends with its mail
    for name in names:
        try:
            target = str(name.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            out.add(target[8:-1])
    return out


def port_of(address):
    return int(address.rsplit(":", 1)[1], 16)


def open_ports(host, ports, seconds=0.6):
    """Those of `ports` on which something answers, be it by a refusal: a firewall that drops gives none."""
    out, ports = {}, list(ports)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16384), hard))
    at_once = min(hard, 16384) // 3  # two scans may run beside each other
    for begin in range(0, len(ports), at_once):
        poll, tried = select.poll(), {}
        for port in ports[begin:begin + at_once]:
            probe = socket.socket()
            probe.setblocking(False)
            if probe.connect_ex((host, port)) == errno.EINPROGRESS:
                poll.register(probe, select.POLLOUT)
                tried[probe.fileno()] = (probe, port)
            else:
                probe.close()  # our own firewall says no
        deadline = time.monotonic() + seconds
        while tried and (left := deadline - time.monotonic()) > 0:
            for number, _ in poll.poll(left * 1000):
                probe, port = tried.pop(number)
                poll.unregister(number)
                out[port] = errno.errorcode.get(probe.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), "open")
                probe.close()
        for probe, _ in tried.values():
            probe.close()
    return out


class Zones(unittest.TestCase):
    def setUp(self):
        if missing():
            self.skipTest(f"SKIPPED: no {', '.join(missing())} here")
        self.outside, self.inside = Zone(), Zone()
        self.addCleanup(self.outside.stop)
        self.addCleanup(self.inside.stop)
        if not (self.outside.fine and self.inside.fine):
            self.skipTest("SKIPPED: no network namespaces here (needs root)")
        join(self.outside, self.inside, (INTERNET, CLOSED))
        self.folder = tempfile.TemporaryDirectory(prefix="kiyome-papers-")
        self.addCleanup(self.folder.cleanup)
        self.papers = Papers(self.folder.name)

    def begin(self, mode):
        """`push`: the Internet side connects; `pull`: the closed side does."""
        self.mode = mode
        listens, connects = (CLOSED, INTERNET) if mode == "push" else (INTERNET, CLOSED)
        there = f"{listens}:{PORT}"
        self.listening, self.connecting = (self.inside, self.outside) if mode == "push" else (self.outside, self.inside)
        self.rules = {self.listening: {"in": f"ip saddr {connects} tcp dport {PORT} accept",
                                       "out": f"ip daddr {connects} tcp sport {PORT} ct state established accept"},
                      self.connecting: {"out": f"ip daddr {listens} tcp dport {PORT} accept",
                                        "in": f"ip saddr {listens} tcp sport {PORT} ct state established accept"}}
        self.heal()
        self.sink = self.inside.do(Sink)
        self.addCleanup(self.sink.stop)
        self.box_port, self.pages_port = free_port(), free_port()
        self.gate = Service(self.sink.port, roles="gate", within=self.inside.within(), extra=f"""
[gate.pick_up]
listen = "127.0.0.1:{self.pages_port}"
[auth]
second_factor = []
{self.papers.section("closed", mode, listen=there, connect=there)}""")
        self.internet = Service(9, roles="edge,cleaner", within=self.outside.within(), extra=f"""
[edge.drop_box]
listen = "127.0.0.1:{self.box_port}"
[auth]
second_factor = []
{self.papers.section("internet", mode, listen=there, connect=there)}""")
        for service in (self.gate, self.internet):
            self.addCleanup(service.__exit__)
            service.start()

    def heal(self):
        for zone, rules in self.rules.items():
            zone.allow(rules)

    def cut(self):
        """As a firewall that drops: no side hears of it."""
        for zone in self.rules:
            zone.allow({})

    def token(self, service, login, side, mail, roles):
        service.run("user", "add", login, "--side", side, "--name", login, "--mail", mail, "--roles", roles, "--no-password")
        return service.run("user", "token", login, "--side", side, "--for", "test").stdout.strip()

    def send(self, subjects, pause=0.0):
        with Client(self.internet.port) as client:
            for subject in subjects:
                mail = f"From: a@outside.example\r\nTo: b@city.example.jp\r\nSubject: {subject}\r\n\r\nHello.\r\n".encode()
                if not client.send(mail, "a@outside.example", ["b@city.example.jp"]).startswith("250 "):
                    return False
                time.sleep(pause)
        return True

    def subjects(self):
        """How often each mail arrived, by its subject; and by its X-Kiyome-Id."""
        text = [octets.decode(errors="replace") for _, _, octets in list(self.sink.mails)]
        return tuple(collections.Counter(re.search(f"^{field}: (.*?)\r$", each, re.M)[1] for each in text)
                     for field in ("Subject", "X-Kiyome-Id"))

    def wait_mails(self, wanted, seconds=60):
        deadline = time.monotonic() + seconds
        while not set(wanted) <= set(self.subjects()[0]):
            self.assertLess(time.monotonic(), deadline, self.internet.log_text()[-2000:] + self.gate.log_text()[-2000:])
            time.sleep(0.1)

    def drop_a_file(self):
        sender = self.token(self.internet, "sato", "edge", "sato@outside.example.jp", "sender")
        staff = self.token(self.gate, "tanaka", "gate", "tanaka@city.example.jp", "staff")
        box = DropBox(self.box_port, sender)

        def drop():
            upload = box.upload("案内.txt", "こんにちは\r\n".encode())
            return box.submit([upload], "key-zones-1")[0]
        self.assertEqual(self.outside.do(drop), 201)
        deadline = time.monotonic() + 60
        while True:
            status, told = self.inside.do(Browser(self.pages_port).ask, "GET", "/deliveries", headers={"Authorization": "Bearer " + staff})
            self.assertEqual(status, 200)
            if told["deliveries"]:
                return self.assertEqual(told["deliveries"][0]["items"][0]["verdict"], "clean")
            self.assertLess(time.monotonic(), deadline, self.internet.log_text()[-2000:])
            time.sleep(0.2)

    def listeners(self, zone):
        """Ports of this zone that are open to others than itself."""
        return sorted(port_of(row[1]) for name in ("tcp", "tcp6") for row in zone.table(name)
                      if row[3] == TCP_LISTEN and not row[1].startswith("0100007F"))

    def look_at_sockets(self):
        """The gate's: browsers, its next hop, the one connection, and nothing else."""
        gate = sockets_of(self.gate.pids()["gate"][0])
        own = [row for row in self.inside.table("tcp") if row[9] in gate]
        listens = [self.pages_port] + ([PORT] if self.mode == "push" else [])
        self.assertEqual(sorted(port_of(row[1]) for row in own if row[3] == TCP_LISTEN), sorted(listens))
        for row in own:
            if row[3] != TCP_LISTEN:
                self.assertTrue({port_of(row[1]), port_of(row[2])} & {self.pages_port, self.sink.port, PORT}, row)
        for table in ("tcp6", "udp", "udp6", "raw", "raw6", "packet"):
            self.assertEqual([row for row in self.inside.table(table) if set(row) & gate], [], table)
        named = sorted({pathlib.Path(row[7]).name for row in self.inside.table("unix") if row[6] in gate and len(row) > 7})
        self.assertEqual(named, ["gate.admin.sock"])  # no gate.sock: nobody comes by way of this host

    def scan(self, ports):
        """From each side, on the other: the one connection, in its one direction."""
        there, back = (CLOSED, INTERNET) if self.mode == "push" else (INTERNET, CLOSED)
        forth = self.connecting.begin(open_ports, there, ports)
        none = self.listening.begin(open_ports, back, ports)
        self.assertEqual(forth.result(120), {PORT: "open"})
        self.assertEqual(none.result(120), {})
        self.assertEqual(self.listeners(self.listening), [PORT])
        self.assertEqual(self.listeners(self.connecting), [])

    def under_load_and_cut(self):
        """The wire is dropped in the middle: mail is taken all the while, and arrives once when the wire is back."""
        wanted = [f"load {number}" for number in range(MAILS)]
        sending = self.outside.begin(self.send, wanted, 0.05)
        time.sleep(0.5)
        self.cut()
        self.assertTrue(sending.result(60))
        time.sleep(CUT - 2)
        before = len(self.sink.mails)
        time.sleep(1)
        self.assertEqual(len(self.sink.mails), before)
        self.assertLess(before, MAILS)
        waits = [row for row in self.internet.queue() if row["state"] == "sending"]
        self.assertGreaterEqual(len(waits), MAILS - before - 3)  # on the disk of the Internet side
        self.internet.wait_event("zone connection ends")  # the silence was noticed, without a word from the network
        self.heal()
        self.wait_mails(wanted)
        self.internet.wait_settled()
        arrived, identities = self.subjects()
        self.assertEqual(set(arrived.values()) | set(identities.values()), {1})
        self.assertGreaterEqual(len(self.internet.log_events("zone connected")), 2)

    def play(self, mode, ports):
        self.begin(mode)
        self.assertTrue(self.outside.do(self.send, ["first"]))
        self.wait_mails(["first"])
        self.drop_a_file()
        self.look_at_sockets()
        self.under_load_and_cut()
        # Which papers are good is proved by the scan, too: it is counted, and told.
        known = sorted({port_of(row[1]) for zone in (self.outside, self.inside) for row in zone.table("tcp") if row[3] == TCP_LISTEN})
        self.scan(sorted(set(ports) | set(known) | {PORT}))
        self.assertEqual(self.internet.log_events("gate refused"), [])

    def test_push_only_the_one_connection_exists_and_a_cut_loses_nothing(self):
        self.play("push", range(1, 65536, 7))

    def test_pull_only_the_one_connection_exists_and_a_cut_loses_nothing(self):
        self.play("pull", range(1, 1025))


if __name__ == "__main__":
    unittest.main(verbosity=2)
