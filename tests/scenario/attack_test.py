#!/usr/bin/env python3
"""Attacks on the drop box and the pick-up of the real service over real sockets: requests that two readers would read differently, slow
and many connections, sessions and guessing, other people's things, names and texts that want to be more than text, lengths that lie.
Forms of single requests are contract_test.py's; what pages do with texts is tests/browser's."""
import concurrent.futures
import http.client
import io
import pathlib
import re
import socket
import statistics
import subprocess
import tempfile
import threading
import time
import unittest
import zipfile

from both_sides import OWN, PASSWORD, TUS, Answer, Client, Site, request, say, totp, uuid7
from contract import Contract

TEXT = "明日は休みです。\n".encode()
SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
OCTETS = {**TUS, "Content-Type": "application/offset+octet-stream"}


def answers_in(octets):
    """How many answers these are, by their status lines."""
    return [int(each) for each in re.findall(rb"HTTP/1\.1 (\d\d\d) ", octets) if int(each) != 100]


def at_once(calls):
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [each.result() for each in [pool.submit(call) for call in calls]]


class Attack(unittest.TestCase):
    AUTH, PICK_UP = "second_factor = []\ntries = 100", 'hosts = ["localhost"]'

    @classmethod
    def setUpClass(cls):
        cls.site = Site(cls.AUTH, cls.PICK_UP)
        cls.addClassCleanup(cls.site.close)

    def tearDown(self):
        wrong = [line for line in self.site.service.log_text().splitlines() if '"event":"http-failed"' in line or '"level":"critical"' in line]
        self.assertEqual(wrong, [])
        self.assertEqual({name: len(pids) for name, pids in self.site.service.pids().items() if name in ("edge", "gate")}, {"edge": 1, "gate": 1})


