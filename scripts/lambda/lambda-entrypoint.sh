#!/bin/sh
# As in AWS's base images: the handler is the command's first word, the runtime's bootstrap does the rest.
[ $# -gt 0 ] && export _HANDLER="$1"
export LAMBDA_TASK_ROOT="${LAMBDA_TASK_ROOT:-/var/task}" LAMBDA_RUNTIME_DIR="${LAMBDA_RUNTIME_DIR:-/var/runtime}"
cd "$LAMBDA_TASK_ROOT" || exit 1
if [ -z "$AWS_LAMBDA_RUNTIME_API" ]; then
  echo "AWS_LAMBDA_RUNTIME_API is not set: this image runs as a Lambda function only" >&2
  exit 1
fi
for bootstrap in /var/runtime/bootstrap /var/task/bootstrap /opt/bootstrap; do
  [ -e "$bootstrap" ] && exec "$bootstrap"
done
echo "Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
exit 1
