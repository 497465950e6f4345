#!/usr/bin/env python3
"""The pick-up of the real gate, alone on its side: people sign in with a browser's cookie, bundles come over the channel as the
Internet side sends them, a superior approves, the file is taken; forged requests and bundles get nowhere; kill -9 in between."""
import hashlib
import http.client
import io
import json
import os
import re
import socket
import struct
import time
import unittest
import zipfile

from kiyome_service import Service, Sink, free_port

PASSWORD = "正しい馬の電池 correct horse"


def uuid7():
    octets = bytearray(int(time.time() * 1000).to_bytes(6, "big") + os.urandom(10))
    octets[6], octets[8] = 0x70 | octets[6] & 15, 0x80 | octets[8] & 63
    return bytes(octets)


def text_of(uuid):
    return re.sub("^(.{8})(.{4})(.{4})(.{4})", r"\1-\2-\3-\4-", uuid.hex())


def counted(value):
    octets = value.encode() if isinstance(value, str) else value
    return struct.pack("<I", len(octets)) + octets


def drop_bundle(submission, content=b"Hello.\r\n", recipients=("taro@city.example.jp",), approval=(), name="見積書.docx", digest=None):
    """Kind 3 of proto/transfer/FORMAT.md, forward; gives the id and the frame."""
    item = uuid7()
    payload = item + struct.pack("<H", 1) + submission + struct.pack("<II", 1, 1) + counted("outside@example.com") + counted("山田")
    payload += struct.pack("<I", len(recipients)) + b"".join(map(counted, recipients))
    payload += counted("<script>alert(1)</script>") + counted("本文\n二行目") + counted("重要") + counted(name) + counted("application/msword")
    payload += struct.pack("<Q", 999) + bytes(32) + b"\x01" + struct.pack("<I", 0)
    payload += struct.pack("<I", len(approval)) + b"".join(map(counted, approval)) + bytes(32)
    payload += struct.pack("<I", 1) + counted(name + ".txt") + b"\x02" + (digest or hashlib.sha256(content).digest()) + counted(content)
    return item, struct.pack("<I", len(payload) + 1) + b"\x03" + payload


class InternetSide:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(str(path))

    def octets(self, count):
        out = b""
        while len(out) < count:
            piece = self.socket.recv(count - len(out))
            if not piece:
                raise EOFError
            out += piece
        return out

    def next(self):
        """(kind, payload): 1 Accepted, 2 Refused, 7 DropResult."""
        frame = self.octets(*struct.unpack("<I", self.octets(4)))
        return frame[0], frame[1:]

    def stage(self):
        kind, payload = self.next()
        assert kind == 7, kind
        return payload[:16], payload[22]


