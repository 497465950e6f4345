"""The real service with its drop box and its pick-up, people on both sides, and HTTP said octet by octet: no library between a test
and the socket corrects what the test says or what the server answers."""
import base64
import email
import email.policy
import hashlib
import hmac
import json
import re
import socket
import struct
import subprocess
import time

from kiyome_service import KIYOME, Service, Sink, free_port

PASSWORD = "はじめの合言葉 initial"
OWN = "二つめの合言葉 second"  # what people choose in place of the first one
TUS = {"Tus-Resumable": "1.0.0"}


class Answer:
    """One answer, read strictly: one status line, every header once, as many octets as Content-Length says."""

    def __init__(self, octets, bare=False):
        head, mark, self.body = octets.partition(b"\r\n\r\n")
        assert mark, f"no answer: {octets[:200]!r}"
        first, *lines = head.decode("latin-1").split("\r\n")
        assert re.fullmatch(r"HTTP/1\.1 [2-5]\d\d [ -~]+", first), first
        self.status, self.headers, self.cookies = int(first[9:12]), {}, []
        for line in lines:
            name, _, value = line.partition(": ")
            name = name.lower()
            if name == "set-cookie":
                self.cookies.append(value)
            assert name not in self.headers, f"{name} twice"
            self.headers[name] = value
        length = self.headers.get("content-length")
        if self.status == 204 or self.status == 304:
            assert length is None and self.body == b"", head
        elif bare:
            assert self.body == b"", head
        else:
            assert length is not None and int(length) == len(self.body), (head, len(self.body))

    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json()["code"] if self.headers.get("content-type") == "application/problem+json" else ""


def say(port, octets, seconds=30, source="127.0.0.1"):
    """All that the server says to these octets until it ends the connection; the rest may be refused unread."""
    with socket.create_connection(("127.0.0.1", port), seconds, (source, 0)) as connection:
        try:
            connection.sendall(octets)
        except (BrokenPipeError, ConnectionResetError):
            pass
        out = b""
        try:
            while piece := connection.recv(1 << 16):
                out += piece
        except ConnectionResetError:
            pass
        return out


def request(method, target, headers=(), body=b"", host="localhost"):
    head = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close"]
    head += [f"{name}: {value}" for name, value in dict(headers).items()]
    if body or method in ("POST", "PUT", "PATCH"):
        head.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(head) + "\r\n\r\n").encode() + body


class Client:
    """Somebody at one side: a program with its token, a browser with cookie and CSRF token, or nobody."""

    def __init__(self, port, token=None, source="127.0.0.1"):
        self.port, self.token, self.source = port, token, source
        self.cookie, self.csrf = "", ""

    def identity(self):
        if self.token:
            return {"Authorization": "Bearer " + self.token}
        out = {"Cookie": self.cookie} if self.cookie else {}
        return {**out, "X-Kiyome-CSRF": self.csrf} if self.csrf else out

    def ask(self, method, path, value=None, headers=(), body=b"", keep=True):
        """`value` becomes JSON; `headers` win over the identity, None leaves one out."""
        fields = self.identity()
        if value is not None:
            body, fields["Content-Type"] = json.dumps(value).encode(), "application/json"
        fields.update(headers)
        fields = {name: text for name, text in fields.items() if text is not None}
        answer = Answer(say(self.port, request(method, "/api/v1" + path, fields, body), source=self.source), method == "HEAD")
        if keep and answer.cookies:
            self.cookie = answer.cookies[0].split(";")[0]
        if keep and answer.headers.get("content-type") == "application/json" and self.cookie:
            told = answer.json()
            self.csrf = told.get("csrf") or told.get("session", {}).get("csrf") or self.csrf
        return answer

    def sign_in(self, login, password=OWN):
        return self.ask("POST", "/session", {"login": login, "password": password})

    # ---- the drop box ----
    def upload(self, name, octets):
        metadata = "filename " + base64.b64encode(name.encode() if isinstance(name, str) else name).decode()
        made = self.ask("POST", "/uploads", headers={**TUS, "Upload-Length": str(len(octets)), "Upload-Metadata": metadata})
        if made.status != 201:
            return made
        path = made.headers["location"].removeprefix("/api/v1")
        if octets:
            sent = self.ask("PATCH", path, headers={**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}, body=octets)
            assert sent.status == 204, sent.body
        return path.rsplit("/", 1)[1]

    def submit(self, uploads, key, recipients=("taro@city.example.jp",), **more):
        wanted = {"uploads": [{"id": each} for each in uploads], "recipients": list(recipients), **more}
        return self.ask("POST", "/submissions", wanted, {"Idempotency-Key": key})

    def settled(self, submission, states=("held", "refused", "delivered", "waiting"), seconds=120):
        deadline = time.monotonic() + seconds
        while True:
            files = self.ask("GET", "/submissions/" + submission).json()["files"]
            if all(file["state"] in states for file in files):
                return files
            assert time.monotonic() < deadline, files
            time.sleep(0.1)


