#!/usr/bin/env python3
"""What the service says of itself: a real one is scraped while mails are taken, held and refused, sanitizers and roles are killed, and
the gate refuses what should be clean. Every number has to be true, and every name in deploy/prometheus and deploy/grafana has to exist."""
import concurrent.futures
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import struct
import subprocess
import threading
import time
import unittest

import yaml
from prometheus_client.parser import text_string_to_metric_families

from kiyome_service import ROOT, Served, Service, Sink, free_port, item_id
from pick_up_test import InternetSide, counted, uuid7

MAIL = b"From: a@outside.example\r\nTo: b@city.example.jp\r\nSubject: x\r\n\r\nhello\r\n"
NAME = r"[a-zA-Z_][a-zA-Z0-9_]*"
SAMPLE = re.compile(rf'({NAME})\{{((?:{NAME}="(?:[^"\\\x00-\x1f]|\\[\\"n])*",?)+)\}} (\S+)')
LABEL = re.compile(rf'({NAME})="((?:[^"\\]|\\[\\"n])*)"')


class Scrape:
    """One answer of /metrics, read strictly: families once, each sample below its own, histograms that rise and end in their count."""

    def __init__(self, text):
        self.types, self.values, family = {}, {}, None
        assert text.endswith("\n") and "\r" not in text
        for line in text.splitlines():
            if line.startswith("# HELP "):
                family = line.split()[2]
                assert family not in self.types and len(line.split()) > 3, line
                self.types[family] = None
            elif line.startswith("# TYPE "):
                _, _, name, kind = line.split()
                assert name == family and self.types[name] is None and kind in ("counter", "gauge", "histogram"), line
                self.types[name] = kind
            else:
                found = SAMPLE.fullmatch(line)
                assert found, line
                ends = ("_bucket", "_sum", "_count") if self.types[family] == "histogram" else ("",)
                assert found[1] in [family + end for end in ends], line
                assert found[1].endswith("_total") == (self.types[family] == "counter"), line
                labels = dict(LABEL.findall(found[2]))
                assert len(labels) == found[2].count('="') and "role" in labels, line
                key = (found[1], frozenset(labels.items()))
                assert key not in self.values, line
                self.values[key] = float(found[3])
        self.check_histograms()
        # Another's parser takes it, too, and finds the same.
        theirs = {(s.name, frozenset(s.labels.items())): s.value for f in text_string_to_metric_families(text) for s in f.samples}
        assert theirs == self.values

    def check_histograms(self):
        for (name, labels), value in self.values.items():
            if not name.endswith("_count") or self.types.get(name[:-6]) != "histogram":
                continue
            buckets = sorted((float(dict(more)["le"]), count) for (bucket, more), count in self.values.items()
                             if bucket == name[:-6] + "_bucket" and {e for e in more if e[0] != "le"} == labels)
            assert buckets[-1] == (float("inf"), value), name
            assert all(a[1] <= b[1] for a, b in zip(buckets, buckets[1:])), name

    def get(self, name, **labels):
        """The sum of the samples with these labels; None when there is none."""
        found = [value for (one, own), value in self.values.items() if one == name and labels.items() <= dict(own).items()]
        return sum(found) if found else None


