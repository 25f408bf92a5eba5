"""A web process may hold as many connections as the machine allows, whatever the shell that started it was given."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.database import DbUrls
from tests.support.processes import await_true
from wenyue.ops.ports import free_port
from wenyue.platform.files import OPEN_FILES_WANTED
from wenyue.platform.supervisor import answers_ready

SOFT = 256


def test_a_web_process_takes_the_open_files_that_it_may_have(db_urls: DbUrls, tmp_path: Path) -> None:
    port = free_port()
    environment = os.environ | {
        "WENYUE_HOME": str(tmp_path),
        "WENYUE_DATABASE_URL": db_urls.app_url,
        "WENYUE_PORT": str(port),
    }
    command = f"ulimit -Sn {SOFT}; exec {sys.executable} -m wenyue.cli web"
    process = subprocess.Popen(["/bin/sh", "-c", command], env=environment, start_new_session=True)
    try:
        await_true(lambda: answers_ready("127.0.0.1", port) or process.poll() is not None)
        assert process.poll() is None
        soft, hard = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
        assert soft > SOFT
        assert soft >= min(hard, OPEN_FILES_WANTED)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
