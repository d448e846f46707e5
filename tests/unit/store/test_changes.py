"""A review is changed by one run at a time, and a run that is killed leaves nothing half-done."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from click.testing import CliRunner

from evergrove.cli.main import main
from evergrove.errors import BusyError, ReviewFolderError, UsageError
from evergrove.services.folders import new_review
from evergrove.services.import_records import import_files
from evergrove.store import journal, lock
from evergrove.store.lock import LOCK, changing
from evergrove.store.logs import read_imports
from evergrove.store.records import read_records


@pytest.fixture
def review(tmp_path):
    return new_review(tmp_path / "mine")


def evergrove(*arguments, **options):
    command = [sys.executable, "-m", "evergrove.cli.main", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, **options
    )


def write_ris(path, numbers):
    with path.open("w", encoding="utf-8") as stream:
        for number in numbers:
            stream.write(f"TY  - JOUR\nTI  - Trial {number}\nAB  - {'cells ' * 50}\nER  - \n\n")
    return path


def test_a_second_run_is_told_whose_the_first_is_and_changes_nothing(review, tmp_path):
    file = write_ris(tmp_path / "a.ris", range(3))
    with (
        changing(review, "dedupe"),
        pytest.raises(BusyError, match=rf"'evergrove dedupe' \(process {os.getpid()} of .+, since 20"),
        changing(review, "import", patience=0.1),
    ):
        pass
    with changing(review, "search"):
        process = evergrove("import", review, file)
        _, told = process.communicate(timeout=60)
    assert process.returncode == BusyError.exit_status
    assert f"evergrove: {review}: 'evergrove search' (process {os.getpid()} of " in told
    assert "wait until it has ended, then run this again" in told
    assert not list(read_records(review))
    assert not (review / LOCK).exists()


def test_a_short_change_is_waited_for(review):
    held, let_go = threading.Event(), threading.Event()

    def briefly():
        with changing(review, "link --accept"):
            held.set()
            let_go.wait(10)

    thread = threading.Thread(target=briefly)
    thread.start()
    held.wait(10)
    threading.Timer(0.2, let_go.set).start()
    with changing(review, "import", patience=20):
        pass
    thread.join()


def test_many_runs_at_once_lose_no_record_and_no_entry(review, tmp_path):
    files = [write_ris(tmp_path / f"{n}.ris", range(n * 20, n * 20 + 30)) for n in range(4)]
    processes = [evergrove("import", review, file) for file in files]
    ends = [process.communicate(timeout=120) and process.returncode for process in processes]
    assert set(ends) <= {0, BusyError.exit_status}
    for file, end in zip(files, ends, strict=True):
        if end:
            import_files(review, [file])
    titles = sorted(int(record.title.split()[1]) for record in read_records(review))
    assert titles == list(range(90))
    assert sorted(run.file for run in read_imports(review)) == sorted(file.name for file in files)
    assert sum(run.added for run in read_imports(review)) == 90


def test_a_killed_import_leaves_nothing_and_its_lock_is_taken_over(review, tmp_path):
    file = write_ris(tmp_path / "b.ris", range(30_000))
    process = evergrove("import", review, file)
    deadline = time.monotonic() + 60
    part = None
    while part is None and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
        part = next((path for path in review.glob("records/.*.part") if path.stat().st_size), None)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, "the import had ended before it could be killed"
    assert part is not None
    assert (review / LOCK).exists()
    assert not list(read_records(review))
    assert read_imports(review) == ()
    (run,) = import_files(review, [write_ris(tmp_path / "c.ris", range(10))]).runs
    assert (run.read, run.added) == (10, 10)
    assert not part.exists()
    assert not (review / LOCK).exists()
    assert len(list(read_records(review))) == 10


#: Imports a file in a child that ends itself with SIGKILL at the n-th change of a file, for n = 0, 1, … until
#: a child comes to its end; each child has a copy of the review of its own.
KILLED_AT_EVERY_STEP = """
import itertools, os, shutil, signal, sys
from evergrove.services.import_records import import_files

