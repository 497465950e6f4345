#!/usr/bin/env python3
"""The closed side's mail server misbehaves; outside senders get exactly the notices they are owed."""
import email
import email.policy
import time
import unittest

from kiyome_service import Service, Sink, free_port, item_id

MAIL = "From: a@outside.example\r\nSubject: 件名\r\nMessage-ID: <m1@outside.example>\r\n\r\n本文\r\n".encode()


class NextHop(unittest.TestCase):
    def run_with(self, behave=None, deliver="", **words):
        self.sink = Sink(behave=behave)
        self.addCleanup(self.sink.stop)
        self.returns = Sink()
        self.addCleanup(self.returns.stop)
        service = Service(self.sink.port, deliver=deliver, returns_port=self.returns.port, **words).start()
        self.addCleanup(service.__exit__)
        return service

    def notice(self):
        (sender, recipients, octets), = self.returns.wait(1, 20)
        self.assertEqual((sender, recipients), ("", ["a@outside.example"]))
        mail = email.message_from_bytes(octets, policy=email.policy.default)
        self.assertEqual(mail.get_content_type(), "multipart/report")
        self.assertEqual(mail.get_param("report-type"), "delivery-status")
        return mail, octets

    def test_down_then_up(self):
        port = free_port()
        service = Service(port).start()
        self.addCleanup(service.__exit__)
        service.send(MAIL)
        time.sleep(1.5)
        self.assertEqual(service.queue()[0]["state"], "sending")
        sink = Sink(port)
        self.addCleanup(sink.stop)
        self.assertEqual(service.wait_settled(1)[0]["state"], "delivered")

    def test_4xx_is_tried_again(self):
        answers = iter(["451 4.3.0 later", "451 4.3.0 later"])
        service = self.run_with(lambda step, _: next(answers, None) if step == "RCPT" else None)
        service.send(MAIL)
        self.assertEqual(service.wait_settled(1)[0]["state"], "delivered")
        self.assertEqual(len(self.sink.mails), 1)

    def test_5xx_becomes_a_notice_that_tells_nothing_of_our_inside(self):
        service = self.run_with(lambda step, _: "550 5.1.1 no such user at inner-mail.city.local" if step == "RCPT" else None)
        item = item_id(service.send(MAIL))
        self.assertEqual(service.wait_settled(1)[0]["state"], "bounced")
        mail, octets = self.notice()
        self.assertIn(item.encode(), octets)
        self.assertIn(b"5.1.1", octets)
        for inside in (b"inner-mail", b"127.0.0.1", str(service.folder).encode(), b"rule", b"0.1.0"):
            self.assertNotIn(inside, octets)
        status = [part for part in mail.walk() if part.get_content_type() == "message/delivery-status"]
        self.assertEqual(len(status), 1)

    def test_5xx_to_a_null_sender_makes_no_backscatter(self):
        service = self.run_with(lambda step, _: "550 5.1.1 no" if step == "RCPT" else None)
        service.send(MAIL, sender="")
        self.assertEqual(service.wait_settled(1)[0]["state"], "bounced")
        time.sleep(1)
        self.assertEqual(self.returns.mails, [])

    def test_one_of_two_recipients_is_refused(self):
        service = self.run_with(lambda step, text: "550 5.1.1 no" if step == "RCPT" and "gone@" in text else None)
        service.send(MAIL, recipients=("b@city.example.jp", "gone@city.example.jp"))
        states = {row["recipient"]: row["state"] for row in service.wait_settled(2)}
        self.assertEqual(states, {"b@city.example.jp": "delivered", "gone@city.example.jp": "bounced"})
        self.assertEqual(self.sink.mails[0][1], ["b@city.example.jp"])

    def test_disappearing_in_data_and_after_the_dot(self):
        for step in ("DATA", "END"):
            with self.subTest(step=step):
                tricks = iter(["drop", "drop"])
                service = self.run_with(lambda at, _, step=step, tricks=tricks: next(tricks, None) if at == step else None)
                item = item_id(service.send(MAIL))
                self.assertEqual(service.wait_settled(1)[0]["state"], "delivered")
                self.assertEqual(len(self.sink.mails), 1)
                self.assertIn(f"X-Kiyome-Id: {item}\r\n".encode(), self.sink.mails[0][2])
                self.assertIn(b"Message-ID: <m1@outside.example>", self.sink.mails[0][2])

    def test_a_slow_hop_holds_up_nobody_for_ever(self):
        def slow(step, _):
            if step == "END":
                time.sleep(1)
        service = self.run_with(slow)
        for _ in range(8):
            service.send(MAIL)
        self.assertEqual({row["state"] for row in service.wait_settled(8)}, {"delivered"})

    def test_expiry_is_told(self):
        service = self.run_with(lambda step, _: "451 4.3.0 never" if step == "MAIL" else None, deliver="lifetime_hours = 0.0005")
        service.send(MAIL)
        self.assertEqual(service.wait_settled(1)[0]["state"], "bounced")
        self.notice()

    def test_failover_to_the_second_host(self):
        second = Sink()
        self.addCleanup(second.stop)
        service = Service(free_port()).start()
        self.addCleanup(service.__exit__)
        service.stop()
        config = service.config.read_text()
        first = config.split('hosts = ["')[1].split('"')[0]
        service.config.write_text(config.replace(f'hosts = ["{first}"]', f'hosts = ["{first}", "127.0.0.1:{second.port}"]'))
        service.start()
        service.send(MAIL)
        self.assertEqual(service.wait_settled(1)[0]["state"], "delivered")
        self.assertEqual(len(second.mails), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
