"""What every driver does, whether it carries packets or not."""

from dataclasses import replace

import pytest

from tests.engines.networks import plans
from trunkline.engines.networks import NoSuchInterface

pytestmark = pytest.mark.timeout(60)


async def test_the_same_state_may_be_applied_again(networks):
    await networks.apply(plans.vpc())
    await networks.apply(plans.vpc())


async def test_a_vpc_that_is_gone_can_be_removed_again(networks):
    await networks.apply(plans.vpc())
    await networks.remove("vpc-a")
    await networks.remove("vpc-a")


async def test_an_interface_that_was_not_applied_cannot_be_attached_or_held(networks):
    with pytest.raises(NoSuchInterface):
        await networks.attach("vpc-a", "eni-public", "1")
    await networks.apply(plans.vpc())
    with pytest.raises(NoSuchInterface):
        await networks.attach("vpc-a", "eni-other", "1")
    with pytest.raises(NoSuchInterface):
        await networks.hold("vpc-a", "eni-other")


async def test_attaching_and_detaching_may_be_repeated(networks, box):
    await networks.apply(plans.vpc())
    container = str(box().pid)
    await networks.attach("vpc-a", "eni-public", container)
    await networks.attach("vpc-a", "eni-public", container)
    await networks.detach("vpc-a", "eni-public")
    await networks.detach("vpc-a", "eni-public")
    await networks.detach("vpc-none", "eni-public")


async def test_a_service_address_stays_with_its_key(networks):
    first = networks.service_address("one")
    assert networks.service_address("one") == first
    assert networks.service_address("two") != first


async def test_only_real_networks_tell_where_interfaces_are_reached(networks):
    await networks.apply(plans.vpc())
    known = networks.reachable("vpc-a", "10.1.0.10")
    assert (known is not None) == networks.real
    assert networks.reachable("vpc-a", "10.1.0.99") is None
    assert networks.reachable("vpc-none", "10.1.0.10") is None
    assert (networks.endpoint is not None) == networks.real
    assert bool(networks.resolvers) == networks.real


async def test_the_address_at_which_an_interface_is_reached_stays_while_others_come_and_go(networks):
    plan = plans.vpc()
    await networks.apply(plan)
    before = networks.reachable("vpc-a", "10.1.2.10")
    await networks.apply(replace(plan, interfaces=plan.interfaces[2:]))
    await networks.apply(plan)
    assert networks.reachable("vpc-a", "10.1.2.10") == before


async def test_holding_may_be_repeated(networks):
    await networks.apply(plans.vpc())
    first = await networks.hold("vpc-a", "eni-public")
    assert await networks.hold("vpc-a", "eni-public") == first
    assert bool(first) == networks.real
    await networks.detach("vpc-a", "eni-public")


async def test_everything_can_be_removed_twice(networks):
    await networks.apply(plans.vpc())
    await networks.remove_all()
    await networks.remove_all()
