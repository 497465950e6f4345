#!/usr/bin/env python3
"""Two municipalities on one service, with the real program: each has its policy, its days and its people, and sees only its own."""
import email
import email.policy
import time
import unittest
from email.message import EmailMessage

import documents
from both_sides import Letters, Site
from kiyome_service import Service, Sink, free_port

DAY = 24 * 3600
KOU, OTSU, FIRE = "taro@kou.example.jp", "hanako@otsu.example.jp", "jiro@fire.otsu.example.jp"
# 甲市 strips; 乙市 flattens, and its fire brigade holds what comes from a supplier.
TENANTS = """
[policy]
attachments = "hold"
[[approval.rule]]
name = "解除したもの"
released = true
[[approval.rule]]
name = "建設部のもの"
department = "建設部*"
[[tenant]]
name = "甲市"
domains = ["kou.example.jp"]
pick_up_days = 3
[tenant.policy]
attachments = "strip"
[[tenant]]
name = "乙市"
domains = ["otsu.example.jp", "*.otsu.example.jp"]
[tenant.policy]
attachments = "flatten"
[[tenant.organisation]]
name = "消防"
addresses = ["*@fire.otsu.example.jp"]
[[tenant.organisation.policy.rule]]
from = "*@supplier.example"
verdict = "held"
"""


