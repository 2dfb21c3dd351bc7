"""The services around CodeDeploy as far as a deployment sees them: one ECS service, two target groups, alarms.

Calls are validated against AWS's models, so a workflow that passes here sends what the real services take.
"""

from typing import Any

from trunkline.aws import models
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Principal

Doc = dict[str, Any]
ACCOUNT, REGION = "000000000000", "us-east-1"
ELB = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
BLUE_TG, GREEN_TG = f"{ELB}:targetgroup/blue/1111111111111111", f"{ELB}:targetgroup/green/2222222222222222"
LISTENER = f"{ELB}:listener/app/web/3333333333333333/4444444444444444"
TEST_LISTENER = f"{ELB}:listener/app/web/3333333333333333/5555555555555555"
RULE = f"{ELB}:listener-rule/app/web/3333333333333333/4444444444444444/6666666666666666"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/codedeploy"


class World:
    """`await world(service, operation, params, as_=caller)`, as `kit.call`."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Doc]] = []
        self.alarms: dict[str, str] = {}
        self.published: list[Doc] = []
        self.objects: dict[str, bytes] = {}
        self.fail: dict[str, AwsError] = {}
        self.is_trusted = True
        self.green_looks = 2  # how often the green task set is asked for before it is steady
        self.green_exits = False
        self.rings_at: int | None = None  # the share of the green target group at which the alarm "5xx" begins to ring
        self.task_definitions = {"web:1": 80, "web:2": 80}
        self.sets: list[Doc] = [self._task_set("ecs-svc/0000000000000000001", "web:1", BLUE_TG, "PRIMARY")]
        self.sets[0].update(runningCount=2, pendingCount=0, stabilityStatus="STEADY_STATE")
        forward = [{"Type": "forward", "TargetGroupArn": BLUE_TG}]
        fixed = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
        self.listeners: dict[str, list[Doc]] = {LISTENER: fixed, TEST_LISTENER: forward}
        self.rules: dict[str, list[Doc]] = {RULE: forward}
        self.weights: list[dict[str, int]] = []

    async def __call__(self, service: str, operation: str, params: Doc, *, as_: Caller) -> Doc:
        request = models.load(service).operations[operation].validate(params)
        self.calls.append((operation, request))
        if operation in self.fail:
            raise self.fail[operation]
        return getattr(self, f"_{service}_{operation}")(request) or {}

    async def assume(self, role_arn: str, *, service: str, region: str, session: str = "x") -> Caller:
        if not self.is_trusted:
            raise AwsError("AccessDenied", "User is not authorized to perform sts:AssumeRole")
        assert service == "codedeploy.amazonaws.com"
        return Caller(ACCOUNT, region, Principal("role", role_arn, "AROA:session"))

    def called(self, operation: str) -> list[Doc]:
        return [params for name, params in self.calls if name == operation]

    def green_share(self) -> int:
        """What the production rule sends to the green target group."""
        forward = self.rules[RULE][0]
        if "ForwardConfig" not in forward:
            return 100 if forward["TargetGroupArn"] == GREEN_TG else 0
        return {one["TargetGroupArn"]: one["Weight"] for one in forward["ForwardConfig"]["TargetGroups"]}[GREEN_TG]

    def ids(self) -> list[str]:
        return [one["id"] for one in self.sets]

    def primary(self) -> str:
        return next(one["taskDefinition"] for one in self.sets if one["status"] == "PRIMARY")

    def _lambda_Invoke(self, req: Doc) -> Doc:
        return {"StatusCode": 202}

    # ecs -------------------------------------------------------------------------------------------------------------

    def _task_set(self, id: str, task_definition: str, target_group: str, status: str) -> Doc:
        return {
            "id": id,
            "taskDefinition": task_definition,
            "status": status,
            "launchType": "FARGATE",
            "scale": {"unit": "PERCENT", "value": 100.0},
            "computedDesiredCount": 2,
            "pendingCount": 2,
            "runningCount": 0,
            "stabilityStatus": "STABILIZING",
            "loadBalancers": [{"targetGroupArn": target_group, "containerName": "web", "containerPort": 80}],
        }

    def _ecs_DescribeServices(self, req: Doc) -> Doc:
        green = next((one for one in self.sets if one.get("externalId")), None)
        if green and green["stabilityStatus"] == "STABILIZING":
            self.green_looks -= 1
            if self.green_looks <= 0:
                green.update(runningCount=2, pendingCount=0, stabilityStatus="STEADY_STATE")
        found = [{"status": "ACTIVE", "deploymentController": {"type": "CODE_DEPLOY"}, "taskSets": list(self.sets)}]
        return {"services": found if req["services"] == ["web"] else []}

    def _ecs_DescribeTaskDefinition(self, req: Doc) -> Doc:
        name = req["taskDefinition"]
        if name not in self.task_definitions:
            raise AwsError("ClientException", "Unable to describe task definition.")
        ports = [{"containerPort": self.task_definitions[name]}]
        return {
            "taskDefinition": {"status": "ACTIVE", "containerDefinitions": [{"name": "web", "portMappings": ports}]}
        }

    def _ecs_CreateTaskSet(self, req: Doc) -> Doc:
        group = req["loadBalancers"][0]["targetGroupArn"]
        made = self._task_set(f"ecs-svc/000000000000000000{len(self.calls)}", req["taskDefinition"], group, "ACTIVE")
        made["externalId"] = req["externalId"]
        self.sets.append(made)
        return {"taskSet": made}

    def _ecs_UpdateServicePrimaryTaskSet(self, req: Doc) -> Doc:
        for one in self.sets:
            one["status"] = "PRIMARY" if one["id"] == req["primaryTaskSet"] else "ACTIVE"
        return {}

    def _ecs_DeleteTaskSet(self, req: Doc) -> Doc:
        gone = next(one for one in self.sets if one["id"] == req["taskSet"])
        assert gone["status"] != "PRIMARY"
        self.sets.remove(gone)
        return {"taskSet": gone}

    def _ecs_ListTasks(self, req: Doc) -> Doc:
        return {"taskArns": ["t1", "t2", "t3"] if self.green_exits else []}

    def _ecs_DescribeTasks(self, req: Doc) -> Doc:
        container = {"name": "web", "exitCode": 3}
        task = {"stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited"}
        return {"tasks": [{**task, "containers": [container]} for _ in req["tasks"]]}

    # elbv2 -----------------------------------------------------------------------------------------------------------

    def _elbv2_DescribeTargetGroups(self, req: Doc) -> Doc:
        arns = {"blue": BLUE_TG, "green": GREEN_TG}
        return {"TargetGroups": [{"TargetGroupName": n, "TargetGroupArn": arns[n]} for n in req["Names"]]}

    def _elbv2_DescribeListeners(self, req: Doc) -> Doc:
        return {"Listeners": [{"DefaultActions": self.listeners[arn]} for arn in req["ListenerArns"]]}

    def _elbv2_DescribeRules(self, req: Doc) -> Doc:
        arn = req["ListenerArn"]
        default = {"RuleArn": arn.replace("listener", "listener-rule") + "/d", "IsDefault": True, "Actions": []}
        rules = [{"RuleArn": RULE, "IsDefault": False, "Actions": self.rules[RULE]}] if arn == LISTENER else []
        return {"Rules": [*rules, default]}

    def _elbv2_DescribeTargetHealth(self, req: Doc) -> Doc:
        return {"TargetHealthDescriptions": [{"TargetHealth": {"State": "healthy"}}] * 2}

    def _elbv2_ModifyListener(self, req: Doc) -> Doc:
        self.listeners[req["ListenerArn"]] = req["DefaultActions"]
        return {}

    def _elbv2_ModifyRule(self, req: Doc) -> Doc:
        self.rules[req["RuleArn"]] = req["Actions"]
        if self.green_share() == self.rings_at:
            self.alarms["5xx"] = "ALARM"
        self.weights.append(
            {one["TargetGroupArn"]: one["Weight"] for one in req["Actions"][0]["ForwardConfig"]["TargetGroups"]}
        )
        return {}

    # cloudwatch, sns, s3 ---------------------------------------------------------------------------------------------

    def _cloudwatch_DescribeAlarms(self, req: Doc) -> Doc:
        states = {name: self.alarms.get(name, "OK") for name in req["AlarmNames"]}
        return {"MetricAlarms": [{"AlarmName": name, "StateValue": state} for name, state in states.items()]}

    def _sns_Publish(self, req: Doc) -> Doc:
        self.published.append(req)
        return {"MessageId": "1"}

    def _s3_GetObject(self, req: Doc) -> Doc:
        if req["Key"] not in self.objects:
            raise AwsError("NoSuchKey", "The specified key does not exist.")
        return {"Body": self.objects[req["Key"]]}
