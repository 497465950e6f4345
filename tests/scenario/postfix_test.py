#!/usr/bin/env python3
"""The real neighbours: swaks sends, Debian's Postfix is the closed side's mail server behind us."""
import email
import email.policy
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

from kiyome_service import Service, free_port

HAVE = shutil.which("swaks") and shutil.which("postfix") and os.geteuid() == 0


class Postfix:
    """An instance of its own: own configuration, queue and port; delivers into a Maildir."""

    def __init__(self, port, extra=""):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kiyome-postfix-"))
        self.folder.chmod(0o755)
        conf, queue, data = (self.folder / each for each in ("conf", "queue", "data"))
        self.maildir = self.folder / "mail"
        for each in (conf, queue, data, self.maildir):
            each.mkdir(mode=0o755)
        shutil.chown(data, "postfix")
        shutil.chown(self.maildir, "nobody")
        uid = int(subprocess.check_output(["id", "-u", "nobody"]))
        gid = int(subprocess.check_output(["id", "-g", "nobody"]))
        (conf / "main.cf").write_text(f"""
compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = /var/log/kiyome-test-{self.folder.name}.log
myhostname = closed.example.jp
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = city.example.jp
virtual_mailbox_base = {self.maildir}
virtual_mailbox_maps = static:staff/
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
alias_maps =
alias_database =
""" + extra)
        master = pathlib.Path("/usr/share/postfix/master.cf.dist").read_text()
        lines = [line for line in master.splitlines() if not line.startswith("smtp      inet")]
        (conf / "master.cf").write_text("\n".join([f"127.0.0.1:{port} inet n - n - - smtpd"] + lines) + "\n")
        self.log = pathlib.Path(f"/var/log/kiyome-test-{self.folder.name}.log")
        self.run("start")

    def run(self, verb):
        # No pipes: the daemons would keep them open, and whoever waits for their end would wait for ever.
        subprocess.run(["postfix", "-c", self.folder / "conf", verb], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def mails(self):
        return [path.read_bytes() for path in sorted((self.maildir / "staff" / "new").glob("*"))]

    def stop(self):
        self.run("stop")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.log.unlink(missing_ok=True)


@unittest.skipUnless(HAVE, "SKIPPED: swaks, postfix and root are needed")
class RealNeighbours(unittest.TestCase):
    def test_swaks_to_postfix(self):
        port = free_port()
        postfix = Postfix(port)
        self.addCleanup(postfix.stop)
        with Service(port) as service:
            attachment = service.folder / "請求書.pdf"
            attachment.write_bytes(b"%PDF-1.4 not really\n" * 50)
            result = subprocess.run(
                ["swaks", "--server", f"127.0.0.1:{service.port}", "--from", "a@outside.example", "--to",
                 "b@city.example.jp", "--header", "Subject: =?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=", "--body", "本文です。①㈱髙",
                 "--header", "Content-Type: text/plain; charset=UTF-8", "--attach-type", "application/pdf",
                 "--attach", f"@{attachment}"], capture_output=True, text=True)
            self.assertEqual(result.returncode, 0, result.stdout)
            service.wait_settled(1)
            deadline = time.monotonic() + 20
            while not postfix.mails() and time.monotonic() < deadline:
                time.sleep(0.1)
            (octets,) = postfix.mails()
            mail = email.message_from_bytes(octets, policy=email.policy.default)
            self.assertEqual(mail["Subject"], "日本語")
            text = mail.get_body(("plain",)).get_content()
            self.assertIn("本文です。①㈱髙", text)
            self.assertIn("請求書.pdf", text)
            self.assertNotIn(b"not really", octets)
            self.assertEqual([part.get_content_type() for part in mail.walk() if not part.is_multipart()], ["text/plain"])

    def test_postfix_sends_through_us_many_at_once(self):
        port = free_port()
        postfix = Postfix(port)
        self.addCleanup(postfix.stop)
        with Service(port) as service:
            for index in range(20):
                service.send(f"From: a@outside.example\r\nSubject: {index}\r\n\r\n本文 {index}\r\n".encode())
            rows = service.wait_settled(20)
            self.assertEqual({row["state"] for row in rows}, {"delivered"})
            deadline = time.monotonic() + 20
            while len(postfix.mails()) < 20 and time.monotonic() < deadline:
                time.sleep(0.1)
            self.assertEqual(len(postfix.mails()), 20)


if __name__ == "__main__":
    unittest.main(verbosity=2)