review, file = sys.argv[1:]
for step in itertools.count():
    copy = f"{review}-{step}"
    shutil.copytree(review, copy)
    child = os.fork()
    if not child:
        steps = itertools.count()

        def count(event, arguments):
            if event in {"open", "os.rename", "os.remove"} and str(arguments[0]).startswith(copy):
                if next(steps) == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        import_files(copy, [file])
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
print(step)
"""


def test_records_and_log_come_in_together_whatever_step_a_run_is_killed_at(review, tmp_path):
    import_files(review, [write_ris(tmp_path / "a.ris", range(3))])
    file = write_ris(tmp_path / "b.ris", range(10, 15))
    command = [sys.executable, "-c", KILLED_AT_EVERY_STEP, str(review), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    steps = int(done.stdout)
    assert steps > 8
    seen = set()
    for step in range(steps + 1):
        copy = review.with_name(f"{review.name}-{step}")
        with changing(copy, "the next run"):
            pass
        files = [run.file for run in read_imports(copy)]
        assert len(list(read_records(copy))) == {("a.ris",): 3, ("a.ris", "b.ris"): 8}[tuple(files)]
        assert not [path.name for path in copy.rglob(".*")]
        seen.add(len(files))
    assert seen == {1, 2}


def test_a_folder_that_cannot_be_written_to_says_so(review, tmp_path):
    (review / LOCK).mkdir()
    with pytest.raises(UsageError, match=r"cannot be written to \(Is a directory\); copy the review"):
        import_files(review, [write_ris(tmp_path / "a.ris", range(3))])


def test_a_lock_that_nobody_signed_still_excludes(review):
    with changing(review, "import"):
        (review / LOCK).write_text("")
        with (
            pytest.raises(BusyError, match=r"another run of evergrove is changing"),
            changing(review, "x", 0),
        ):
            pass


def test_an_old_lock_file_of_a_dead_run_is_taken_over(review):
    (review / LOCK).write_text(json.dumps({"what": "import", "process": 1}))
    with changing(review, "import", 0):
        assert json.loads((review / LOCK).read_text())["process"] == os.getpid()
    assert not (review / LOCK).exists()


def test_an_import_that_fails_at_its_last_step_is_ended_by_the_next_run(review, tmp_path, monkeypatch):
    file = write_ris(tmp_path / "a.ris", range(3))
    with monkeypatch.context() as patch:

        def no_space(*_):
            raise OSError(28, "No space left on device")

        patch.setattr(journal, "_carry_out", no_space)
        with pytest.raises(OSError, match="No space"):
            import_files(review, [file])
    assert not list(read_records(review))
    with changing(review, "the next run"):
        pass
    assert len(list(read_records(review))) == 3
    assert [run.added for run in read_imports(review)] == [3]


@pytest.mark.parametrize(
    "crafted",
    [
        {"part": ".x.part", "target": "../stolen.jsonl", "logs": {}},
        {"part": "../../outside.part", "target": "x.jsonl", "logs": {}},
        {"logs": {"../searches.jsonl": {"size": 0, "lines": "x"}}},
        {"logs": {"imports.jsonl": "x"}},
    ],
)
def test_a_journal_that_someone_else_wrote_leads_nowhere_else(review, crafted):
    (review / "records").mkdir()
    (review / "records" / ".journal.json").write_text(json.dumps(crafted))
    before = sorted(review.parent.rglob("*"))
    with pytest.raises(ReviewFolderError, match=r"records/.journal.json"), changing(review, "import"):
        pass
    assert sorted(review.parent.rglob("*")) == before


def test_a_link_in_place_of_the_lock_is_not_followed(review, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("mine")
    (review / LOCK).symlink_to(other)
    with pytest.raises(UsageError, match="cannot be written to"), changing(review, "import"):
        pass
    assert other.read_text() == "mine"


@pytest.mark.parametrize(
    "arguments",
    [
        ("dedupe",),
        ("dedupe", "--undo", "0123456789"),
        ("link", "--undo", "0123456789", "--why", "x"),
        ("candidates",),
    ],
)
def test_every_command_that_writes_waits_its_turn(review, arguments):
    name, *options = arguments
    with changing(review, "import"):
        done = CliRunner().invoke(main, [name, str(review), *options, "--json"])
    told = json.loads(done.stdout)["error"]
    assert (done.exit_code, told["code"]) == (8, "review-busy")
    assert "'evergrove import' (process " in told["message"]


def test_where_an_open_file_cannot_be_removed_the_lock_stays_and_is_taken_over(review, monkeypatch):
    """As on Windows."""

    def no_removal(_path, missing_ok=False):
        raise PermissionError(13, "being used by another process")

    monkeypatch.setattr(type(review), "unlink", no_removal)
    for what in ("import", "a change with quite a long name", "dedupe"):
        with changing(review, what, 0):
            assert json.loads((review / LOCK).read_text())["what"] == what
            with pytest.raises(BusyError, match=f"'evergrove {what}'"), changing(review, "other", 0):
                pass
        assert (review / LOCK).exists()


#: Holds the lock by one locked byte far behind the text, the way of Windows, until its input ends.
BYTE_HOLDER = """
import fcntl, os, sys
from pathlib import Path
from evergrove.store import lock

def seize(descriptor):
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, lock._FAR)
    except OSError:
        return False
    return True

lock._seize = seize
try:
    with lock.changing(Path(sys.argv[1]), sys.argv[2], 0):
        print("held", flush=True)
        sys.stdin.read()
except lock.BusyError as error:
    print(error, flush=True)
"""


def test_a_locked_byte_excludes_and_leaves_the_text_to_be_read(review):
    def holder(what):
        command = [sys.executable, "-c", BYTE_HOLDER, str(review), what]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        return subprocess.Popen(command, text=True, **pipes)

    first = holder("import")
    assert first.stdout.readline() == "held\n"
    told, _ = holder("dedupe").communicate(timeout=60)
    assert f"'evergrove import' (process {first.pid} of " in told
    os.kill(first.pid, signal.SIGKILL)
    first.communicate(timeout=60)
    assert (review / LOCK).exists()
    third = holder("dedupe")
    assert third.stdout.readline() == "held\n"
    third.communicate(timeout=60)
    assert not (review / LOCK).exists()


def test_a_link_is_not_written_through_where_it_is_followed(review, tmp_path, monkeypatch):
    """As on Windows, which has no way to open a file and refuse a link."""
    other = tmp_path / "other.txt"
    other.write_text("mine")
    (review / LOCK).symlink_to(other)
    monkeypatch.setattr(lock, "_NOT_THROUGH_A_LINK", 0)
    with pytest.raises(BusyError), changing(review, "import", 0):
        pass
    assert other.read_text() == "mine"
