#!/usr/bin/env python3
"""Doors: from the link in a notice to the missing file, by mail, for one recipient alone. What nobody may do with a link, too."""
import email
import email.policy
import os
import re
import signal
import time
import unittest

import documents
from both_sides import Client, Site
from kiyome_service import item_id
from passwords_test import OTHER, PASSWORD, WORDS, locked_zip

TARO, HANAKO = "taro@city.example.jp", "hanako@city.example.jp"
RULES = """
[[policy.rule]]
type = "application/vnd.openxmlformats*"
attachments = "strip"
[[policy.rule]]
from = "*@held.example"
verdict = "held"
"""


class Mail:
    def __init__(self, recipients, octets):
        self.recipients, self.octets = recipients, octets
        self.mail = email.message_from_bytes(octets, policy=email.policy.default)
        self.id = self.mail["X-Kiyome-Id"]
        self.text = self.mail.get_body(("plain",)).get_content()
        self.files = {part.get_filename(): part.get_payload(decode=True) for part in self.mail.iter_attachments()}

    @property
    def token(self):
        found = re.search(r"https://pick-up\.city\.example\.jp/ask#([A-Za-z0-9_-]{22})\s*$", self.text, re.M)
        return found and found.group(1)


def letter(files, subject="名簿の件"):
    out = email.message.EmailMessage()
    out["From"], out["To"], out["Subject"] = "鈴木 <suzuki@supplier.example>", f"{TARO}, {HANAKO}", subject
    out["Message-ID"] = f"<{time.monotonic_ns()}@supplier.example>"
    out.set_content("お送りします。\n")
    for name, octets in files:
        out.add_attachment(octets, maintype="application", subtype="octet-stream", filename=name)
    return out.as_bytes(policy=email.policy.SMTP)


class People(unittest.TestCase):
    """What the people of these tests do."""

    @classmethod
    def open_site(cls, console):
        cls.site = Site(pick_up='url = "https://pick-up.city.example.jp/"', console=console, extra=RULES + "[request]\ntries = 4\n")
        cls.addClassCleanup(cls.site.close)
        cls.service = cls.site.service
        cls.reviewer = cls.site.program("console", "rin", "reviewer")

    def send(self, files, recipients=(TARO, HANAKO), sender="suzuki@supplier.example", subject="名簿の件"):
        return item_id(self.service.send(letter(files, subject), sender, recipients))

    def mails(self, to, count, item=None, seconds=90):
        """The first `count` mails to this one recipient that speak of the item."""
        deadline = time.monotonic() + seconds
        while True:
            found = [Mail(recipients, octets) for _, recipients, octets in self.site.sink.wait(0) if recipients == [to]]
            found = [each for each in found if item is None or item in each.octets.decode("latin-1") or item in each.text]
            if len(found) >= count:
                return found
            self.assertLess(time.monotonic(), deadline, (to, [each.text for each in found], self.service.log_text()[-3000:]))
            time.sleep(0.1)

    def at_door(self, what, token, status=200, source="127.0.0.1", **more):
        answer = Client(self.site.ports["gate"], source=source).ask("POST", f"/doors/{what}", {"token": token, **more})
        self.assertEqual(answer.status, status, answer.body)
        return answer.json()

    def door(self, token, wanted, seconds=90):
        """The door, when `wanted(door)`."""
        deadline = time.monotonic() + seconds
        while not wanted(shown := self.at_door("open", token)):
            self.assertLess(time.monotonic(), deadline, (shown, self.service.log_text()[-3000:]))
            time.sleep(0.2)
        return shown

    def requests(self, item, count=1, seconds=30):
        deadline = time.monotonic() + seconds
        while True:
            rows = [row for row in self.reviewer.ask("GET", "/review/requests?limit=200").json()["requests"] if row["item"] == item]
            if len(rows) >= count:
                return rows
            self.assertLess(time.monotonic(), deadline, self.service.log_text()[-3000:])
            time.sleep(0.1)

    def decide(self, number, decision, text, status=200):
        answer = self.reviewer.ask("POST", f"/review/requests/{number}/decision", {"decision": decision, "text": text})
        self.assertEqual(answer.status, status, answer.body)
        return answer

    def requests_of_all(self, item):
        return [row for row in self.reviewer.ask("GET", "/review/requests?state=all&limit=200").json()["requests"] if row["item"] == item]

    @staticmethod
    def part(door, name):
        return next(part for part in door["parts"] if part["name"] == name)


