#!/usr/bin/env python3
"""The demo around the real service: a mailbox on the closed side, and a sender on the Internet side.

Used by deploy/quickstart. Nothing here stands between the two: the mails go by real SMTP through edge, cleaner and gate.
"""
import argparse
import email
import email.policy
import json
import pathlib
import smtplib
import socketserver
import subprocess
import sys
import threading
import time


class Mailbox(socketserver.ThreadingTCPServer):
    """A small SMTP server (RFC 5321, the minimum) that keeps each mail in a folder."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address, folder):
        super().__init__(address, MailboxSession)
        self.folder = folder
        self.lock = threading.Lock()
        self.mails = []

    def keep(self, octets):
        with self.lock:
            path = self.folder / f"{len(self.mails) + 1:04}.eml"
            path.write_bytes(octets)
            self.mails.append((path, octets))


class MailboxSession(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("220 demo mailbox")
        while line := self.rfile.readline(4096):
            verb = line[:4].upper()
            if verb == b"EHLO":
                self.say("250-demo\r\n250-PIPELINING\r\n250 8BITMIME")
            elif verb == b"DATA":
                self.say("354 go on")
                self.take()
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def take(self):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        self.server.keep(b"".join(lines))
        self.say("250 kept")


def send(port, path):
    """Sends one file; gives the item id, or the refusal."""
    octets = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    with smtplib.SMTP("127.0.0.1", port, local_hostname="demo.example") as client:
        try:
            client.ehlo()
            client.mail("sender@outside.example")
            client.rcpt("staff@city.example.jp")
            code, text = client.data(octets)
        except smtplib.SMTPResponseException as refusal:
            code, text = refusal.smtp_code, refusal.smtp_error
    answer = text.decode(errors="replace")
    return (answer.rsplit(" ", 1)[-1], None) if code == 250 else (None, f"{code} {answer}")


def queue(kiyome, config):
    listing = subprocess.run([kiyome, "queue", "list", "--json", "--config", config], capture_output=True, check=True)
    return {row["id"]: row for row in map(json.loads, listing.stdout.splitlines())}


def wait_for_ends(kiyome, config, ids, seconds):
    deadline = time.monotonic() + seconds
    while True:
        rows = queue(kiyome, config)
        unfinished = [each for each in ids if rows.get(each, {}).get("state") not in ("delivered", "held", "bounced")]
        if not unfinished or time.monotonic() > deadline:
            return rows, unfinished
        time.sleep(0.3)


def first_lines(octets):
    """The first two lines that a reader sees, and the files that came along."""
    mail = email.message_from_bytes(octets, policy=email.policy.default)
    lines = [line for line in mail.get_body(("plain",)).get_content().splitlines() if line.strip()]
    files = [part.get_filename() for part in mail.iter_attachments()]
    return " / ".join(lines[:2])[:100] + (f" ｜ {', '.join(files)}" if files else "")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kiyome", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--mailbox-port", type=int, required=True)
    parser.add_argument("--mailbox", type=pathlib.Path, required=True)
    parser.add_argument("--samples", type=pathlib.Path, required=True)
    parser.add_argument("--once", action="store_true")
    options = parser.parse_args()
    options.mailbox.mkdir(parents=True, exist_ok=True)
    mailbox = Mailbox(("127.0.0.1", options.mailbox_port), options.mailbox)
    threading.Thread(target=mailbox.serve_forever, daemon=True).start()

    sent = {}
    for path in sorted(options.samples.rglob("*.eml")):
        item, refusal = send(options.smtp_port, path)
        if item is None:
            print(f"  拒否 refused    {path.relative_to(options.samples)}: {refusal}")
        else:
            sent[item] = path
    rows, unfinished = wait_for_ends(options.kiyome, options.config, sent, 120)
    arrived = {}
    for path, octets in mailbox.mails:
        header = email.message_from_bytes(octets, policy=email.policy.default)
        arrived[str(header["X-Kiyome-Id"])] = (path, octets, str(header["Subject"]))
    for item, path in sent.items():
        row = rows.get(item, {"state": "lost", "reasons": []})
        _, octets, subject = arrived.get(item, (None, b"", ""))
        shown = f"{subject} ｜ {first_lines(octets)}" if octets else ", ".join(row["reasons"])
        print(f"  {row['state']:<10} {path.relative_to(options.samples)}: {shown}")
    print(f"\n{len(sent)} 件を受信、{sum(1 for i in sent if i in arrived)} 件を配送、"
          f"{sum(1 for i in sent if rows.get(i, {}).get('state') == 'held')} 件を保留 "
          f"/ received, delivered, held. 届いたメール / what arrived: {options.mailbox}")
    lost = [item for item in sent if item in unfinished or (rows[item]["state"] == "delivered" and item not in arrived)]
    if options.once or lost:
        sys.exit(1 if lost else 0)
    threading.Event().wait()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
