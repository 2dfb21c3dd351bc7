"""A `docker` for builds that knows ECR by AWS's name.

Templates and AWS's own examples write ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME. The engine behind the socket that a
privileged build gets cannot resolve that name, and reaches ECR on this machine's loopback address. So the build finds
this command before the real one: it gives the engine the address, in whatever argument the name stands. An image that a
Dockerfile begins FROM is fetched first and given the name that the Dockerfile knows it by.
"""

FOLDER = "/codebuild/agent/bin"

_SCRIPT = r"""#!/bin/bash
set -u
pattern='[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?'
address='@ADDRESS@'
PATH=$(sed 's#@FOLDER@:##g' <<<"$PATH")
here() { sed -E "s#(https?://)?$pattern#$address#g" <<<"$1"; }

arguments=() dockerfile='' context='' previous=''
for argument in "$@"; do
  case $previous in -f|--file) dockerfile=$argument ;; esac
  case $argument in --file=*) dockerfile=${argument#--file=} ;; esac
  arguments+=("$(here "$argument"; printf x)")
  arguments[-1]=${arguments[-1]%$'\n'x}
  previous=$argument context=$argument
done
case " ${1:-} ${2:-} " in
  " build "*|*" build ")
    file=${dockerfile:-$context/Dockerfile}
    if [ -f "$file" ]; then
      from="^[[:space:]]*[Ff][Rr][Oo][Mm][[:space:]]+(--[^[:space:]]+[[:space:]]+)*($pattern[^[:space:]]*).*"
      for image in $(sed -nE "s#$from#\2#p" "$file"); do
        docker pull -q "$(here "$image")" >/dev/null && docker tag "$(here "$image")" "$image"
      done
    fi ;;
esac
exec docker "${arguments[@]}"
"""


def script(address: str) -> str:
    """The command's text; `address` is ECR's HOST:PORT as the engine reaches it."""
    return _SCRIPT.replace("@ADDRESS@", address).replace("@FOLDER@", FOLDER)
