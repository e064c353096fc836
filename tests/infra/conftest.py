import pytest

from infra.synthesis import synthesise
from tests.infra.template import Template


@pytest.fixture(scope="session")
def template() -> Template:
    return Template(synthesise())


@pytest.fixture(scope="session")
def disposable_template() -> Template:
    return Template(synthesise(disposable=True))
