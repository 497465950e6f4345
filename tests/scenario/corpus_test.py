#!/usr/bin/env python3
"""Real mails, when they are here: every one is delivered or held with a reason, and every output is proved clean."""
import email
import email.policy
import subprocess
import unittest

from kiyome_service import BUILD, CORPUS, KIYOME, Client, Service, Sink, item_id

MAILS = sorted(path for path in (CORPUS / "mail").rglob("*") if path.is_file()) if CORPUS.exists() else []


@unittest.skipUnless(MAILS, "SKIPPED: no corpus beside the project")
class Corpus(unittest.TestCase):
    def test_accepted_is_delivered_plus_held(self):
        sink = Sink()
        self.addCleanup(sink.stop)
        with Service(sink.port) as service:
            before = service.pids()
            accepted, items, sources = 0, [], []
            client = Client(service.port)
            for path in MAILS:
                answer = client.send(path.read_bytes(), "a@outside.example", ["b@city.example.jp"])
                if answer.startswith("250"):
                    accepted += 1
                    items.append(item_id(answer))
                    sources.append(path)
                else:   # refused at SMTP: a clear answer, and the session goes on or is closed
                    self.assertRegex(answer, r"^[45]\d\d ")
                    client = Client(service.port)
            rows = service.wait_settled(accepted, seconds=300)
            self.assertEqual(len(rows), accepted)
            held = [row for row in rows if row["state"] == "held"]
            self.assertTrue(all(row["reasons"] for row in held))
            print(f"{len(MAILS)} mails, {accepted} accepted, {len(held)} held", [row["reasons"] for row in held], flush=True)
            by_item = dict(zip(items, sources))
            uncomplained = self.gmime_is_content([path for path in MAILS if path in sources])
            held_of_them = [by_item[row["id"]] for row in held if by_item[row["id"]] in uncomplained]
            print(f"{len(uncomplained)} of them GMime reads without complaint; held: {held_of_them}", flush=True)
            self.assertLessEqual(len(held_of_them), 0.01 * len(uncomplained))
            self.assertEqual({role: pids for role, pids in service.pids().items() if role != "sanitizer"},
                             {role: pids for role, pids in before.items() if role != "sanitizer"}, "a role died")
            self.prove_clean(service, [octets for _, _, octets in sink.mails])

    @staticmethod
    def gmime_is_content(paths):
        lines = subprocess.run([BUILD / "gmime_complaints", *paths], capture_output=True).stdout.decode(errors="replace")
        return {path for path in paths if f"{path}: ok\n" in lines}

    def prove_clean(self, service, outputs):
        paths = []
        for index, octets in enumerate(outputs):
            path = service.folder / f"out{index}.eml"
            path.write_bytes(octets)
            paths.append(path)
            mail = email.message_from_bytes(octets, policy=email.policy.default)
            self.assertEqual([part.defects for part in mail.walk() if part.defects], [])
        self.assertEqual(self.gmime_is_content(paths), set(paths))
        result = subprocess.run([KIYOME, "verify", *paths], capture_output=True, text=True)
        self.assertEqual([line for line in result.stdout.splitlines() if not line.endswith(": ok")], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
