"""The allowed folders: what a path of the model leads to, and what it never leads to."""

import os
import socket
import stat
from pathlib import Path

import pytest

from enplace.errors import BadInput, ConfigError, OutsideRoots, UsageError
from enplace.tools.roots import MOST_LINKS, MOST_NAMES, Roots, open_file

SECRET = "not for the model"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "src" / "deep").mkdir(parents=True)
    (root / "src" / "a.py").write_text("a\n")
    (tmp_path / "root-twin").mkdir()
    for folder in (tmp_path, tmp_path / "root-twin"):
        (folder / "secret.txt").write_text(SECRET)
    return root


@pytest.fixture
def roots(root: Path) -> Roots:
    return Roots([root])


def read(roots: Roots, path: str) -> str:
    with roots.reach(path) as reached:
        file, _ = open_file(reached, allows_hard_links=roots.allows_hard_links)
        with os.fdopen(file) as stream:
            return stream.read()


def spelled(roots: Roots, path: str) -> str:
    with roots.reach(path) as reached:
        return reached.path


# Where paths lead


@pytest.mark.parametrize(
    "path",
    ["src/a.py", "./src/./a.py", "src//a.py", "src/a.py/", "{root}/src/a.py", "{root}//src/a.py"],
)
def test_a_file_has_one_way_to_be_written(roots: Roots, root: Path, path: str) -> None:
    path = path.format(root=root)
    assert (spelled(roots, path), read(roots, path)) == ("src/a.py", "a\n")


@pytest.mark.parametrize("path", [".", "./", "{root}", "{root}/"])
def test_the_folder_itself_is_reached(roots: Roots, root: Path, path: str) -> None:
    assert spelled(roots, path.format(root=root)) == "."


