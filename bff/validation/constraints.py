"""Refuse values that break an `@constraint`, before anything runs. A rule of `engine.prepare.plan.Plans`.

Compiled once per plan: values in the document are checked then, and of each request only the variables that reach an
argument or input field with a constraint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
    value_from_ast_untyped,
)

from bff.contract import Problem, Refused
from bff.validation.value_rule import RULE, ValueRule, Violation

MAX_VIOLATIONS = 10
"""That one response shows. The check ends with the last of them."""


@dataclass(eq=False)
class Inspection:
    """What is looked at in the values of one argument or input field."""

    type_name: str
    lists: int
    """How many lists its type has around the named type."""
    rule: ValueRule
    fields: Mapping[str, Inspection] = field(default_factory=dict)
    """Those of an input object with something to look at, by the names of GraphQL."""


class Place(NamedTuple):
    """Where a value stands in an operation."""

    fields: tuple[str, ...]
    """Response keys from the operation to the field with the argument."""
    argument: str
    """`input.items[2].email`."""


Trail = Place | tuple["Trail", str | int]
"""A place, and the steps from there: the text of a path is built for violations only."""


class ConstraintRule:
    """Knows which arguments of a schema have constraints, in themselves or in what their input objects hold."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._inputs: dict[str, dict[str, Inspection]] = {
            name: {} for name, type_ in schema.type_map.items() if isinstance(type_, GraphQLInputObjectType)
        }
        self._inspect_inputs()
        self._arguments = {
            id(argument): inspection
            for type_ in schema.type_map.values()
            if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and not type_.name.startswith("__")
            for each in type_.fields.values()
            for argument in each.args.values()
            if (inspection := self._make_inspection(argument)) is not None
        }

    def _inspect_inputs(self) -> None:
        """Fill the fields of input objects, until no more of them reach a constraint: they may hold one another."""
        before = -1
        while before != (count := sum(map(len, self._inputs.values()))):
            before = count
            for name, known in self._inputs.items():
                type_ = self._schema.type_map[name]
                assert isinstance(type_, GraphQLInputObjectType)
                for field_name, each in type_.fields.items():
                    if field_name not in known and (inspection := self._make_inspection(each)) is not None:
                        known[field_name] = inspection

    def _make_inspection(self, element: GraphQLArgument | GraphQLInputField) -> Inspection | None:
        rule = element.extensions.get(RULE)
        name = get_named_type(element.type).name
        inner = self._inputs.get(name, {})
        if rule is None and not inner:
            return None
        return Inspection(name, _count_lists(element.type), rule or ValueRule(), inner)

    @property
    def is_needed(self) -> bool:
        """Whether the schema has any constraint on what an operation can send."""
        return bool(self._arguments)

    def __call__(
        self, document: DocumentNode, operation: OperationDefinitionNode
    ) -> Callable[[Mapping[str, Any]], None] | None:
        """What checks the variables of each request; None where none reaches a constraint.

        Raises Refused for values in the document and for defaults of its variables.
        """
        compiler = _Compiler(self._arguments, self._schema, document, operation)
        compiler.compile_selections(operation.selection_set, self._schema.get_root_type(operation.operation), ())
        compiler.found.refuse_if_any()
        if not compiler.reached:
            return None
        reached = tuple((*key, trail) for key, trail in compiler.reached.items())

        def check_variables(variables: Mapping[str, Any]) -> None:
            found = Violations()
            for name, inspection, lists, trail in reached:
                if (value := variables.get(name)) is not None:
                    _check_value(value, inspection, lists, trail, found)
            found.refuse_if_any()

        return check_variables


class Violations:
    """The violations of one request, each place once."""

    def __init__(self) -> None:
        self._errors: dict[Place, Violation] = {}

    def add(self, trail: Trail, violation: Violation | None) -> None:
        """Note what a value breaks; None is nothing. Raises Refused with the last that is shown."""
        if violation is not None:
            self._errors.setdefault(_find_place(trail), violation)
            if len(self._errors) >= MAX_VIOLATIONS:
                self.refuse_if_any()

    def refuse_if_any(self) -> None:
        """Raise Refused with all violations."""
        if self._errors:
            raise _make_refusal(self._errors)


def _find_place(trail: Trail) -> Place:
    steps: list[str] = []
    while not isinstance(trail, Place):
        trail, step = trail
        steps.append(f".{step}" if isinstance(step, str) else f"[{step}]")
    return Place(trail.fields, trail.argument + "".join(reversed(steps)))


def _make_refusal(errors: Mapping[Place, Violation]) -> Refused:
    shown = [
        {
            "message": f'The argument "{place.argument}" of "{place.fields[-1]}" {violation.text}.',
            "path": list(place.fields),
            "extensions": {
                "code": Problem.BAD_USER_INPUT.name,
                "argument": place.argument,
                "constraint": violation.constraint,
            },
        }
        for place, violation in errors.items()
    ]
    return Problem.BAD_USER_INPUT.refusal_of(shown)


