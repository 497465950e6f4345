#!/usr/bin/env python3
"""The provable log, on databases of a real service: checkpoints in both zones, every kind of tampering named, export, syslog, legal hold."""
import json
import pathlib
import re
import shutil
import socket
import socketserver
import sqlite3
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from kiyome_service import Service, Sink, free_port, item_id

OFTEN = "[audit]\ncheckpoint_minutes = 0.02\n"
MAIL = b"From: a@outside.example\r\nTo: b@city.example.jp\r\nSubject: audit\r\nDate: Sat, 21 Nov 2026 10:00:00 +0900\r\n\r\nhello\r\n"
HOLDING = OFTEN + '[[policy.rule]]\nfrom = "*@outside.example"\nverdict = "held"\n'
DATABASES = {"cleaner": "cleaner/items.db", "edge": "edge/audit.sqlite", "gate": "gate/gate.sqlite"}


def verify(service, *words):
    result = service.run("audit", "verify", "--json", *words, check=False)
    if not result.stdout:
        raise AssertionError(result.stderr)
    found = json.loads(result.stdout)
    return result.returncode, {each["trail"]: each for each in found["trails"]}


def checkpoints(service):
    return [json.loads(line) for line in service.run("audit", "checkpoints", "--json").stdout.splitlines()]


def wait(what, seconds=40):
    deadline = time.monotonic() + seconds
    while not (found := what()):
        if time.monotonic() > deadline:
            raise AssertionError("it did not come to that")
        time.sleep(0.2)
    return found


