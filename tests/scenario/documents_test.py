#!/usr/bin/env python3
"""Mails with documents through the real service: what arrives is text and clean files, named as the originals."""
import email
import email.message
import email.policy
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import documents
from kiyome_service import KIYOME, Served, Service, Sink, item_id


def mail_with(files, subject="文書", sender="tanaka@supplier.example", body="本文です。\n"):
    mail = email.message.EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "staff@city.example.jp", subject
    mail["Message-ID"] = f"<{abs(hash((subject, sender)))}@supplier.example>"
    mail.set_content(body)
    for name, kind, octets in files:
        main, sub = kind.split("/")
        mail.add_attachment(octets, maintype=main, subtype=sub, filename=name)
    return mail.as_bytes(policy=email.policy.SMTP)


class Documents(Served):
    POLICY = '[policy]\nattachments = "flatten"\n'

    @classmethod
    def setUpClass(cls):
        cls.serve(cls.POLICY + """
[[policy.rule]]
from = "*@text.example"
attachments = "text"
[[policy.rule]]
from = "*@image.example"
attachments = "image"
[[policy.rule]]
from = "*@strip.example"
attachments = "strip"
""")

    def through(self, files, sender="tanaka@supplier.example", **more):
        """The mail as it arrives, and its attachments as {name: (type, octets)}."""
        count = len(self.sink.mails)
        item = item_id(self.service.send(mail_with(files, sender=sender, subject=self.id(), **more), sender=sender))
        mails = self.sink.wait(count + 1, 120)
        self.assertEqual(len(mails), count + 1, self.service.log_text()[-2000:])
        octets = mails[-1][2]
        path = self.service.folder / f"{item}.eml"
        path.write_bytes(octets)
        verified = subprocess.run([KIYOME, "verify", path], capture_output=True, text=True)
        self.assertEqual(verified.stdout, f"{path}: ok\n")
        mail = email.message_from_bytes(octets, policy=email.policy.default)
        self.assertEqual(mail.defects, [])
        parts = {part.get_filename(): (part.get_content_type(), part.get_payload(decode=True)) for part in mail.iter_attachments()}
        return mail.get_body(("plain",)).get_content().replace("\r\n", "\n"), parts

    def test_office_picture_and_archive_arrive_as_pages(self):
        archive = documents.old_zip([("資料/予算表.xlsx", documents.xlsx([["科目", "予算額"], ["①総務費", "１２３"]])),
                                     ("資料/ソ連能表.txt", "中身は㈱テスト髙橋".encode("cp932"))])
        body, parts = self.through([
            ("報告書①.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
             documents.docx("令和八年度　事業報告書", "髙橋さくら")),
            ("住民一覧.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
             documents.xlsx([["氏名", "住所"], ["山田花子", "清め市"]])),
            ("写真.png", "image/png", documents.png()),
            ("まとめ.zip", "application/zip", archive)])
        self.assertEqual(sorted(parts), sorted(["報告書①.docx.pdf", "住民一覧.xlsx.pdf", "写真.png.pdf", "予算表.xlsx.pdf", "ソ連能表.txt"]))
        text = documents.pdf_text(parts["報告書①.docx.pdf"][1])
        self.assertIn("事業報告書", text)
        self.assertIn("髙橋さくら", text)
        self.assertIn("山田花子", documents.pdf_text(parts["住民一覧.xlsx.pdf"][1]))
        self.assertIn("①総務費", documents.pdf_text(parts["予算表.xlsx.pdf"][1]))
        self.assertEqual(parts["ソ連能表.txt"][1].decode().strip(), "中身は㈱テスト髙橋")
        self.assertTrue(body.startswith("【無害化】"), body)
        for name in ("報告書①.docx", "予算表.xlsx", "ソ連能表.txt"):
            self.assertIn(name, body)

    def test_what_cannot_be_made_clean_is_held_and_the_rest_arrives(self):
        taro = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1024)
        body, parts = self.through([("見積.pdf", "application/pdf", documents.pdf("Estimate")),
                                    ("setup.exe", "application/octet-stream", b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0" + bytes(200)),
                                    ("文書.jtd", "application/octet-stream", taro)])
        self.assertEqual(list(parts), ["見積.pdf"])
        self.assertIn("Estimate", documents.pdf_text(parts["見積.pdf"][1]))
        self.assertIn("を保留", body)
        self.assertIn("実行形式", body)

    def test_nothing_of_a_document_survives_but_what_is_seen(self):
        hidden = documents.pdf("Seen", b"/OpenAction << /S /JavaScript /JS (app.alert('SECRETJS')) >> ")
        _, parts = self.through([("a.pdf", "application/pdf", hidden), ("b.png", "image/png", documents.png(comment=b"SECRETMETA"))])
        for _, octets in parts.values():
            flat = subprocess.run(["qpdf", "--qdf", "--object-streams=disable", "-", "-"], input=octets, capture_output=True).stdout
            self.assertNotIn(b"SECRET", octets + flat)
            self.assertNotIn(b"JavaScript", octets + flat)

    def test_words_alone(self):
        body, parts = self.through([("報告.docx", "application/octet-stream", documents.docx("一行目です", "二行目です")),
                                    ("図.png", "image/png", documents.png())], sender="a@text.example")
        self.assertEqual(list(parts), ["報告.docx.txt"])
        self.assertIn("一行目です", parts["報告.docx.txt"][1].decode())
        self.assertIn("文字が含まれない", body)

    def test_pictures_stay_pictures_where_policy_says_so(self):
        _, parts = self.through([("図.png", "image/png", documents.png(30, 20))], sender="a@image.example")
        self.assertEqual(parts["図.png"][0], "image/png")

    def test_what_is_hidden_is_left_out_and_told(self):
        body, parts = self.through([("文書.odt", "application/octet-stream", documents.text_that_hides()),
                                    ("表.ods", "application/octet-stream", documents.sheets_that_hide()),
                                    ("発表.odp", "application/octet-stream", documents.slides_that_hide())])
        text, sheets, slides = (documents.pdf_text(parts[name][1]) for name in ("文書.odt.pdf", "表.ods.pdf", "発表.odp.pdf"))
        for shown in ("PLAIN", "DELETED", "INSERTED", "2021/02/03"):  # the day of its last change, not today
            self.assertIn(shown, text)
        self.assertIn("PLAIN", sheets)
        self.assertIn("SLIDE3", slides)
        for hidden in ("HIDDEN", "COMMENTED", "SLIDE2", "NOTE"):
            self.assertNotIn(hidden, text + sheets + slides)
        self.assertEqual(body.count("表示されない内容"), 3, body)

    def test_strip_is_as_before(self):
        body, parts = self.through([("報告.docx", "application/octet-stream", documents.docx("x"))], sender="a@strip.example")
        self.assertEqual(parts, {})
        self.assertIn("除去", body)

    def test_plain_mails_do_not_wait_behind_documents(self):
        count = len(self.sink.mails)
        for _ in range(6):
            self.service.send(mail_with([("大.docx", "application/octet-stream", documents.docx(*["行"] * 400))], subject="slow"))
        self.service.send(mail_with([], subject="quick", sender="b@other.example"), sender="b@other.example")
        mails = self.sink.wait(count + 7, 180)[count:]
        order = [email.message_from_bytes(each[2], policy=email.policy.default)["Subject"] for each in mails]
        self.assertEqual(len(order), 7)
        self.assertLess(order.index("quick"), 3, order)


class ByPolicy(unittest.TestCase):
    """`kiyome sanitize` with the switches that an office may set."""

    def sanitize(self, files, policy, *words):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "kiyome.toml").write_text("[documents]\n" + policy)
            for each, octets in files.items():
                (folder / each).write_bytes(octets)
            subprocess.run([KIYOME, "sanitize", "--mode", "flatten", "--config", folder / "kiyome.toml", "--out", folder / "out", "--report",
                            folder / "report", *words, *(folder / each for each in files)], capture_output=True)
            rows = [json.loads(line) for line in (folder / "report").read_text().splitlines()]
            out = []
            for row in rows:
                self.assertEqual(row["verdict"], "clean", row)
                octets = pathlib.Path(row["outputs"][0]["path"]).read_bytes()
                self.assertEqual(subprocess.run([KIYOME, "verify", row["outputs"][0]["path"]], capture_output=True).returncode, 0)
                out.append((documents.pdf_text(octets), row["reasons"], row["outputs"][0]["pages"]))
            return out

    def test_what_is_hidden_is_shown_where_policy_says_so(self):
        (text, why, _), (sheets, why_sheets, _), (slides, why_slides, pages) = self.sanitize(
            {"a.odt": documents.text_that_hides(), "b.ods": documents.sheets_that_hide(), "c.odp": documents.slides_that_hide()},
            'hidden = "show"\ncomments = "show"\nchanges = "accept"\n')
        for shown in ("HIDDENWORD", "HIDDENSECTION", "［コメント（y）：COMMENTED］", "INSERTED"):
            self.assertIn(shown, text)
        self.assertNotIn("DELETED", text)
        for shown in ("HIDDENROW", "HIDDENSHEET", "COMMENTED"):
            self.assertIn(shown, sheets)
        for shown in ("SLIDE2", "NOTE2"):
            self.assertIn(shown, slides)
        self.assertEqual(pages, 6)
        self.assertEqual(sorted(why), ["hidden-content", "hidden-shown"])  # the deleted word is not shown
        self.assertEqual((why_sheets, why_slides), (["hidden-shown"], ["hidden-shown"]))

    def test_pages_that_are_cut_are_told_on_a_last_page(self):
        words = "".join(f"<text:p>{number}</text:p>" for number in range(300))
        images = {"a.odt": documents.flat("text", words), "b.odp": documents.slides_that_hide(9)}
        (text, why, pages), (slides, _, shown) = self.sanitize(images, "pages_max = 3\n")
        self.assertEqual((pages, shown), (4, 4))
        self.assertEqual(why, ["pages-cut"])
        self.assertRegex(text, r"この先 [1-9][0-9]* ページは省かれました。")
        self.assertRegex(text, r"[1-9][0-9]* further pages? w")
        self.assertIn("SLIDE4", slides)  # the third that is shown
        self.assertIn("この先 5 ページは省かれました。", slides)

    def test_a_range_of_pages(self):
        (slides, why, pages), = self.sanitize({"b.odp": documents.slides_that_hide(9)}, "", "--pages", "2-3")
        self.assertEqual(pages, 3)
        self.assertIn("SLIDE4", slides)
        self.assertNotIn("SLIDE1", slides)
        self.assertIn("2〜3 ページ目のほか 6 ページは省かれました。", slides)
        self.assertIn("pages-cut", why)


if __name__ == "__main__":
    for program in ("pdftotext", "qpdf"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is missing: deploy/install-dependencies --tests")
    unittest.main(verbosity=2)
