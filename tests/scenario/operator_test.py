#!/usr/bin/env python3
"""What the information-policy office does at the command line: see, hold, release, delete, check the audit trail."""
import json
import subprocess
import unittest

from kiyome_service import KIYOME, Service, Sink, item_id

RULES = """
[[policy.rule]]
from = "*@held.example"
verdict = "held"
[[policy.rule]]
from = "*@refused.example"
verdict = "rejected"
[[policy.rule]]
to = "texts@*"
attachments = "text"
"""
MAIL = b"From: a@outside.example\r\nTo: b@city.example.jp\r\nSubject: hello\r\n\r\nhello\r\n"
WITH_TEXT = (b"From: a@outside.example\r\nSubject: list\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
             b"--x\r\n\r\nsee below\r\n--x\r\nContent-Type: text/csv; name=list.csv\r\n\r\nname,age\r\nTaro,5\r\n--x--\r\n")


class Operator(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.service = Service(self.sink.port, extra=RULES).start()

    def tearDown(self):
        self.service.__exit__()
        self.sink.stop()

    def show(self, item):
        lines = self.service.run("queue", "show", item, "--json").stdout.splitlines()
        return [json.loads(line) for line in lines]

    def test_held_mail_sends_a_notice_and_a_release_sends_the_mail_once(self):
        item = item_id(self.service.send(MAIL, sender="x@held.example"))
        rows = self.service.wait_settled(1)
        self.assertEqual((rows[0]["state"], rows[0]["reasons"]), ("held", ["policy-held"]))
        sender, recipients, notice = self.sink.wait(1)[0]
        self.assertEqual((sender, recipients), ("", ["b@city.example.jp"]))
        self.assertIn(f"X-Kiyome-Id: {item}.0\r\n".encode(), notice)
        self.assertIn(b"Auto-Submitted: auto-generated", notice)
        held = self.service.run("quarantine", "list", "--json").stdout
        self.assertEqual(json.loads(held)["id"], item)
        # Several people at the same moment: each is served, the mail leaves once.
        asked = [subprocess.Popen([KIYOME, "queue", "release", item, "--config", self.service.config], stdout=subprocess.DEVNULL) for _ in range(4)]
        self.assertEqual([each.wait() for each in asked], [0] * 4)
        self.sink.wait(2)
        self.service.wait_settled(1)
        self.assertEqual(self.show(item)[1]["state"], "delivered")
        self.assertEqual(len(self.sink.mails), 2)
        self.assertIn(b"Subject: hello\r\n", self.sink.mails[1][2])
        self.assertIn(f"X-Kiyome-Id: {item}\r\n".encode(), self.sink.mails[1][2])

    def test_a_retry_cleans_again_by_the_same_rules(self):
        item = item_id(self.service.send(MAIL, sender="x@held.example"))
        self.service.wait_settled(1)
        self.service.run("queue", "retry", item)
        for _ in range(100):
            if "held-again" in self.service.run("audit", "list", "--json").stdout:
                break
        self.assertEqual([row["state"] for row in self.service.wait_settled(1)], ["held"])
        self.assertEqual(len(self.sink.wait(1)), 1)   # the notice

    def test_a_refused_sender_is_silent_and_stays(self):
        self.service.send(MAIL, sender="x@refused.example")
        rows = self.service.wait_settled(1)
        self.assertEqual(rows[0]["reasons"], ["policy-rejected"])
        self.assertEqual(self.sink.mails, [])

    def test_delete_takes_a_held_item_from_the_queue_and_says_so_in_the_audit_trail(self):
        item = item_id(self.service.send(MAIL, sender="x@held.example"))
        self.service.wait_settled(1)
        self.service.run("queue", "delete", item)
        self.assertEqual(self.service.queue(), [])
        entries = [json.loads(line) for line in self.service.run("audit", "list", "--json").stdout.splitlines()]
        self.assertIn("delete", [entry["event"] for entry in entries if entry["item"] == item])
        result = json.loads(self.service.run("audit", "verify", "--json").stdout)
        self.assertTrue(result["intact"])
        self.assertGreaterEqual(result["entries"], 2)

    def test_one_message_leaves_as_two_when_recipients_are_treated_differently(self):
        item = item_id(self.service.send(WITH_TEXT, recipients=("b@city.example.jp", "texts@city.example.jp")))
        mails = self.sink.wait(2)
        self.service.wait_settled(2)
        by_recipient = {recipients[0]: octets for _, recipients, octets in mails}
        self.assertEqual(set(by_recipient), {"b@city.example.jp", "texts@city.example.jp"})
        self.assertIn(f"X-Kiyome-Id: {item}.1".encode(), by_recipient["b@city.example.jp"])
        self.assertIn(f"X-Kiyome-Id: {item}.2".encode(), by_recipient["texts@city.example.jp"])
        self.assertNotIn(b"multipart", by_recipient["b@city.example.jp"])
        self.assertIn(b"list.csv.txt", by_recipient["texts@city.example.jp"])

    def test_a_hold_before_it_left(self):
        self.service.stop()
        self.service.roles = "edge,cleaner"   # no gate: nothing can leave
        self.service.start()
        item = item_id(self.service.send(MAIL))
        for _ in range(100):
            if [row["state"] for row in self.service.queue()] == ["sending"]:
                break
        self.service.run("queue", "hold", item)
        self.assertEqual([row["state"] for row in self.service.queue()], ["held"])
        self.service.stop()
        self.service.roles = None
        self.service.start()
        self.service.run("queue", "release", item)
        self.sink.wait(1)
        self.assertEqual(len(self.sink.mails), 1)

    def test_policy_explain_names_the_rule(self):
        path = self.service.folder / "mail.eml"
        path.write_bytes(MAIL)
        result = self.service.run("policy", "explain", "--from", "x@held.example", "--to", "b@city.example.jp", str(path))
        self.assertIn("*@held.example", result.stdout)
        self.assertIn("held", result.stdout)

    def test_reload_changes_the_policy_and_a_mistake_changes_nothing(self):
        import signal
        config = self.service.config.read_text()
        self.service.config.write_text(config.replace('"*@held.example"', '"*@later.example"'))
        self.service.process.send_signal(signal.SIGHUP)
        self.service.wait_event("reloaded")
        self.service.send(MAIL, sender="x@later.example")
        self.assertEqual(self.service.wait_settled(1)[0]["state"], "held")
        self.service.config.write_text(config + "\n[policy]\nnonsense = 1\n")
        self.service.process.send_signal(signal.SIGHUP)
        self.service.wait_event("reload refused")
        self.service.send(MAIL, sender="y@later.example")
        self.service.config.write_text(config)   # the command line reads it too
        self.assertEqual([row["state"] for row in self.service.wait_settled(2)], ["held", "held"])

    def test_what_a_role_refused_does_not_come_back_with_its_next_start(self):
        import os
        import signal
        for name in ("a", "b"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                            "-keyout", self.service.folder / f"{name}.key", "-out", self.service.folder / f"{name}.pem"],
                           check=True, capture_output=True)
        config = self.service.config.read_text()
        self.service.config.write_text(config + '\n[tls]\ncertificate = "a.pem"\nkey = "b.key"\n')
        self.service.process.send_signal(signal.SIGHUP)
        self.service.wait_event("reload refused")
        self.service.config.write_text(config)
        os.kill(self.service.pids()["edge"][0], signal.SIGKILL)
        self.service.wait_event("role ready", 4)
        self.service.send(MAIL)
        self.assertEqual([row["state"] for row in self.service.wait_settled(1)], ["delivered"])

    def test_a_ca_file_beside_the_configuration_is_found_by_the_roles(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-keyout", self.service.folder / "ca.key", "-out", self.service.folder / "ca.pem"], check=True,
                       capture_output=True)
        self.service.stop()
        with_ca = 'tls = "required"\ntls_ca = "ca.pem"\n'
        config = self.service.config.read_text()
        self.service.config.write_text(config.replace("[gate.deliver]\n", "[gate.deliver]\n" + with_ca)
                                       .replace("[edge.return]\n", "[edge.return]\n" + with_ca))
        self.assertEqual(self.service.run("check").returncode, 0)
        self.service.start()
        self.service.send(MAIL)
        self.service.wait_event("delivery put off")   # the sink speaks no TLS
        self.assertEqual(self.service.log_events("role died"), [])
        self.service.config.write_text(config)
        (self.service.folder / "ca.pem").write_text("nothing\n")
        self.service.config.write_text(config.replace("[gate.deliver]\n", "[gate.deliver]\n" + with_ca))
        self.assertEqual(self.service.run("check", check=False).returncode, 2)
        self.service.config.write_text(config)

    def test_a_log_that_nobody_reads_stops_nobody(self):
        self.service.stop()
        process = subprocess.Popen([KIYOME, "serve", "--config", self.service.config], stderr=subprocess.PIPE)
        try:
            while b'"event":"serving"' not in process.stderr.readline():
                pass
            for _ in range(60):   # some lines each: more than a pipe holds
                with self.service.connect() as client:
                    for _ in range(19):
                        client.say("NONSENSE " + "x" * 60)
            self.assertTrue(self.service.send(MAIL).startswith("250"))
            self.assertEqual(len(self.sink.wait(1)), 1)
        finally:
            process.terminate()
            self.assertEqual(process.wait(11), 0)
            process.stderr.close()

    def test_stop_takes_less_than_ten_seconds(self):
        self.assertEqual(self.service.stop(), 0)


