"""Security groups between VPCs, their rules, and network ACLs."""

_WEB = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "web"}]}


def _group(ec2, vpc, name):
    return ec2.create_security_group(GroupName=name, Description="for a test", VpcId=vpc)["GroupId"]


def _rules(ec2, group, *, egress=False):
    found = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    return [one for one in found if one["IsEgress"] is egress]


def test_the_default_group_can_be_closed_and_opened_again(ec2, vpc, refused):
    """What the CDK's custom resource does to every VPC it makes."""
    inside = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    group = ec2.describe_security_groups(Filters=inside)["SecurityGroups"][0]["GroupId"]
    account = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["OwnerId"]
    inwards = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group, "UserId": account}]}]
    outwards = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=inwards)
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=outwards)
    assert not _rules(ec2, group) + _rules(ec2, group, egress=True)
    revoke = ec2.revoke_security_group_ingress
    refused("InvalidPermission.NotFound", revoke, GroupId=group, IpPermissions=inwards)
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=inwards)
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=outwards)
    refused("CannotDelete", ec2.delete_security_group, GroupId=group)


def test_names_are_unique_in_a_vpc_only(ec2, vpc, refused, name):
    _group(ec2, vpc, name)
    create = {"GroupName": name, "Description": "d"}
    refused("InvalidGroup.Duplicate", ec2.create_security_group, **create, VpcId=vpc)
    other = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    foreign = _group(ec2, other, name)
    own = _group(ec2, vpc, f"{name}-2")
    pair = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": foreign}]}]
    refused("InvalidParameterValue", ec2.authorize_security_group_ingress, GroupId=own, IpPermissions=pair)


def test_rules_are_changed_and_described_anew(ec2, vpc, refused, name):
    group = _group(ec2, vpc, name)
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[_WEB])
    (rule,) = _rules(ec2, group)
    id = rule["SecurityGroupRuleId"]
    described = {"SecurityGroupRuleDescriptions": [{"SecurityGroupRuleId": id, "Description": "the web"}]}
    ec2.update_security_group_rule_descriptions_ingress(GroupId=group, **described)
    assert _rules(ec2, group)[0]["Description"] == "the web"
    wanted = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv4": "10.0.0.0/8"}
    ec2.modify_security_group_rules(
        GroupId=group, SecurityGroupRules=[{"SecurityGroupRuleId": id, "SecurityGroupRule": wanted}]
    )
    (changed,) = _rules(ec2, group)
    assert (changed["SecurityGroupRuleId"], changed["FromPort"], changed["CidrIpv4"]) == (id, 443, "10.0.0.0/8")
    gone = {"GroupId": group, "SecurityGroupRuleIds": ["sgr-0123456789abcdef0"]}
    refused("InvalidSecurityGroupRuleId.NotFound", ec2.revoke_security_group_ingress, **gone)


def test_a_group_that_others_name_is_not_deleted(ec2, vpc, refused, name):
    web, app = _group(ec2, vpc, f"{name}-web"), _group(ec2, vpc, f"{name}-app")
    pair = [{"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "UserIdGroupPairs": [{"GroupId": web}]}]
    ec2.authorize_security_group_ingress(GroupId=app, IpPermissions=pair)
    refused("DependencyViolation", ec2.delete_security_group, GroupId=web)
    (found,) = ec2.describe_security_groups(Filters=[{"Name": "ip-permission.group-id", "Values": [web]}])[
        "SecurityGroups"
    ]
    assert found["GroupId"] == app
    ec2.delete_security_group(GroupId=app)
    ec2.delete_security_group(GroupId=web)


def test_there_is_room_for_sixty_rules(ec2, vpc, refused, name):
    group = _group(ec2, vpc, name)
    ranges = [{"CidrIp": f"10.0.{number}.0/24"} for number in range(60)]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": ranges}])
    refused(
        "RulesPerSecurityGroupLimitExceeded",
        ec2.authorize_security_group_ingress,
        GroupId=group,
        IpPermissions=[_WEB],
    )


def test_a_subnet_is_guarded_by_one_acl(ec2, vpc, subnet, refused):
    made = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]
    id = made["NetworkAclId"]
    assert [one["RuleAction"] for one in made["Entries"]] == ["deny", "deny"]
    inside = [{"Name": "association.subnet-id", "Values": [subnet]}]
    (before,) = ec2.describe_network_acls(Filters=inside)["NetworkAcls"]
    association = next(one for one in before["Associations"] if one["SubnetId"] == subnet)["NetworkAclAssociationId"]
    moved = ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=id)["NewAssociationId"]
    assert moved != association
    assert [one["NetworkAclId"] for one in ec2.describe_network_acls(Filters=inside)["NetworkAcls"]] == [id]
    refused("InvalidAssociationID.NotFound", ec2.replace_network_acl_association, AssociationId=association,
            NetworkAclId=id)  # fmt: skip
    refused("DependencyViolation", ec2.delete_network_acl, NetworkAclId=id)
    refused("InvalidParameterValue", ec2.delete_network_acl, NetworkAclId=before["NetworkAclId"])


def test_entries_of_an_acl(ec2, vpc, refused):
    id = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    place = {"NetworkAclId": id, "RuleNumber": 100, "Egress": False}
    web = {"Protocol": "tcp", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 80, "To": 80}}
    ec2.create_network_acl_entry(**place, **web)
    refused("NetworkAclEntryAlreadyExists", ec2.create_network_acl_entry, **place, **web)
    ec2.replace_network_acl_entry(**place, **{**web, "RuleAction": "deny"})
    entries = ec2.describe_network_acls(NetworkAclIds=[id])["NetworkAcls"][0]["Entries"]
    (entry,) = [one for one in entries if one["RuleNumber"] == 100]
    assert (entry["Protocol"], entry["RuleAction"], entry["PortRange"]) == ("6", "deny", {"From": 80, "To": 80})
    ec2.delete_network_acl_entry(**place)
    refused("InvalidNetworkAclEntry.NotFound", ec2.delete_network_acl_entry, **place)
    ping = {"Protocol": "icmp", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
    refused("MissingParameter", ec2.create_network_acl_entry, **place, **ping)
    high = {**place, "RuleNumber": 40000}
    refused("InvalidParameterValue", ec2.create_network_acl_entry, **high, **web)
