"""`trunkline env`: the exports that point AWS tools at the server."""

from pathlib import Path

import click

from trunkline.cli import endpoint


@click.command()
@endpoint.DATA_DIR
@endpoint.AS_JSON
def command(data_dir: Path, as_json: bool) -> None:
    """Print the exports that point the aws CLI, boto3, CDK and git at the server: eval "$(trunkline env)"."""
    found = endpoint.find(data_dir)
    variables = {
        "AWS_ENDPOINT_URL": found.url,
        "AWS_ACCESS_KEY_ID": found.access_key_id,
        "AWS_SECRET_ACCESS_KEY": found.secret_access_key,
        "AWS_DEFAULT_REGION": found.region,
        "AWS_REGION": found.region,
    }
    if as_json:
        import orjson

        click.echo(orjson.dumps(variables, option=orjson.OPT_INDENT_2))
        return
    for name, value in variables.items():
        click.echo(f"export {name}={value}")
