#!/usr/bin/env python3
"""Decisions of the quarantine review with the real program: of several people at the same moment exactly one is first, nothing leaves
twice or is lost when the cleaner dies, and what leaves is just what was decided."""
import collections
import concurrent.futures
import email
import email.policy
import os
import random
import signal
import threading
import time
import unittest
from email.message import EmailMessage

import documents
from both_sides import Client
from console_test import TENANTS, ReviewSite
from kiyome_service import item_id

TARO, HANAKO = "taro@city.example.jp", "hanako@otsu.example.jp"
RULES = """
[[policy.rule]]
from = "*@supplier.example"
verdict = "held"
[[policy.rule]]
from = "*@stripped.example"
attachments = "strip"
[notice]
trusted_authserv_id = "mx.city.example.jp"
"""
PROOF = "mx.city.example.jp; dmarc=pass header.from=stripped.example"


def letter(subject, files=(), sender="tanaka@supplier.example", proof=None):
    mail = EmailMessage()
    if proof:
        mail["Authentication-Results"] = proof
    mail["From"], mail["To"], mail["Subject"] = sender, TARO, subject
    mail["Message-ID"] = f"<{time.monotonic_ns()}@{sender.split('@')[1]}>"
    mail.set_content("本文です。\n")
    for name, octets in files:
        mail.add_attachment(octets, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes(policy=email.policy.SMTP)


class Arrived:
    def __init__(self, recipients, octets):
        self.recipients = recipients
        self.mail = email.message_from_bytes(octets, policy=email.policy.default)
        self.id = str(self.mail["X-Kiyome-Id"] or "")
        self.files = {part.get_filename(): part.get_payload(decode=True) for part in self.mail.iter_attachments()}


class Base(unittest.TestCase):
    def mails(self, item=None):
        """Copies of the item itself by their numbers; .0 is the notice that it is held."""
        all_of = [Arrived(recipients, octets) for _, recipients, octets in self.site.sink.wait(0)]
        return [each for each in all_of if not each.id.endswith(".0") and (item is None or each.id.split(".")[0] == item)]

    def arrived(self, item, count=1, seconds=60):
        deadline = time.monotonic() + seconds
        while len(found := self.mails(item)) < count:
            self.assertLess(time.monotonic(), deadline, self.site.service.log_text()[-2000:])
            time.sleep(0.1)
        return found

    def sent(self, octets, sender="tanaka@supplier.example", recipients=(TARO,), count=1):
        """Ids of so many such mails when the cleaner has decided them all."""
        with self.site.service.connect() as client:
            ids = [item_id(client.send(octets(number) if callable(octets) else octets, sender, recipients)) for number in range(count)]
        self.known(ids)
        return ids

    def known(self, ids, seconds=90):
        deadline = time.monotonic() + seconds
        waiting = set(ids)
        while waiting:
            waiting -= {row["id"] for row in self.site.service.queue() if row["state"] not in ("received", "cleaning")}
            self.assertLess(time.monotonic(), deadline, self.site.service.log_text()[-2000:])
            time.sleep(0.1)

    def decide(self, client, item, kind, status=200, **more):
        answer = client.ask("POST", f"/review/items/{item}/decisions", {"kind": kind, "reason": "電話で確認した", **more})
        self.assertEqual(answer.status, status, answer.body)
        return answer.json()

    def place_of(self, client, item, name):
        def within(parts):
            for part in parts:
                yield part
                yield from within(part["parts"])
        parts = list(within(client.ask("GET", f"/review/items/{item}").json()["parts"]))
        found = [part["place"] for part in parts if part["name"] == name]
        self.assertEqual(len(found), 1, parts)
        return found[0]


def twin(client):
    """The same session, for another thread."""
    out = Client(client.port)
    out.cookie, out.csrf = client.cookie, client.csrf
    return out


def attempt(client, item, kind):
    """(status, code)"""
    answer = client.ask("POST", f"/review/items/{item}/decisions", {"kind": kind, "reason": "同時に"}, keep=False)
    return answer.status, answer.code


class DecisionsTest(Base):
    @classmethod
    def setUpClass(cls):
        cls.site = ReviewSite(extra=RULES)
        cls.addClassCleanup(cls.site.close)
        cls.people = [cls.site.reviewer(name, "reviewer", f"{name}@city.example.jp") for name in ("suzuki", "sato", "ito")]
        cls.one, cls.other, _ = cls.people
        cls.manager = cls.site.reviewer("kanri", "administrator")

    def agreed(self, item, kind, **more):
        """The decision by two people."""
        number = self.decide(self.one, item, kind, 202, **more)["proposal"]
        self.assertEqual(self.one.ask("POST", f"/review/proposals/{number}/decision", {"decision": "agree", "reason": "x"}).code, "same-person")
        self.assertEqual(self.second_agrees(number)[0], "done")

    def second_agrees(self, number):
        """(state, outcome)"""
        answer = self.other.ask("POST", f"/review/proposals/{number}/decision", {"decision": "agree", "reason": "内容を見た"})
        self.assertEqual(answer.status, 200, answer.body)
        deadline = time.monotonic() + 60
        while (told := self.other.ask("GET", f"/review/proposals/{number}").json())["state"] == "agreed":
            self.assertLess(time.monotonic(), deadline, told)
            time.sleep(0.2)
        return told["state"], told["outcome"]

    # ---- at the same moment ----
    def test_two_people_release_200_items_at_the_same_moment_and_each_leaves_once(self):
        ids = self.sent(lambda number: letter(f"保留 {number}"), count=200)

        def pair(mine):
            # One clock for both: they ask for the same item at the same moment.
            told, barrier = [], threading.Barrier(2)

            def person(client):
                out = []
                for item in mine:
                    barrier.wait(60)
                    out.append((item, attempt(client, item, "release")))
                return out
            with concurrent.futures.ThreadPoolExecutor(2) as both:
                for done in [both.submit(person, twin(each)) for each in (self.one, self.other)]:
                    told += done.result()
            return told

        answers = collections.defaultdict(list)
        with concurrent.futures.ThreadPoolExecutor(4) as pairs:
            for told in pairs.map(pair, [ids[at::4] for at in range(4)]):
                for item, answer in told:
                    answers[item].append(answer)
        self.assertEqual(set(answers), set(ids))
        for item, both in answers.items():
            self.assertEqual(sorted(both), [(200, ""), (409, "decided")], item)
        self.left_once(ids)

    def left_once(self, ids):
        deadline = time.monotonic() + 60
        while True:
            copies = collections.Counter(each.id for each in self.mails())
            if all(copies[item] for item in ids):
                break
            self.assertLess(time.monotonic(), deadline, [item for item in ids if not copies[item]][:5])
            time.sleep(0.2)
        time.sleep(1)  # for one too many
        copies = collections.Counter(each.id.split(".")[0] for each in self.mails())
        self.assertEqual({item: copies[item] for item in ids if copies[item] != 1}, {})

    def test_of_release_reject_and_delete_at_once_one_counts(self):
        ids = self.sent(lambda number: letter(f"争い {number}"), count=24)
        won = {}
        kinds = ["release", "reject", "delete"]

        def soon(client, item, kind):
            time.sleep(random.uniform(0, 0.15))  # a release takes longest: now and then it begins first
            return attempt(client, item, kind)
        with concurrent.futures.ThreadPoolExecutor(3) as three:
            for item in ids:
                random.shuffle(kinds)
                answers = list(three.map(soon, [twin(each) for each in self.people], [item] * 3, kinds))
                first = [kind for kind, answer in zip(kinds, answers) if answer == (200, "")]
                # What was refused can still be deleted: a later step, not a second outcome.
                self.assertIn(first, (["release"], ["reject"], ["delete"], ["reject", "delete"], ["delete", "reject"]), answers)
                self.assertTrue(all(answer in ((200, ""), (409, "decided")) for answer in answers), answers)
                won[item] = "release" if first == ["release"] else "delete" if "delete" in first else "reject"
        self.assertGreater(len(set(won.values())), 1, "the race had more than one outcome")
        states = {"release": ("delivered", "clean"), "reject": ("held", "rejected")}
        for item, kind in won.items():
            if kind == "release":
                self.arrived(item)
            deadline = time.monotonic() + 30
            while True:
                [told] = self.one.ask("GET", f"/review/items/{item}").json()["recipients"]
                if kind == "delete":
                    good = told["state"] == "deleted"
                else:
                    good = (told["state"], told["verdict"]) == states[kind]
                if good:
                    break
                self.assertLess(time.monotonic(), deadline, (kind, told))
                time.sleep(0.1)
        self.assertEqual({item for item in won if self.mails(item)}, {item for item, kind in won.items() if kind == "release"})

    def test_a_cleaner_killed_among_releases_loses_and_doubles_nothing(self):
        ids = self.sent(lambda number: letter(f"途中 {number}"), count=60)
        done = threading.Event()
        answers = {}

        def person(client, mine):
            for item in mine:
                answers[item] = attempt(client, item, "release")
                if len(answers) >= 20:
                    done.set()
        with concurrent.futures.ThreadPoolExecutor(4) as four:
            working = [four.submit(person, twin(self.people[at % 3]), ids[at::4]) for at in range(4)]
            self.assertTrue(done.wait(60))
            [cleaner] = self.site.service.pids()["cleaner"]
            os.kill(cleaner, signal.SIGKILL)
            for each in working:
                each.result(60)
        self.assertTrue(set(answers.values()) <= {(200, ""), (202, ""), (503, "unavailable"), (503, "busy")}, set(answers.values()))
        self.assertIn((503, "unavailable"), answers.values())
        deadline = time.monotonic() + 60
        left = set(ids)
        while left:
            for item in list(left):
                status, code = attempt(self.other, item, "release")
                self.assertIn((status, code), {(200, ""), (409, "decided"), (409, "busy"), (503, "unavailable"), (503, "busy")})
                if status == 200 or code == "decided":
                    left.remove(item)
                if status == 200:  # of whom it was said to be done, it is
                    self.assertNotEqual(answers[item], (200, ""), item)
            self.assertLess(time.monotonic(), deadline, self.site.service.log_text()[-2000:])
            time.sleep(0.2)
        self.left_once(ids)

    # ---- just what was decided ----
    def test_an_entry_of_an_archive_stays_out_of_a_mail(self):
        files = [("まとめ.zip", documents.old_zip([("秘.txt", "見せない言葉\r\n".encode("cp932")), ("公.txt", "見せる言葉\r\n".encode("cp932"))]))]
        [item] = self.sent(letter("書庫", files))
        place = self.place_of(self.one, item, "まとめ.zip") + "/0"  # held as it came: nobody has looked into it
        self.assertEqual(self.decide(self.one, item, "without-part", 422, part="9/0")["code"], "invalid")
        nowhere = self.decide(self.one, item, "without-part", part=place + "9")
        self.assertEqual((nowhere["recipients"], [each["code"] for each in nowhere["why"]]), (0, ["operator-hold"]))
        self.assertEqual(self.mails(item), [])
        self.assertEqual(self.decide(self.one, item, "without-part", part=place)["recipients"], 1)
        [mail] = self.arrived(item)
        self.assertEqual(list(mail.files), ["公.txt"])
        self.assertIn("見せる言葉", mail.files["公.txt"].decode())
        self.assertNotIn("見せない言葉", mail.mail.as_string())
        self.assertIn("left-out", str(self.one.ask("GET", f"/review/items/{item}").json()["parts"]))

    def test_an_entry_of_a_dropped_archive_stays_out(self):
        sender = self.site.program("edge", "okuri", "sender", "okuri@supplier.example")
        staff = self.site.program("gate", "taro", "staff", TARO)
        content = documents.old_zip([("秘.txt", "見せない言葉\r\n".encode("cp932")), ("公.txt", "見せる言葉\r\n".encode("cp932"))])
        submission = sender.submit([sender.upload("まとめ.zip", content)], "decisions-0001", [TARO]).json()["id"]
        [file] = sender.settled(submission, ("held",))
        self.decide(self.one, file["item"], "without-part", 422, part="0")  # the file itself: that is a refusal
        self.assertEqual(self.decide(self.one, file["item"], "without-part", part="0/7")["recipients"], 0)
        self.assertEqual(self.decide(self.one, file["item"], "without-part", part="0/0")["recipients"], 1)
        sender.settled(submission, ("delivered",))
        deadline = time.monotonic() + 30
        while (answer := staff.ask("GET", f"/deliveries/{submission}")).status != 200 or not answer.json()["items"][0]["files"]:
            self.assertLess(time.monotonic(), deadline, answer.body)
            time.sleep(0.1)
        names = [each["name"] for each in answer.json()["items"][0]["files"]]
        self.assertTrue(any("公" in name for name in names), names)
        self.assertFalse(any("秘" in name for name in names), names)

    def test_what_was_delivered_and_is_cleaned_again_arrives_as_an_answer_with_what_is_new(self):
        files = [("見積.pdf", documents.pdf("Estimate")), ("図.png", documents.png(200, 100))]
        [item] = self.sent(letter("見積の件", files, "tanaka@stripped.example"), "tanaka@stripped.example")
        [first] = self.arrived(item)
        self.assertEqual(first.files, {})
        self.agreed(item, "clean-again", policy="flatten", part=self.place_of(self.one, item, "見積.pdf"))
        second = self.arrived(item, 2)[1]
        self.assertEqual(list(second.files), ["見積.pdf"])
        self.assertIn("Estimate", documents.pdf_text(second.files["見積.pdf"]))
        self.assertEqual((second.id, second.mail["In-Reply-To"]), (f"{item}.2", first.mail["Message-ID"]))
        self.agreed(item, "clean-again", policy="flatten")
        third = self.arrived(item, 3)[2]
        self.assertEqual(list(third.files), ["図.png.pdf"])  # the other one he has
        again = self.decide(self.one, item, "clean-again", 202, policy="flatten")["proposal"]
        self.assertEqual(self.second_agrees(again), ("failed", "decided"))
        time.sleep(1)
        self.assertEqual(len(self.mails(item)), 3)

    # ---- who passes for a time ----
    def test_an_allowance_counts_for_who_is_proven_and_for_nobody_else(self):
        def of(proof, name="tanaka@stripped.example"):
            [item] = self.sent(letter("定期便", [("報告.pdf", documents.pdf("Report"))], name, proof), name)
            return item, self.arrived(item)[0]
        item, before = of(PROOF)
        unproven, _ = of(None)
        self.assertEqual(before.files, {})
        allow = {"part": self.place_of(self.one, item, "報告.pdf"), "days": 7}
        # Refused when it is proposed, not when the second person has agreed.
        self.assertEqual(self.decide(self.one, unproven, "allow", 409, **allow)["code"], "unproven")
        self.assertIn("allow", self.one.ask("GET", f"/review/items/{item}").json()["allowed"])
        self.assertNotIn("allow", self.one.ask("GET", f"/review/items/{unproven}").json()["allowed"])
        self.agreed(item, "allow", **allow)
        [allowance] = self.manager.ask("GET", "/review/allowances").json()["allowances"]
        self.assertEqual((allowance["sender"], allowance["type"], allowance["by"], allowance["agreed_by"], allowance["ended"]),
                         ("tanaka@stripped.example", "application/pdf", "suzuki", "sato", False))
        time.sleep(3.5)  # a mail may be judged by what stood three seconds ago
        _, after = of(PROOF)
        self.assertIn("Report", documents.pdf_text(after.files["報告.pdf"]))
        self.assertEqual(of(None)[1].files, {})
        self.assertEqual(of("mx.city.example.jp; dmarc=fail header.from=stripped.example")[1].files, {})
        self.assertEqual(of("mx.evil.example; dmarc=pass header.from=stripped.example")[1].files, {})
        self.assertEqual(of(PROOF, "kato@stripped.example")[1].files, {})  # proven, and another one
        self.assertEqual(self.manager.ask("DELETE", f"/review/allowances/{allowance['number']}").status, 204)
        time.sleep(3.5)
        self.assertEqual(of(PROOF)[1].files, {})

    # ---- legal hold ----
    def test_what_is_kept_is_not_deleted_until_an_administrator_ends_it(self):
        item, bulk = self.sent(lambda number: letter(f"証拠 {number}"), count=2)
        for each in (item, bulk):
            self.assertEqual(self.one.ask("PUT", f"/review/items/{each}/legal-hold", {"reason": "訴訟のため"}).status, 204)
        self.assertEqual(self.decide(self.one, item, "delete", 409)["code"], "kept")
        told = self.one.ask("POST", "/review/decisions", {"kind": "delete", "reason": "整理", "items": [bulk]}).json()["results"]
        self.assertEqual(told, [{"id": bulk, "code": "kept"}])
        self.assertEqual(self.one.ask("DELETE", f"/review/items/{item}/legal-hold").code, "forbidden")
        # He sees no items, but what is kept and why.
        self.assertEqual(self.manager.ask("GET", f"/review/items/{item}").code, "forbidden")
        page = self.manager.ask("GET", "/review/legal-holds?limit=1").json()
        self.assertEqual([(each["item"], each["subject"], each["by"], each["reason"]) for each in page["kept"]], [(bulk, "証拠 1", "suzuki", "訴訟のため")])
        rest = self.manager.ask("GET", f"/review/legal-holds?limit=1&after={page['next']}").json()
        self.assertEqual([each["item"] for each in rest["kept"]], [item])
        self.assertEqual(self.manager.ask("GET", "/review/legal-holds?after=x").status, 422)
        for each in (item, bulk):
            self.assertEqual(self.manager.ask("DELETE", f"/review/items/{each}/legal-hold").status, 204)
        self.assertEqual(self.manager.ask("GET", "/review/legal-holds").json(), {"kept": []})
        self.decide(self.one, item, "delete")


class TenantsTest(Base):
    def test_a_tenants_decisions_touch_its_recipients_only(self):
        self.site = ReviewSite(console="second_person = false", extra=TENANTS + '[notice]\ntrusted_authserv_id = "mx.city.example.jp"\n', relay="*.example.jp")
        self.addCleanup(self.site.close)
        own = self.site.reviewer("kou", "reviewer", "kou@city.example.jp", "甲市")
        everybody = self.site.reviewer("zentai", "reviewer,administrator")

        def states(item):
            return {each["address"]: each["state"] for each in everybody.ask("GET", f"/review/items/{item}").json()["recipients"]}
        released, deleted = self.sent(lambda number: letter(f"両市へ {number}"), recipients=(TARO, HANAKO), count=2)
        self.assertEqual(self.decide(own, released, "release")["recipients"], 1)
        self.assertEqual([each.recipients for each in self.arrived(released)], [[TARO]])
        self.assertEqual(states(released)[HANAKO], "held")
        self.assertEqual(self.decide(own, released, "delete", 409, recipients=[1])["code"], "decided")  # somebody else's
        self.decide(own, deleted, "delete")
        self.assertEqual(states(deleted), {TARO: "deleted", HANAKO: "held"})
        self.decide(everybody, released, "release")
        self.assertEqual(sorted(each.recipients for each in self.arrived(released, 2)), [[HANAKO], [TARO]])
        self.assertEqual(own.ask("PUT", f"/review/items/{deleted}/legal-hold", {"reason": "x"}).status, 204)
        [other] = self.sent(letter("乙市だけ"), recipients=(HANAKO,))
        self.assertEqual(everybody.ask("PUT", f"/review/items/{other}/legal-hold", {"reason": "x"}).status, 204)
        self.assertEqual([each["item"] for each in own.ask("GET", "/review/legal-holds").json()["kept"]], [deleted])
        self.assertEqual(len(everybody.ask("GET", "/review/legal-holds").json()["kept"]), 2)

        # What a tenant's reviewer allows counts for its recipients, and is its own to end.
        def both():
            [item] = self.sent(letter("定期便", [("報告.pdf", documents.pdf("Report"))], "tanaka@stripped.example", PROOF),
                               "tanaka@stripped.example", (TARO, HANAKO))
            deadline = time.monotonic() + 60
            while len(found := {each: list(mail.files) for mail in self.mails(item) for each in mail.recipients}) < 2:
                self.assertLess(time.monotonic(), deadline, self.site.service.log_text()[-2000:])
                time.sleep(0.1)
            return item, found
        item, files = both()
        self.assertEqual(files, {TARO: [], HANAKO: []})
        allow = {"part": self.place_of(own, item, "報告.pdf"), "days": 7}
        self.decide(own, item, "allow", **allow)
        time.sleep(3.5)
        self.assertEqual(both()[1], {TARO: ["報告.pdf"], HANAKO: []})
        self.decide(everybody, item, "allow", **allow)
        time.sleep(3.5)
        self.assertEqual(both()[1], {TARO: ["報告.pdf"], HANAKO: ["報告.pdf"]})
        [mine] = own.ask("GET", "/review/allowances").json()["allowances"]
        all_of = {each["number"]: each.get("tenant", "") for each in everybody.ask("GET", "/review/allowances").json()["allowances"]}
        self.assertEqual(sorted(all_of.values()), ["", "甲市"])
        [general] = [number for number in all_of if number != mine["number"]]
        self.assertEqual(own.ask("DELETE", f"/review/allowances/{general}").status, 404)
        self.assertEqual(own.ask("DELETE", f"/review/allowances/{mine['number']}").status, 204)


if __name__ == "__main__":
    unittest.main(verbosity=2)
