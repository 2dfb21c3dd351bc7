"""The key that wraps all keys is made once, however many threads ask for the first."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from trunkline.services.kms.material import MasterKey


def test_threads_that_make_the_first_key_at_once_agree_on_it(tmp_path: Path) -> None:
    for turn in range(20):
        path = tmp_path / str(turn)
        masters = [MasterKey(path) for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            wrapped = list(pool.map(lambda master: master.wrap(b"material", "arn"), masters))
        assert {MasterKey(path).unwrap(one, "arn") for one in wrapped} == {b"material"}
    assert len(list(tmp_path.iterdir())) == 20