class Doors(People):
    @classmethod
    def setUpClass(cls):
        cls.open_site("second_person = false")

    def kill(self, role):
        [pid] = self.service.pids()[role]
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while self.service.pids().get(role, [pid]) == [pid]:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    # ---- from the notice to the file ----
    def test_a_password_opens_it_for_one_recipient(self):
        item = self.send([("名簿.zip", locked_zip()), ("案.docx", documents.docx("本文です"))])
        [taro], [hanako] = self.mails(TARO, 1, item), self.mails(HANAKO, 1, item)
        self.assertNotEqual(taro.token, hanako.token)
        self.assertNotIn(taro.token, self.service.log_text())
        door = self.at_door("open", taro.token)
        self.assertEqual((door["recipient"], door["subject"], door["item"]), (TARO, "名簿の件", item))
        self.assertTrue(self.part(door, "名簿.zip")["locked"])
        self.assertFalse(self.part(door, "案.docx")["locked"])
        self.at_door("password", taro.token, password="no-such-1")
        self.door(taro.token, lambda shown: shown["password"] == "wrong")
        self.at_door("password", taro.token, password=PASSWORD)
        self.door(taro.token, lambda shown: shown["password"] == "opened")
        further = self.mails(TARO, 2, item)[1]
        self.assertIn(WORDS, further.files["名簿.txt"].decode())
        time.sleep(1)
        self.assertEqual(len(self.mails(HANAKO, 1, item)), 1)
        self.assertEqual(self.at_door("open", hanako.token)["password"], "none")
        for database in ("gate/gate.sqlite", "gate/gate.sqlite-wal", "cleaner/items.db", "cleaner/items.db-wal"):
            path = self.service.folder / "data" / database
            if path.exists():
                self.assertNotIn(PASSWORD.encode(), path.read_bytes(), database)
                self.assertNotIn(taro.token.encode(), path.read_bytes() if "gate" in database else b"")
        self.assertNotIn(PASSWORD, self.service.log_text())

    def test_two_files_take_two_passwords_and_tries_end(self):
        item = self.send([("一.zip", locked_zip(names=("一.txt",))), ("二.zip", locked_zip(OTHER, names=("二.txt",)))], [TARO])
        [first] = self.mails(TARO, 1, item)
        for count, (password, name) in enumerate(((OTHER, "二.txt"), (PASSWORD, "一.txt")), 2):
            self.at_door("password", first.token, password=password)
            further = self.mails(TARO, count, item)[count - 1]
            self.assertIn(name, further.files)
            self.door(first.token, lambda shown: shown["password"] == "opened")

    def test_the_number_of_passwords_is_bounded(self):
        item = self.send([("名簿.zip", locked_zip())], [TARO])
        [first] = self.mails(TARO, 1, item)
        for count in range(4):
            self.at_door("password", first.token, password=f"wrong-{count}")
            self.door(first.token, lambda shown, last=count == 3: shown["password"] == ("spent" if last else "wrong"))
        self.at_door("password", first.token, 429, password=PASSWORD)
        self.assertEqual(len(self.mails(TARO, 1, item)), 1)

    def test_what_was_stripped_is_asked_for_and_granted(self):
        item = self.send([("案.docx", documents.docx("会議の案です"))])
        [taro] = self.mails(TARO, 1, item)
        [part] = self.at_door("open", taro.token)["parts"]
        self.assertEqual(part["state"], "none")
        self.at_door("ask", taro.token, parts=[part["part"]])
        [request] = self.requests(item)
        self.assertEqual((request["recipient"], request["part_name"], request["state"]), (TARO, "案.docx", "open"))
        self.door(taro.token, lambda shown: shown["parts"][0]["state"] == "asked")
        self.assertEqual(self.decide(request["number"], "grant", "無害化した写しです。").json()["state"], "granted")
        self.decide(request["number"], "refuse", "", 409)
        mails = self.mails(TARO, 3, item)
        self.assertTrue(any("案.docx.pdf" in each.files for each in mails), [each.files.keys() for each in mails])
        self.assertTrue(any("無害化した写しです。" in each.text for each in mails), [each.text for each in mails])
        self.door(taro.token, lambda shown: shown["parts"][0]["state"] == "granted")
        self.assertEqual(len(self.mails(HANAKO, 1, item)), 1)

    def test_a_held_mail_is_refused_with_words(self):
        item = self.send([], [TARO, HANAKO], "a@held.example", "ご相談")
        [taro], [hanako] = self.mails(TARO, 1, item), self.mails(HANAKO, 1, item)
        self.assertIn("保留", taro.text)
        self.assertNotEqual(taro.token, hanako.token)
        [part] = self.at_door("open", taro.token)["parts"]
        self.assertEqual(part["part"], "all")
        self.at_door("ask", taro.token, parts=["all"])
        [request] = self.requests(item)
        self.assertNotIn("part", request)
        self.decide(request["number"], "refuse", "業務に関係がないため。")
        answer = self.mails(TARO, 2, item)[1]
        self.assertIn("業務に関係がないため。", answer.text)
        self.door(taro.token, lambda shown: shown["parts"][0]["state"] == "refused")
        self.assertEqual(self.requests_of_all(item)[0]["answer"], "業務に関係がないため。")
        self.assertEqual(len(self.mails(HANAKO, 1, item)), 1)

    def test_a_held_mail_is_granted(self):
        item = self.send([], [TARO, HANAKO], "b@held.example", "お知らせ")
        [taro] = self.mails(TARO, 1, item)
        self.at_door("ask", taro.token, parts=["all"])
        [request] = self.requests(item)
        self.decide(request["number"], "grant", "")
        self.assertTrue(any("お送りします。" in each.text for each in self.mails(TARO, 3, item)))
        self.assertEqual(len(self.mails(HANAKO, 1, item)), 1)

    def test_a_held_file_is_asked_for_at_the_pick_up(self):
        sender = self.site.program("edge", "okuri", "sender", "okuri@outside.example.jp")
        staff = self.site.program("gate", "taro", "staff", TARO)
        submission = sender.submit([sender.upload("名簿.zip", locked_zip())], "doors-held-0001", [TARO]).json()["id"]
        [file] = sender.settled(submission, ("held",))
        path = f"/deliveries/{submission}"
        deadline = time.monotonic() + 30
        while staff.ask("GET", path).status != 200:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        [item] = staff.ask("GET", path).json()["items"]
        self.assertEqual((item["verdict"], item["request"]), ("held", "none"))
        self.assertEqual(staff.ask("POST", f"{path}/items/{item['item']}/request").status, 204)
        [request] = self.requests(file["item"])
        self.assertEqual(request["recipient"], TARO)
        self.decide(request["number"], "refuse", "送信者へ確認してください。")
        self.assertIn("送信者へ確認してください。", self.mails(TARO, 1, file["item"])[0].text)
        deadline = time.monotonic() + 30
        while staff.ask("GET", path).json()["items"][0]["request"] != "refused":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.2)

    def test_a_reviewer_who_releases_the_item_has_answered_who_asked(self):
        item = self.send([], [TARO], "c@held.example", "ご案内")
        [taro] = self.mails(TARO, 1, item)
        self.at_door("ask", taro.token, parts=["all"])
        self.requests(item)
        answer = self.reviewer.ask("POST", f"/review/items/{item}/decisions", {"kind": "release", "reason": "確認した"})
        self.assertEqual(answer.status, 200, answer.body)
        self.door(taro.token, lambda shown: shown["parts"][0]["state"] == "granted")
        self.assertEqual([row["state"] for row in self.requests_of_all(item)], ["granted"])

    # ---- what a link does not do ----
    def test_wrong_tokens_cost_the_guesser_his_tries(self):
        item = self.send([("案.docx", documents.docx("x"))], [TARO])
        [taro] = self.mails(TARO, 1, item)
        for count in range(20):
            self.at_door("open", f"{count:02}" + taro.token[2:-1] + "A" if taro.token[:2] != f"{count:02}" else "x", 404, "127.0.0.9")
        self.at_door("open", taro.token, 429, "127.0.0.9")
        self.at_door("open", taro.token)  # from elsewhere
        self.assertEqual(self.requests_of_all(item), [])

    def test_the_page_is_there_and_runs_nothing_from_elsewhere(self):
        from both_sides import Answer, request, say
        answer = Answer(say(self.site.ports["gate"], request("GET", "/ask")))
        self.assertEqual(answer.status, 200)
        self.assertIn("届かなかった添付の確認", answer.body.decode())
        self.assertIn("script-src 'self'", answer.headers["content-security-policy"])
        self.assertNotIn("style=", answer.body.decode())

    # ---- deaths ----
    def test_deaths_lose_nothing(self):
        item = self.send([("案.docx", documents.docx("残るもの")), ("名簿.zip", locked_zip())], [TARO])
        [taro] = self.mails(TARO, 1, item)
        self.kill("gate")
        door = self.door_after_death(taro.token)
        self.at_door("ask", taro.token, parts=[self.part(door, "案.docx")["part"]])
        self.kill("cleaner")
        [request] = self.requests(item)
        self.kill("gate")
        self.kill("cleaner")
        self.door_after_death(taro.token)
        self.assertEqual(self.requests(item)[0]["number"], request["number"])
        self.decide_after_death(request["number"])
        self.kill("gate")
        self.arrives("案.docx.pdf", item)
        self.door_after_death(taro.token)
        self.door(taro.token, lambda shown: self.part(shown, "案.docx")["state"] == "granted")
        self.at_door("password", taro.token, password=PASSWORD)
        self.kill("cleaner")
        self.kill("gate")
        self.door_after_death(taro.token)
        door = self.door(taro.token, lambda shown: shown["password"] in ("lost", "opened"))
        if door["password"] == "lost":  # told, not lost in silence
            self.at_door("password", taro.token, password=PASSWORD)
        self.arrives("名簿.txt", item)

    def arrives(self, name, item):
        """A gate that was killed between the next hop's answer and its record repeats a mail: mails are not counted here."""
        deadline = time.monotonic() + 60
        while not any(name in each.files for each in self.mails(TARO, 1, item)):
            self.assertLess(time.monotonic(), deadline, name)
            time.sleep(0.2)

    def door_after_death(self, token):
        deadline = time.monotonic() + 30
        while True:
            try:
                return self.at_door("open", token)
            except (ConnectionError, AssertionError):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.2)

    def decide_after_death(self, number):
        deadline = time.monotonic() + 60
        while True:
            answer = self.reviewer.ask("POST", f"/review/requests/{number}/decision", {"decision": "grant"})
            if answer.status in (200, 202):  # done, or what was asked before the death is at work
                return
            self.assertIn(answer.status, (409, 503), answer.body)
            self.assertLess(time.monotonic(), deadline, answer.body)
            time.sleep(0.5)


