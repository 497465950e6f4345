#!/usr/bin/env python3
"""Hostile clients and hostile mails: each is refused or held within its limit, others are served, memory stays bounded."""
import pathlib
import socket
import threading
import time
import unittest

from kiyome_service import Client, Served

MAIL = b"From: a@outside.example\r\nSubject: x\r\n\r\nx\r\n"


def peak_mb(pid):
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0  # a sanitizer's process ends with its mail
    for line in status.splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0


class Attack(Served):
    @classmethod
    def setUpClass(cls):
        cls.serve(smtp="connections_max = 2000\nconnections_per_address_max = 0\n"
                              "max_message_bytes = 104857600\ncommand_timeout_seconds = 20")

    def peaks(self):
        return {role: max(peak_mb(pid) for pid in pids) for role, pids in self.service.pids().items()}

    def check_served(self):
        began = time.monotonic()
        self.assertIn("250 2.0.0 Ok", self.service.send(MAIL))
        self.assertLess(time.monotonic() - began, 5)

    def test_1000_slow_clients(self):
        slow = []
        for _ in range(1000):
            client = socket.create_connection(("127.0.0.1", self.service.port), 10)
            client.sendall(b"EH")
            slow.append(client)
        stop = threading.Event()

        def drip():
            while not stop.wait(1):
                for client in slow:
                    try:
                        client.send(b"x")
                    except OSError:
                        pass
        thread = threading.Thread(target=drip, daemon=True)  # so that a failure ends the test
        thread.start()
        self.check_served()
        self.assertLess(self.peaks()["edge"], 120)
        # A dripping client does not move its deadline: all are gone when it has passed.
        time.sleep(24)
        stop.set()
        thread.join()
        slow[0].settimeout(5)
        received = b""
        try:
            while chunk := slow[0].recv(4096):
                received += chunk
        except ConnectionResetError:
            pass
        self.assertIn(b"421", received)
        for client in slow:
            client.close()
        self.check_served()

    def send_hostile(self, octets, reasons):
        before = {row["id"] for row in self.service.queue()}
        answer = self.service.send(octets)
        self.check_served()
        if not answer.startswith("250"):
            self.assertRegex(answer, "^5")
            return
        rows = [row for row in self.service.wait_settled(seconds=120) if row["id"] == answer.rsplit(" ", 1)[1]]
        self.assertNotIn(rows[0]["id"], before)
        self.assertEqual(rows[0]["state"], "held", rows)
        self.assertIn(rows[0]["reasons"][0], reasons)

    def test_ten_thousand_levels(self):
        head = b"Subject: deep\r\nMIME-Version: 1.0\r\n"
        body = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(10000))
        self.send_hostile(head + body + b"\r\nx\r\n", ["limit-depth"])
        nested = b"".join(b"Content-Type: message/rfc822\r\n\r\nSubject: %d\r\n" % n for n in range(10000))
        self.send_hostile(head + nested + b"\r\nx\r\n", ["limit-depth"])

    def test_a_header_of_fifty_megabytes(self):
        self.send_hostile(b"X-Long: " + (b"y" * 70 + b"\r\n ") * 700000 + b"\r\nSubject: x\r\n\r\nx\r\n", ["limit-header"])
        self.send_hostile(b"".join(b"X-%d: y\r\n" % n for n in range(1000000)) + b"\r\nx\r\n", ["limit-header"])

    def test_a_hundred_thousand_parts(self):
        self.send_hostile(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 100000 + b"--b--\r\n",
                          ["limit-parts"])

    def test_a_megabyte_of_encoded_words_and_addresses(self):
        words = b" ".join(b"=?UTF-8?B?44GC?=" for _ in range(60000))
        answer = self.service.send(b"Subject: " + words.replace(b" ", b"\r\n ") + b"\r\n\r\nx\r\n")
        self.assertIn("250", answer)
        answer = self.service.send(b"To: " + b",\r\n ".join(b"a%d@x.example" % n for n in range(50000)) + b"\r\n\r\nx\r\n")
        self.assertIn("250", answer)
        for row in self.service.wait_settled(seconds=60):
            self.assertTrue(row["state"] == "delivered" or row["reasons"])

    def test_oversize(self):
        with Client(self.service.port, 60) as client:
            client.say("EHLO test.example")
            self.assertTrue(client.say("MAIL FROM:<a@outside.example> SIZE=204857600").startswith("552 5.3.4"))
        with Client(self.service.port, 60) as client:
            client.say("EHLO test.example")
            for command in ("MAIL FROM:<a@outside.example>", "RCPT TO:<b@city.example.jp>", "DATA"):
                client.say(command)
            try:
                client.socket.sendall(b"Subject: x\r\n\r\n" + (b"z" * 78 + b"\r\n") * 1400000 + b".\r\n")
                answer = client.reply()
            except (ConnectionError, TimeoutError):
                answer = "552 5.3.4 (closed while sending)"
            self.assertTrue(answer.startswith("552 5.3.4"), answer)
        self.check_served()

    def test_zz_memory_stayed_bounded_and_no_role_died(self):
        peaks = self.peaks()
        print("peak MB by role:", {role: round(peak) for role, peak in peaks.items()}, flush=True)
        self.assertLess(peaks["edge"], 150)
        self.assertLess(peaks["gate"], 150)
        self.assertLess(peaks["cleaner"], 600)   # a 50 MB original passes through it twice at once
        self.assertEqual(self.service.log_events("role died"), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
