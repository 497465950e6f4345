#!/usr/bin/env python3
"""Runs a unit program on a PostgreSQL of its own: on_postgres.py PROGRAM [ARGUMENT…]. Its url is in KIYOME_TEST_POSTGRES."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))
import postgres  # noqa: E402

if postgres.programs() is None:
    print("飛ばします / skipped: no PostgreSQL here (deploy/install-dependencies --tests)")
    sys.exit(0)
# In memory where that can be: fsync stays on, as the engine demands, and costs nothing.
shm = pathlib.Path("/dev/shm")
folder = tempfile.mkdtemp(prefix="kiyome-pg-", dir=shm if os.access(shm, os.W_OK) and shutil.disk_usage(shm).free > 1 << 30 else None)
with postgres.Cluster(auth="trust", folder=folder) as cluster:
    sys.exit(subprocess.run(sys.argv[1:], env=os.environ | {"KIYOME_TEST_POSTGRES": cluster.url()}, check=False).returncode)
