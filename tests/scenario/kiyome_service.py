"""The real service for tests: kiyome serve on loopback with a store of its own, and a next hop that can misbehave."""
import json
import os
import pathlib
import random
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("KIYOME_BUILD", ROOT / "build"))
KIYOME = BUILD / "kiyome"
CORPUS = pathlib.Path(os.environ.get("KIYOME_CORPUS", ROOT.parent / "shared" / "corpus"))


def free_port():
    """A port that nobody listens at, and that nobody else comes to: no other test while this process lives, for each says by an abstract
    socket which ports are its own; and the kernel, which gives out others by itself, to whoever connects or binds to port 0."""
    low, high = (int(word) for word in pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    ports = [port for port in range(10000, 65536) if not low <= port <= high] or range(10000, 65536)
    while True:
        port = random.choice(ports)
        with socket.socket() as probe:
            holder = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                holder.bind(f"\0kiyome-test-port-{port}")
                probe.bind(("0.0.0.0", port))
            except OSError:
                holder.close()
                continue
        holder.detach()  # open until this process ends
        return port


class Sink(socketserver.ThreadingTCPServer):
    """A next hop. `behave` may give another answer for a step: ("MAIL"|"RCPT"|"DATA"|"END"|"CONNECT", text) -> reply | "drop"."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port=0, behave=None, address="127.0.0.1"):
        super().__init__((address, port), SinkSession)
        self.port = self.server_address[1]
        self.behave = behave or (lambda step, text: None)
        self.lock = threading.Lock()
        self.mails = []      # (sender, recipients, octets)
        self.changed = threading.Condition(self.lock)
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def keep(self, sender, recipients, octets):
        with self.changed:
            self.mails.append((sender, recipients, octets))
            self.changed.notify_all()

    def wait(self, count, seconds=30):
        with self.changed:
            self.changed.wait_for(lambda: len(self.mails) >= count, seconds)
            return list(self.mails)

    def handle_error(self, request, client_address):
        pass  # a client that was killed is no news here

    def stop(self):
        self.shutdown()
        self.server_close()


class SinkSession(socketserver.StreamRequestHandler):
    def say(self, step, text, default):
        reply = self.server.behave(step, text) or default
        if reply == "drop":
            raise ConnectionResetError
        self.wfile.write(reply.encode() + b"\r\n")
        return reply[0] in "23"

    def handle(self):
        self.say("CONNECT", "", "220 sink")
        sender, recipients = None, []
        while line := self.rfile.readline(4096):
            text = line.decode(errors="replace").strip()
            verb = text[:4].upper()
            if verb == "EHLO":
                self.wfile.write(b"250-sink\r\n250-PIPELINING\r\n250-SIZE 0\r\n250 ENHANCEDSTATUSCODES\r\n")
            elif verb == "MAIL":
                sender, recipients = text, []
                self.say("MAIL", text, "250 2.1.0 ok")
            elif verb == "RCPT":
                if self.say("RCPT", text, "250 2.1.5 ok"):
                    recipients.append(text[text.index("<") + 1:text.index(">")])
            elif verb == "DATA":
                if not recipients:
                    self.wfile.write(b"503 5.5.1 no recipients\r\n")
                elif self.say("DATA", "", "354 go on"):
                    self.data(sender, recipients)
            elif verb == "QUIT":
                self.wfile.write(b"221 2.0.0 bye\r\n")
                return
            else:
                self.wfile.write(b"250 2.0.0 ok\r\n")

    def data(self, sender, recipients):
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise ConnectionResetError
            lines.append(line[1:] if line.startswith(b".") else line)
        if self.say("END", "", "250 2.0.0 ok"):
            self.server.keep(sender[sender.index("<") + 1:sender.index(">")], recipients, b"".join(lines))


class Service:
    """kiyome serve, with a folder that outlives restarts. `extra` is TOML text placed after the tables of the harness."""

    def __init__(self, sink_port, extra="", smtp="", deliver="", folder=None, roles=None, returns_port=9, within=()):
        self.keep_folder = folder is not None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="kiyome-test-"))
        self.port = free_port()
        self.config = self.folder / "kiyome.toml"
        self.roles = roles
        self.within = list(within)  # a command that runs the program: "nsenter", …
        self.write_config(sink_port, extra, smtp, deliver, returns_port)
        self.process = None

    def write_config(self, sink_port, extra="", smtp="", deliver="", returns_port=9):
        self.config.write_text(f"""
data_dir = "{self.folder}/data"
[edge.smtp]
listen = "127.0.0.1:{self.port}"
hostname = "kiyome.example.jp"
free_bytes_min = 1048576
{smtp}
[edge.return]
host = "127.0.0.1"
port = {returns_port}
retry_first_seconds = 1
[gate.deliver]
hosts = ["127.0.0.1:{sink_port}"]
retry_first_seconds = 0.3
retry_max_seconds = 2
{deliver}
{extra}
""")

    def start(self):
        self.log = open(self.folder / "log", "ab")
        mark = self.log.tell()
        command = self.within + [KIYOME, "serve", "--config", self.config] + (["--role", self.roles] if self.roles else [])
        self.process = subprocess.Popen(command, stderr=self.log, start_new_session=True)
        deadline = time.monotonic() + 60
        while b'"event":"serving"' not in (self.folder / "log").read_bytes()[mark:]:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("kiyome did not start:\n" + self.log_text()[-3000:])
            time.sleep(0.05)
        return self

    def log_text(self):
        return (self.folder / "log").read_text(errors="replace")

    def log_events(self, event):
        out = []
        for line in self.log_text().splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if row.get("event") == event:
                out.append(row)
        return out

    def wait_event(self, event, count=1, seconds=30):
        deadline = time.monotonic() + seconds
        while len(self.log_events(event)) < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"no {event} in the log:\n" + self.log_text()[-3000:])
            time.sleep(0.05)

    def pids(self):
        """The processes of each role: {"edge": [pid], "sanitizer": [...]}. Children of this service only."""
        found = {}
        pending = [self.process.pid]
        while pending:
            parent = pending.pop()
            try:
                children = pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
                threads = list(pathlib.Path(f"/proc/{parent}/task").iterdir())
                for thread in threads:
                    children += (thread / "children").read_text().split()
            except OSError:
                continue
            for child in {int(each) for each in children}:
                try:
                    words = pathlib.Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
                except OSError:
                    continue
                name = words[2].decode() if len(words) > 2 and words[1] == b"role" else "sanitizer"
                found.setdefault(name, []).append(child)
                pending.append(child)
        return found

    def run(self, *words, check=True):
        return subprocess.run([KIYOME, *words, "--config", self.config], capture_output=True, text=True, check=check)

    def queue(self):
        return [json.loads(line) for line in self.run("queue", "list", "--json").stdout.splitlines()]

    def wait_settled(self, count=None, seconds=60):
        """Waits until no item is on its way; gives the rows."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                rows = self.queue()
            except subprocess.CalledProcessError:
                rows = None
            if rows is not None and (count is None or len(rows) >= count) and \
                    all(row["state"] in ("delivered", "held", "bounced") for row in rows):
                return rows
            if time.monotonic() > deadline:
                raise AssertionError(f"not settled: {[r for r in rows or [] if r['state'] not in ('delivered', 'held', 'bounced')][:5]} "
                                     f"of {len(rows or [])}\n" + self.log_text()[-3000:])
            time.sleep(0.1)

    def connect(self):
        return Client(self.port)

    def send(self, octets, sender="a@outside.example", recipients=("b@city.example.jp",)):
        with self.connect() as client:
            return client.send(octets, sender, recipients)

    def stop(self):
        """Stops within ten seconds, as promised; gives the exit code."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(11)
        self.process = None
        self.log.close()
        return code

    def kill_all(self):
        pids = [self.process.pid] + [pid for each in self.pids().values() for pid in each]
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process = None
        self.log.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process is not None:
            self.stop()
        if not self.keep_folder:
            subprocess.run(["rm", "-rf", self.folder], check=False)


class Served(unittest.TestCase):
    """Tests that share one service and its next hop."""

    @classmethod
    def serve(cls, *words, **more):
        """As Service has them, behind the port of the next hop."""
        cls.sink = Sink()
        cls.addClassCleanup(cls.sink.stop)
        cls.service = Service(cls.sink.port, *words, **more)
        cls.addClassCleanup(cls.service.__exit__)
        cls.service.start()


class Client:
    """A plain SMTP client that says just what it is told."""

    def __init__(self, port, timeout=30):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.file = self.socket.makefile("rb")
        try:
            self.greeting = self.reply()
        except OSError:
            self.__exit__()
            raise

    def reply(self):
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                raise ConnectionResetError("the server closed")
            lines.append(line.decode(errors="replace").rstrip("\r\n"))
            if line[3:4] != b"-":
                return lines[-1] if len(lines) == 1 else "\n".join(lines)

    def say(self, text):
        self.socket.sendall(text.encode() + b"\r\n")
        return self.reply()

    def send(self, octets, sender, recipients):
        self.say("EHLO test.example")
        for command in [f"MAIL FROM:<{sender}>"] + [f"RCPT TO:<{each}>" for each in recipients] + ["DATA"]:
            answer = self.say(command)
            if answer[0] not in "23":
                return answer
        stuffed = wire(octets)
        self.socket.sendall(stuffed + b".\r\n")
        return self.reply()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()


def wire(octets):
    """CRLF line ends, dots stuffed, ending in CRLF."""
    octets = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\0", b"").replace(b"\n", b"\r\n")
    if not octets.endswith(b"\r\n"):
        octets += b"\r\n"
    octets = octets.replace(b"\r\n.", b"\r\n..")
    return b"." + octets if octets.startswith(b".") else octets


def item_id(answer):
    assert answer.startswith("250 2.0.0 Ok: queued as "), answer
    return answer.rsplit(" ", 1)[1]
