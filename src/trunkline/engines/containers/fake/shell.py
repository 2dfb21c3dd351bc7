"""The few commands that containers of the fake engine understand.

`sh -c` scripts of simple commands joined by `;`, `&&`, `||` or line breaks: echo (with `>&2`), sleep, exit, true,
false, env, cat, `trap '' TERM` (ignores the stop signal) and `serve PORT [STATUS] [BODY]`, a real HTTP server at the
container's address.
"""

import asyncio
import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_OPERATORS = {";", "&&", "||", "\n"}
_SHELLS = {"sh", "bash", "/bin/sh", "/bin/bash"}
BUILTINS = frozenset({"echo", "sleep", "exit", "true", "false", "env", "cat", "trap", "serve", ":", *_SHELLS})


class Exited(Exception):
    """`exit N` was run."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Process:
    """One process of a fake container: where it writes and what it sees."""

    write: Callable[[str, bytes], None]
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    ip: str = "127.0.0.1"
    ignores: set[str] = field(default_factory=set)


async def run(argv: Sequence[str], process: Process) -> int:
    """The exit code; 127 for a command that does not exist."""
    if len(argv) >= 3 and argv[0] in _SHELLS and argv[1] in ("-c", "-ec", "-lc"):
        try:
            return await _script(argv[2], process, stop_on_error="e" in argv[1])
        except Exited as exited:
            return exited.code
    try:
        return await _command(list(argv), "stdout", process)
    except Exited as exited:
        return exited.code


async def _script(text: str, process: Process, stop_on_error: bool) -> int:
    code = 0
    for operator, words, stream in _parse(text):
        if (operator == "&&" and code != 0) or (operator == "||" and code == 0):
            continue
        code = await _command([_expand(word, process.environment, code) for word in words], stream, process)
        if code and stop_on_error:
            return code
    return code


def _parse(text: str) -> list[tuple[str, list[str], str]]:
    lexer = shlex.shlex(text.replace("\n", " ; "), posix=True, punctuation_chars=";&|>")
    lexer.whitespace_split = True
    parts: list[tuple[str, list[str], str]] = []
    operator, words, stream = ";", list[str](), "stdout"
    pieces = iter(lexer)
    for piece in pieces:
        if piece in _OPERATORS:
            if words:
                parts.append((operator, words, stream))
            operator, words, stream = piece, [], "stdout"
        elif piece == ">&":
            stream = "stderr" if next(pieces, "") == "2" else "stdout"
        else:
            words.append(piece)
    if words:
        parts.append((operator, words, stream))
    return parts


def _expand(word: str, environment: Mapping[str, str], code: int) -> str:
    word = word.replace("$?", str(code))
    return _VARIABLE.sub(lambda match: environment.get(match[1] or match[2], ""), word)


async def _command(words: list[str], stream: str, process: Process) -> int:
    name, *args = words
    match name:
        case "echo":
            newline = b"" if args[:1] == ["-n"] else b"\n"
            process.write(stream, " ".join(args[1:] if not newline else args).encode() + newline)
        case "sleep":
            await asyncio.sleep(10**7 if args[:1] == ["infinity"] else float(args[0]))
        case "exit":
            raise Exited(int(args[0]) if args else 0)
        case "true" | ":":
            pass
        case "false":
            return 1
        case "env":
            for key, value in process.environment.items():
                process.write(stream, f"{key}={value}\n".encode())
        case "cat":
            return _cat(args, stream, process)
        case "trap":
            process.ignores.update(signal.removeprefix("SIG") for signal in args[1:])
        case "serve":
            await _serve(int(args[0]), args[1] if len(args) > 1 else "200", " ".join(args[2:]), process)
        case _ if name in _SHELLS:
            await asyncio.sleep(0)
        case _:
            process.write("stderr", f"sh: 1: {name}: not found\n".encode())
            return 127
    return 0


def _cat(paths: list[str], stream: str, process: Process) -> int:
    for path in paths:
        content = process.files.get(os.path.normpath(path))
        if content is None:
            process.write("stderr", f"cat: {path}: No such file or directory\n".encode())
            return 1
        process.write(stream, content)
    return 0


async def _serve(port: int, status: str, body: str, process: Process) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                head = f"HTTP/1.1 {status} Fake\r\nContent-Length: {len(body.encode())}\r\n\r\n"
                writer.write(head.encode() + body.encode())
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, process.ip, port, reuse_address=True)
    async with server:
        await server.serve_forever()