class TwoPeople(People):
    """What is asked for lets more through than the policy does: it is granted when a second person has agreed."""

    @classmethod
    def setUpClass(cls):
        cls.open_site("second_person = true")
        cls.second = cls.site.program("console", "mei", "reviewer")

    def asked(self, name, octets):
        """(item, taro's first mail, the request)"""
        item = self.send([(name, octets)])
        [taro] = self.mails(TARO, 1, item)
        [part] = self.at_door("open", taro.token)["parts"]
        self.at_door("ask", taro.token, parts=[part["part"]])
        return item, taro, self.requests(item)[0]

    def proposed(self, request, text):
        answer = self.decide(request["number"], "grant", text, 202).json()
        deadline = time.monotonic() + 10
        while self.requests(request["item"])[0].get("proposal") != answer["proposal"]:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        return answer["proposal"]

    def second_says(self, proposal, decision, client=None):
        return (client or self.second).ask("POST", f"/review/proposals/{proposal}/decision", {"decision": decision, "reason": "内容を見た"})

    def agreed(self, proposal, seconds=60):
        """What came of it."""
        answer = self.second_says(proposal, "agree")
        self.assertEqual(answer.status, 200, answer.body)
        deadline = time.monotonic() + seconds
        while (told := self.second.ask("GET", f"/review/proposals/{proposal}").json())["state"] == "agreed":
            self.assertLess(time.monotonic(), deadline, told)
            time.sleep(0.2)
        return told

    def test_a_grant_waits_for_the_second_person_and_then_arrives(self):
        item, taro, request = self.asked("案.docx", documents.docx("会議の案です"))
        proposal = self.proposed(request, "無害化した写しです。")
        self.assertEqual(self.second_says(proposal, "agree", self.reviewer).code, "same-person")
        time.sleep(1.5)
        self.assertEqual(len(self.mails(TARO, 1, item)), 1)
        self.assertEqual(self.at_door("open", taro.token)["parts"][0]["state"], "asked")
        self.assertEqual(self.agreed(proposal)["state"], "done")
        mails = self.mails(TARO, 3, item)
        self.assertEqual([list(each.files) for each in mails if each.files], [["案.docx.pdf"]])
        self.assertTrue(any("無害化した写しです。" in each.text for each in mails), [each.text for each in mails])
        self.door(taro.token, lambda shown: shown["parts"][0]["state"] == "granted")
        [row] = self.requests_of_all(item)
        self.assertEqual((row["state"], row["answer"], row["decided_by"]), ("granted", "無害化した写しです。", "rin"))
        time.sleep(1)
        self.assertEqual(len(self.mails(HANAKO, 1, item)), 1)
        self.assertEqual(len(self.mails(TARO, 3, item)), 3)

    def test_what_the_second_person_refuses_is_open_again(self):
        item, taro, request = self.asked("案.docx", documents.docx("会議の案です"))
        proposal = self.proposed(request, "写しです。")
        self.assertEqual(self.second_says(proposal, "refuse").json()["state"], "refused")
        deadline = time.monotonic() + 15
        while "proposal" in self.requests(item)[0]:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.2)
        self.decide(request["number"], "refuse", "業務に関係がないため。")
        self.assertIn("業務に関係がないため。", self.mails(TARO, 2, item)[1].text)
        self.door(taro.token, lambda shown: shown["parts"][0]["state"] == "refused")

    def test_what_cannot_be_made_clean_is_not_told_to_be_granted(self):
        item, taro, request = self.asked("壊.docx", documents.docx("</w:t><<<&"))
        proposal = self.proposed(request, "写しです。")
        agreed = self.agreed(proposal)
        self.assertEqual(agreed["state"], "failed", agreed)
        self.assertTrue(agreed["outcome"].startswith("held-again"), agreed)
        time.sleep(2)
        self.assertEqual([row["state"] for row in self.requests(item)], ["open"])
        self.assertEqual(len(self.mails(TARO, 1, item)), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