def mail_with(name, octets, recipients):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "tanaka@supplier.example", ", ".join(recipients), "文書"
    mail.set_content("本文です。\n")
    mail.add_attachment(octets, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes(policy=email.policy.SMTP)


def attachments(octets):
    mail = email.message_from_bytes(octets, policy=email.policy.default)
    return [part.get_content_type() for part in mail.iter_attachments()]


class Cities(Site):
    def __init__(self):
        self.sink, self.letters = Sink(), Letters()
        self.ports = {"edge": free_port(), "gate": free_port()}
        self.service = Service(self.sink.port, smtp='relay_domains = ["*.example.jp"]', returns_port=self.letters.port, extra=f"""
[edge.drop_box]
listen = "127.0.0.1:{self.ports["edge"]}"
url = "http://127.0.0.1:{self.ports["edge"]}/"
[gate.pick_up]
listen = "127.0.0.1:{self.ports["gate"]}"
[auth]
second_factor = []
{TENANTS}""").start()


def listed(client):
    answer = client.ask("GET", "/deliveries")
    assert answer.status == 200, answer.body
    return [each["id"] for each in answer.json()["deliveries"]]


def wait_listed(client, count, seconds=60):
    deadline = time.monotonic() + seconds
    while len(found := listed(client)) < count:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


class Tenants(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = Cities()
        program = cls.site.program
        cls.kou_sender = program("edge", "sender.kou", "sender", tenant="甲市", mail="sender@kou.example.jp")
        cls.otsu_sender = program("edge", "sender.otsu", "sender", tenant="乙市", mail="sender@otsu.example.jp")
        cls.free_sender = program("edge", "sender", "sender")
        cls.taro = program("gate", "taro", "staff", KOU, "総務部", "甲市")
        cls.kou_chief = program("gate", "chief.kou", "approver,staff", "chief@kou.example.jp", "総務部", "甲市")
        cls.hanako = program("gate", "hanako", "staff", OTSU, "建設部", "乙市")
        cls.otsu_chief = program("gate", "chief.otsu", "approver,staff", "chief@otsu.example.jp", "建設部", "乙市")
        program("gate", "jiro", "staff", FIRE, "消防", "乙市")

    @classmethod
    def tearDownClass(cls):
        cls.site.close()

    def send(self, client, recipients, key, name="計画.docx", octets=None):
        upload = client.upload(name, octets or documents.docx("計画です"))
        return client.submit([upload], key, recipients)

    def test_each_recipient_of_one_mail_gets_what_his_tenant_and_his_organisation_say(self):
        recipients = [KOU, OTSU, FIRE, "saburo@hei.example.jp"]
        before = len(self.site.sink.mails)
        self.site.service.send(mail_with("a.docx", documents.docx("計画です"), recipients), "tanaka@supplier.example", recipients)
        deadline = time.monotonic() + 90
        got = {}
        while len(got) < 4:
            self.assertLess(time.monotonic(), deadline, got)
            for _, to, octets in list(self.site.sink.mails[before:]):
                for one in to:
                    got[one] = attachments(octets)
            time.sleep(0.1)
        self.assertEqual(got[OTSU], ["application/pdf"])
        self.assertEqual(got[KOU], [])  # stripped
        self.assertEqual(got[FIRE], [])  # the notice that it is held
        states = {row["recipient"]: row["state"] for row in self.site.service.queue() if row["recipient"] in recipients}
        self.assertEqual(states[FIRE], "held")
        self.assertNotEqual(states[KOU], "held")

    def test_policy_explain_names_the_tenant_the_organisation_and_both_decisions(self):
        path = self.site.service.folder / "mail.eml"
        path.write_bytes(mail_with("a.docx", documents.docx("計画です"), [FIRE]))
        said = self.site.service.run("policy", "explain", "--from", "x@supplier.example", "--to", FIRE, str(path)).stdout
        self.assertIn('団体 / tenant: "乙市"', said)
        self.assertIn('組織 / organisation: "消防"', said)
        self.assertRegex(said, r'verdict: held \(団体 / tenant: clean、既定 / default; 組織 / organisation "消防": held、規則 1')

    def test_a_sender_of_one_tenant_cannot_send_to_another_and_learns_nothing_of_it(self):
        upload = self.kou_sender.upload("a.txt", b"x")
        other = self.kou_sender.submit([upload], "other-tenant", [KOU, OTSU])
        nobody = self.kou_sender.submit([upload], "other-tenant", [KOU, "nobody@elsewhere.example"])
        self.assertEqual((other.status, other.code), (422, "invalid"))
        self.assertEqual(other.json()["fields"], ["recipients[1]"])
        self.assertEqual(other.body, nobody.body)
        self.assertEqual(self.kou_sender.submit([upload], "own-tenant-1", [KOU]).status, 201)
        self.assertEqual(self.send(self.otsu_sender, [OTSU], "own-tenant-2").status, 201)

    def test_a_delivery_to_two_tenants_is_each_ones_own(self):
        both = self.send(self.free_sender, [KOU, OTSU], "both-tenants", "両市.docx").json()["id"]
        own = self.send(self.kou_sender, [KOU], "kou-alone-1", "甲市.docx").json()["id"]
        deadline = time.monotonic() + 90
        while not ({both, own} <= set(listed(self.taro)) and both in listed(self.hanako)):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        self.assertNotIn(own, listed(self.hanako))
        self.assertEqual(self.hanako.ask("GET", "/deliveries/" + own).status, 404)
        self.assertEqual(self.otsu_chief.ask("GET", "/deliveries/" + own).status, 404)
        mine, theirs = (each.ask("GET", "/deliveries/" + both).json() for each in (self.taro, self.hanako))
        self.assertEqual((mine["recipients"], theirs["recipients"]), ([KOU], [OTSU]))
        # The rule about 建設部 asks for 乙市's recipient alone, and 乙市's approver alone.
        self.assertEqual((mine["approval"]["state"], mine["approval"]["reasons"]), ("none", []))
        self.assertEqual((theirs["approval"]["state"], theirs["approval"]["reasons"]), ("waiting", ["建設部のもの"]))
        self.assertEqual(self.taro.ask("GET", f"/deliveries/{both}/archive").status, 200)
        self.assertEqual(self.hanako.ask("GET", f"/deliveries/{both}/archive").code, "not-approved")
        decision = {"decision": "approve", "comment": "可", "digest": theirs["digest"]}
        self.assertEqual(self.kou_chief.ask("POST", f"/deliveries/{both}/decision", decision).status, 404)
        shown = self.otsu_chief.ask("GET", "/deliveries/" + both).json()
        self.assertEqual(self.otsu_chief.ask("POST", f"/deliveries/{both}/decision", {**decision, "digest": shown["digest"]}).status, 200)
        self.assertEqual(self.hanako.ask("GET", f"/deliveries/{both}/archive").status, 200)
        # 甲市 keeps its own for three days; of two tenants' the longer counts.
        days = {each["id"]: (time.mktime(time.strptime(each["expires_at"][:19], "%Y-%m-%dT%H:%M:%S")) - time.mktime(
            time.strptime(each["received_at"][:19], "%Y-%m-%dT%H:%M:%S"))) / DAY for each in self.taro.ask("GET", "/deliveries").json()["deliveries"]}
        self.assertAlmostEqual(days[own], 3, delta=0.1)
        self.assertAlmostEqual(days[both], 14, delta=0.1)

    def test_what_was_held_and_released_waits_for_the_approver(self):
        self.site.user("add", "saburo", "--side", "gate", "--name", "三郎", "--roles", "staff", "--no-password", "--mail",
                       "saburo@hei.example.jp", "--department", "総務部")
        saburo = self.site.token("gate", "saburo")
        self.send(self.free_sender, ["saburo@hei.example.jp"], "held-by-policy")  # the service's own policy holds
        delivery = wait_listed(saburo, 1)[0]
        deadline = time.monotonic() + 60
        held = []
        while not held:
            self.assertLess(time.monotonic(), deadline)
            held = [row["id"] for row in self.site.service.queue() if row["recipient"] == "saburo@hei.example.jp" and row["state"] == "held"
                    and row.get("subject", "") != "文書"]
            time.sleep(0.1)
        for item in held:
            self.site.service.run("queue", "release", item, check=False)
        while (shown := saburo.ask("GET", "/deliveries/" + delivery).json())["approval"]["state"] != "waiting":
            self.assertLess(time.monotonic(), deadline, shown)
            time.sleep(0.2)
        self.assertEqual(shown["approval"]["reasons"], ["解除したもの"])
        self.assertIn("released", [each["code"] for item in shown["items"] for each in item["findings"]])

    def test_accounts_fit_their_tenant_on_either_side(self):
        for side in ("edge", "gate"):
            for tenant, mail, word in (("丙市", "x@kou.example.jp", "tenant"), ("甲市", "x@otsu.example.jp", "mail")):
                refused = self.site.service.run("user", "add", "wrong", "--side", side, "--roles", "staff", "--no-password", "--tenant", tenant,
                                                "--mail", mail, check=False)
                self.assertEqual(refused.returncode, 1)
                self.assertIn(word, refused.stderr)
        self.assertNotIn("wrong", self.site.service.run("user", "list").stdout)

    def test_nobody_of_another_tenant_can_be_named_to_stand_in(self):
        choices = [each["login"] for each in self.kou_chief.ask("GET", "/delegation").json()["choices"]]
        self.assertEqual(choices, ["taro"])
        until = time.strftime("%Y-%m-%d", time.localtime(time.time() + 9 * DAY))
        self.assertEqual(self.kou_chief.ask("PUT", "/delegation", {"to": "chief.otsu", "until": until}).status, 422)


if __name__ == "__main__":
    unittest.main(verbosity=2)
