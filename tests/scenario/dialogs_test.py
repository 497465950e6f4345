#!/usr/bin/env python3
"""Plays dialogs/*.dialog against the real service."""
import pathlib
import unittest

from kiyome_service import Client, Served

DIALOGS = sorted((pathlib.Path(__file__).parent / "dialogs").glob("*.dialog"))
ESCAPES = {"\\r": "\r", "\\n": "\n", "\\0": "\0"}


def octets_of(text):
    raw = any(each in text for each in ESCAPES)
    for written, meant in ESCAPES.items():
        text = text.replace(written, meant)
    return text.encode() if raw else text.encode() + b"\r\n"


class Dialogs(Served):
    @classmethod
    def setUpClass(cls):
        cls.serve()

    def test_dialogs(self):
        self.assertGreater(len(DIALOGS), 10)
        for path in DIALOGS:
            with self.subTest(dialog=path.stem):
                self.play(path)

    def play(self, path):
        with Client(self.service.port, timeout=10) as client:
            answers = [client.greeting]
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if line.startswith("C: "):
                    self.assertEqual(answers, [], f"{path.name}:{number}: an answer nobody expected")
                    client.socket.sendall(octets_of(line[3:]))
                elif line == "S: close":
                    with self.assertRaises(ConnectionResetError, msg=f"{path.name}:{number}"):
                        client.reply()
                elif line.startswith("S: "):
                    answer = answers.pop(0) if answers else client.reply()
                    last = answer.splitlines()[-1]
                    self.assertTrue(last.startswith(line[3:].rstrip()), f"{path.name}:{number}: {last!r}")

    def test_after_every_refusal_others_are_served(self):
        for path in DIALOGS:
            if "smuggle" in path.stem:
                self.play(path)
                self.assertIn("250 2.0.0 Ok", self.service.send(b"Subject: still here\r\n\r\nx\r\n"))

    def test_no_smuggled_mail_ever_arrives(self):
        self.service.wait_settled()
        self.assertEqual([s for s, _, _ in self.sink.mails if "evil" in s], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
