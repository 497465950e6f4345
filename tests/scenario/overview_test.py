#!/usr/bin/env python3
"""The console's overview with the real program: figures, a table, the state of each part, the self-check, the monthly report; and the
operator's own words in our mails."""
import codecs
import contextlib
import email
import email.header
import pathlib
import re
import sqlite3
import subprocess
import tempfile
import time
import unittest
import urllib.parse

import documents
from both_sides import KIYOME, Site
from console_test import mail_with, wait

HELD = '[[policy.rule]]\nfrom = "*@supplier.example"\nverdict = "held"\n'
OWN_WORDS = "Subject: 【無害化】 甲市からのお知らせ: {{subject}}\n\n【無害化】 甲市の文面\n\n{{sender}} からのメールを保留しています。\n{{reasons}}\n"


class OverviewTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.words = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.words.cleanup)
        pathlib.Path(cls.words.name, "held-notice.txt").write_text(OWN_WORDS, encoding="utf-8")
        cls.site = Site(console='authority = "甲市 情報政策課"\n', extra=f'{HELD}[templates]\nfolder = "{cls.words.name}"\n')
        cls.addClassCleanup(cls.site.close)
        cls.anyone = cls.site.program("console", "kanri", "administrator")
        files = [("見積.pdf", documents.pdf("Estimate"))]
        for sender in 3 * ["tanaka@supplier.example"] + 2 * ["sato@partner.example"]:
            answer = cls.site.service.send(mail_with(files), sender, ("taro@city.example.jp",))
            assert "queued as" in str(answer), answer
        cls.site.sink.wait(5)  # three notices and two clean mails

    def ask(self, path, method="GET"):
        return self.anyone.ask(method, "/review/" + path)

    def test_figures_are_those_of_what_came(self):
        answer = wait(lambda: self.ask("overview?days=7"), lambda got: got.json()["today"]["delivered"] == 2).json()
        self.assertEqual([answer["today"][key] for key in ("items", "held", "rejected", "bounced")], [5, 3, 0, 0])
        self.assertEqual(len(answer["days"]), 7)
        self.assertEqual(answer["days"][-1], {"day": time.strftime("%Y-%m-%d"), "items": 5, "clean": 2, "held": 3, "rejected": 0})
        self.assertIn(("policy-held", 3), [(each["code"], each["count"]) for each in answer["reasons"]])
        self.assertTrue(all(each["ja"] and each["en"] for each in answer["reasons"]))
        self.assertIn(("application/pdf", "PDF", 5), [(each["type"], each["type_name"], each["count"]) for each in answer["types"]])
        self.assertEqual(answer["senders_held"], [{"sender": "tanaka@supplier.example", "count": 3}])
        self.assertGreater(answer["delivery"]["p95_ms"], 0)
        self.assertEqual((answer["queue"]["held"], answer["queue"]["requests"]), (3, 0))
        self.assertGreater(answer["storage"]["originals_bytes"], 1000)
        self.assertGreater(answer["storage"]["free_bytes"], 0)

    def test_the_table_opens_in_a_spreadsheet(self):
        answer = wait(lambda: self.ask("overview.csv?days=3"), lambda got: b",5,2,3,0," in got.body)
        self.assertTrue(answer.body.startswith(codecs.BOM_UTF8))
        self.assertTrue(answer.headers["content-type"].startswith("text/csv"))
        lines = answer.body.decode("utf-8-sig").split("\r\n")
        self.assertEqual(len(lines), 1 + 3 + 1)
        self.assertEqual({line.count(",") for line in lines[:-1]}, {8})
        self.assertIn("tanaka@supplier.example,3", self.ask("overview.csv?table=senders").body.decode())
        for wrong in ("overview.csv?table=x", "overview?days=0", "overview?days=401", "overview?days=x"):
            self.assertEqual(self.ask(wrong).status, 422, wrong)

    def test_each_part_tells_how_it_fares(self):
        def parts():
            return {each["name"]: each for each in self.ask("health").json()["parts"]}
        deadline = time.monotonic() + 30
        # Looked at every ten seconds: what is told may be of the time before the items.
        while not (all(each["ok"] for each in parts().values()) and "最後の受付 20" in parts().get("edge", {"ja": ""})["ja"]
                   and "delivered" in parts()["next-hop"]["detail"]):
            self.assertLess(time.monotonic(), deadline, parts())
            time.sleep(0.5)
        self.assertLessEqual({"console", "edge", "cleaner", "gate", "next-hop", "disk", "sanitizer.mail", "sanitizer.office"}, set(parts()))
        for none in ("clamd", "syslog", "certificate"):  # are not configured
            self.assertNotIn(none, parts())

    def test_the_self_check_says_what_is_so(self):
        def clauses():
            return {each["code"]: each for each in self.ask("self-check").json()["clauses"]}
        deadline = time.monotonic() + 60
        while clauses()["isolation"]["ok"] != "yes":  # the sandboxes' self test has run
            self.assertLess(time.monotonic(), deadline, clauses()["isolation"])
            time.sleep(1)
        found = clauses()
        self.assertRegex(found["isolation"]["evidence_en"], r"(\d+) of \1 forbidden acts were stopped")
        self.assertEqual(found["split-paths"]["ok"], "attention")  # both sides run here
        self.assertIn("1 台", found["split-paths"]["evidence_ja"])
        self.assertEqual(found["second-factor"]["ok"], "no")  # switched off for these tests
        self.assertEqual(found["malware"]["ok"], "attention")
        self.assertEqual(found["originals"]["ok"], "yes")
        self.assertIn("5 items", found["mail-text"]["evidence_en"])

    def test_a_sender_is_found_by_the_name_he_gives_himself(self):
        reviewer = self.site.program("console", "kakunin", "reviewer")
        for name, count in (("田中", 5), ("鈴木", 0)):
            wait(lambda: reviewer.ask("GET", "/review/items?q=" + urllib.parse.quote(name)), lambda got: len(got.json()["items"]) == count)

    def test_who_has_the_trail_verified_is_told_in_it_and_the_self_check_counts_it(self):
        answer = wait(lambda: self.ask("audit/verification", "POST"), lambda got: got.status == 200, 60).json()
        own = next(each for each in answer["trails"] if each["trail"] == "cleaner")
        self.assertTrue(own["intact"])
        found = wait(lambda: self.ask("audit?event=audit-verified"), lambda got: got.json()["entries"]).json()["entries"]
        self.assertEqual((found[-1]["actor"], found[-1]["detail"]["intact"]), ("kanri", True))
        self.assertLessEqual(own["entries"], found[0]["detail"]["entries"])
        clause = next(each for each in self.ask("self-check").json()["clauses"] if each["code"] == "audit")
        self.assertEqual(clause["ok"], "yes", clause)

    def test_the_monthly_report_is_a_clean_pdf_of_our_own_pipeline(self):
        month = time.strftime("%Y-%m")
        self.assertIn(self.ask(f"reports/{month}").status, (200, 404))
        self.assertEqual(self.ask(f"reports/{month}", "POST").status, 202)
        answer = wait(lambda: self.ask(f"reports/{month}"), lambda got: got.status == 200, 180)
        self.assertEqual(answer.headers["content-type"], "application/pdf")
        with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
            file.write(answer.body)
            file.flush()
            self.assertIn(": ok", subprocess.run([KIYOME, "verify", file.name], capture_output=True, text=True, check=True).stdout)
            words = subprocess.run(["pdftotext", "-layout", file.name, "-"], capture_output=True, text=True, check=False).stdout
        if words:
            for each in ("無害化報告書", "甲市", "tanaka@supplier.example", "自己点検"):
                self.assertIn(each, words.replace(" ", ""))
        for none in ("reports/2026-13", "reports/9998-01", "reports/x"):
            self.assertEqual(self.ask(none, "POST").status, 404, none)

    def test_the_operators_words_stand_in_our_mails(self):
        notices = [octets for _, _, octets in self.site.sink.mails if re.search(rb"\nX-Kiyome-Id: [0-9a-f-]{36}\.0\r", octets)]
        self.assertEqual(len(notices), 3)
        mail = email.message_from_bytes(notices[0])
        subject = str(email.header.make_header(email.header.decode_header(mail["Subject"])))
        self.assertEqual(subject, "【無害化】 甲市からのお知らせ: 見積書の送付")
        text = mail.get_payload(decode=True).decode()
        self.assertTrue(text.startswith("【無害化】 甲市の文面\r\n"), text)
        self.assertIn("tanaka@supplier.example", text)

    def test_a_template_that_is_none_is_named_with_its_line(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "digest.txt").write_text("Subject: x\n\n{{nothing}}\n", encoding="utf-8")
            config = pathlib.Path(folder, "kiyome.toml")
            config.write_text(f'data_dir = "{folder}/data"\n[templates]\nfolder = "{folder}"\n', encoding="utf-8")
            run = subprocess.run([KIYOME, "check", "--config", config], capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 2, run.stderr)
            self.assertIn(f"{folder}/digest.txt:3: {{{{nothing}}}}: no such field", run.stderr)
            pathlib.Path(folder, "digest.txt").write_text("Subject: x\n\n{{count}}\n", encoding="utf-8")
            self.assertEqual(subprocess.run([KIYOME, "check", "--config", config], capture_output=True, check=False).returncode, 0)


