"""Codecs of message objects: the properties of the object that a framework has serialised, if it is of one class.

For contracts of types whose messages are PHP objects. Each raises `DecodeError` and nothing else, `name` where the
message holds an object of another class.
"""

from collections.abc import Mapping
from typing import Any

from contracts.codecs.error import DecodeError
from contracts.codecs.laravel import read_job
from contracts.codecs.php_unserialize import php_unserialize
from contracts.codecs.symfony import decode_symfony
from contracts.php.value import PhpObject


def symfony_object(body: bytes, class_name: str) -> Mapping[Any, Any]:
    """Of Symfony Messenger's PhpSerializer."""
    message = decode_symfony(body)
    if message.class_name != class_name:
        raise DecodeError("name")
    return message.properties


def job_object(body: bytes, class_name: str | None) -> Mapping[Any, Any]:
    """Of Laravel's queue; the job's data where `class_name` is None. An encrypted one cannot be read."""
    payload = read_job(body, {}).payload
    if not isinstance(payload, PhpObject):
        raise DecodeError("not_a_job")
    return _of_class(payload, class_name)


def serialized_object(body: bytes, class_name: str | None) -> Mapping[Any, Any]:
    """Of PHP's serialize alone; an array, where `class_name` is None."""
    value = php_unserialize(body)
    if isinstance(value, PhpObject):
        return _of_class(value, class_name)
    if not isinstance(value, dict) or class_name is not None:
        raise DecodeError("not_an_object")
    return value


def _of_class(payload: PhpObject, class_name: str | None) -> Mapping[Any, Any]:
    if payload.class_name != (class_name or "stdClass"):
        raise DecodeError("name")
    return payload.properties
