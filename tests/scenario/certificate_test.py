#!/usr/bin/env python3
"""The papers of two hosts as an operator makes them: `kiyome certificate`, what `kiyome check` says of [transfer], and a renewal while
the service runs."""
import pathlib
import re
import subprocess
import tempfile
import time
import unittest

from kiyome_service import KIYOME, Service, Sink, free_port
from two_hosts import Papers


class Certificates(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="kiyome-papers-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.papers = Papers(self.folder)

    def check(self, text):
        path = self.folder / "kiyome.toml"
        path.write_text(text)
        done = subprocess.run([KIYOME, "check", "--config", path], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr.replace(str(path), "kiyome.toml")

    def test_keys_are_their_owners_alone_and_nothing_is_overwritten(self):
        for name in ("ca.key", "internet.key", "closed.key"):
            self.assertEqual(self.papers.path(name).stat().st_mode & 0o777, 0o600, name)
        before = {path.name: path.read_bytes() for path in self.folder.iterdir()}
        for words in (["init", "--out", self.folder], ["issue", "closed", "--ca", self.folder]):
            done = self.papers.certificate(*words, check=False)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn("既にあります", done.stderr)
        self.assertEqual({path.name: path.read_bytes() for path in self.folder.iterdir()}, before)
        self.assertEqual(self.papers.certificate("issue", "both", check=False).returncode, 2)

    def test_show_tells_who_until_when_and_the_pin(self):
        told = self.papers.certificate("show", self.papers.path("internet.crt")).stdout
        self.assertRegex(told, r"インターネット側 / Internet side \(CN=kiyome internet side\)\n  期限 / until: 20\d\d-\d\d-\d\d"
                               r"（あと 7(29|30) 日 / 7(29|30) days left）\n  指紋 / pin:   [0-9a-f]{64}\n")
        public = subprocess.run(f"openssl x509 -in {self.papers.path('internet.crt')} -noout -pubkey | openssl pkey -pubin -outform DER"
                                " | sha256sum", shell=True, check=True, capture_output=True, text=True).stdout.split()[0]
        self.assertEqual(self.papers.pin("internet"), public)
        self.assertIn("CA", self.papers.certificate("show", self.papers.path("ca.crt")).stdout)

    def test_renewal_keeps_the_pin_needs_no_private_key_and_a_new_key_is_told(self):
        pin = self.papers.pin("closed")
        self.papers.path("closed.key").rename(self.folder / "elsewhere.key")
        self.papers.certificate("renew", self.papers.path("closed.crt"), "--ca", self.folder, "--days", "900")
        self.assertEqual(self.papers.pin("closed"), pin)
        self.assertIn("899", self.papers.certificate("show", self.papers.path("closed.crt")).stdout)
        told = self.papers.certificate("renew", self.papers.path("closed.crt"), "--ca", self.folder, "--new-key").stdout
        self.assertIn("transfer.peers", told)
        self.assertNotEqual(self.papers.pin("closed"), pin)
        self.assertEqual(self.papers.path("closed.key").stat().st_mode & 0o777, 0o600)

    def test_check_tells_wrong_combinations_with_file_line_and_key(self):
        right = self.papers.section("internet", "push", connect="192.0.2.2:8442")
        code, told = self.check(right)
        self.assertEqual(code, 0, told)
        self.assertIn("このホストはインターネット側です", told)
        code, told = self.check(self.papers.section("closed", "pull", connect="192.0.2.1:8442"))
        self.assertEqual(code, 0, told)
        self.assertIn("このホストは閉域側です", told)
        self.assertIn("1 台だけの構成", self.check("")[1])
        for change, wanted in (
                ((r"connect = (.*)", r"listen = \1"), "kiyome.toml:4: transfer.listen: the Internet side connects in this mode"),
                ((r"internet\.key", "closed.key"), "kiyome.toml:6: transfer.key: is not the key of transfer.certificate"),
                ((r"ca\.crt", "closed.crt"), "kiyome.toml:7: transfer.ca: is not the certificate of a CA"),
                ((r"key = .*", ""), "kiyome.toml:3: transfer.mode: needs transfer.key"),
                ((r"internet\.crt", "none.crt"), "none.crt cannot be read"),
                ((r'"push"', '"local"'), 'transfer.connect: is for mode = "push" or "pull"')):
            code, told = self.check(re.sub(*change, right))
            self.assertEqual(code, 2, told)
            self.assertIn(wanted, told)
        # An end that is near is a note, one that has come a mistake.
        self.papers.certificate("renew", self.papers.path("internet.crt"), "--ca", self.folder, "--days", "1")
        code, told = self.check(right)
        self.assertEqual(code, 0, told)
        self.assertIn("transfer.certificate: 期限が近づいています", told)

    def test_two_zones_are_two_hosts(self):
        where = f"127.0.0.1:{free_port()}"
        service = Service(9, extra=self.papers.section("internet", "push", connect=where))
        self.addCleanup(service.__exit__)
        for roles, wanted in (([], "cleaner and gate are on two hosts"), (["--role", "gate"], "is the other side's")):
            done = subprocess.run([KIYOME, "serve", "--config", service.config, *roles], capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(wanted, done.stderr)

    def test_a_renewal_is_put_to_use_by_a_reload_and_mail_goes_on(self):
        where = f"127.0.0.1:{free_port()}"
        sink = Sink()
        self.addCleanup(sink.stop)
        gate = Service(sink.port, roles="gate", extra=self.papers.section("closed", "push", listen=where))
        internet = Service(9, roles="edge,cleaner", extra=self.papers.section("internet", "push", connect=where))
        for service in (gate, internet):
            self.addCleanup(service.__exit__)
            service.start()
        self.assertTrue(internet.send(b"Subject: before\r\n\r\nHello.\r\n").startswith("250 "))
        self.assertEqual(len(sink.wait(1)), 1)
        self.papers.certificate("renew", self.papers.path("closed.crt"), "--ca", self.folder, "--days", "100")
        gate.process.send_signal(1)  # SIGHUP
        internet.wait_event("zone connected", 2)
        until = [row["peer_until"] for row in internet.log_events("zone connected")]
        self.assertLess(until[1], until[0])
        self.assertTrue(internet.send(b"Subject: after\r\n\r\nHello.\r\n").startswith("250 "))
        self.assertEqual(len(sink.wait(2)), 2)
        # Papers that do not fit are refused, and the old ones stay in force.
        self.papers.path("closed.crt").write_bytes(self.papers.path("internet.crt").read_bytes())
        gate.process.send_signal(1)
        gate.wait_event("reload refused")
        time.sleep(0.5)
        self.assertTrue(internet.send(b"Subject: still\r\n\r\nHello.\r\n").startswith("250 "))
        self.assertEqual(len(sink.wait(3)), 3)
        self.assertEqual(len(internet.log_events("zone connected")), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
