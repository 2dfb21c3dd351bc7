"""What a restart leaves of queries: results stay, what was under way has failed and says so."""

import time

from tests.api.logs_queries.conftest import Site, rows
from tests.support.server import Server

_ENDLESS = (
    "join left=a right=b where a.one=b.one (SOURCE '/app')"
    " | join left=c right=d where c.one=d.one (SOURCE '/app') | stats count(*) by b.n, d.n"
)


def test_results_survive_a_kill_and_an_interrupted_query_fails(tmp_path):
    server = Server(tmp_path / "data")
    server.start()
    try:
        logs = server.client("logs")
        logs.create_log_group(logGroupName="/app")
        site = Site(logs, "/app")
        for stream in range(4):
            site.put(*[{"one": 1, "n": n} for n in range(2000)], stream=f"s{stream}", before_ms=2_000_000)
        done = site.start("stats count(*) as n")
        assert rows(site.ended(done)) == [{"n": "8000"}]
        running = site.start(_ENDLESS)
        assert logs.get_query_results(queryId=running)["status"] in ("Running", "Scheduled")
        server.kill()
        server.start()
        logs = server.client("logs")
        assert rows(logs.get_query_results(queryId=done)) == [{"n": "8000"}]
        assert logs.get_query_results(queryId=running)["status"] == "Failed"
        assert [one["status"] for one in logs.describe_queries(status="Failed")["queries"]] == ["Failed"]
        again = Site(logs, "/app").start(_ENDLESS)
        stopped_at = time.monotonic()
        assert logs.stop_query(queryId=again)["success"] is True
        assert time.monotonic() - stopped_at < 5
    finally:
        server.remove()