def test_files_of_another_root_go_by_their_whole_path(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.txt").write_text("b")
    roots = Roots([root, other])
    assert spelled(roots, f"{other}/b.txt") == f"{other}/b.txt"
    (root / "over").symlink_to(other)
    assert spelled(roots, "over/b.txt") == f"{other}/b.txt"
    assert read(roots, "over/b.txt") == "b"


def test_a_root_may_be_named_by_a_link(root: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(root)
    roots = Roots([link])
    assert spelled(roots, f"{link}/src/a.py") == "src/a.py"
    assert spelled(roots, f"{root}/src/a.py") == "src/a.py"


@pytest.mark.parametrize(
    ("links", "path"),
    [
        ({"x": "src/a.py"}, "x"),
        ({"x": "src"}, "x/a.py"),
        ({"x": "{root}/src"}, "x/a.py"),
        ({"src/deep/x": "../a.py"}, "src/deep/x"),
        ({"src/deep/x": "../../src/./deep/../a.py"}, "src/deep/x"),
        ({"x": "y", "y": "z", "z": "src"}, "x/a.py"),
        ({"x": "{root}/src/deep/../a.py"}, "x"),
    ],
)
def test_a_link_that_stays_inside_is_followed(
    roots: Roots, root: Path, links: dict[str, str], path: str
) -> None:
    for name, target in links.items():
        (root / name).symlink_to(target.format(root=root))
    assert (spelled(roots, path), read(roots, path)) == ("src/a.py", "a\n")


def test_folders_are_made_on_the_way_where_that_is_wished(roots: Roots, root: Path) -> None:
    with roots.reach("new/er/file.txt", makes_folders=True) as reached:
        assert reached.stat() is None
    assert (root / "new" / "er").is_dir()
    with pytest.raises(BadInput, match="no folder newer"), roots.reach("newer/file.txt"):
        pass


# Where they do not


@pytest.mark.parametrize(
    "path",
    [
        *("..", "../secret.txt", "src/../../secret.txt", "src/..", "./..", "{root}/../secret.txt"),
        *("/", "/etc/passwd", "{base}/secret.txt", "{base}/root-twin/secret.txt", "{base}"),
        *("//etc/passwd", "/proc/self/root/etc/passwd", "/proc/self/cwd", "/dev/zero"),
    ],
)
def test_a_path_that_leads_out_is_refused(
    roots: Roots, root: Path, tmp_path: Path, path: str
) -> None:
    with (
        pytest.raises(OutsideRoots) as refused,
        roots.reach(path.format(root=root, base=tmp_path)),
    ):
        pass
    assert refused.value.code == "OUTSIDE_ROOTS"


@pytest.mark.parametrize(
    ("links", "path"),
    [
        ({"x": "../secret.txt"}, "x"),
        ({"x": ".."}, "x/secret.txt"),
        ({"x": "{base}/secret.txt"}, "x"),
        ({"x": "{base}"}, "x/secret.txt"),
        ({"x": "/"}, "x/etc/passwd"),
        ({"x": "/proc/self/root"}, "x/etc/passwd"),
        ({"x": "{root}/../secret.txt"}, "x"),
        ({"x": "y", "y": "src/deep/z", "src/deep/z": "../../../secret.txt"}, "x"),
        ({"x": "../root/src/a.py"}, "x"),  # leaves and comes back
    ],
)
def test_a_link_that_leaves_is_refused_and_not_told(
    roots: Roots, root: Path, tmp_path: Path, links: dict[str, str], path: str
) -> None:
    for name, target in links.items():
        (root / name).symlink_to(target.format(root=root, base=tmp_path))
    for makes_folders in (False, True):
        with (
            pytest.raises(OutsideRoots) as refused,
            roots.reach(path, makes_folders=makes_folders),
        ):
            pass
        assert "secret.txt" not in refused.value.message.replace(path, "")


def test_links_in_a_ring_end(roots: Roots, root: Path) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    for n in range(MOST_LINKS + 1):
        (root / f"c{n}").symlink_to(f"c{n + 1}")
    for path in ("a", "a/x", "c0"):
        with pytest.raises(BadInput, match="too many links"), roots.reach(path):
            pass


def test_a_path_of_the_system_that_a_link_names_only_by_magic_leads_nowhere(
    roots: Roots, root: Path, tmp_path: Path
) -> None:
    with (tmp_path / "secret.txt").open() as secret:
        (root / "x").symlink_to(f"/proc/self/fd/{secret.fileno()}")
        with pytest.raises(OutsideRoots), roots.reach("x"):
            pass


@pytest.mark.parametrize(
    "path",
    [
        *("", "  ", "a\0b", "src/a.py\0", "a\nb", "a\x1b[2J", "a\x7f", "a\ud800b"),
        *("a" * 256, "ä" * 128, "a/" * 2_100, "a/" * (MOST_NAMES + 1)),
        *("src/a.py/x", "nowhere/x", "%2e%2e/secret.txt", "\u2024\u2024/secret.txt"),
        *("~/x", "$HOME/x", "SRC/a.py", "src /a.py"),
    ],
)
def test_what_is_no_usable_path_is_refused(roots: Roots, path: str) -> None:
    with pytest.raises(BadInput) as refused, roots.reach(path):
        pass
    assert refused.value.message.isprintable()
    assert len(refused.value.message) < 400


@pytest.mark.parametrize("path", ["..%2fx", "..\\\\x", "a..b", "...", "notes.txt.", "a ", "‥"])
def test_a_strange_name_is_a_name_in_the_folder(roots: Roots, root: Path, path: str) -> None:
    with roots.reach(path) as reached:
        assert reached.stat() is None
        os.close(os.open(reached.name, os.O_CREAT | os.O_WRONLY, dir_fd=reached.folder))
    assert len(list(root.iterdir())) == 2


# What is no file


def test_only_ordinary_files_are_opened(roots: Roots, root: Path) -> None:
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as heard:
        heard.bind(str(root / "sock"))
    for path, what in (
        ("fifo", "a pipe"),
        ("sock", "a socket"),
        ("src", "a folder"),
        (".", "folder"),
    ):
        with pytest.raises(BadInput, match=what):
            read(roots, path)
    with pytest.raises(BadInput, match="no such file"):
        read(roots, "nothing")
    if os.geteuid() == 0:
        os.mknod(root / "device", stat.S_IFCHR | 0o666, os.makedev(1, 5))
        with pytest.raises(BadInput, match="a device"):
            read(roots, "device")


def test_a_file_with_a_second_name_is_read_only_where_that_is_allowed(
    root: Path, tmp_path: Path
) -> None:
    os.link(tmp_path / "secret.txt", root / "hard")
    with pytest.raises(BadInput, match="2 names"):
        read(Roots([root]), "hard")
    assert read(Roots([root], allows_hard_links=True), "hard") == SECRET


# What is swapped meanwhile


def test_a_folder_that_becomes_a_link_behind_the_walk_leads_nowhere(
    roots: Roots, root: Path, tmp_path: Path
) -> None:
    """What was opened stays what it was, and is not opened again by its name."""
    with roots.reach("src/secret.txt") as reached:
        (root / "src").rename(root / "gone")
        (root / "src").symlink_to(tmp_path)
        assert reached.stat() is None


def test_a_file_that_becomes_a_link_behind_the_walk_is_not_opened(
    roots: Roots, root: Path, tmp_path: Path
) -> None:
    with roots.reach("src/a.py") as reached:
        (root / "src" / "a.py").unlink()
        (root / "src" / "a.py").symlink_to(tmp_path / "secret.txt")
        with pytest.raises(BadInput, match="a link"):
            open_file(reached, allows_hard_links=False)


def test_no_descriptor_is_left_open(roots: Roots, root: Path) -> None:
    (root / "out").symlink_to("..")
    before = len(os.listdir("/proc/self/fd"))
    for path in ("src/deep", "src/a.py/x", "out/x", "../x", "nowhere/x", "src/deep/x"):
        try:
            with roots.reach(path):
                pass
        except UsageError:
            pass
    assert len(os.listdir("/proc/self/fd")) == before


# Roots themselves


def test_what_can_be_no_root_is_refused(root: Path, tmp_path: Path) -> None:
    for folders, why in (
        ([], "no allowed root"),
        ([tmp_path / "nowhere"], "not a folder"),
        ([root / "src" / "a.py"], "not a folder"),
        ([root, root / "src"], "lies in another"),
        ([root, root], "twice"),
        (["/"], "cannot be"),
        (["/proc/self"], "cannot be"),
        (["/dev"], "cannot be"),
    ):
        with pytest.raises(ConfigError, match=why):
            Roots(folders)


def test_a_root_that_is_gone_is_told(roots: Roots, root: Path) -> None:
    root.rename(root.with_name("moved"))
    with pytest.raises(BadInput, match="cannot be opened"), roots.reach("src/a.py"):
        pass
