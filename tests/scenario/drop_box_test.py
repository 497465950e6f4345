#!/usr/bin/env python3
"""The drop box of the real service: broken connections, kill -9 in the middle, many at once, and the way of a file to the closed
side. KIYOME_LONG=1: 1 GB instead of 48 MB, and beside nginx for the same body where there is one."""
import base64
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

from kiyome_service import Service, Sink, free_port

LONG = os.environ.get("KIYOME_LONG") == "1"
LARGE = (1024 if LONG else 48) << 20
MEMORY_MAX = 150 << 20  # of the edge, in all
BLOCK = os.urandom(1 << 20)


def block(number):
    """A megabyte that no other is like."""
    return number.to_bytes(8, "big") + BLOCK[8:]


def pieces(begin, end):
    """Octets `begin` to `end` of the endless file, a block at a time."""
    while begin < end:
        number, skip = divmod(begin, len(BLOCK))
        piece = block(number)[skip:skip + end - begin]
        yield piece
        begin += len(piece)


def digest_of(chunks):
    out = hashlib.sha256()
    for chunk in chunks:
        out.update(chunk)
    return out.hexdigest()


def octets_of(path):
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            yield chunk


class DropBox:
    """A program that speaks openapi.yaml's drop box."""

    def __init__(self, port, token):
        self.port, self.token = port, token

    def ask(self, method, path, headers=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, "/api/v1" + path, body, {"Authorization": "Bearer " + self.token, **(headers or {})})
            answer = connection.getresponse()
            if answer.status == 503 and method != "POST":
                raise ConnectionError("busy")
            return answer.status, dict((name.lower(), value) for name, value in answer.getheaders()), answer.read()
        finally:
            connection.close()

    def create(self, size, name):
        metadata = "filename " + base64.b64encode(name.encode()).decode()
        status, headers, body = self.ask("POST", "/uploads", {"Tus-Resumable": "1.0.0", "Upload-Length": str(size), "Upload-Metadata": metadata})
        assert status == 201, body
        return headers["location"].removeprefix("/api/v1")

    def offset(self, upload):
        status, headers, _ = self.ask("HEAD", upload, {"Tus-Resumable": "1.0.0"})
        assert status == 200, status
        return int(headers["upload-offset"])

    def open_patch(self, upload, offset, length):
        """A connection on which a PATCH has begun."""
        connection = socket.create_connection(("127.0.0.1", self.port), 120)
        connection.sendall((f"PATCH /api/v1{upload} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.token}\r\n"
                            f"Tus-Resumable: 1.0.0\r\nUpload-Offset: {offset}\r\nContent-Type: application/offset+octet-stream\r\n"
                            f"Content-Length: {length}\r\n\r\n").encode())
        return connection

    def patch(self, upload, offset, end, chunks=None):
        """Sends all of it; gives the status."""
        with self.open_patch(upload, offset, end - offset) as connection:
            for piece in chunks or pieces(offset, end):
                connection.sendall(piece)
            return int(connection.recv(4096).split()[1])

    def upload(self, name, octets):
        upload = self.create(len(octets), name)
        assert self.patch(upload, 0, len(octets), [octets]) == 204
        return upload.rsplit("/", 1)[1]

    def submit(self, uploads, key, **more):
        request = {"uploads": [{"id": each} for each in uploads], "recipients": ["tanaka@city.example.jp"], **more}
        status, _, body = self.ask("POST", "/submissions", {"Idempotency-Key": key, "Content-Type": "application/json"}, json.dumps(request))
        return status, json.loads(body)

    def states(self, submission):
        status, _, body = self.ask("GET", "/submissions/" + submission)
        assert status == 200, body
        return {file["name"]: file for file in json.loads(body)["files"]}

    def wait_states(self, submission, wanted, seconds=120):
        deadline = time.monotonic() + seconds
        while True:
            files = self.states(submission)
            if all(file["state"] in wanted for file in files.values()):
                return files
            if time.monotonic() > deadline:
                raise AssertionError({name: file["state"] for name, file in files.items()})
            time.sleep(0.2)