class Wire(Attack):
    """What reaches no handler."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sato = cls.site.program("edge", "sato", "sender", "sato@city.example.jp")

    def test_no_request_hides_in_another_one(self):
        victim = "/api/v1/uploads/" + self.sato.upload("victim.txt", TEXT)
        bearer = f"Authorization: Bearer {self.sato.token}\r\n".encode()
        inner = b"DELETE " + victim.encode() + b" HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\n" + bearer + b"\r\n"
        size = b"%d" % len(inner)
        begin = b"POST /api/v1/submissions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + bearer
        framings = (
            b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\nContent-Length: " + size + b"\r\n",
            b"Content-Length: 0\r\nContent-Length: " + size + b"\r\n", b"Content-Length: 0, " + size + b"\r\n", b"Content-Length: +0\r\n",
            b"Content-Length: -1\r\n", b"Content-Length: 0x0\r\n", b"Content-Length: 00000000000000000000000\r\n", b"Content-Length: 1e1\r\n",
            b"Content-Length: 18446744073709551616\r\n", b"Content-Length: \xef\xbc\x90\r\n", b"Content-Length : 0\r\n", b"Content-Length\x00: 0\r\n",
            b"Transfer-Encoding: xchunked\r\n", b"Transfer-Encoding: chunked, identity\r\n", b"Transfer-Encoding: identity, chunked\r\n",
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", b"Transfer-Encoding:\x0bchunked\r\n", b"Transfer-Encoding: \"chunked\"\r\n",
            b"Transfer-Encoding : chunked\r\n", b"X: y\r\n Transfer-Encoding: chunked\r\n", b"X: y\nTransfer-Encoding: chunked\r\n",
            b"X: y\rTransfer-Encoding: chunked\r\n", b"\x00Transfer-Encoding: chunked\r\n", b"Content-Length: 0\n\n", b": x\r\n", b"no colon\r\n",
            b"Host: evil.example\r\n", b"Authorization: Bearer x\r\n")
        for framing in framings:
            with self.subTest(framing):
                out = say(self.sato.port, begin + framing + b"\r\n0\r\n\r\n" + inner)
                self.assertEqual(answers_in(out), [400])
        for chunk in (b"0 \r\n\r\n", b"0;x=y\r\n\r\n", b"0\n\n", b"-1\r\n\r\n", b"0x0\r\n\r\n", b"10000000000000000\r\n\r\n", b"\r\n\r\n",
                      b"1\r\nab\r\n0\r\n\r\n", b"0\r\nX: trailer\r\n\r\n", b"2\r\n{}0\r\n\r\n"):
            with self.subTest(chunk):
                out = answers_in(say(self.sato.port, begin + b"Idempotency-Key: smuggle-1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + inner))
                self.assertEqual(len(out), 1)
                self.assertIn(out[0], (400, 413, 422))
        self.assertEqual(self.sato.ask("HEAD", victim.removeprefix("/api/v1"), headers=TUS).status, 200)

    def test_a_request_behind_a_refused_one_is_its_body_and_nothing_else(self):
        inner = b"GET /api/v1/drop-box HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for path, status in (("/api/v1/submissions", 401), ("/api/v1/nowhere", 404), ("/api/v1/drop-box", 405)):
            octets = request("POST", path, body=inner).replace(b"Connection: close\r\n", b"")
            last = request("GET", "/api/v1/session")
            self.assertEqual(answers_in(say(self.sato.port, octets + last)), [status, 401])
        large = request("POST", "/api/v1/submissions", body=inner * 4000).replace(b"Connection: close\r\n", b"")
        self.assertEqual(answers_in(say(self.sato.port, large + inner)), [401])

    def test_only_this_host_is_asked_and_no_proxy_is_found(self):
        port = self.site.ports["gate"]
        for target, host, status in (("http://evil.example/api/v1/session", "localhost", 400), ("http://localhost/api/v1/session", "evil.example", 400),
                                     ("http://user@localhost/api/v1/session", "localhost", 400), ("//evil.example/api/v1/session", "localhost", 400),
                                     ("evil.example:443", "localhost", 400), ("*", "localhost", 400), ("/api/v1/session", "evil.example", 421),
                                     ("/api/v1/session", "localhost.evil.example", 421), ("/api/v1/session", "localhost:99999", 400),
                                     ("/api/v1/session", "localhost/x", 400), ("/api/v1/session", "local host", 400), ("/api/v1/session", "", 400),
                                     ("/", "evil.example", 421), ("http://localhost/api/v1/session", "localhost", 401), ("/api/v1/session", "LOCALHOST:1", 401)):
            with self.subTest((target, host)):
                self.assertEqual(answers_in(say(port, request("GET", target, host=host))), [status])
        for headers in ({"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example"}, {"X-Original-URL": "/api/v1/approvals"},
                        {"X-Rewrite-URL": "/api/v1/approvals"}, {"X-HTTP-Method-Override": "DELETE"}, {"X-Forwarded-For": "10.0.0.1"}):
            self.assertEqual(answers_in(say(port, request("GET", "/api/v1/session", headers))), [401])
        self.assertEqual(answers_in(say(port, request("CONNECT", "evil.example:443"))), [400])

    def test_a_link_that_is_mailed_has_the_configured_address_whatever_host_was_asked(self):
        octets = request("POST", "/api/v1/invitations", {**self.sato.identity(), "Content-Type": "application/json", "X-Forwarded-Host": "evil.example"},
                         b'{"mail": "guest@outside.example.jp"}', host="evil.example")
        self.assertEqual(Answer(say(self.sato.port, octets)).status, 201)
        self.site.letters.wait_for("guest@outside.example.jp", "#invitation=")
        self.assertNotIn(b"evil.example", self.site.letters.mails[-1][2])

    def test_floods_of_header_end_early(self):
        for octets in (b"GET / HTTP/1.1\r\n" + b"".join(b"x-%d: y\r\n" % i for i in range(100000)), b"GET / HTTP/1.1\r\nCookie: " + b"a" * (4 << 20),
                       b"G" * (4 << 20), b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\n\r\n", b"\r\n" * 100000, b"\x16\x03\x01" + b"\0" * 4096,
                       b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            begin = time.monotonic()
            self.assertTrue(set(answers_in(say(self.sato.port, octets))) <= {400, 414, 431, 505})
            self.assertLess(time.monotonic() - begin, 10)

    def test_who_says_no_more_is_answered_and_who_says_half_is_let_go(self):
        for octets, wanted in ((request("GET", "/api/v1/session"), [401]), (b"GET /api/v1/ses", []),
                               (request("POST", "/api/v1/session", {"Content-Type": "application/json"}, b"{}").replace(b"Length: 2", b"Length: 200"), []),
                               (request("POST", "/api/v1/session", {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}).replace(
                                   b"Content-Length: 0\r\n", b"") + b"ffffffffffffffff\r\n{}", [])):
            with socket.create_connection(("127.0.0.1", self.sato.port), 10) as peer:
                peer.sendall(octets)
                peer.shutdown(socket.SHUT_WR)
                begin, out = time.monotonic(), b""
                while piece := peer.recv(65536):
                    out += piece
                self.assertEqual(answers_in(out), wanted)
                self.assertLess(time.monotonic() - begin, 5)

    def test_four_hundred_that_drip_do_not_keep_others_out(self):
        """Half of them drip a header and half a body, an octet a second each, and come again when they are ended."""
        stop, ended = threading.Event(), []
        head = b"GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\nX: "
        body = b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{"

        def drip(source):
            peers = []
            while not stop.is_set():
                while len(peers) < 100:
                    peer = socket.create_connection(("127.0.0.1", self.sato.port), 10, (source, 0))
                    peer.sendall(head if len(peers) % 2 else body)
                    peers.append(peer)
                for peer in list(peers):
                    try:
                        peer.send(b" ", socket.MSG_DONTWAIT)
                    except BlockingIOError:
                        pass
                    except OSError:
                        ended.append(peer)
                        peer.close()
                        peers.remove(peer)
                stop.wait(1)
            for peer in peers:
                peer.close()

        threads = [threading.Thread(target=drip, args=(f"127.0.1.{n}",), daemon=True) for n in range(4)]
        for thread in threads:
            thread.start()
        try:
            time.sleep(4)
            slowest = 0
            for number in range(40):
                begin = time.monotonic()
                client = Client(self.sato.port, self.sato.token, source=("127.0.0.1", "127.0.1.1")[number % 2])
                self.assertEqual(client.ask("GET", "/drop-box").status, 200, number)
                slowest = max(slowest, time.monotonic() - begin)
                time.sleep(0.1)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        print(f"\nbeside 400 dripping connections the slowest of 40 answers took {slowest * 1000:.0f} ms; {len(ended)} were ended", flush=True)
        self.assertLess(slowest, 5)
        self.assertGreater(len(ended), 0)


class Things(Attack):
    """Other people's things, and texts that want to be more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        mail = "{}@city.example.jp".format
        cls.sato = cls.site.program("edge", "sato", "sender", mail("sato"), tenant="東市")
        cls.strangers = {"edge": [cls.site.program("edge", "same", "sender", mail("same"), tenant="東市"),
                                  cls.site.program("edge", "else", "sender,administrator", mail("else"), tenant="西市")]}
        cls.taro = cls.site.program("gate", "taro", "staff", mail("taro"), "総務部/総務課", "東市")
        cls.strangers["gate"] = [cls.site.program("gate", "same", "staff,approver", mail("same"), "建設部", "東市"),
                                 cls.site.program("gate", "else", "staff,approver,administrator", mail("else"), "総務部", "西市")]

    def test_nothing_of_another_persons_or_tenants_answers_to_its_id(self):
        upload = self.sato.upload("open.txt", TEXT)
        sent = self.sato.submit([self.sato.upload("a.txt", TEXT)], "idor-key-1", importance="至急").json()
        self.sato.settled(sent["id"], ("waiting",))
        invitation = self.sato.ask("POST", "/invitations", {"mail": "guest2@outside.example.jp"}).json()["id"]
        ids = {"upload": upload, "submission": sent["id"], "item": sent["files"][0]["item"], "page": "1", "invitation": invitation,
               "delivery": sent["id"], "file": "0"}
        bodies = {"decide": {"decision": "approve", "digest": "0" * 64}}
        count = 0
        for operation in Contract().operations:
            if "{" not in operation.path or operation.tag == "console":  # the console has attacks of its own
                continue
            side = "edge" if operation.tag == "drop-box" else "gate"
            path = re.sub(r"\{(\w+)\}", lambda found: ids[found.group(1)], operation.path)
            for stranger in self.strangers[side]:
                if operation.id == "continueUpload":
                    answer = stranger.ask("PATCH", path, headers={**OCTETS, "Upload-Offset": str(len(TEXT))}, body=b"evil")
                elif operation.method == "OPTIONS":
                    continue
                else:
                    headers = {**TUS, "X-HTTP-Method-Override": "DELETE"} if "upload" in operation.path else {}
                    answer = stranger.ask(operation.method, path, bodies.get(operation.id), headers)
                self.assertEqual(answer.status, 404, (operation.id, stranger.token))
                count += 1
        self.assertGreaterEqual(count, 20)
        for stranger in self.strangers["edge"]:
            self.assertEqual(stranger.submit([upload], "idor-key-1").status, 422)
            self.assertEqual(stranger.ask("GET", "/submissions").json()["submissions"], [])
            self.assertEqual(stranger.ask("GET", "/invitations").json()["invitations"], [])
        for stranger in self.strangers["gate"]:
            for path, name in (("/deliveries", "deliveries"), ("/approvals", "approvals"), ("/approvals?decided=true", "approvals")):
                self.assertEqual(stranger.ask("GET", path).json()[name], [], path)
            choices = [one["login"] for one in stranger.ask("GET", "/delegation").json()["choices"]]
            self.assertNotIn("taro", choices)
        self.assertEqual(self.sato.ask("HEAD", "/uploads/" + upload, headers=TUS).status, 200)
        self.assertEqual(self.taro.ask("GET", f"/deliveries/{sent['id']}/files/0").status, 403)  # nobody has approved it

    NAMES = ("../../etc/passwd", "..\\..\\win.ini", "/etc/cron.d/x", "C:\\Windows\\x.txt", "\\\\server\\share\\x.txt", "%2e%2e%2fpasswd.txt",
             "....//....//etc/passwd", "a/./../../b.txt", ".htaccess", "con", "nul.txt", "a.txt ", "a.txt.", "~/.ssh/id", "$(reboot).txt", "`reboot`.txt", "| reboot",
             "-rf", "a\"; filename=\"evil.exe", "a%0d%0aX-Injected: 1.txt", SCRIPT.replace("/", "") + ".txt", "javascript:alert(1)", "a\u202etxt.exe", "\u2028line.txt",
             "．．／．．／wide.txt", "é" * 400, "x" * 900, "{{7*7}}.txt", "=cmd|' /C calc'!A0.csv", "filename*=UTF-8''evil.exe", "same.txt", "same.txt", "SAME.TXT")
    REFUSED = (b"a\0b.txt", b"a\r\nX-Injected: 1.txt", b"\xc0\xae\xc0\xae/x.txt", b"\xff\xfe.txt", b"\xed\xa0\x80.txt", b"", b"..", b"/", b"./.", b"y" * 1001)

    def is_plain(self, name):
        self.assertNotRegex(name, r'[\x00-\x1f\x7f/\\:*?"<>|\u202a-\u202e\u2066-\u2069\u2028\u2029]', ascii(name))
        self.assertNotIn(name.strip(" ."), ("", "con", "nul"), name)
        self.assertFalse(name.startswith(("..", "~", "-rf ")) and "/" in name, name)

    def is_json_for_nobody_else(self, answer):
        """Nothing in it becomes markup, whoever is made to show it."""
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["content-type"], "application/json")
        self.assertEqual(answer.headers["x-content-type-options"], "nosniff")
        self.assertNotIn(b"<", answer.body)
        self.assertIn("default-src 'none'", answer.headers["content-security-policy"])
        self.assertNotIn("unsafe", answer.headers["content-security-policy"])

    def test_names_and_texts_stay_names_and_texts(self):
        for name in self.REFUSED:
            self.assertIn(self.sato.upload(name, TEXT).status, (400, 422), name)
        uploads = [self.sato.upload(name, TEXT) for name in self.NAMES]
        sent = self.sato.submit(uploads, "names-key-1", title=SCRIPT, message=SCRIPT + "\n" + SCRIPT)
        self.assertEqual(sent.status, 201, sent.body)
        self.assertNotIn(b"<", sent.body)
        submission = sent.json()["id"]
        self.assertEqual(self.sato.submit([self.sato.upload("x", b"x")], "names-key-2", importance=SCRIPT).status, 422)
        files = self.sato.settled(submission, ("delivered", "held", "refused"), 200)
        self.is_json_for_nobody_else(self.sato.ask("GET", "/submissions/" + submission))
        self.assertGreater(sum(file["state"] == "delivered" for file in files), len(self.NAMES) // 2)

        shown = self.taro.ask("GET", "/deliveries/" + submission)
        self.is_json_for_nobody_else(shown)
        self.is_json_for_nobody_else(self.taro.ask("GET", "/deliveries?query=%3Cscript%3E"))
        self.assertEqual(shown.json()["title"], SCRIPT)
        # A file's number counts within the delivery; each is given under a name that is none but a name.
        for file in (file for item in shown.json()["items"] for file in item["files"]):
            self.is_plain(file["name"].replace("/", ""))
            given = self.taro.ask("GET", f"/deliveries/{submission}/files/{file['number']}", headers={"Range": "bytes=0-1"})
            self.assertEqual((given.status, len(given.body)), (200, file["bytes"]))
            self.is_one_attachment(given)
        self.archive_leads_nowhere(submission)

    def is_one_attachment(self, answer):
        disposition = answer.headers["content-disposition"]
        self.assertTrue(disposition.startswith("attachment"), disposition)
        self.assertNotIn("x-injected", answer.headers)
        parsed = http.client.parse_headers(io.BytesIO(b"Content-Disposition: " + disposition.encode("latin-1") + b"\r\n\r\n"))
        name = parsed.get_filename()
        self.assertIsNotNone(name, disposition)
        self.is_plain(name)
        self.assertEqual(answer.headers["x-content-type-options"], "nosniff")

    def archive_leads_nowhere(self, submission):
        archive = self.taro.ask("GET", f"/deliveries/{submission}/archive")
        self.is_one_attachment(archive)
        with zipfile.ZipFile(io.BytesIO(archive.body)) as entries, tempfile.TemporaryDirectory() as folder:
            self.assertIsNone(entries.testzip())
            names = entries.namelist()
            for info in entries.infolist():
                self.assertEqual(info.external_attr >> 28 & 15, info.external_attr >> 28 & 8, info.filename)  # a file, never a link
                for segment in info.filename.split("/"):
                    self.is_plain(segment)
                    self.assertNotEqual(segment, "..")
            self.assertEqual(len({name.casefold() for name in names}), len(names))
            pathlib.Path(folder, "archive.zip").write_bytes(archive.body)
            made = subprocess.run(["7z", "x", "-y", "-oout", "archive.zip"], cwd=folder, capture_output=True, check=False)
            self.assertEqual(made.returncode, 0, made.stdout[-300:])
            self.assertEqual(sorted(path.name for path in pathlib.Path(folder).iterdir()), ["archive.zip", "out"])

    def test_lengths_that_lie_change_nothing(self):
        def made():
            answer = self.sato.ask("POST", "/uploads", headers={**TUS, "Upload-Length": "10", "Upload-Metadata": "filename YS50eHQ="})
            return answer.headers["location"].removeprefix("/api/v1")

        path = made()

        def offset():
            return int(self.sato.ask("HEAD", path, headers=TUS).headers["upload-offset"])

        def patch(at, body, length=None):
            octets = request("PATCH", "/api/v1" + path, {**self.sato.identity(), **OCTETS, "Upload-Offset": str(at)}, body)
            return answers_in(say(self.sato.port, octets.replace(b"Length: %d\r" % len(body), b"Length: %d\r" % (len(body) if length is None else length))))

        self.assertEqual(patch(0, b"x" * 11), [413])
        self.assertEqual(patch(5, b"x" * 5), [409])
        self.assertEqual(patch(10, b""), [409])
        self.assertEqual(offset(), 0)
        self.assertEqual(patch(0, b"abc", 2), [204])  # and "c" begins no request
        self.assertEqual(offset(), 2)
        self.assertEqual(patch(2, b"x", 10 ** 18), [413])
        chunked = request("PATCH", "/api/v1" + path, {**self.sato.identity(), **OCTETS, "Upload-Offset": "2", "Transfer-Encoding": "chunked"}, b"")
        chunked = chunked.replace(b"Content-Length: 0\r\n", b"")
        self.assertEqual(answers_in(say(self.sato.port, chunked + b"fffffffffffffff0\r\n" + b"x" * 100)), [413])
        self.assertLessEqual(offset(), 10)
        path = made()
        with socket.create_connection(("127.0.0.1", self.sato.port), 10) as peer:  # promises ten, gives three, and goes
            peer.sendall(request("PATCH", "/api/v1" + path, {**self.sato.identity(), **OCTETS, "Upload-Offset": "0"}, b"1234567890")[:-7])
        deadline = time.monotonic() + 10
        while offset() < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(offset(), 3)
        self.assertEqual(self.sato.submit([path.rsplit("/", 1)[1]], "lying-key-1").status, 409)
        for length in ("9223372036854775807", "9223372036854775808", "1048577"):
            answer = self.sato.ask("POST", "/uploads", headers={**TUS, "Upload-Length": length, "Upload-Metadata": "filename YS50eHQ="})
            self.assertIn(answer.status, (400, 413), length)

    def test_no_other_site_may_read_or_write(self):
        for side, path in (("edge", "/uploads"), ("edge", "/session"), ("gate", "/delegation")):
            port = self.site.ports[side]
            preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-kiyome-csrf"}
            for method in ("OPTIONS", "GET", "POST", "PUT"):
                answer = Answer(say(port, request(method, "/api/v1" + path, preflight)))
                self.assertFalse([name for name in answer.headers if name.startswith("access-control-")])
        nobody = self.site.client("edge")
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
            self.assertEqual(nobody.ask("POST", "/session", headers={"Content-Type": kind}, body=b'{"login":"sato","password":"x"}').status, 415)
        for headers in ({"Origin": "http://localhost:1"}, {"Origin": "http://localhost.evil.example"}, {"Origin": "null"}, {"Origin": "file://"},
                        {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "none"}):
            answer = nobody.ask("POST", "/session", {"login": "sato", "password": "x"}, headers)
            self.assertEqual((answer.status, answer.code), (403, "csrf"), headers)


class Sessions(Attack):
    """Signing in, guessing, and what is left when it is over."""
    AUTH, PICK_UP = 'second_factor = ["approver"]\ntries = 4\nlock_minutes = 15', ""

    def enrolled(self, login, roles="staff,approver"):
        """(client that is signed in, secret, recovery codes)"""
        client = self.site.person("gate", login, roles, login + "@city.example.jp")
        if client.ask("GET", "/session").json()["state"] == "enrolment":
            secret = client.ask("GET", "/session/enrolment").json()["secret"]
            done = client.ask("POST", "/session/enrolment", {"code": totp(secret)})
            self.assertEqual(done.status, 200, done.body)
            if done.json()["session"]["state"] == "new-password":
                self.assertEqual(client.ask("PUT", "/session/password", {"old": PASSWORD, "new": OWN}).status, 200)
            return client, secret, done.json()["recovery_codes"]
        return client, "", []

    def test_each_step_has_a_new_token_and_the_one_before_is_dead(self):
        signed_in, _, codes = self.enrolled("fix")
        self.assertEqual(signed_in.ask("GET", "/session").json()["state"], "signed-in")
        victim = self.site.client("gate")
        victim.cookie = "kiyome-pick-up=" + "A" * 43  # planted by somebody who knows it
        planted = Client(victim.port)
        planted.cookie = victim.cookie
        first = victim.sign_in("fix")
        self.assertEqual(first.json()["state"], "second-factor")
        self.assertNotIn("A" * 43, victim.cookie)
        half = Client(victim.port)
        half.cookie, half.csrf = victim.cookie, victim.csrf
        for flag in ("HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(flag, first.cookies[0].split("; "))
        self.assertNotIn("domain", first.cookies[0].lower())
        self.nothing_else_is_open(half)
        self.assertEqual(victim.ask("POST", "/session/second-factor", {"code": codes[0]}).status, 200)
        self.assertNotEqual((half.cookie, half.csrf), (victim.cookie, victim.csrf))
        self.assertEqual([each.ask("GET", "/session").status for each in (planted, half, victim)], [401, 401, 200])
        crossed = Client(victim.port)  # the cookie of one session with the CSRF token of another
        crossed.cookie, crossed.csrf = victim.cookie, signed_in.csrf
        self.assertEqual(crossed.ask("PUT", "/delegation", {"to": ""}).code, "csrf")
        kept = Client(victim.port)
        kept.cookie, kept.csrf = victim.cookie, victim.csrf
        gone = victim.ask("DELETE", "/session")
        self.assertIn("Max-Age=0", gone.cookies[0])
        self.assertEqual(kept.ask("GET", "/session").status, 401)
        self.assertEqual(signed_in.ask("GET", "/session").status, 200)

    def nothing_else_is_open(self, half):
        """Who has given a password and no second factor."""
        for operation in Contract().operations:
            if operation.tag in ("drop-box", "console") or operation.open or operation.id in ("getSession", "giveSecondFactor", "signOut"):
                continue
            path = operation.path.replace("{delivery}", uuid7()).replace("{item}", uuid7()).replace("{file}", "0")
            value = {"code": "123456"} if operation.id == "enrol" else {"old": OWN, "new": "三つめの合言葉 third"}
            answer = half.ask(operation.method, path, value if operation.body_schema else None, keep=False)
            self.assertIn(answer.status, (401, 403), operation.id)
        told = half.ask("GET", "/session").json()
        self.assertLessEqual(set(told), {"state", "csrf", "login", "idle_seconds"})

    def test_one_recovery_code_lets_one_in_however_many_use_it_at_once(self):
        _, _, codes = self.enrolled("once")
        clients = [self.site.client("gate") for _ in range(4)]
        for client in clients:
            self.assertEqual(client.sign_in("once").json()["state"], "second-factor")
        out = at_once([lambda client=client: client.ask("POST", "/session/second-factor", {"code": codes[5]}).status for client in clients])
        self.assertEqual(sorted(out)[0], 200)
        self.assertEqual(sorted(out)[1:], [422] * 3)

    def test_a_code_of_the_authenticator_counts_once(self):
        client, secret, _ = self.enrolled("replay")
        step = int(time.time()) // 30 + 1  # the next one: this one was taken by the enrolment
        code = totp(secret, step)
        first, second = self.site.client("gate"), self.site.client("gate")
        for each in (first, second):
            each.sign_in("replay")
        out = at_once([lambda each=each: each.ask("POST", "/session/second-factor", {"code": code}).status for each in (first, second)])
        self.assertEqual(sorted(out), [200, 422])
        self.assertEqual(client.ask("GET", "/session").status, 200)

    def test_guessing_a_second_factor_ends_with_the_bound_over_all_sessions(self):
        _, _, codes = self.enrolled("guessed")
        clients = [self.site.client("gate", source=f"127.0.2.{n + 1}") for n in range(6)]
        for client in clients:
            self.assertEqual(client.sign_in("guessed").status, 200)
        out = at_once([lambda client=client: client.ask("POST", "/session/second-factor", {"code": "000000"}).status for client in clients])
        self.assertEqual(out.count(422), 4)
        self.assertEqual(out.count(429) + out.count(401), 2)
        late = self.site.client("gate", source="127.0.2.9")
        late.sign_in("guessed")
        answer = late.ask("POST", "/session/second-factor", {"code": codes[0]})
        self.assertEqual((answer.status, answer.code), (429, "too-many-tries"))
        self.assertLessEqual(int(answer.headers["retry-after"]), 900)

    def test_guessing_a_password_ends_with_the_bound_over_all_connections_and_addresses(self):
        self.site.person("gate", "target", "staff")
        sources = [f"127.0.3.{n + 1}" for n in range(10)]
        out = at_once([lambda source=source: self.site.client("gate", source).sign_in("target", "wrong").status for source in sources])
        self.assertEqual((out.count(401), out.count(429)), (4, 6))
        right = self.site.client("gate", "127.0.3.99").sign_in("target")
        self.assertEqual((right.status, right.code), (429, "too-many-tries"))
        self.assertLessEqual(int(right.headers["retry-after"]), 900)
        # Neither for ever nor for anybody else: an operator lets him in at once.
        self.site.user("passwd", "target", "--side", "gate", secret=PASSWORD)
        self.assertEqual(self.site.client("gate", "127.0.3.99").sign_in("target", PASSWORD).status, 200)

    def test_going_through_logins_ends_with_the_bound_of_the_address(self):
        self.site.person("gate", "honest", "staff")
        out = []
        for number in range(0, 90, 6):
            out += at_once([lambda n=n: self.site.client("gate", "127.0.4.1").sign_in(f"guess{n}", "wrong").status for n in range(number, number + 6)])
            if 429 in out:
                break
        self.assertLessEqual(out.count(401), 80)  # 20 times the tries of a login
        self.assertIn(429, out)
        self.assertEqual(self.site.client("gate", "127.0.4.1").sign_in("honest").status, 429)
        self.assertEqual(self.site.client("gate", "127.0.4.2").sign_in("honest").status, 200)

    def test_the_answer_and_its_time_tell_nothing_of_who_is_there(self):
        for number in range(3):
            self.site.person("gate", f"known{number}", "staff")
            self.site.program("gate", f"robot{number}", "staff")
            self.site.person("gate", f"gone{number}", "staff")
            self.site.user("disable", f"gone{number}", "--side", "gate")
        told, times = {}, {}
        for number in range(3):
            for kind, password in (("known", "wrong"), ("nobody", "wrong"), ("robot", ""), ("robot", "wrong"), ("gone", OWN)):
                client, begin = self.site.client("gate", f"127.0.5.{number + 1}"), time.monotonic()
                answer = client.sign_in(f"{kind}{number}", password or "x")
                times.setdefault(kind, []).append(time.monotonic() - begin)
                headers = {name: value for name, value in answer.headers.items() if name != "date"}
                told.setdefault(kind, []).append((answer.status, answer.body, headers, answer.cookies))
        first = told["known"][0]
        self.assertEqual(first[0], 401)
        for kind, answers in told.items():
            self.assertEqual(answers, [first] * len(answers), kind)
        medians = {kind: statistics.median(all_of) for kind, all_of in times.items()}
        print("\nmedian of a refusal:", {kind: f"{1000 * each:.0f} ms" for kind, each in medians.items()}, flush=True)
        self.assertLess(max(medians.values()), 4 * min(medians.values()))  # coarse: a hash or none is a factor of fifty

    def test_who_is_disabled_has_nothing_left(self):
        browser = self.site.person("edge", "leaver", "sender", "leaver@city.example.jp")
        program = self.site.token("edge", "leaver")
        self.assertEqual((browser.ask("GET", "/drop-box").status, program.ask("GET", "/drop-box").status), (200, 200))
        self.assertEqual(program.ask("POST", "/invitations", {"mail": "guest3@outside.example.jp"}).status, 201)
        link = self.site.letters.wait_for("guest3@outside.example.jp", "#invitation=")
        self.site.user("disable", "leaver", "--side", "edge")
        self.assertEqual((browser.ask("GET", "/drop-box").status, program.ask("GET", "/drop-box").status), (401, 401))
        self.assertEqual(self.site.client("edge").ask("POST", "/invitations/open", {"token": link}).status, 404)
        self.assertEqual(self.site.client("edge").sign_in("leaver").status, 401)
        self.site.user("enable", "leaver", "--side", "edge")
        self.assertEqual((browser.ask("GET", "/drop-box").status, program.ask("GET", "/drop-box").status), (401, 401))

    def test_guessing_an_invitations_code_ends_with_the_bound(self):
        host = self.site.program("edge", "host", "sender", "host@city.example.jp")
        self.assertEqual(host.ask("POST", "/invitations", {"mail": "guest4@outside.example.jp"}).status, 201)
        link = self.site.letters.wait_for("guest4@outside.example.jp", "#invitation=")
        self.assertEqual(self.site.client("edge").ask("POST", "/invitations/open", {"token": link}).status, 200)
        code = self.site.letters.wait_for("guest4@outside.example.jp", "確認番号:")
        wrong = [f"{(int(code) + n) % 10 ** 6:06}" for n in range(1, 13)]
        out = at_once([lambda each=each: self.site.client("edge").ask("POST", "/invitations/confirm", {"token": link, "code": each}).status for each in wrong])
        self.assertEqual(set(out), {422})
        self.assertEqual(self.site.client("edge").ask("POST", "/invitations/confirm", {"token": link, "code": code}).status, 422)
        for token in ("A" * 43, link[:-1], link + "A", "' OR 1=1 --", "../" + link):
            self.assertEqual(self.site.client("edge").ask("POST", "/invitations/open", {"token": token}).status, 404, token)


if __name__ == "__main__":
    unittest.main()
