"""The good requests that begin with a mail, for contract_test.py: what a recipient does at the door that his notice names, what a reviewer
answers, and what two people decide: a sealed original, an allowance."""
import email.policy
import re
import time
import unittest
from email import message_from_bytes
from email.message import EmailMessage

from passwords_test import PASSWORD, locked_zip

TARO = "taro@city.example.jp"
PICK_UP = 'url = "http://pick-up.city.example.jp/"'  # where links lead; the tests take the token out of them
FORENSIC = "cert@forensic.example.jp"
CONSOLE = 'originals_to = ["*@forensic.example.jp"]'
PROVED = '[notice]\ntrusted_authserv_id = "mx.city.example.jp"\n'
RESULTS = "mx.city.example.jp; dmarc=pass header.from=supplier.example; spf=pass smtp.mailfrom=supplier.example"


class DoorCases:
    """Mixed into contract_test.Cases before ConsoleCases, whose held(), mine() and until() it uses. self.scans: there is a scanner."""

    def notice(self, item):
        """The text of the mail about this item that names a door."""
        def found():
            for _, recipients, octets in self.site.sink.wait(0):
                mail = message_from_bytes(octets, policy=email.policy.default)
                text = mail.get_body(("plain",)).get_content()
                if recipients == [TARO] and "/ask#" in text and (item in text or (mail["X-Kiyome-Id"] or "").startswith(item)):
                    return text
            return None
        return self.until(found)

    def token(self, item):
        return re.search(r"^http://pick-up\.city\.example\.jp/ask#([A-Za-z0-9_-]{22})\s*$", self.notice(item), re.M).group(1)

    def locked(self):
        """The token of a door behind which a file waits for its password."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "yamada@elsewhere.example", TARO, "名簿の件"
        mail.set_content("お送りします。\n")
        mail.add_attachment(locked_zip(), maintype="application", subtype="octet-stream", filename="名簿.zip")
        text = self.site.service.send(mail.as_bytes(policy=email.policy.SMTP), "yamada@elsewhere.example", (TARO,))
        assert "queued as " in text, text
        return self.token(text.split("queued as ")[1][:36])

    def at_gate(self, value):
        return self.good(self.site.client("gate"), value=value)

    # ---- doors ----
    def openDoor(self, _):
        return self.at_gate({"token": self.token(self.held())})

    def askAtDoor(self, _):
        return self.at_gate({"token": self.token(self.held()), "parts": ["all"]})

    def unlockAtDoor(self, _):
        return self.at_gate({"token": self.locked(), "password": PASSWORD})

    def asked(self):
        """The number of a request for a held mail."""
        item = self.held()
        answer = self.site.client("gate").ask("POST", "/doors/ask", {"token": self.token(item), "parts": ["all"]})
        assert answer.status == 200, answer.body
        rows = self.until(lambda: [row for row in self.people.console.all.ask("GET", "/review/requests?limit=100").json()["requests"] if row["item"] == item])
        return rows[0]["number"]

    def decideRequest(self, _):
        return self.mine({"request": self.asked()}, value={"decision": "refuse", "text": "業務に関係がないため。\n二行目"})

    # ---- a sealed original ----
    def wish(self, item, **more):
        return {"kind": "original", "item": item, "to": FORENSIC, "reason": "証拠として必要", **more}

    def propose(self, _):
        self.need_scanner()
        return self.good(self.people.console.browser, value=self.wish(self.held()))

    def need_scanner(self):
        if not self.scans:
            raise unittest.SkipTest("clamd is not installed, and no original leaves without a scan")

    def agreed(self, proposal):
        """The proposal, when another person has agreed and it is done."""
        answer = self.people.console.second_browser.ask("POST", f"/review/proposals/{proposal}/decision", {"decision": "agree", "reason": "内容を確認した"})
        assert answer.status == 200, answer.body
        shown = self.until(lambda: self.shown(proposal, ("done", "refused", "expired")))
        assert shown["state"] == "done", shown
        return shown

    def shown(self, proposal, states):
        value = self.people.console.all.ask("GET", f"/review/proposals/{proposal}").json()
        return value if value["state"] in states else None

    def sealed(self):
        """The number of a proposal whose original left, and whose password waits."""
        answer = self.people.console.browser.ask("POST", "/review/proposals", self.wish(self.held()))
        assert answer.status == 202, answer.body
        number = answer.json()["proposal"]
        self.agreed(number)
        self.until(lambda: self.people.console.browser.ask("GET", f"/review/proposals/{number}").json().get("password_waits"))
        return number

    def showPassword(self, _):
        self.need_scanner()
        return self.good(self.people.console.browser, {"proposal": self.sealed()})

    # ---- an allowance ----
    def allowed(self):
        """The number of an allowance for a sender whom the upstream has proved."""
        self.serial += 1
        sender = f"kensetsu{self.serial}@supplier.example"
        item = self.held(sender, RESULTS)
        answer = self.people.console.all.ask("POST", f"/review/items/{item}/decisions",
                                             {"kind": "allow", "reason": "定期的な業務連絡", "days": 30, "part_type": "application/pdf"})
        assert answer.status == 202, answer.body
        self.agreed(answer.json()["proposal"])
        rows = self.people.console.all.ask("GET", "/review/allowances").json()["allowances"]
        return next(row["number"] for row in rows if row["sender"] == sender and not row["ended"])

    def endAllowance(self, _):
        return self.mine({"allowance": self.allowed()})
