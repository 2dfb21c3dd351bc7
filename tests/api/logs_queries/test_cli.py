"""A query as the aws CLI starts, reads and looks it up."""

from tests.support.aws_cli import Cli


def test_the_cli_starts_a_query_and_reads_it(site, server, tmp_path):
    cli = Cli("v1", server.endpoint, tmp_path)
    site.put({"level": "ERROR"}, {"level": "INFO"})
    times = ("--start-time", str(site.now_ms // 1000 - 3600), "--end-time", str(site.now_ms // 1000 + 60))
    text = "filter level = 'ERROR' | fields level, @message"
    query = cli("logs", "start-query", "--log-group-name", site.group, *times, "--query-string", text)["queryId"]
    site.ended(query)
    answer = cli("logs", "get-query-results", "--query-id", query)
    assert [cell["value"] for cell in answer["results"][0]][:2] == ["ERROR", '{"level": "ERROR"}']
