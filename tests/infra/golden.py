"""Reviewed copies of what the template grants and contains.

`python -m tests.infra.golden` writes them anew; then read the difference, line by line: it is what a role may do from
now on.
"""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from infra.synthesis import synthesise
from tests.infra.template import Template

FOLDER = Path(__file__).with_name("golden")


def documents(template: Template) -> Mapping[str, str]:
    """File name to content."""
    policies = {
        f"policy-{role.name.removesuffix('Role').removeprefix('strangler-').lower()}.json": {
            "trust": role.properties["AssumeRolePolicyDocument"]["Statement"],
            "policies": {
                policy["PolicyName"]: policy["PolicyDocument"]["Statement"] for policy in role.properties["Policies"]
            },
        }
        for role in template.resources("AWS::IAM::Role")
    }
    keys = {
        f"key-{key.name.removesuffix('Key').lower()}.json": key.properties["KeyPolicy"]["Statement"]
        for key in template.resources("AWS::KMS::Key")
    }
    count = Counter(one["Type"] for one in template.document["Resources"].values())
    contents = {**policies, **keys, "resources.json": dict(sorted(count.items()))}
    return {name: json.dumps(content, indent=2) + "\n" for name, content in contents.items()}


def main() -> None:
    """Replace all reviewed copies."""
    for old in FOLDER.glob("*.json"):
        old.unlink()
    FOLDER.mkdir(exist_ok=True)
    for name, content in documents(Template(synthesise())).items():
        (FOLDER / name).write_text(content, "utf-8")


if __name__ == "__main__":
    main()