class Sight:
    def __init__(self, port):
        self.port = port

    def ask(self, path, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()

    def scrape(self):
        status, text, _ = self.ask("/metrics")
        assert status == 200, text
        return Scrape(text)

    def wait(self, true, seconds=30):
        deadline = time.monotonic() + seconds
        while True:
            now = self.scrape()
            if true(now):
                return now
            if time.monotonic() > deadline:
                raise AssertionError("\n".join(f"{name} {dict(labels)} {value}" for (name, labels), value in now.values.items() if value))
            time.sleep(0.2)


def bundle(content, digest=None):
    """Kind 1 of proto/transfer/FORMAT.md, forward."""
    payload = uuid7() + struct.pack("<HB", 1, 1) + counted("a@outside.example") + b"\x00" + counted("")
    payload += struct.pack("<II", 1, 0) + counted("b@city.example.jp") + b"\x00" + counted("")
    payload += (digest or hashlib.sha256(content).digest()) + counted(content)
    return struct.pack("<I", len(payload) + 1) + b"\x01" + payload


class Metrics(Served):
    @classmethod
    def setUpClass(cls):
        cls.pages, port = free_port(), free_port()
        cls.sight = Sight(port)
        cls.serve(smtp='relay_domains = ["city.example.jp"]', extra=f"""
[metrics]
listen = "127.0.0.1:{port}"
[gate.pick_up]
listen = "127.0.0.1:{cls.pages}"
[console]
listen = "127.0.0.1:{free_port()}"
[[policy.rule]]
to = "held@city.example.jp"
verdict = "held"
""")

    def test_a_numbers_are_true(self):
        """Seven mails for ten recipients, two of whom are held; refusals; a page and a wrong password: each is counted once."""
        before = self.sight.scrape()
        self.assertEqual({label for (name, labels) in before.values if name == "kiyome_up" for key, label in labels if key == "role"},
                         {"edge", "cleaner", "gate", "console"})
        self.assertEqual(before.get("kiyome_up"), 4)
        self.assertEqual(before.get("kiyome_accepted_total"), 0)
        octets = 0
        for number in range(5):
            item_id(self.service.send(MAIL))
        for number in range(2):
            item_id(self.service.send(MAIL, recipients=("b@city.example.jp", "held@city.example.jp", "c@city.example.jp")[:2 + number]))
        octets = 7 * len(MAIL)
        self.assertTrue(self.service.send(MAIL, recipients=("x@elsewhere.example",)).startswith("554"))
        with self.service.connect() as client:
            client.say("EHLO a")
            self.assertTrue(client.say("MAIL FROM:<a@b> SIZE=99999999").startswith("552"))
            self.assertTrue(client.say("NONSENSE").startswith("500"))
        self.service.wait_settled(10)
        # The sight role has hardly begun: its processor time shows after some answers.
        now = self.sight.wait(lambda s: s.get("kiyome_results_total", result="delivered", role="cleaner") == 10
                              and s.get("kiyome_held") == 2 and s.get("kiyome_transfer_unanswered") == 0
                              and s.get("process_cpu_seconds_total", role="sight") > 0)
        expected = [
            (7, "kiyome_accepted_total", dict(by="smtp", role="edge")), (octets, "kiyome_accepted_bytes_total", dict(by="smtp")),
            (9, "kiyome_smtp_connections_total", {}), (1, "kiyome_smtp_refusals_total", dict(code="554")),
            (1, "kiyome_smtp_refusals_total", dict(code="552")), (1, "kiyome_smtp_refusals_total", dict(code="500")),
            (3, "kiyome_smtp_refusals_total", {}), (0, "kiyome_smtp_sessions_refused_total", {}),
            (7, "kiyome_items_decided_total", {}), (8, "kiyome_verdicts_total", dict(verdict="clean")),
            (2, "kiyome_verdicts_total", dict(verdict="held")), (2, "kiyome_reasons_total", dict(reason="policy-held")),
            (7, "kiyome_accept_to_verdict_seconds_count", {}),
            # What is held brings its recipient a notice: a bundle and a delivery of its own. The sink speaks no DSN: relayed.
            (9, "kiyome_verdict_to_gate_seconds_count", {}), (9, "kiyome_gate_bundles_total", dict(kind="mail")),
            (10, "kiyome_gate_attempts_total", dict(result="relayed")), (10, "kiyome_gate_delivery_seconds_count", {}),
            (10, "kiyome_accept_to_delivery_seconds_count", {}), (7, "kiyome_sanitizer_jobs_total", dict(kind="mail")),
            (7, "kiyome_sanitizer_job_seconds_count", dict(kind="mail")), (0, "kiyome_sanitizer_failures_total", {}),
            (0, "kiyome_put_off_total", {}), (0, "kiyome_gate_refused_total", {}), (0, "kiyome_queue_waiting", {}),
            (0, "kiyome_intake_waiting", {}), (0, "kiyome_gate_waiting", {}), (1, "kiyome_transfer_connected", {}),
            (1, "kiyome_gate_connected", {}), (1, "kiyome_edge_connected", {}), (1, "kiyome_intake_connected", {}),
            (1, "kiyome_next_hop_reached", {}), (1, "kiyome_sanitizer_up", dict(kind="mail"))]
        for count, name, labels in expected:
            self.assertEqual(now.get(name, **labels), count, (name, labels))
        self.assertAlmostEqual(now.get("kiyome_held_oldest_timestamp_seconds"), time.time(), delta=60)
        # Seven commits' worth, in as many groups as fsyncs.
        self.assertEqual(now.get("kiyome_commit_group_size_sum", store="originals"), 7)
        self.assertEqual(now.get("kiyome_commit_seconds_count", store="originals"), now.get("kiyome_commit_group_size_count", store="originals"))
        for store in ("items", "gate"):
            self.assertGreaterEqual(now.get("kiyome_commit_group_size_sum", store=store), 7)
        for what in (dict(role="edge", what="originals"), dict(role="cleaner", what="database"), dict(role="gate", what="database")):
            self.assertGreater(now.get("kiyome_stored_bytes", **what), 1000, what)
        for role in ("edge", "cleaner", "gate", "console", "sight"):
            self.assertGreater(now.get("process_resident_memory_bytes", role=role), 1 << 20)
            self.assertGreater(now.get("process_cpu_seconds_total", role=role), 0)
            self.assertEqual(now.get("kiyome_build_info", role=role), 1)
        self.assertEqual(now.get("kiyome_disk_size_bytes", role="edge"), os.statvfs(self.service.folder).f_blocks * os.statvfs(self.service.folder).f_frsize)
        words = self.service.log_text()
        self.assertNotIn('"role":"sight","event":"sight', words)

    def test_b_pages_and_signing_in(self):
        before = self.sight.scrape()
        connection = http.client.HTTPConnection("127.0.0.1", self.pages, timeout=20)
        for method, path, body, status in [("GET", "/api/v1/nothing", None, 404),
                                           ("POST", "/api/v1/session", json.dumps({"login": "nobody", "password": "wrong"}), 401)]:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, status)
        connection.close()
        now = self.sight.wait(lambda s: s.get("kiyome_http_answers_total", role="gate", status="4xx") == 2)
        self.assertEqual(before.get("kiyome_sign_ins_total", role="gate", result="refused"), 0)
        self.assertEqual(now.get("kiyome_sign_ins_total", role="gate", result="refused"), 1)
        self.assertEqual(now.get("kiyome_http_answers_total", role="edge"), 0)

    def test_c_the_gate_refuses(self):
        """What is not clean, what is not what its digest says, and what is no frame at all, said by who took the Internet side's place."""
        self.service.stop()
        roles, self.service.roles = self.service.roles, "gate"
        self.addCleanup(setattr, self.service, "roles", roles)
        self.service.start()
        alone = self.sight.scrape()
        self.assertEqual({dict(labels)["role"]: value for (name, labels), value in alone.values.items() if name == "kiyome_up"}, {"gate": 1})
        self.assertEqual(self.sight.ask("/health/ready")[0], 200)
        side = InternetSide(self.service.folder / "data/run/gate.sock")
        side.socket.sendall(bundle(b"not a clean mail\r\n") + bundle(b"x\r\n", bytes(32)))
        self.assertEqual([side.next()[0], side.next()[0]], [2, 2])
        now = self.sight.wait(lambda s: s.get("kiyome_gate_refused_total") == 2)
        self.assertEqual(now.get("kiyome_gate_refused_total", reason="grammar"), 1)
        self.assertEqual(now.get("kiyome_gate_refused_total", reason="digest"), 1)
        self.assertEqual(now.get("kiyome_gate_bundles_total"), 0)
        side.socket.sendall(b"\x05\x00\x00\x00\xffnonsense")
        self.sight.wait(lambda s: s.get("kiyome_gate_frames_refused_total") == 1)
        side.socket.close()
        self.service.stop()
        self.service.roles = roles
        self.service.start()
        self.assertEqual(self.sight.scrape().get("kiyome_gate_refused_total"), 0)

    def test_d_a_killed_sanitizer_and_a_killed_role(self):
        for pid in self.service.pids()["sanitizer"]:  # only that of mails runs: the process that forks the jobs, and its parent
            os.kill(pid, signal.SIGKILL)
        self.sight.wait(lambda s: s.get("kiyome_sanitizer_deaths_total", kind="mail") == 1)
        item_id(self.service.send(MAIL))
        now = self.sight.wait(lambda s: s.get("kiyome_sanitizer_jobs_total", kind="mail") == 1 and s.get("kiyome_sanitizer_up", kind="mail") == 1)
        self.assertEqual(now.get("kiyome_accepted_total"), 1)
        begun = now.get("process_start_time_seconds", role="edge")
        os.kill(self.service.pids()["edge"][0], signal.SIGKILL)
        now = self.sight.wait(lambda s: (s.get("process_start_time_seconds", role="edge") or 0) > begun)
        self.assertEqual(now.get("kiyome_accepted_total"), 0)  # its counts were its own
        self.assertEqual(now.get("kiyome_items_decided_total"), 1)  # the others' are not
        self.service.wait_settled()

    def test_e_a_role_that_hangs_is_down_alone(self):
        gate = self.service.pids()["gate"][0]
        os.kill(gate, signal.SIGSTOP)
        try:
            began = time.monotonic()
            now = self.sight.wait(lambda s: s.get("kiyome_up", role="gate") == 0)
            self.assertLess(time.monotonic() - began, 8)
            self.assertEqual(now.get("kiyome_up"), 3)
            self.assertIsNone(now.get("kiyome_next_hop_reached"))
            self.assertEqual([self.sight.ask("/health/live" + path)[0] for path in ("", "/gate", "/edge", "/nobody")], [503, 503, 200, 404])
            status, text, headers = self.sight.ask("/health/ready")
            self.assertEqual(status, 503)
            self.assertEqual(headers["content-type"], "application/json")
            told = {one["role"]: one for one in json.loads(text)["roles"]}
            self.assertEqual(told["gate"], {"role": "gate", "up": False, "ready": False, "missing": []})
            self.assertEqual(told["edge"], {"role": "edge", "up": True, "ready": True, "missing": []})
        finally:
            os.kill(gate, signal.SIGCONT)
        self.sight.wait(lambda s: s.get("kiyome_up") == 4)
        self.assertEqual(self.sight.ask("/health/live")[0], 200)

    def test_f_an_edge_without_room_is_live_and_not_ready(self):
        config = self.service.config.read_text()
        reloads = len(self.service.log_events("reloaded"))
        self.service.config.write_text(config.replace("free_bytes_min = 1048576", f"free_bytes_min = {1 << 50}"))
        self.service.process.send_signal(signal.SIGHUP)
        self.service.wait_event("reloaded", reloads + 5)
        self.sight.wait(lambda s: s.get("kiyome_condition", role="edge", condition="disk") == 0)
        self.assertEqual([self.sight.ask(path)[0] for path in ("/health/ready/edge", "/health/live/edge", "/health/ready/gate")], [503, 200, 200])
        self.assertIn('"missing":["disk"]', self.sight.ask("/health/ready/edge")[1])
        self.service.config.write_text(config)
        self.service.process.send_signal(signal.SIGHUP)
        self.service.wait_event("reloaded", reloads + 10)
        self.sight.wait(lambda s: s.get("kiyome_condition", role="edge", condition="disk") == 1)
        self.assertEqual(self.sight.ask("/health/ready")[0], 200)

    def test_g_scrapes_under_load(self):
        """Mails by four clients, a scrape each 50 ms: no count ever falls, none is lost, and a scrape stays short."""
        before = self.sight.scrape().get("kiyome_accepted_total")
        count, stop, times, seen = 200, threading.Event(), [], []

        def look():
            while not stop.is_set():
                began = time.monotonic()
                now = self.sight.scrape()
                times.append(time.monotonic() - began)
                seen.append({key: value for key, value in now.values.items() if key[0].endswith(("_total", "_count", "_bucket"))})
                time.sleep(0.05)

        looker = threading.Thread(target=look)
        looker.start()
        try:
            with concurrent.futures.ThreadPoolExecutor(4) as clients:
                for answer in clients.map(lambda _: self.service.send(MAIL), range(count)):
                    item_id(answer)
            self.service.wait_settled()
        finally:
            stop.set()
            looker.join()
        for earlier, later in zip(seen, seen[1:]):
            for key, value in earlier.items():
                self.assertGreaterEqual(later[key], value, key)
        self.sight.wait(lambda s: s.get("kiyome_accepted_total") == before + count)
        times.sort()
        print(f"{len(times)} scrapes under load, median {times[len(times) // 2] * 1000:.1f} ms, longest {times[-1] * 1000:.0f} ms", flush=True)
        self.assertLess(times[len(times) // 2], 1)

    def test_h_only_what_it_is_for(self):
        for method, path, status in [("GET", "/", 404), ("GET", "/metrics/x", 404), ("POST", "/metrics", 405), ("DELETE", "/health/live", 405),
                                     ("GET", "/health", 404), ("GET", "/api/v1/session", 404)]:
            self.assertEqual(self.sight.ask(path, method)[0], status, (method, path))
        status, text, headers = self.sight.ask("/metrics", "HEAD")
        self.assertEqual((status, text), (200, ""))
        self.assertEqual(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertNotIn("set-cookie", headers)
        # It may connect to the sight sockets and to nothing else of a role; root alone knows other users.
        run = self.service.folder / "data/run"
        pid = self.service.pids()["sight"][0]
        words = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
        if os.geteuid() == 0:
            uid, gid = words["Uid"].split()[0], words["Gid"].split()[0]
            self.assertNotIn(uid, {str((run / f"{role}.admin.sock").stat().st_uid) for role in ("edge", "cleaner", "gate", "console")} | {"0"})
            self.assertEqual(words["Groups"].strip(), "")
            for role in ("edge", "cleaner", "gate", "console"):
                told = (run / f"{role}.sight.sock").stat()
                self.assertEqual((stat.S_IMODE(told.st_mode), str(told.st_gid)), (0o660, gid))
                self.assertNotEqual(str((run / f"{role}.admin.sock").stat().st_gid), gid)
        self.assertEqual(int(words["CapEff"], 16) if os.geteuid() == 0 else 0, 0)
        self.service.config.write_text(self.service.config.read_text().replace(f'"127.0.0.1:{self.sight.port}"', '"127.0.0.1:1"'))
        self.service.process.send_signal(signal.SIGHUP)
        self.service.wait_event("reload refused")
        self.assertIn("metrics.listen: changing it takes a restart", self.service.log_events("reload refused")[-1]["why"])
        self.service.config.write_text(self.service.config.read_text().replace('"127.0.0.1:1"', f'"127.0.0.1:{self.sight.port}"'))


class Files(unittest.TestCase):
    """deploy/prometheus and deploy/grafana speak of what there is."""

    @classmethod
    def setUpClass(cls):
        cls.alerts = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())
        cls.dashboard = json.loads((ROOT / "deploy/grafana/kiyome.json").read_text())
        cls.rules = [rule for group in cls.alerts["groups"] for rule in group["rules"]]

    @staticmethod
    def names(expression):
        """Names and label matchers of PromQL, as far as ours go."""
        return re.findall(r"\b((?:kiyome|process)_\w+)(?:\{([^}]*)\})?", expression)

    def test_every_name_exists(self):
        port, sink = free_port(), Sink()
        certificate = Service(sink.port).folder
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "10", "-subj", "/CN=k",
                        "-keyout", certificate / "key", "-out", certificate / "crt"], check=True, capture_output=True)
        extra = f"""
[metrics]
listen = "127.0.0.1:{port}"
[tls]
certificate = "{certificate}/crt"
key = "{certificate}/key"
[audit]
syslog = "tcp://127.0.0.1:{free_port()}"
[console]
listen = "127.0.0.1:{free_port()}"
"""
        with Service(sink.port, extra=extra) as service:
            service.send(MAIL)
            service.wait_settled(1)
            now = Sight(port).wait(lambda s: s.get("kiyome_results_total", result="delivered") == 1)
        sink.stop()
        shutil.rmtree(certificate)
        self.assertAlmostEqual(now.get("kiyome_certificate_expiry_timestamp_seconds", certificate="tls"), time.time() + 10 * 86400, delta=600)
        for role in ("edge", "cleaner", "gate", "console"):
            self.assertEqual(now.get("kiyome_syslog_connected", role=role), 0)
            self.assertGreaterEqual(now.get("kiyome_syslog_unsent_entries", role=role), 1)
        expressions = [rule["expr"] for rule in self.rules]
        expressions += [target["expr"] for panel in self.dashboard["panels"] for target in panel.get("targets", [])]
        self.assertGreater(len(expressions), 50)
        labels = {name: {key for (one, own) in now.values if one == name for key, _ in own} | {"instance", "job"} for name, _ in now.values}
        values = {(name, pair) for name, own in now.values for pair in own}
        for expression in expressions:
            for name, matchers in self.names(expression):
                self.assertIn(name, labels, expression)
                for key, operator, value in re.findall(r'(\w+)(=~|!=|!~|=)"([^"]*)"', matchers):
                    self.assertIn(key, labels[name], expression)
                    if operator == "=":
                        self.assertIn((name, (key, value)), values, expression)
        operate = (ROOT / "deploy/OPERATE.md").read_text()
        self.assertEqual(set(re.findall(r"`(kiyome_\w+)`", operate)), {name for name in now.types if name.startswith("kiyome_")})

    def test_every_alert_says_what_it_means_and_what_to_do(self):
        operate = (ROOT / "deploy/OPERATE.md").read_text()
        for rule in self.rules:
            self.assertIn(rule["labels"]["severity"], ("critical", "warning"))
            for key in ("summary", "description"):
                japanese, mark, english = rule["annotations"][key].partition(" / ")
                self.assertTrue(mark and re.search("[ぁ-ん]", japanese) and re.search("[a-z]{3}", english), rule["alert"])
                self.assertNotIn("\n", rule["annotations"][key])
            anchor = rule["annotations"]["runbook_url"].partition("#")[2]
            self.assertIn(f'<a id="{anchor}"></a>', operate, rule["alert"])
            self.assertIn(f"`{rule['alert']}`", operate)
        anchors = re.findall(r'<a id="(alarm-[\w-]+)"></a>', operate)
        self.assertEqual(sorted(anchors), sorted({rule["annotations"]["runbook_url"].partition("#")[2] for rule in self.rules}))

    def test_promtool_takes_the_rules_and_they_fire(self):
        promtool = shutil.which("promtool")
        if promtool is None:
            self.skipTest("promtool (Debian's prometheus) is not installed")
        for words in (["check", "rules", "deploy/prometheus/alerts.yml"], ["check", "config", "deploy/prometheus/prometheus.yml"],
                      ["test", "rules", "tests/scenario/alerts_fire.yml"]):
            done = subprocess.run([promtool, *words], cwd=ROOT, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