class DigestTest(unittest.TestCase):
    def test_who_has_something_held_is_told_once_with_a_link_that_leads_to_it_and_reviewers_hear_what_waits(self):
        with contextlib.ExitStack() as stack:
            site = Site(console='reviewers = ["tanto@city.example.jp"]\nurl = "https://console.example.jp/"\n',
                        pick_up='url = "http://127.0.0.1/"', extra=f"{HELD}[digest]\nrecipients = true\nhour = 0\n")
            stack.callback(site.close)
            for recipient in ("taro@city.example.jp", "hanako@city.example.jp"):
                self.assertIn("queued as", str(site.service.send(mail_with([], (recipient,)), "tanaka@supplier.example", (recipient,))))
            site.sink.wait(2)
            site.service.wait_settled(2)
            site.service.stop()
            # As if they had been held yesterday, before the hour.
            with sqlite3.connect(site.service.folder / "data" / "cleaner" / "items.db") as database:
                database.execute("UPDATE recipients SET changed_ms = changed_ms - 86400000")
            site.service.start()
            mails = site.sink.wait(4, 30)[2:]
            self.assertEqual(sorted(recipients[0] for _, recipients, _ in mails), ["hanako@city.example.jp", "taro@city.example.jp"])
            for _, _, octets in mails:
                mail = email.message_from_bytes(octets)
                self.assertIn("日報", str(email.header.make_header(email.header.decode_header(mail["Subject"]))))
                text = mail.get_payload(decode=True).decode()
                self.assertIn("見積書の送付", text)
                token = re.search(r"/ask#([\w-]+)", text)[1]
                opened = site.client("gate").ask("POST", "/doors/open", {"token": token})
                self.assertEqual((opened.status, opened.json()["subject"]), (200, "見積書の送付"))
            told = [(recipients, octets) for _, recipients, octets in site.letters.wait(1)]
            self.assertEqual(told[0][0], ["tanto@city.example.jp"])
            text = email.message_from_bytes(told[0][1]).get_payload(decode=True).decode()
            self.assertIn("保留中 / held: 2", text)
            self.assertIn("https://console.example.jp/", text)
            # Once a day, whenever we die; a letter that the next hop has, but of which that is not on the disk yet, is sent again (RFC 5321).
            deadline = time.monotonic() + 20
            while '"delivered":true' not in "".join(site.service.run("audit", "list", "--json").stdout.split()):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.2)
            site.service.kill_all()
            site.service.start()
            time.sleep(6)
            self.assertEqual(len(site.sink.mails), 4)
            self.assertEqual(len(site.letters.mails), len(told))
            self.assertEqual(len(site.service.queue()), 2)  # a digest is no item


if __name__ == "__main__":
    unittest.main()
