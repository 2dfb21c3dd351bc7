"""How the tables came to be, step by step. Steps that have run somewhere never change."""

from trunkline.services.ec2.store.tables import (
    ACLS,
    ADDRESSES,
    DHCP_OPTIONS,
    DIRTY,
    EGRESS_ONLY_GATEWAYS,
    ENDPOINTS,
    FLOW_LOGS,
    GROUPS,
    INTERFACES,
    INTERNET_GATEWAYS,
    KEY_PAIRS,
    NAT_GATEWAYS,
    PEERINGS,
    PLACES,
    PREFIX_LISTS,
    ROUTE_TABLES,
    SUBNETS,
    TAGS,
    TOKENS,
    VPCS,
)

_TEXT = "CAST(doc AS TEXT)"
_RANDOM = "lower(hex(randomblob(8)))"
_ANY_ENTRY = (
    "json_object('number', 100, 'egress', json('{egress}'), 'action', 'allow', 'protocol', '-1', 'cidr', '0.0.0.0/0')"
)


def _given(field: str) -> str:
    return f"json_extract({_TEXT}, '$.{field}')"


# The default network was one record with the ids of its parts; now its parts are records.
_PARTS = f"""
INSERT INTO ec2_places (account, region, doc)
    SELECT DISTINCT account, region, CAST(json_object('account', account, 'region', region) AS BLOB) FROM ec2_vpcs;
INSERT INTO ec2_route_tables (account, region, id, doc)
    SELECT account, region, {_given("route_table_id")}, CAST(json_object(
        'account', account, 'region', region, 'id', {_given("route_table_id")}, 'vpc_id', id,
        'associations', json_array(json_object('id', {_given("route_association_id")}, 'main', json('true'))),
        'routes', json_array(json_object('destination', '0.0.0.0/0', 'member', 'GatewayId',
                                         'target', {_given("internet_gateway_id")}))) AS BLOB)
    FROM ec2_vpcs WHERE {_given("route_table_id")} IS NOT NULL;
INSERT INTO ec2_internet_gateways (account, region, id, doc)
    SELECT account, region, {_given("internet_gateway_id")}, CAST(json_object(
        'account', account, 'region', region, 'id', {_given("internet_gateway_id")}, 'vpc_id', id) AS BLOB)
    FROM ec2_vpcs WHERE {_given("internet_gateway_id")} IS NOT NULL;
INSERT INTO ec2_dhcp_options (account, region, id, doc)
    SELECT account, region, {_given("dhcp_options_id")}, CAST(json_object(
        'account', account, 'region', region, 'id', {_given("dhcp_options_id")}, 'options', json_object(
            'domain-name', json_array(CASE region WHEN 'us-east-1' THEN 'ec2.internal'
                                      ELSE region || '.compute.internal' END),
            'domain-name-servers', json_array('AmazonProvidedDNS'))) AS BLOB)
    FROM ec2_vpcs;
INSERT INTO ec2_network_acls (account, region, id, doc)
    SELECT account, region, 'acl-' || substr(id, 5), CAST(json_object(
        'account', account, 'region', region, 'id', 'acl-' || substr(id, 5), 'vpc_id', id, 'is_default', json('true'),
        'entries', json_array({_ANY_ENTRY.format(egress="false")}, {_ANY_ENTRY.format(egress="true")})) AS BLOB)
    FROM ec2_vpcs;
UPDATE ec2_subnets SET doc = CAST(json_set({_TEXT}, '$.acl_id', 'acl-' || substr({_given("vpc_id")}, 5),
    '$.acl_association_id', 'aclassoc-0' || {_RANDOM}) AS BLOB);
UPDATE ec2_vpcs SET doc = CAST(json_set({_TEXT}, '$.dns_hostnames', json('true')) AS BLOB)
"""

STEPS = [
    VPCS.ddl + SUBNETS.ddl + GROUPS.ddl + TAGS.ddl,
    INTERFACES.ddl,
    "".join(
        table.ddl
        for table in (
            ROUTE_TABLES,
            INTERNET_GATEWAYS,
            EGRESS_ONLY_GATEWAYS,
            NAT_GATEWAYS,
            ADDRESSES,
            ACLS,
            DHCP_OPTIONS,
            ENDPOINTS,
            PREFIX_LISTS,
            FLOW_LOGS,
            PEERINGS,
            PLACES,
            TOKENS,
            DIRTY,
        )
    ),
    _PARTS,
    KEY_PAIRS.ddl,
]
