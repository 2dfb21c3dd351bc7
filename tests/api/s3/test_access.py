"""Who may reach S3's objects: users with policies, bucket policies, other accounts, keys of KMS."""

import json

import pytest
from tests.api.s3.told import empty, refusal


@pytest.fixture
def user(aws, name):
    """`user(statement, …)` makes an IAM user with these statements and gives a client factory for them."""
    iam = aws("iam")
    made = []

    def make(*statements):
        user_name = f"{name}-{len(made)}"
        iam.create_user(UserName=user_name)
        key = iam.create_access_key(UserName=user_name)["AccessKey"]
        policy = {"Version": "2012-10-17", "Statement": list(statements)}
        if statements:
            iam.put_user_policy(UserName=user_name, PolicyName="p", PolicyDocument=json.dumps(policy))
        made.append((user_name, key["AccessKeyId"], bool(statements)))
        return lambda service: aws(service, key=key["AccessKeyId"], secret=key["SecretAccessKey"])

    yield make
    for user_name, key_id, has_policy in made:
        iam.delete_access_key(UserName=user_name, AccessKeyId=key_id)
        if has_policy:
            iam.delete_user_policy(UserName=user_name, PolicyName="p")
        iam.delete_user(UserName=user_name)


def allow(actions, *resources):
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources)}


def test_users_do_what_their_policies_say(s3, bucket, user):
    s3.put_object(Bucket=bucket, Key="mine/a", Body=b"1")
    s3.put_object(Bucket=bucket, Key="theirs/a", Body=b"2")
    list_mine = {
        **allow("s3:ListBucket", f"arn:aws:s3:::{bucket}"),
        "Condition": {"StringLike": {"s3:prefix": "mine/*"}},
    }
    them = user(allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{bucket}/mine/*"), list_mine)("s3")
    assert them.get_object(Bucket=bucket, Key="mine/a")["Body"].read() == b"1"
    them.put_object(Bucket=bucket, Key="mine/b", Body=b"x")
    assert refusal(them.get_object, Bucket=bucket, Key="theirs/a") == ("AccessDenied", 403)
    assert refusal(them.put_object, Bucket=bucket, Key="theirs/b", Body=b"x") == ("AccessDenied", 403)
    assert refusal(them.delete_object, Bucket=bucket, Key="mine/a") == ("AccessDenied", 403)
    assert refusal(them.head_object, Bucket=bucket, Key="theirs/a") == ("403", 403)
    assert them.list_objects_v2(Bucket=bucket, Prefix="mine/")["KeyCount"] == 2
    assert refusal(them.list_objects_v2, Bucket=bucket) == ("AccessDenied", 403)
    assert refusal(them.list_buckets) == ("AccessDenied", 403)
    copied = refusal(them.copy_object, Bucket=bucket, Key="mine/c", CopySource=f"{bucket}/theirs/a")
    assert copied == ("AccessDenied", 403)
    answer = them.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "mine/a"}]})
    assert [error["Code"] for error in answer["Errors"]] == ["AccessDenied"]


def test_a_bucket_policy_lets_a_user_in_or_keeps_them_out(aws, s3, bucket, user):
    nothing = user()
    arn = nothing("sts").get_caller_identity()["Arn"]
    everything = user(allow("s3:*", "*"))
    them = everything("sts").get_caller_identity()["Arn"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert refusal(nothing("s3").get_object, Bucket=bucket, Key="k") == ("AccessDenied", 403)
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "s3:GetObject"},
        {"Effect": "Deny", "Principal": {"AWS": them}, "Action": "s3:PutObject"},
    ]
    policy = {"Version": "2012-10-17", "Statement": [{**s, "Resource": f"arn:aws:s3:::{bucket}/*"} for s in statements]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    assert nothing("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    assert refusal(nothing("s3").put_object, Bucket=bucket, Key="k", Body=b"2") == ("AccessDenied", 403)
    assert everything("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    assert refusal(everything("s3").put_object, Bucket=bucket, Key="k", Body=b"2") == ("AccessDenied", 403)


def test_objects_under_a_kms_key_need_the_key(aws, s3, bucket, user):
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"secret" * 20_000, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)
    assert s3.get_object(Bucket=bucket, Key="k", Range="bytes=60001-60006")["Body"].read() == b"ecrets"
    without = user(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))("s3")
    assert refusal(without.get_object, Bucket=bucket, Key="k") == ("AccessDenied", 403)
    both = user(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"), allow("kms:Decrypt", key))("s3")
    assert both.get_object(Bucket=bucket, Key="k")["Body"].read() == b"secret" * 20_000
    kms.disable_key(KeyId=key)
    assert refusal(s3.get_object, Bucket=bucket, Key="k")[1] == 400


def test_the_key_of_s3_itself_is_for_everybody_in_the_account_through_s3_only(aws, s3, bucket, user):
    writer = user(allow("s3:*", f"arn:aws:s3:::{bucket}/*"))
    writer("s3").put_object(Bucket=bucket, Key="k", Body=b"secret", ServerSideEncryption="aws:kms")
    assert writer("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"secret"
    key = s3.head_object(Bucket=bucket, Key="k")["SSEKMSKeyId"]
    assert refusal(writer("kms").generate_data_key, KeyId=key, KeySpec="AES_256")[0] == "AccessDeniedException"


def test_topics_are_told_of_objects(aws, s3, bucket, name, server):
    sns = aws("sns")
    topic = sns.create_topic(Name=name)["TopicArn"]
    rule = {
        "TopicArn": topic,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".txt"}]}},
    }
    from tests.api.test_sns import Subscriber, confirmed

    hook = Subscriber()
    try:
        confirmed(sns, topic, hook)
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"TopicConfigurations": [rule]}
        )
        for key in ("in/a.bin", "out/a.txt", "in/a b.txt"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"12345")
        s3.delete_object(Bucket=bucket, Key="in/a b.txt")
        (record,) = json.loads(hook.documents()[0]["Message"])["Records"]
        assert (record["eventName"], record["s3"]["bucket"]["name"]) == ("ObjectCreated:Put", bucket)
        assert (record["s3"]["object"]["key"], record["s3"]["object"]["size"]) == ("in/a+b.txt", 5)
        assert len(hook.received) == 1
        wrong = {"TopicConfigurations": [{**rule, "TopicArn": topic + "-nope"}]}
        refused = refusal(s3.put_bucket_notification_configuration, Bucket=bucket, NotificationConfiguration=wrong)
        assert refused == ("InvalidArgument", 400)
    finally:
        hook.close()
        empty(s3, bucket)
        sns.delete_topic(TopicArn=topic)