class OneShot(unittest.TestCase):
    def test_check_names_every_mistake(self):
        import tempfile
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as config:
            config.write('[edge.smtp]\nlisten = 5\n[policy]\nattachments = "keep"\n')
            config.flush()
            result = subprocess.run([KIYOME, "check", "--config", config.name], capture_output=True, text=True)
        self.assertEqual(result.returncode, 2)
        self.assertIn(":2:", result.stderr)
        self.assertIn(":4:", result.stderr)

    def test_two_inputs_of_one_name_are_refused_before_any_work(self):
        import pathlib
        import tempfile
        with tempfile.TemporaryDirectory() as folder:
            for each in ("a", "b"):
                (pathlib.Path(folder) / each).mkdir()
                (pathlib.Path(folder) / each / "m.eml").write_bytes(MAIL)
            result = subprocess.run([KIYOME, "sanitize", "--out", f"{folder}/out", f"{folder}/a/m.eml", f"{folder}/b/m.eml"],
                                    capture_output=True, text=True)
            self.assertEqual(result.returncode, 2)
            self.assertFalse((pathlib.Path(folder) / "out").exists())

    def test_sanitize_reports_and_holds(self):
        import pathlib
        import tempfile
        with tempfile.TemporaryDirectory() as folder:
            mail, other = pathlib.Path(folder) / "m.eml", pathlib.Path(folder) / "p.pdf"
            mail.write_bytes(MAIL)
            other.write_bytes(b"%PDF-1.4\n%%EOF\n")
            result = subprocess.run([KIYOME, "sanitize", "--report", f"{folder}/r", "--out", f"{folder}/out", mail, other],
                                    capture_output=True, text=True)
            self.assertEqual(result.returncode, 1, result.stderr)
            first, second = (json.loads(line) for line in open(f"{folder}/r"))
            self.assertEqual((first["verdict"], len(first["outputs"])), ("clean", 1))
            self.assertEqual((second["verdict"], second["reasons"], second["outputs"]), ("held", ["damaged"], []))
            self.assertEqual(second["type"], "application/pdf")
            self.assertEqual([p.name for p in (pathlib.Path(folder) / "out").iterdir()], ["m.eml.eml"])

    def test_compact_pdfs_are_bilevel_at_300_dpi_by_key_and_by_option(self):
        import pathlib
        import re
        import tempfile
        import documents
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "a.pdf").write_bytes(documents.pdf("Estimate"))
            (folder / "compact.toml").write_text("[documents]\ncompact = true\n")
            widths = {}
            for form, words in (("plain", []), ("option", ["--compact"]), ("key", ["--config", folder / "compact.toml"])):
                subprocess.run([KIYOME, "sanitize", "--mode", "flatten", *words, "--out", folder / form, folder / "a.pdf"], check=True,
                               capture_output=True)
                octets = (folder / form / "a.pdf.pdf").read_bytes()
                self.assertEqual(b"/CCITTFaxDecode" in octets, form != "plain", form)
                self.assertIn("Estimate", documents.pdf_text(octets))
                self.assertEqual(subprocess.run([KIYOME, "verify", folder / form / "a.pdf.pdf"], capture_output=True).returncode, 0)
                widths[form] = int(re.search(rb"/Width ([0-9]+)", octets)[1])  # of the one word there is
            self.assertAlmostEqual(widths["option"] / widths["plain"], 2, delta=0.1)
            self.assertEqual(widths["key"], widths["option"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
