"""Objects and enum cases within a PHP object, as fields of a model: each of one class, or refused."""

from pydantic import BeforeValidator

from contracts.php.value import PhpEnum, PhpObject, PhpReference


def object_of(class_name: str) -> BeforeValidator:
    """Validates an object of that class by its properties; null is left to the field's type."""

    def properties(value: object) -> object:
        held = value.value if isinstance(value, PhpReference) else value
        if held is None:
            return None
        if not isinstance(held, PhpObject) or held.class_name != class_name:
            raise ValueError(f"expected an object of {class_name}")
        return held.properties

    return BeforeValidator(properties)


def case_of(class_name: str) -> BeforeValidator:
    """Validates a case of that enum by its name; null is left to the field's type."""

    def case(value: object) -> object:
        if value is None:
            return None
        if not isinstance(value, PhpEnum) or value.class_name != class_name:
            raise ValueError(f"expected a case of {class_name}")
        return value.case

    return BeforeValidator(case)