class Tampering(unittest.TestCase):
    """One service makes trails; each test harms a copy of a database of it."""

    @classmethod
    def setUpClass(cls):
        cls.sink = Sink()
        cls.made = pathlib.Path(tempfile.mkdtemp(prefix="kiyome-audit-"))
        cls.service = Service(cls.sink.port, extra=OFTEN, folder=cls.made)
        cls.service.start()
        for _ in range(6):
            cls.service.send(MAIL)
        cls.service.wait_settled(6)
        cls.service.run("audit", "checkpoint")
        wait(lambda: {(each["owner"], each["trail"]) for each in checkpoints(cls.service) if each.get("told_at")}
             >= {("cleaner", "cleaner"), ("edge", "edge"), ("gate", "gate"), ("gate", "cleaner"), ("gate", "edge"),
                 ("cleaner", "gate")})
        cls.marks = checkpoints(cls.service)
        cls.service.stop()

    @classmethod
    def tearDownClass(cls):
        cls.sink.stop()
        shutil.rmtree(cls.made)

    def after(self, role, harm):
        """What verification says of a copy of a role's database to which that was done, with what the other roles keep."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="kiyome-audit-"))
        self.addCleanup(shutil.rmtree, folder)
        path, kept = folder / pathlib.Path(DATABASES[role]).name, folder / "kept.jsonl"
        shutil.copy(self.made / "data" / DATABASES[role], path)
        db = sqlite3.connect(path)
        with db:
            harm(db)
        db.close()
        kept.write_text("".join(json.dumps(each) + "\n" for each in self.marks if each["owner"] != role))
        self.service.config.write_text(f'data_dir = "{folder}/none"\n')
        code, trails = verify(self.service, "--file", path, "--checkpoints", kept)
        return code, trails[role]

    def names(self, role, bad, harm):
        code, found = self.after(role, lambda db: db.executescript(harm))
        self.assertEqual((code, found["intact"], found.get("first_bad")), (1, False, bad), found)
        return found["fault"]

    def test_untouched_trails_are_intact_and_stand_in_the_other_zone(self):
        code, found = self.after("cleaner", lambda db: None)
        self.assertEqual((code, found["intact"]), (0, True))
        self.assertGreaterEqual(found["witnessed"], 1)

    def test_one_bit_of_any_column(self):
        for column, value in (("unix_ms", "unix_ms+1"), ("event", "'Verdict'"), ("item", "zeroblob(16)"), ("actor", "actor||' '"),
                              ("detail", "replace(detail,'{','{ ')"), ("hash", "zeroblob(32)")):
            self.names("cleaner", 5, f"UPDATE audit SET {column}={value} WHERE sequence=5")

    def test_an_entry_removed(self):
        for role in DATABASES:
            self.names(role, 1, "DELETE FROM audit WHERE sequence=1")
        self.names("cleaner", 6, "DELETE FROM audit WHERE sequence=6")

    def test_two_swapped(self):
        self.names("gate", 2, "UPDATE audit SET sequence=-1 WHERE sequence=2; UPDATE audit SET sequence=2 WHERE sequence=3;"
                              "UPDATE audit SET sequence=3 WHERE sequence=-1")

    def test_an_entry_put_in(self):
        self.names("cleaner", 4, "UPDATE audit SET sequence=-sequence-1 WHERE sequence>3; UPDATE audit SET sequence=-sequence WHERE sequence<0;"
                                 "INSERT INTO audit SELECT 4, unix_ms, event, item, actor, detail, hash FROM audit WHERE sequence=3")

    def test_the_tail_cut_with_its_count_and_its_own_checkpoints(self):
        last = max(each["sequence"] for each in self.marks if each["trail"] == "cleaner")
        cut = last - 2
        self.names("cleaner", cut + 1, f"DELETE FROM audit WHERE sequence>{cut}; UPDATE audit_base SET last={cut};"
                                       f"DELETE FROM checkpoints WHERE trail=1 AND sequence>{cut}")

    def test_a_checkpoint_forged(self):
        last = max(each["sequence"] for each in self.marks if each["trail"] == "cleaner")
        self.assertIn("forged", self.names("cleaner", last, f"UPDATE checkpoints SET head=zeroblob(32) WHERE trail=1 AND sequence={last}"))

    def test_exports_are_verified_on_another_machine(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="kiyome-audit-"))
        self.addCleanup(shutil.rmtree, folder)
        (folder / "data").mkdir()
        for each in ("edge", "cleaner", "gate"):  # with their owners
            subprocess.run(["cp", "-a", self.made / "data" / each, folder / "data"], check=True)
        with Service(self.sink.port, extra=OFTEN, folder=folder) as service:
            exported = service.run("audit", "export").stdout
            own = service.run("audit", "checkpoints", "--json").stdout
        service.config.write_text(f'data_dir = "{folder}/elsewhere"\n')
        file, kept = folder / "export.jsonl", folder / "checkpoints.jsonl"
        file.write_text(exported)
        kept.write_text("".join(line + "\n" for line in own.splitlines() if json.loads(line)["owner"] == "gate"))
        code, trails = verify(service, "--file", file, "--checkpoints", kept)
        self.assertEqual((code, sorted(trails)), (0, ["cleaner", "edge", "gate"]))
        self.assertGreaterEqual(trails["cleaner"]["witnessed"], 1)
        lines = exported.splitlines()
        place = next(i for i, line in enumerate(lines) if '"sequence":3,' in line and line.startswith('{"trail":"cleaner","sequence"'))
        file.write_text("\n".join(lines[:place] + [lines[place].replace('"actor":"', '"actor":"x')] + lines[place + 1:]) + "\n")
        code, trails = verify(service, "--file", file)
        self.assertEqual((code, trails["cleaner"]["first_bad"], trails["gate"]["intact"]), (1, 3, True))
        code, trails = verify(service, "--file", folder / "data" / DATABASES["gate"])
        self.assertEqual((code, trails["gate"]["intact"]), (0, True))


class LegalHold(unittest.TestCase):
    def test_a_kept_item_is_neither_deleted_nor_forgotten(self):
        with Sink() as sink, Service(sink.port, extra=HOLDING) as service:
            held = item_id(service.send(MAIL))
            service.wait_settled(1)
            service.run("quarantine", "keep", held, "--reason", "訴訟 12 号")
            refused = service.run("queue", "delete", held, check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("kept", refused.stdout + refused.stderr)
            self.assertEqual(service.queue()[0]["state"], "held")
            service.run("quarantine", "unkeep", held)
            self.assertIn('"recipients":1', service.run("queue", "delete", held).stdout)
            entries = [json.loads(line) for line in service.run("audit", "list", "--json").stdout.splitlines()]
            self.assertEqual([e["event"] for e in entries if e["event"] in ("legal-hold", "legal-hold-lifted", "delete")],
                             ["legal-hold", "legal-hold-lifted", "delete"])
            self.assertNotEqual(service.run("quarantine", "keep", "01890000-0000-7000-8000-0123456789ab", "--reason", "x", check=False).returncode, 0)

    def test_the_start_and_each_configuration_are_told_by_their_hash(self):
        with Sink() as sink, Service(sink.port, extra=OFTEN) as service:
            service.config.write_text(service.config.read_text() + "\n# another\n")
            service.process.send_signal(1)
            service.wait_event("reloaded", 3)

            def told():
                rows = [json.loads(line) for line in service.run("audit", "list", "--json").stdout.splitlines()]
                return {e["event"]: e["detail"]["sha256"] for e in rows if e["event"] in ("start", "configuration")}
            found = wait(lambda: told() if len(told()) == 2 else None)
            self.assertNotEqual(found["start"], found["configuration"])


class Collector(socketserver.ThreadingTCPServer):
    """Takes frames of counted octets over TLS, and looks at each."""
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port, context):
        super().__init__(("127.0.0.1", port), None, bind_and_activate=False)
        self.server_bind()
        self.server_activate()
        self.context = context
        self.messages = []
        self.faults = []
        self.open = []
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def finish_request(self, request, client_address):
        try:
            with self.context.wrap_socket(request, server_side=True) as stream:
                self.open.append(stream)
                self.read(stream.makefile("rb"))
        except ConnectionResetError:
            pass  # a sender that was killed
        except OSError as fault:
            self.faults.append(str(fault))

    def read(self, stream):
        while True:
            digits = b""
            while (octet := stream.read(1)) not in (b"", b" "):
                digits += octet
            if not octet:
                return
            if not re.fullmatch(rb"[1-9][0-9]*", digits):
                self.faults.append(f"a frame begins with {digits!r}")
                return
            message = stream.read(int(digits)).decode()
            found = re.match(r'<(\d+)>1 (\S+Z) (\S+) kiyome-(\w+) - (\S+) \[kiyome@32473 sequence="(\d+)" hash="([0-9a-f]{64})" '
                             r'actor="(?:[^"\\\]]|\\.)*"(?: item="[0-9a-f-]{36}")?\] \ufeff(\{.*\})$', message)
            if not found:
                self.faults.append(message)
                return
            json.loads(found[8])
            self.messages.append((found[4], int(found[6]), found[7]))

    def handle_error(self, request, client_address):
        pass

    def stop(self):
        self.shutdown()
        self.server_close()
        for stream in self.open:
            try:
                stream.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            stream.close()


class Syslog(unittest.TestCase):
    def certificate(self, folder, name):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=test", "-addext", f"subjectAltName={name}", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
                       check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        return context

    def test_every_entry_of_every_trail_arrives_over_tls_also_across_deaths_of_either(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="kiyome-syslog-"))
        self.addCleanup(shutil.rmtree, folder)
        context, port = self.certificate(folder, "IP:127.0.0.1"), free_port()
        extra = OFTEN + f'syslog = "tls://127.0.0.1:{port}"\nsyslog_ca = "{folder}/cert.pem"\n'
        seen = []
        with Sink() as sink:
            with Service(sink.port, extra=extra) as service:
                service.send(MAIL)  # nobody listens yet, and nothing waits for that
                service.wait_settled(1)
                collector = Collector(port, context)
                wait(lambda: {role for role, _, _ in collector.messages} == {"cleaner", "edge", "gate"})
                collector.stop()  # it dies
                seen += collector.messages
                self.assertEqual(collector.faults, [])
                service.send(MAIL)
                service.wait_settled(2)
                collector = Collector(port, context)
                wait(lambda: any(role == "cleaner" and sequence > 5 for role, sequence, _ in collector.messages))
                service.kill_all()  # the service dies
                service.start()
                service.send(MAIL)
                service.wait_settled(3)

                def all_there():
                    told = {(role, sequence): hash for role, sequence, hash in seen + collector.messages}
                    for role in ("cleaner", "edge", "gate"):
                        rows = [json.loads(line) for line in service.run("audit", "export", "--role", role).stdout.splitlines()]
                        if any("sequence" in row and told.get((role, row["sequence"])) != row["hash"] for row in rows):
                            return False
                    return True
                wait(all_there)
                self.assertEqual(collector.faults, [])
                collector.stop()

    def test_a_collector_that_is_another_hears_nothing(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="kiyome-syslog-"))
        self.addCleanup(shutil.rmtree, folder)
        collector = Collector(0, self.certificate(folder, "DNS:another.example"))
        extra = OFTEN + f'syslog = "tls://127.0.0.1:{collector.server_address[1]}"\nsyslog_ca = "{folder}/cert.pem"\n'
        with Sink() as sink, Service(sink.port, extra=extra) as service:
            service.wait_event("syslog: the collector is not reached")
            service.send(MAIL)
            service.wait_settled(1)
            self.assertEqual(collector.messages, [])
        collector.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
