"""The contracts themselves: a module a family, each with its message types. Data; the registry gathers them."""
