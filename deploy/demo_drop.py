#!/usr/bin/env python3
"""One file through the drop box of the demo, as a program does it: uploaded on the Internet side, picked up on the closed side."""
import argparse
import base64
import json
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid


class Side:
    """One of the two servers, asked with a program's token."""

    def __init__(self, port, token):
        self.base, self.token = f"http://127.0.0.1:{port}/api/v1", token

    def ask(self, method, path, body=None, **headers):
        request = urllib.request.Request(self.base + path, data=body, method=method)
        request.add_header("Authorization", "Bearer " + self.token)
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.headers, answer.read()


def upload(edge, name, octets):
    where = {"Tus_Resumable": "1.0.0", "Upload_Metadata": "filename " + base64.b64encode(name.encode()).decode()}
    headers, _ = edge.ask("POST", "/uploads", b"", Upload_Length=str(len(octets)), **where)
    upload_id = headers["Location"].rsplit("/", 1)[1]
    edge.ask("PATCH", "/uploads/" + upload_id, octets, Tus_Resumable="1.0.0", Upload_Offset="0",
             Content_Type="application/offset+octet-stream")
    return upload_id


def wait(what, seconds=120):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.3)
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kiyome", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--edge-port", type=int, required=True)
    parser.add_argument("--gate-port", type=int, required=True)
    parser.add_argument("--to", required=True)
    parser.add_argument("--edge-login", required=True)
    parser.add_argument("--gate-login", required=True)
    parser.add_argument("file", type=pathlib.Path)
    options = parser.parse_args()

    def token(side, login):
        made = subprocess.run([options.kiyome, "user", "token", "--config", options.config, "--side", side, "--for", "demo", login],
                              check=True, capture_output=True, text=True).stdout
        return made.split()[-1]

    edge = Side(options.edge_port, token("edge", options.edge_login))
    gate = Side(options.gate_port, token("gate", options.gate_login))
    sent = upload(edge, options.file.name, options.file.read_bytes())
    order = {"uploads": [{"id": sent}], "recipients": [options.to], "title": "見本 / sample"}
    _, answer = edge.ask("POST", "/submissions", json.dumps(order).encode(), Content_Type="application/json",
                         Idempotency_Key=uuid.uuid4().hex)
    submission = json.loads(answer)["id"]

    def delivered():
        found = json.loads(gate.ask("GET", "/deliveries")[1])["deliveries"]
        return next((each for each in found if each["id"] == submission and each["complete"]), None)

    delivery = wait(delivered)
    if delivery is None:
        state = json.loads(edge.ask("GET", "/submissions/" + submission)[1])["files"]
        print("  did not arrive:", state, file=sys.stderr)
        return 1
    for item in delivery["items"]:
        for clean in item["files"]:
            _, octets = gate.ask("GET", f"/deliveries/{submission}/files/{clean['number']}")
            print(f"  {item['name']} -> {clean['name']}  {len(octets)} B  ({item['verdict']})")
    return 0 if any(item["files"] for item in delivery["items"]) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except urllib.error.HTTPError as refusal:
        sys.exit(f"{refusal.url}: {refusal.code} {refusal.read().decode(errors='replace')}")
