"""AWS's predefined TLS policies, for tools that look before they choose; listeners for TLS are refused themselves.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
"""

from __future__ import annotations

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.elbv2.api.context import Context

_TLS13 = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
_GCM = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
)
_CBC = (
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-RSA-AES256-SHA384",
)
_OLD = (
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-RSA-AES256-SHA",
    "ECDHE-ECDSA-AES256-SHA",
    "AES128-GCM-SHA256",
    "AES128-SHA256",
    "AES128-SHA",
    "AES256-GCM-SHA384",
    "AES256-SHA256",
    "AES256-SHA",
)
_POLICIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ELBSecurityPolicy-2016-08": (("TLSv1", "TLSv1.1", "TLSv1.2"), (*_GCM, *_CBC, *_OLD)),
    "ELBSecurityPolicy-TLS-1-1-2017-01": (("TLSv1.1", "TLSv1.2"), (*_GCM, *_CBC, *_OLD)),
    "ELBSecurityPolicy-TLS-1-2-2017-01": (("TLSv1.2",), (*_GCM, *_CBC)),
    "ELBSecurityPolicy-FS-1-2-Res-2020-10": (("TLSv1.2",), _GCM),
    "ELBSecurityPolicy-TLS13-1-0-2021-06": (("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"), (*_TLS13, *_GCM, *_CBC, *_OLD)),
    "ELBSecurityPolicy-TLS13-1-2-2021-06": (("TLSv1.2", "TLSv1.3"), (*_TLS13, *_GCM, *_CBC)),
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06": (("TLSv1.2", "TLSv1.3"), (*_TLS13, *_GCM)),
    "ELBSecurityPolicy-TLS13-1-3-2021-06": (("TLSv1.3",), _TLS13),
}


class SslPolicies(Context):
    @operation()
    async def describe_ssl_policies(self, call: Call, req: Doc) -> Doc:
        wanted = req.get("Names") or list(_POLICIES)
        for name in wanted:
            if name not in _POLICIES:
                raise AwsError("SSLPolicyNotFound", f"SSL policy '{name}' not found")
        kinds = [req["LoadBalancerType"]] if "LoadBalancerType" in req else ["application", "network"]
        policies = [
            {
                "Name": name,
                "SslProtocols": list(_POLICIES[name][0]),
                "Ciphers": [{"Name": cipher, "Priority": n} for n, cipher in enumerate(_POLICIES[name][1], start=1)],
                "SupportedLoadBalancerTypes": kinds,
            }
            for name in wanted
        ]
        shown, marker = self._page(req, policies, lambda policy: str(policy["Name"]))
        return {"SslPolicies": shown, "NextMarker": marker}
