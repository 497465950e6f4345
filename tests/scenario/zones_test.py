#!/usr/bin/env python3
"""Two zones as two network namespaces: edge and cleaner in one, the gate in the other, each with nothing but a loopback of its own.
The one thing between them is the bundle channel, a Unix socket. Mail and a dropped file arrive; nothing else connects the two."""
import concurrent.futures
import ctypes
import os
import pathlib
import subprocess
import time
import unittest

from drop_box_test import DropBox
from kiyome_service import Client, Service, Sink, free_port
from pick_up_test import Browser

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
TCP_LISTEN = "0A"


class Zone:
    """A network namespace with a loopback, kept by a process that sleeps."""

    def __init__(self):
        self.keeper = subprocess.Popen(["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep 600"],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.fine = self.keeper.stdout.readline() == b"up\n"
        self.threads = concurrent.futures.ThreadPoolExecutor(1, initializer=self.enter)

    def enter(self):
        if not self.fine:
            return
        with open(f"/proc/{self.keeper.pid}/ns/net", "rb") as namespace:
            if LIBC.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")

    def do(self, what, *arguments, **more):
        """Calls it with the sockets of this zone."""
        return self.threads.submit(what, *arguments, **more).result(120)

    def within(self):
        return ["nsenter", f"--net=/proc/{self.keeper.pid}/ns/net", "--"]

    def table(self, name):
        """A table of the kernel about this zone, in words."""
        return [line.split() for line in pathlib.Path(f"/proc/{self.keeper.pid}/net/{name}").read_text().splitlines()[1:]]

    def stop(self):
        self.threads.shutdown()
        self.keeper.kill()
        self.keeper.wait()
        self.keeper.stdout.close()


def sockets_of(pid):
    """Inodes of a process's sockets."""
    out = set()
    try:
        names = list(pathlib.Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return out  # a sanitizer's process ends with its mail
    for name in names:
        try:
            target = os.readlink(name)
        except OSError:
            continue
        if target.startswith("socket:["):
            out.add(target[8:-1])
    return out


def port_of(address):
    return int(address.rsplit(":", 1)[1], 16)


class Zones(unittest.TestCase):
    def setUp(self):
        self.outside, self.inside = Zone(), Zone()
        self.addCleanup(self.outside.stop)
        self.addCleanup(self.inside.stop)
        if not (self.outside.fine and self.inside.fine):
            self.skipTest("SKIPPED: no network namespaces here (needs root)")
        self.sink = self.inside.do(Sink)
        self.addCleanup(self.sink.stop)
        self.box_port, self.pages_port = free_port(), free_port()
        self.gate = Service(self.sink.port, roles="gate", within=self.inside.within(), extra=f"""
[gate.pick_up]
listen = "127.0.0.1:{self.pages_port}"
[auth]
second_factor = []
""")
        self.internet = Service(9, roles="edge,cleaner", within=self.outside.within(), extra=f"""
[edge.drop_box]
listen = "127.0.0.1:{self.box_port}"
[auth]
second_factor = []
""")
        for service in (self.gate, self.internet):
            self.addCleanup(service.__exit__)
            service.folder.chmod(0o711)
            service.start()
        # The wire between the two hosts.
        self.channel = self.internet.folder / "data/run/gate.sock"
        self.channel.symlink_to(self.gate.folder / "data/run/gate.sock")

    def token(self, service, login, side, mail, roles):
        service.run("user", "add", login, "--side", side, "--name", login, "--mail", mail, "--roles", roles, "--no-password")
        return service.run("user", "token", login, "--side", side, "--for", "test").stdout.strip()

    def send_mail(self, subject):
        mail = f"From: a@outside.example\r\nTo: b@city.example.jp\r\nSubject: {subject}\r\n\r\nHello.\r\n".encode()

        def send():
            with Client(self.internet.port) as client:
                return client.send(mail, "a@outside.example", ["b@city.example.jp"])
        self.assertTrue(self.outside.do(send).startswith("250 "))

    def arrived(self, subject):
        return any(f"Subject: {subject}\r\n".encode() in octets for _, _, octets in list(self.sink.mails))

    def wait_mail(self, subject):
        deadline = time.monotonic() + 60
        while not self.arrived(subject):
            self.assertLess(time.monotonic(), deadline, self.internet.log_text()[-2000:])
            time.sleep(0.1)

    def deliveries(self, token):
        status, told = self.inside.do(Browser(self.pages_port).ask, "GET", "/deliveries", headers={"Authorization": "Bearer " + token})
        self.assertEqual(status, 200)
        return told["deliveries"]

    def wait_delivery(self, token):
        deadline = time.monotonic() + 60
        while not (found := self.deliveries(token)):
            self.assertLess(time.monotonic(), deadline, self.internet.log_text()[-2000:])
            time.sleep(0.2)
        return found

    def test_mail_and_file_arrive_and_nothing_else_connects_the_zones(self):
        sender = self.token(self.internet, "sato", "edge", "sato@outside.example.jp", "sender")
        staff = self.token(self.gate, "tanaka", "gate", "tanaka@city.example.jp", "staff")
        self.send_mail("first")
        self.wait_mail("first")
        box = DropBox(self.box_port, sender)

        def drop():
            upload = box.upload("案内.txt", "こんにちは\r\n".encode())
            return box.submit([upload], "key-zones-1")[0]
        self.assertEqual(self.outside.do(drop), 201)
        delivery = self.wait_delivery(staff)[0]
        self.assertEqual(delivery["items"][0]["verdict"], "clean")

        # Neither side's ports are there on the other.
        def refused(port):
            try:
                Client(port, 5).__exit__()
            except ConnectionRefusedError:
                return True
            return False
        for port in (self.internet.port, self.box_port):
            self.assertTrue(self.inside.do(refused, port))
            self.assertFalse(port == self.internet.port and self.outside.do(refused, port))
        self.assertTrue(self.outside.do(refused, self.pages_port))

        # The gate listens for browsers and on the channel, and holds no other connection than to its own next hop and to those.
        gate = sockets_of(self.gate.pids()["gate"][0])
        own = [row for row in self.inside.table("tcp") if row[9] in gate]
        self.assertEqual([port_of(row[1]) for row in own if row[3] == TCP_LISTEN], [self.pages_port])
        for row in own:
            if row[3] != TCP_LISTEN:
                self.assertTrue(port_of(row[1]) == self.pages_port or port_of(row[2]) == self.sink.port, row)
        for table in ("tcp6", "udp", "udp6", "raw", "raw6", "packet"):
            self.assertEqual([row for row in self.inside.table(table) if set(row) & gate], [], table)
        named = sorted(pathlib.Path(row[7]).name for row in self.inside.table("unix") if row[6] in gate and len(row) > 7)
        self.assertEqual(sorted(set(named)), ["gate.admin.sock", "gate.sock"])
        # And no process of the Internet side holds a socket of the closed one.
        inside = {row[9] for row in self.inside.table("tcp")}
        for role, pids in self.internet.pids().items():
            for pid in pids:
                self.assertFalse(sockets_of(pid) & inside, role)

        # With the channel cut nothing arrives, nothing is lost; and it was this channel.
        self.channel.unlink()
        for pid in self.internet.pids()["cleaner"]:
            os.kill(pid, 9)  # what is connected would stay so
        self.send_mail("second")
        time.sleep(2)
        self.assertFalse(self.arrived("second"))
        self.channel.symlink_to(self.gate.folder / "data/run/gate.sock")
        self.wait_mail("second")


if __name__ == "__main__":
    unittest.main(verbosity=2)
