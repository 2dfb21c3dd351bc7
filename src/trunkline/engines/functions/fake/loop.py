"""What the fake driver's processes run: asks the runtime API for work and calls the handler. Standard library only.

Says what AWS's runtime interface client for Python says, in the same words; that one runs in containers.
"""

import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from email.message import Message
from typing import Any

_RUNTIME = "/2018-06-01/runtime/"


class _Context:
    """The handler's second argument."""

    def __init__(self, headers: Message) -> None:
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = self.client_context = None
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self) -> int:
        return max(0, self._deadline_ms - int(time.time() * 1000))


def _error(kind: str, message: str, trace: list[str], request_id: str = "") -> str:
    return json.dumps({"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": trace})


def _trace(error: Exception) -> list[str]:
    return traceback.format_list(traceback.extract_tb(error.__traceback__)[1:])


def _handler() -> tuple[Callable[..., Any] | None, str]:
    """The handler, or the error document that says why there is none."""
    module, _, name = os.environ["_HANDLER"].rpartition(".")
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        return None, _error("Runtime.ImportModuleError", f"Unable to import module '{module}': {error}", [])
    except SyntaxError as error:
        return None, _error("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module}': {error}", [])
    except Exception as error:
        return None, _error(
            type(error).__name__, str(error), traceback.format_list(traceback.extract_tb(sys.exc_info()[2])[1:])
        )
    found = getattr(loaded, name, None)
    if found is None:
        return None, _error("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module}'", [])
    return found, ""


def main() -> None:
    """Ask, call, answer, until the server is gone."""
    layers = os.environ.pop("TRUNKLINE_LAYERS")
    sys.path[:] = (
        [os.environ["LAMBDA_TASK_ROOT"], *sys.path[1:], f"{layers}/python"]
        if layers
        else [os.environ["LAMBDA_TASK_ROOT"], *sys.path[1:]]
    )
    logging.getLogger().addHandler(logging.StreamHandler(sys.stdout))
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def post(path: str, body: str) -> None:
        connection.request("POST", _RUNTIME + path, body.encode(), {"Content-Type": "application/json"})
        connection.getresponse().read()

    handler, problem = _handler()
    if handler is None:
        print(f"[ERROR] {json.loads(problem)['errorType']}: {json.loads(problem)['errorMessage']}")
        post("init/error", problem)
        sys.exit(1)
    while True:
        connection.request("GET", _RUNTIME + "invocation/next")
        answer = connection.getresponse()
        payload = answer.read()
        context = _Context(answer.headers)
        os.environ["_X_AMZN_TRACE_ID"] = answer.headers.get("Lambda-Runtime-Trace-Id", "")
        try:
            result = json.dumps(handler(json.loads(payload), context))
        except Exception as error:
            trace = _trace(error)
            print(f"[ERROR] {type(error).__name__}: {error}")
            body = _error(type(error).__name__, str(error), trace, context.aws_request_id)
            post(f"invocation/{context.aws_request_id}/error", body)
        else:
            post(f"invocation/{context.aws_request_id}/response", result)


if __name__ == "__main__":
    main()
