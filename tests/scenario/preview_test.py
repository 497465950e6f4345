#!/usr/bin/env python3
"""Pictures of pages: what the sender of a clean file may look at, and what whoever may only view a held one (画面転送) gets."""
import json
import os
import signal
import struct
import time
import unittest
import zlib

import documents
from drop_box_test import DropBox
from kiyome_service import Service, Sink, free_port

PARAGRAPHS = ["画面で確かめるための文書です。"] + [f"第 {number} 段落: 申請の内容を確認しました。" for number in range(1, 12)]


def chunks_of(octets):
    assert octets.startswith(b"\x89PNG\r\n\x1a\n"), octets[:20]
    at = 8
    while at < len(octets):
        length, name = struct.unpack(">I4s", octets[at:at + 8])
        content = octets[at + 8:at + 8 + length]
        assert zlib.crc32(name + content) == struct.unpack(">I", octets[at + 8 + length:at + 12 + length])[0], name
        yield name, content
        at += 12 + length


def brightness(octets):
    """(width, height, levels of all pixels 0 to 255) of a PNG, decoded by another hand than ours."""
    data, palette = b"", b""
    for name, content in chunks_of(octets):
        if name == b"IHDR":
            width, height, depth, kind, *rest = struct.unpack(">IIBBBBB", content)
            assert depth == 8 and rest == [0, 0, 0]
        palette += content if name == b"PLTE" else b""
        data += content if name == b"IDAT" else b""
    step = {0: 1, 2: 3, 3: 1}[kind]
    rows, above, out, at = zlib.decompress(data), bytes(width * step), bytearray(), 0
    for _ in range(height):
        method, row = rows[at], bytearray(rows[at + 1:at + 1 + width * step])
        at += 1 + width * step
        for i in range(len(row)):
            left, corner = (row[i - step], above[i - step]) if i >= step else (0, 0)
            guess = [0, left, above[i], (left + above[i]) // 2, min((left, above[i], corner), key=lambda each: abs(left + above[i] - corner - each))]
            row[i] = (row[i] + guess[method]) & 255
        above = bytes(row)
        out += row
    assert at == len(rows)
    if kind == 3:
        out = bytes(sum(palette[3 * each:3 * each + 3]) // 3 for each in out)
    elif kind == 2:
        out = bytes(sum(out[i:i + 3]) // 3 for i in range(0, len(out), 3))
    return width, height, bytes(out)


class PreviewTest(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.port, self.pages = free_port(), free_port()
        self.service = Service(self.sink.port, extra=f"""
[edge.drop_box]
listen = "127.0.0.1:{self.port}"
[gate.pick_up]
listen = "127.0.0.1:{self.pages}"
[auth]
second_factor = []
[policy]
attachments = "flatten"
[[policy.rule]]
to = "viewer@*"
attachments = "view"
""")
        self.addCleanup(self.service.__exit__)
        self.service.start()
        self.box = DropBox(self.port, self.account("sato", "edge", "outside.example.jp", "sender"))

    def account(self, login, side, domain, roles):
        self.service.run("user", "add", login, "--side", side, "--name", login, "--mail", f"{login}@{domain}", "--roles", roles, "--no-password")
        return self.service.run("user", "token", login, "--side", side, "--for", "test").stdout.strip()

    def send(self, name, octets, key, **more):
        """(path of its pages, the file's row) when the cleaner has decided."""
        status, sent = self.box.submit([self.box.upload(name, octets)], key, **more)
        self.assertEqual(status, 201, sent)
        file = self.box.wait_states(sent["id"], ("clean", "held", "refused", "waiting", "delivered"))[name]
        return sent["id"], f"/submissions/{sent['id']}/files/{file['item']}/pages/", file

    def assert_a_page(self, octets, side):
        width, height, levels = brightness(octets)
        self.assertEqual(max(width, height), side)
        self.assertAlmostEqual(width / height, 210 / 297, delta=0.07)  # A4, or the Letter of a program abroad
        dark = sum(1 for each in levels if each < 128) / len(levels)
        self.assertGreater(dark, 0.001, "there is ink")
        self.assertLess(dark, 0.2, "and paper")
        return levels

    def test_the_sender_of_a_document_sees_its_clean_pages_and_nobody_else_does(self):
        _, path, file = self.send("申請.docx", documents.docx(*PARAGRAPHS), "key-preview-1")
        self.assertEqual((file["pages"], file.get("preview_pages")), (1, 1), file)
        status, headers, octets = self.box.ask("GET", path + "1")
        self.assertEqual((status, headers["content-type"], headers["x-content-type-options"]), (200, "image/png", "nosniff"))
        self.assertIn("sandbox", headers["content-security-policy"])
        self.assert_a_page(octets, 1000)
        other = DropBox(self.port, self.account("suzuki", "edge", "outside.example.jp", "sender"))
        self.assertEqual(other.ask("GET", path + "1")[0], 404)
        self.assertEqual(DropBox(self.port, "x" * 40).ask("GET", path + "1")[0], 401)
        for page in ("0", "2", "x"):
            self.assertEqual(self.box.ask("GET", path + page)[0], 404)
        # Words have no pages, what was held has no clean ones.
        self.assertNotIn("preview_pages", self.send("a.txt", "文字だけ\n".encode(), "key-preview-2")[2])
        self.assertNotIn("preview_pages", self.send("a.exe", b"MZ" + bytes(62) + b"PE\0\0" + bytes(400), "key-preview-3")[2])

    def test_a_cleaner_that_stands_still_is_busy_and_a_killed_one_has_the_pages_again(self):
        _, path, _ = self.send("申請.docx", documents.docx(*PARAGRAPHS), "key-preview-4")
        before = self.box.ask("GET", path + "1")[2]
        cleaner = self.service.pids()["cleaner"][0]
        os.kill(cleaner, signal.SIGSTOP)
        try:
            began = time.monotonic()
            self.assertRaises(ConnectionError, self.box.ask, "GET", path + "1")  # 503
            self.assertLess(time.monotonic() - began, 20)
        finally:
            os.kill(cleaner, signal.SIGCONT)
        os.kill(cleaner, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while True:
            try:
                self.assertEqual(self.box.ask("GET", path + "1")[2], before)
                return
            except ConnectionError:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.2)

    def test_who_may_only_view_a_file_looks_at_its_pages_until_an_operator_releases_it(self):
        viewer = DropBox(self.pages, self.account("viewer", "gate", "city.example.jp", "staff"))
        submission, path, file = self.send("申請.docx", documents.docx(*PARAGRAPHS), "key-preview-5", recipients=["viewer@city.example.jp"])
        self.assertEqual(file["state"], "held")
        self.assertEqual([each["code"] for each in file["findings"]], ["view-only"])
        self.assertNotIn("preview_pages", file)
        item = self.looked_at(viewer, submission)[0]
        self.assertTrue(item["view_only"])
        self.assertEqual([(each["name"], each["type"]) for each in item["files"]], [("申請.docx 1.png", "image/png")])
        number = f"/deliveries/{submission}/files/{item['files'][0]['number']}"
        self.assertEqual(viewer.ask("GET", number)[0], 403)
        status, _, octets = viewer.ask("GET", number + "?preview=true")
        self.assertEqual(status, 200)
        # Pages come at 150 dpi, so the letter size's longer side (1650) or A4's (1754) is more than the 1600 of a view.
        self.assert_a_page(octets, 1600)
        rows = self.service.queue()
        self.assertEqual([(row["state"], row["reasons"]) for row in rows if row["id"] == file["item"]], [("held", ["view-only"])])
        self.service.run("queue", "release", file["item"])
        file = self.box.wait_states(submission, ("delivered",))["申請.docx"]
        self.assertEqual(file.get("preview_pages"), 1)
        self.assert_a_page(self.box.ask("GET", path + "1")[2], 1000)
        self.assertEqual([[each["type"] for each in item["files"]] for item in self.looked_at(viewer, submission, "clean")], [["application/pdf"]])

    def looked_at(self, viewer, submission, verdict="held", seconds=30):
        """The items of the delivery, once all have this verdict."""
        deadline = time.monotonic() + seconds
        while True:
            status, _, body = viewer.ask("GET", "/deliveries/" + submission)
            if status == 200 and all(item["verdict"] == verdict for item in json.loads(body)["items"]):
                return json.loads(body)["items"]
            self.assertLess(time.monotonic(), deadline, (status, body))
            time.sleep(0.2)


if __name__ == "__main__":
    unittest.main()
