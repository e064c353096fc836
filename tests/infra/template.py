"""Reads a synthesised template as a person would: references resolved to the names and ARNs that they will have."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

STACK = "strangler"
REGION = "eu-west-1"
ACCOUNT = "123456789012"
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": STACK,
    "AWS::URLSuffix": "amazonaws.com",
}
_HASH = re.compile(r"[0-9A-F]{8}$")
_NAME_PROPERTIES = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::EventBus": "Name",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SQS::Queue": "QueueName",
}
_ARNS = {
    "AWS::DynamoDB::Table": "dynamodb:{region}:{account}:table/{name}",
    "AWS::Events::EventBus": "events:{region}:{account}:event-bus/{name}",
    "AWS::IAM::Role": "iam::{account}:role/{name}",
    "AWS::KMS::Key": "kms:{region}:{account}:key/{name}",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{name}",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:{name}:*",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{name}",
}


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource with its properties resolved."""

    id: str
    """Logical id."""
    name: str
    """Its name in the cloud, or its logical id without the hash where CloudFormation names it."""
    type: str
    properties: Mapping[str, Any]
    attributes: Mapping[str, Any]
    """What stands beside the properties: DeletionPolicy and the like."""


class Template:
    """A template with its parameters left as `${Name}`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.document: dict[str, Any] = json.loads(text)

    def resources(self, kind: str) -> list[Resource]:
        """All resources of a type, in the template's order."""
        return [self._resource(label) for label, one in self.document["Resources"].items() if one["Type"] == kind]

    def named(self, kind: str, name: str) -> Resource:
        """The resource with a name."""
        (found,) = [resource for resource in self.resources(kind) if resource.name == name]
        return found

    def strings(self) -> Iterator[str]:
        """Every string of all resources, resolved."""
        yield from _strings([self._resolve(one) for one in self.document["Resources"].values()])

    def _resource(self, label: str) -> Resource:
        one = self.document["Resources"][label]
        attributes = {key: value for key, value in one.items() if key not in ("Type", "Properties")}
        return Resource(label, self._name(label), one["Type"], self._resolve(one.get("Properties", {})), attributes)

    def _name(self, label: str) -> str:
        one = self.document["Resources"][label]
        named_by = _NAME_PROPERTIES.get(one["Type"])
        name = one["Properties"].get(named_by) if named_by else None
        return str(self._resolve(name)) if name else _HASH.sub("", label)

    def _resolve(self, value: Any) -> Any:
        match value:
            case {"Ref": name}:
                return self._reference(name)
            case {"Fn::GetAtt": [label, attribute]}:
                return self._attribute(label, attribute)
            case {"Fn::Join": [separator, parts]}:
                return separator.join(self._resolve(part) for part in parts)
            case dict():
                return {key: self._resolve(one) for key, one in value.items()}
            case list():
                return [self._resolve(one) for one in value]
            case _:
                return value

    def _reference(self, name: str) -> str:
        if name in _PSEUDO:
            return _PSEUDO[name]
        if name in self.document["Parameters"]:
            return f"${{{name}}}"
        if self.document["Resources"][name]["Type"] == "AWS::SQS::Queue":
            return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{self._name(name)}"
        return self._name(name)

    def _attribute(self, label: str, attribute: str) -> str:
        kind = self.document["Resources"][label]["Type"]
        name = self._name(label)
        if attribute == "QueueName":
            return name
        pattern = _ARNS.get(kind, kind + ":{name}")
        arn = f"arn:aws:{pattern.format(region=REGION, account=ACCOUNT, name=name)}"
        return arn if attribute == "Arn" else f"{arn}/{attribute}"


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from _strings(list(value.values()))
        case list():
            for one in value:
                yield from _strings(one)