class DropBoxTest(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.port = free_port()
        self.service = Service(self.sink.port, extra=f"""
[edge.drop_box]
listen = "127.0.0.1:{self.port}"
day_bytes_max = 8589934592
[gate.pick_up]
listen = "127.0.0.1:{free_port()}"
[auth]
second_factor = []
""")
        self.addCleanup(self.service.__exit__)
        self.service.start()
        self.box = DropBox(self.port, self.account("sato"))
        self.uploads = self.service.folder / "data" / "edge" / "drop" / "uploads"

    def account(self, login):
        self.service.run("user", "add", login, "--side", "edge", "--name", login, "--mail", login + "@outside.example.jp", "--roles", "sender",
                         "--no-password")
        return self.service.run("user", "token", login, "--side", "edge", "--for", "test").stdout.strip()

    def edge(self):
        return self.service.pids()["edge"][0]

    def memory_peak(self):
        for line in pathlib.Path(f"/proc/{self.edge()}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
        return 0

    def test_a_large_upload_with_three_broken_connections_arrives_whole(self):
        upload = self.box.create(LARGE, "大きなファイル.bin")
        begin, sending = time.monotonic(), 0.0
        offset = 0
        for cut in (LARGE // 4 + 12345, LARGE // 2 + 1, LARGE * 3 // 4 - 7):
            connection = self.box.open_patch(upload, offset, LARGE - offset)
            started = time.monotonic()
            for piece in pieces(offset, cut):
                connection.sendall(piece)
            sending += time.monotonic() - started
            if cut % 2:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # ends with a reset
            connection.close()
            offset = self.box.offset(upload)
            self.assertLessEqual(offset, cut)
        self.assertEqual(self.box.patch(upload, self.box.offset(upload), LARGE), 204)
        took = time.monotonic() - begin
        self.assertEqual(self.box.offset(upload), LARGE)
        self.assertEqual(digest_of(octets_of(self.uploads / upload.rsplit("/", 1)[1])), digest_of(pieces(0, LARGE)))
        print(f"\n{LARGE >> 20} MB in {took:.2f} s, the edge took {self.memory_peak() >> 20} MB", flush=True)
        self.assertLess(self.memory_peak(), MEMORY_MAX)

        status, sent = self.box.submit([upload.rsplit("/", 1)[1]], "key-large-1")
        self.assertEqual(status, 201)
        self.assertLess(self.memory_peak(), MEMORY_MAX)
        self.assertEqual(list(self.uploads.iterdir()), [])
        files = self.box.wait_states(sent["id"], ("held", "refused"), 300)  # nobody can read it
        self.assertTrue(files["大きなファイル.bin"]["findings"])

    def test_fifty_uploads_at_once_take_little_memory(self):
        size = (20 if LONG else 3) << 20
        done = []

        def one(number):
            upload, status = None, 0
            while status != 204:  # a client whom the server has no place for comes again
                try:
                    upload = upload or self.box.create(size, f"{number}.bin")
                    status = self.box.patch(upload, self.box.offset(upload), size)
                except (OSError, IndexError, http.client.HTTPException):
                    time.sleep(0.2)
            done.append(upload)

        threads = [threading.Thread(target=one, args=(number,), daemon=True) for number in range(50)]
        begin = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(f"\n50 times {size >> 20} MB in {time.monotonic() - begin:.2f} s, the edge took {self.memory_peak() >> 20} MB", flush=True)
        self.assertEqual(len(done), 50)
        self.assertLess(self.memory_peak(), MEMORY_MAX)
        wanted = digest_of(pieces(0, size))
        for upload in done:
            self.assertEqual(digest_of(octets_of(self.uploads / upload.rsplit("/", 1)[1])), wanted)

    def test_a_killed_edge_goes_on_where_the_disk_is_certain(self):
        size = 24 << 20
        upload = self.box.create(size, "a.bin")
        connection = self.box.open_patch(upload, 0, size)
        for piece in pieces(0, size // 2):
            connection.sendall(piece)
        os.kill(self.edge(), signal.SIGKILL)
        connection.close()
        deadline = time.monotonic() + 30
        while True:
            try:
                offset = self.box.offset(upload)
                break
            except (OSError, http.client.HTTPException):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.1)
        self.assertLessEqual(offset, size // 2)
        self.assertEqual(self.box.patch(upload, offset, size), 204)
        self.assertEqual(digest_of(octets_of(self.uploads / upload.rsplit("/", 1)[1])), digest_of(pieces(0, size)))

    def test_a_submission_that_a_kill_cut_off_is_there_once_or_not_at_all(self):
        uploads = [self.box.upload(f"{number}.txt", b"text %d\n" % number) for number in range(40)]
        answers = []

        def submit():
            try:
                answers.append(self.box.submit(uploads, "key-cut-off-1"))
            except (OSError, http.client.HTTPException):
                pass

        thread = threading.Thread(target=submit, daemon=True)
        thread.start()
        time.sleep(0.02)
        os.kill(self.edge(), signal.SIGKILL)
        thread.join()
        deadline = time.monotonic() + 60
        while True:
            try:
                status, sent = self.box.submit(uploads, "key-cut-off-1")
                if status != 503:
                    break
            except (OSError, http.client.HTTPException):
                pass
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        self.assertEqual(status, 201, sent)
        self.assertEqual(len(sent["files"]), 40)
        self.box.wait_states(sent["id"], ("clean", "held", "refused", "waiting", "delivered"))
        rows = [row for row in self.service.queue() if row["sender"] == "sato@outside.example.jp"]
        self.assertEqual(sorted({row["id"] for row in rows}), sorted(file["item"] for file in sent["files"]))

    def test_a_file_goes_its_way_and_its_sender_sees_it(self):
        text = self.box.upload("お知らせ.txt", "明日は休みです。\n".encode())
        program = self.box.upload("setup.exe", b"MZ" + bytes(62) + b"PE\0\0" + bytes(400))
        status, sent = self.box.submit([text, program], "key-its-way-1", title="お知らせ")
        self.assertEqual(status, 201)
        files = self.box.wait_states(sent["id"], ("held", "refused", "delivered"))
        self.assertEqual(files["お知らせ.txt"]["state"], "delivered", files)
        self.assertEqual(files["setup.exe"]["state"], "held")
        self.assertTrue(all(each["japanese"] and each["english"] for each in files["setup.exe"]["findings"]))

    def test_nothing_of_another_account_can_be_reached(self):
        other = DropBox(self.port, self.account("suzuki"))
        upload = self.box.create(4, "a.txt")
        status, sent = self.box.submit([self.box.upload("b.txt", b"text")], "key-idor-1")
        self.assertEqual(status, 201)
        tus = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        for method, path in (("HEAD", upload), ("PATCH", upload), ("DELETE", upload), ("GET", "/submissions/" + sent["id"]),
                             ("GET", "/submissions/" + sent["files"][0]["item"])):
            self.assertEqual(other.ask(method, path, tus, b"evil" if method == "PATCH" else None)[0], 404, (method, path))
        self.assertEqual(other.submit([upload.rsplit("/", 1)[1]], "key-idor-1")[0], 422)
        self.assertEqual(json.loads(other.ask("GET", "/submissions")[2]), {"submissions": []})
        self.assertEqual(self.box.patch(upload, 0, 4, [b"mine"]), 204)

    @unittest.skipUnless(LONG and shutil.which(os.environ.get("KIYOME_NGINX", "nginx")), "KIYOME_LONG=1 and nginx")
    def test_an_upload_is_not_much_slower_than_nginx(self):
        ratios = []
        with Nginx(self.service.folder / "nginx") as nginx:
            for _ in range(3):
                upload = self.box.create(LARGE, "a.bin")
                begin = time.monotonic()
                self.assertEqual(self.box.patch(upload, 0, LARGE), 204)
                ours = time.monotonic() - begin
                self.box.ask("DELETE", upload, {"Tus-Resumable": "1.0.0"})
                ratios.append(nginx.put(LARGE) / ours)
                print(f"\n{LARGE >> 20} MB: {ours:.2f} s, nginx {ratios[-1] * ours:.2f} s", flush=True)
        self.assertGreaterEqual(max(ratios), 0.6)


class Nginx:
    """nginx that stores what is PUT, as one file, in a folder of its own; the octets are on the disk when its time is taken."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        for name in ("files", "temporary"):
            (folder / name).mkdir(parents=True)
        (folder / "nginx.conf").write_text(f"""
daemon off; pid {folder}/pid; error_log {folder}/error; worker_processes 1;
events {{ }}
http {{
  access_log off; client_body_temp_path {folder}/temporary; client_max_body_size 0;
  server {{ listen 127.0.0.1:{self.port}; root {folder}/files; location / {{ dav_methods PUT DELETE; }} }}
}}
""")

    def __enter__(self):
        os.chmod(self.folder.parent, 0o755)
        self.process = subprocess.Popen([os.environ.get("KIYOME_NGINX", "nginx"), "-p", self.folder, "-c", self.folder / "nginx.conf",
                                         "-g", "user root;" if os.getuid() == 0 else "worker_priority 0;"], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def put(self, size):
        begin = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.port), 120) as connection:
            connection.sendall(f"PUT /a.bin HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode())
            for piece in pieces(0, size):
                connection.sendall(piece)
            assert connection.recv(4096).split()[1] in (b"201", b"204")
        with open(self.folder / "files" / "a.bin", "rb") as file:
            os.fsync(file.fileno())
        took = time.monotonic() - begin
        (self.folder / "files" / "a.bin").unlink()
        return took


if __name__ == "__main__":
    unittest.main()
