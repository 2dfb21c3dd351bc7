"""HAProxy as the load balancer (Debian's 2.6 or later)."""

from trunkline.engines.proxy.haproxy.driver import HaproxyProxy

__all__ = ["HaproxyProxy"]