class Letters(Sink):
    """The next hop for mail to the outside."""

    def wait_for(self, address, mark, seconds=30):
        """What follows `mark` in the newest letter to this address."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with self.lock:
                for _, recipients, octets in reversed(self.mails):
                    text = email.message_from_bytes(octets, policy=email.policy.default).get_body(("plain",)).get_content()
                    found = re.search(mark + r"\s*([A-Za-z0-9_-]+)", text)
                    if recipients == [address] and found:
                        return found.group(1)
            time.sleep(0.05)
        raise AssertionError(f"no letter to {address} with {mark}")


class Site:
    """Both sides on loopback. edge: drop box; gate: pick-up; console: the quarantine review, when `console` (TOML, perhaps empty) is given.
    The importance 至急 asks for an approval."""

    def __init__(self, auth="second_factor = []", pick_up="", extra="", console=None, relay="city.example.jp"):
        self.sink, self.letters = Sink(), Letters()
        self.ports = {"edge": free_port(), "gate": free_port(), "console": free_port()}
        if console is not None:
            extra = f'[console]\nlisten = "127.0.0.1:{self.ports["console"]}"\n{console}\n{extra}'
        self.service = Service(self.sink.port, smtp=f'relay_domains = ["{relay}"]', returns_port=self.letters.port, extra=f"""
[edge.drop_box]
listen = "127.0.0.1:{self.ports["edge"]}"
url = "http://127.0.0.1:{self.ports["edge"]}/"
file_bytes_max = 1048576
[gate.pick_up]
listen = "127.0.0.1:{self.ports["gate"]}"
{pick_up}
[policy]
attachments = "flatten"
[[approval.rule]]
name = "至急のもの"
importance = "至急"
[auth]
{auth}
{extra}
""").start()

    def close(self):
        try:
            self.service.__exit__()
        finally:
            self.sink.stop()
            self.letters.stop()

    def user(self, *words, secret=""):
        return subprocess.run([KIYOME, "user", *words, "--config", self.service.config], input=secret + "\n", text=True, check=True,
                              capture_output=True).stdout.strip()

    def program(self, side, login, roles, mail="", department="", tenant=""):
        """An account without a password, and a client with its token."""
        self.user("add", login, "--side", side, "--name", login, "--roles", roles, "--no-password", *(["--mail", mail] if mail else []),
                  *(["--department", department] if department else []), *(["--tenant", tenant] if tenant else []))
        return self.token(side, login)

    def token(self, side, login):
        return Client(self.ports[side], self.user("token", login, "--side", side, "--for", "test"))

    def person(self, side, login, roles, mail="", department=""):
        """An account with the password OWN, chosen by himself; a client that is signed in unless a second factor is asked for."""
        self.user("add", login, "--side", side, "--name", login, "--roles", roles, *(["--mail", mail] if mail else []),
                  *(["--department", department] if department else []), secret=PASSWORD)
        client = Client(self.ports[side])
        assert client.sign_in(login, PASSWORD).status == 200
        if client.ask("GET", "/session").json()["state"] == "new-password":
            assert client.ask("PUT", "/session/password", {"old": PASSWORD, "new": OWN}).status == 200
        return client

    def client(self, side, source="127.0.0.1"):
        return Client(self.ports[side], source=source)


def totp(secret, step=None):
    """RFC 6238."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30 if step is None else step), hashlib.sha1)
    at = digest[19] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def uuid7():
    octets = bytearray(int(time.time() * 1000).to_bytes(6, "big") + hashlib.sha256(str(time.monotonic_ns()).encode()).digest()[:10])
    octets[6], octets[8] = 0x70 | octets[6] & 15, 0x80 | octets[8] & 63
    return re.sub("^(.{8})(.{4})(.{4})(.{4})", r"\1-\2-\3-\4-", bytes(octets).hex())