class _Compiler:
    """Walks over one operation, each fragment once. Checks what stands in it, collects which variables reach what."""

    def __init__(
        self,
        arguments: Mapping[int, Inspection],
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
    ) -> None:
        self._arguments = arguments
        self._schema = schema
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._defaults = {
            node.variable.name.value: node.default_value
            for node in operation.variable_definitions or ()
            if node.default_value is not None
        }
        self._seen: set[str] = set()
        self.found = Violations()
        self.reached: dict[tuple[str, Inspection, int], Trail] = {}
        """Variable, what is looked at in it and in how many lists of it -> where it stands first."""

    def compile_selections(self, selections: SelectionSetNode, parent: Any, path: tuple[str, ...]) -> None:
        """Look at all arguments in a selection set of a valid document."""
        for node in selections.selections:
            if isinstance(node, FieldNode):
                self._compile_field(node, parent, path)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inside = self._schema.get_type(condition.name.value) if condition else parent
                self.compile_selections(node.selection_set, inside, path)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in self._seen:
                self._seen.add(node.name.value)
                fragment = self._fragments[node.name.value]
                inside = self._schema.get_type(fragment.type_condition.name.value)
                self.compile_selections(fragment.selection_set, inside, path)

    def _compile_field(self, node: FieldNode, parent: Any, path: tuple[str, ...]) -> None:
        known = getattr(parent, "fields", {}).get(node.name.value)
        if known is None:  # introspection
            return
        inner = (*path, (node.alias or node.name).value)
        for argument in node.arguments or ():
            inspection = self._arguments.get(id(known.args[argument.name.value]))
            if inspection is not None:
                self._compile_value(argument.value, inspection, inspection.lists, Place(inner, argument.name.value))
        if node.selection_set:
            self.compile_selections(node.selection_set, get_named_type(known.type), inner)

    def _compile_value(self, node: ValueNode, inspection: Inspection, lists: int, trail: Trail) -> None:
        if isinstance(node, NullValueNode):
            return
        if isinstance(node, VariableNode):
            self._compile_variable(node.name.value, inspection, lists, trail)
        elif lists and isinstance(node, ListValueNode):
            if lists == inspection.lists:
                self.found.add(trail, inspection.rule.check_count(len(node.values)))
            for number, each in enumerate(node.values):
                self._compile_value(each, inspection, lists - 1, (trail, number))
        else:
            if lists and lists == inspection.lists:
                self.found.add(trail, inspection.rule.check_count(1))
            self._compile_single(node, inspection, trail)

    def _compile_variable(self, name: str, inspection: Inspection, lists: int, trail: Trail) -> None:
        key = (name, inspection, lists)
        if key not in self.reached:
            self.reached[key] = trail
            default = self._defaults.get(name)
            if default is not None:
                self._compile_value(default, inspection, lists, trail)

    def _compile_single(self, node: ValueNode, inspection: Inspection, trail: Trail) -> None:
        if isinstance(node, ObjectValueNode):
            for each in node.fields:
                inner = inspection.fields.get(each.name.value)
                if inner is not None:
                    self._compile_value(each.value, inner, inner.lists, (trail, each.name.value))
        elif inspection.rule.has_leaf:
            self.found.add(trail, inspection.rule.check_leaf(_read_literal(node), inspection.type_name))


def _read_literal(node: ValueNode) -> Any:
    if isinstance(node, IntValueNode):
        try:
            return int(node.value)
        except ValueError:  # more digits than Python reads
            return float(node.value)
    return value_from_ast_untyped(node)


def _check_value(value: Any, inspection: Inspection, lists: int, trail: Trail, found: Violations) -> None:
    """Check a variable. Values that do not fit their type are left to its coercion, unknown fields as well."""
    if value is None:
        return
    rule = inspection.rule
    if lists and isinstance(value, list):
        if lists == inspection.lists:
            found.add(trail, rule.check_count(len(value)))
        if lists > 1 or inspection.fields or rule.has_leaf:
            for number, each in enumerate(value):
                _check_value(each, inspection, lists - 1, (trail, number), found)
        return
    if lists and lists == inspection.lists:
        found.add(trail, rule.check_count(1))  # it is coerced to a list of one
    if inspection.fields and isinstance(value, Mapping):
        for name, inner in inspection.fields.items():
            if (each := value.get(name)) is not None:
                _check_value(each, inner, inner.lists, (trail, name), found)
    elif rule.has_leaf:
        found.add(trail, rule.check_leaf(value, inspection.type_name))


def _count_lists(type_: GraphQLInputType) -> int:
    count = 0
    inner: Any = get_nullable_type(type_)
    while is_list_type(inner):
        count += 1
        inner = get_nullable_type(inner.of_type)
    return count