class Browser:
    """Keeps the cookie and the CSRF token as the page does."""

    def __init__(self, port):
        self.port, self.cookie, self.csrf = port, "", ""

    def ask(self, method, path, value=None, csrf=True, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            fields = {"Cookie": self.cookie} if self.cookie else {}
            if csrf and self.csrf:
                fields["X-Kiyome-CSRF"] = self.csrf
            if value is not None:
                fields["Content-Type"] = "application/json"
            connection.request(method, "/api/v1" + path, None if value is None else json.dumps(value), {**fields, **(headers or {})})
            answer = connection.getresponse()
            body = answer.read()
            if given := answer.getheader("Set-Cookie"):
                self.cookie = given.split(";")[0]
            self.headers = {name.lower(): text for name, text in answer.getheaders()}
            if "json" in self.headers.get("content-type", ""):
                body = json.loads(body)
                self.csrf = body.get("csrf", self.csrf)
            return answer.status, body
        finally:
            connection.close()


class PickUp(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.pages = free_port()
        self.service = Service(self.sink.port, roles="gate", extra=f"""
[gate.pick_up]
listen = "127.0.0.1:{self.pages}"
[auth]
second_factor = []
""").start()

    def tearDown(self):
        self.service.__exit__()
        self.sink.stop()

    def person(self, login, roles="staff", department="総務部/総務課"):
        self.service.run("user", "add", login, "--side", "gate", "--name", login, "--mail", login + "@city.example.jp", "--roles", roles,
                         "--department", department, "--no-password")
        token = self.service.run("user", "token", login, "--side", "gate", "--for", "test").stdout.strip()
        return token

    def as_program(self, token, method, path, value=None):
        return Browser(self.pages).ask(method, path, value, headers={"Authorization": "Bearer " + token})

    def side(self):
        side = InternetSide(self.service.folder / "data/run/gate.sock")
        self.addCleanup(side.socket.close)
        return side

    def told_by_mail(self, people, seconds=40):
        """Who got mails; one that a kill cut off may come twice."""
        deadline = time.monotonic() + seconds
        while True:
            told = {recipients[0].split("@")[0] for _, recipients, _ in self.sink.wait(1)}
            if len(told) >= people or time.monotonic() > deadline:
                return told
            time.sleep(0.1)

    def test_a_file_is_approved_and_taken_and_survives_kills(self):
        taro, chief, stranger = self.person("taro"), self.person("chief", "approver"), self.person("jiro", "approver", "建設部")
        side, submission = self.side(), uuid7()
        path = "/deliveries/" + text_of(submission)
        item, frame = drop_bundle(submission, approval=["部外からのもの"])
        side.socket.sendall(frame)
        self.assertEqual(side.next()[0], 1)
        self.assertEqual(side.stage(), (item, 1))
        self.assertEqual(self.as_program(taro, "GET", path + "/files/0")[0], 403)
        for token in (stranger, "x" * 40):
            self.assertIn(self.as_program(token, "GET", path)[0], (401, 404))
        self.service.kill_all()
        self.service.start()
        waiting = self.as_program(chief, "GET", "/approvals")[1]["approvals"]
        self.assertEqual([one["id"] for one in waiting], [text_of(submission)])
        self.assertEqual(waiting[0]["title"], "<script>alert(1)</script>")
        decision = {"decision": "approve", "digest": waiting[0]["digest"], "comment": "よし"}
        self.assertEqual(self.as_program(stranger, "POST", path + "/decision", decision)[0], 404)
        self.assertEqual(self.as_program(chief, "POST", path + "/decision", {**decision, "digest": "0" * 64})[0], 409)
        self.assertEqual(self.as_program(chief, "POST", path + "/decision", decision)[0], 200)
        side = self.side()
        self.assertEqual([side.stage()[1] for _ in range(2)], [1, 2])  # said again, in order
        self.service.kill_all()
        self.service.start()
        status, archive = self.as_program(taro, "GET", path + "/archive")
        self.assertEqual(status, 200)
        with zipfile.ZipFile(io.BytesIO(archive)) as entries:
            self.assertIsNone(entries.testzip())
            self.assertEqual(entries.namelist(), ["見積書.docx.txt"])
        side = self.side()
        self.assertEqual([side.stage()[1] for _ in range(3)], [1, 2, 4])
        self.assertEqual(self.told_by_mail(2), {"chief", "taro"})

    def test_a_browser_needs_its_cookie_and_its_token_of_the_page(self):
        self.service.run("user", "add", "taro", "--side", "gate", "--name", "taro", "--mail", "taro@city.example.jp", "--roles", "staff", "--no-password")
        token = self.service.run("user", "token", "taro", "--side", "gate", "--for", "test").stdout.strip()
        self.assertEqual(Browser(self.pages).ask("GET", "/deliveries")[0], 401)
        self.assertEqual(self.as_program(token, "GET", "/deliveries"), (200, {"deliveries": []}))
        nobody = Browser(self.pages)
        self.assertEqual(nobody.ask("POST", "/session", {"login": "taro", "password": "wrong " + PASSWORD})[0], 401)
        self.assertEqual(nobody.ask("PUT", "/delegation", {"to": ""})[0], 401)

    def test_forged_bundles_get_nowhere(self):
        taro = self.person("taro")
        side = self.side()
        for wrong in (drop_bundle(uuid7(), digest=bytes(32)), drop_bundle(uuid7(), content=b"lone\n"),
                      drop_bundle(uuid7(), name="con"), drop_bundle(uuid7(), content=b"file://server/x\r\n")):
            side.socket.sendall(wrong[1])
            kind, payload = side.next()
            self.assertEqual((kind, payload[:16]), (2, wrong[0]))
        side.socket.sendall(drop_bundle(uuid7())[1])
        self.assertEqual([side.next()[0], side.next()[0]], [1, 7])
        self.assertEqual(len(self.as_program(taro, "GET", "/deliveries")[1]["deliveries"]), 1)
        side.socket.sendall(b"\xff\xff\xff\xff\x03")
        with self.assertRaises((EOFError, ConnectionError)):
            side.next()


if __name__ == "__main__":
    unittest.main(verbosity=2)
