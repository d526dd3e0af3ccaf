"""Who imports whom, read from the source."""

import ast
import pathlib

import pytest

pytestmark = pytest.mark.once

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "keras_gans"
RECIPES = ROOT / "recipes"
MODULES = sorted(PACKAGE.rglob("*.py"))
# These cost seconds to import, so nothing may import them before use.
LAZY = {"keras_cv", "scipy", "PIL", "tensorflow_datasets"}
TENSORFLOW_RUNTIME = "data/runtime.py"
# A package imports those of lower levels only, or itself.
LEVELS = (
    {"checks", "environment", "files"},
    {"backend", "images", "pretrained"},
    {"layers", "precision"},
    {"augmentation", "losses", "networks", "penalties", "presets"},
    {"models"},
    {"callbacks", "data", "distribution", "metrics", "serving"},
    {"transfer"},
    {"cli"},
)
# Not parts of the library, but its doors.
DOORS = {"__init__", "__main__"}
NEVER_BACKEND = {"losses", "networks", "metrics", "callbacks"}
RECEIVERS = {"self", "cls"}


def imports(path, nested):
    """Yields the dotted names that a file imports.

    Args:
        path: The file.
        nested: Whether imports inside of functions, and those for type
            checkers alone, count too.
    """
    pending = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import."
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        if nested or not is_late(node):
            pending.extend(ast.iter_child_nodes(node))


def is_late(node):
    """Whether what this node contains does not run at import."""
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.dump(node.test)
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))


def libraries(path, nested=True):
    return {name.split(".")[0] for name in imports(path, nested)}


def packages(path):
    """Returns the parts of keras_gans that a file imports, `layers` etc."""
    return {
        name.split(".")[1]
        for name in imports(path, nested=True)
        if name.startswith("keras_gans.")
    }


def place(path):
    """Returns the file's path and its part of keras_gans."""
    relative = path.relative_to(PACKAGE)
    return relative.as_posix(), relative.parts[0].removesuffix(".py")


def level(part):
    return next(i for i, parts in enumerate(LEVELS) if part in parts)


def offenders(condition):
    return [place(path)[0] for path in MODULES if condition(path)]


def test_the_walk_sees_the_imports_there_are():
    tensorflow = PACKAGE / "backend" / "tensorflow.py"
    assert libraries(tensorflow, nested=False) >= {"tensorflow", "keras"}
    assert packages(PACKAGE / "models" / "gan.py") >= {"backend", "losses"}
    assert "keras_cv" in libraries(PACKAGE / "data" / "augmentation.py")
    assert len(MODULES) > 40


def test_every_part_has_a_level():
    parts = {place(path)[1] for path in MODULES} - DOORS
    assert parts == set().union(*LEVELS)


def test_only_the_backend_imports_jax_and_torch():
    modules = {
        "jax": ["jax", "jax_convolution", "jax_products"],
        "torch": ["torch", "torch_convolution", "torch_graph", "torch_reuse"],
    }
    for library, names in modules.items():
        assert offenders(lambda p, name=library: name in libraries(p)) == [
            f"backend/{name}.py" for name in names
        ]


def test_tensorflow_comes_from_the_backend_and_the_runtime():
    # Which hides TensorFlow's GPUs where another backend computes.
    assert offenders(lambda path: "tensorflow" in libraries(path)) == [
        "backend/tensorflow.py",
        "backend/tensorflow_convolution.py",
        TENSORFLOW_RUNTIME,
    ]


def test_tensorflow_is_imported_late_outside_of_the_backend():
    def wrong(path):
        return "tensorflow" in libraries(path, nested=False)

    assert offenders(wrong) == [
        "backend/tensorflow.py",
        "backend/tensorflow_convolution.py",
    ]


def test_slow_libraries_are_imported_late():
    assert offenders(lambda path: LAZY & libraries(path, nested=False)) == []


def test_keras_cv_is_imported_by_the_augmentation_alone():
    augmentation = ["data/augmentation.py"]
    assert offenders(lambda path: "keras_cv" in libraries(path)) == augmentation


def test_what_computes_with_keras_never_imports_the_backend():
    def wrong(path):
        return place(path)[1] in NEVER_BACKEND and "backend" in packages(path)

    assert offenders(wrong) == []


def test_imports_point_down():
    def wrong(path):
        part = place(path)[1]
        return part not in DOORS and any(
            other != part and level(other) > level(part)
            for other in packages(path)
        )

    assert offenders(wrong) == []


def test_the_parts_of_a_level_below_models_are_independent():
    def wrong(path):
        part = place(path)[1]
        return part not in DOORS and any(
            other != part and level(other) == level(part) < level("models")
            for other in packages(path)
        )

    assert offenders(wrong) == []


def test_nothing_in_the_library_imports_recipes_or_tests():
    outside = {"recipes", "tests", "benchmarks"}
    assert offenders(lambda path: outside & libraries(path)) == []


def test_recipes_know_no_backend():
    for path in sorted((ROOT / "recipes").rglob("*.py")):
        assert not {"jax", "torch"} & libraries(path), path
        assert "backend" not in packages(path), path


def test_there_is_no_assert_in_the_library():
    def wrong(path):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        return any(isinstance(node, ast.Assert) for node in ast.walk(tree))

    assert offenders(wrong) == []


def functions(tree):
    """Yields the public functions and methods of a module, and constructors."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    public = [node for node in classes if not node.name.startswith("_")]
    for scope in (tree, *public):
        for node in scope.body:
            if isinstance(node, ast.FunctionDef) and (
                not node.name.startswith("_") or node.name == "__init__"
            ):
                yield node


def unannotated(path):
    """Yields what lacks an annotation in a file."""
    for function in functions(ast.parse(path.read_text(encoding="utf-8"))):
        place = f"{path.name}: {function.name}"
        arguments = function.args
        for argument in (
            *arguments.posonlyargs,
            *arguments.args,
            *arguments.kwonlyargs,
        ):
            if argument.annotation is None and argument.arg not in RECEIVERS:
                yield f"{place}({argument.arg})"
        if function.returns is None and function.name != "__init__":
            yield place


def test_the_search_for_missing_annotations_finds_them(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        "class A:\n"
        "    def __init__(self, a, *args: int, **kwargs): ...\n"
        "    def b(self, c: int, *, d=1): ...\n"
        "    def e(self) -> int: ...\n"
        "    def _f(self, g): ...\n"
        "class _H:\n"
        "    def i(self, j): ...\n"
        "def k(l, /, m: int) -> None: ...\n"
    )
    found = [line.removeprefix("module.py: ") for line in unannotated(path)]
    assert found == ["k(l)", "__init__(a)", "b(d)", "b"]


def test_public_functions_are_annotated():
    modules = [*MODULES, *sorted(RECIPES.rglob("*.py"))]
    assert not [line for module in modules for line in unannotated(module)]


# Each of these imports those after it only.
ORDER = (
    "forecast",
    "rehearsal",
    "main",
    "auto",
    "ensemble",
    "run",
    "choice",
    "initial",
    "timing",
    "training",
    "threads",
    "results",
    "images",
    "vectors",
    "subject",
    "record",
    "plan",
    "precision",
    "run_directory",
    "flags",
    "config",
    "light",
)


def module_of(path):
    """Returns a file's dotted name; that of a package for its `__init__`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def graph(folder, nested=True):
    """Returns which modules of a folder each of them imports."""
    paths = {module_of(path): path for path in sorted(folder.rglob("*.py"))}
    edges = {}
    for module, path in paths.items():
        named = set(imports(path, nested))
        # What is imported from a module is a module itself, or a part of it.
        named |= {name.rpartition(".")[0] for name in named - set(paths)}
        edges[module] = (named & set(paths)) - {module}
    return edges


def circles(edges):
    """Returns the modules that a removal of leaves, time and again, leaves."""
    edges = dict(edges)
    while leaves := {m for m, to in edges.items() if not to & set(edges)}:
        edges = {m: to for m, to in edges.items() if m not in leaves}
    return sorted(edges)


def test_the_search_for_circles_finds_them():
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    ring = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}
    assert circles(ring) == ["a", "b", "c"]
    assert "keras_gans.models.player" in graph(PACKAGE)["keras_gans.models.gan"]


def test_no_imports_go_round_in_circles():
    assert circles(graph(RECIPES)) == []
    assert circles(graph(PACKAGE)) == []


def test_imports_of_recipes_point_down():
    edges = graph(RECIPES)
    for module, imported in edges.items():
        name = module.removeprefix("recipes.common.")
        if name not in ORDER:
            continue
        above = {f"recipes.common.{n}" for n in ORDER[: ORDER.index(name)]}
        assert not imported & above, module
    recipes = {m for m in edges if not m.startswith("recipes.common")}
    for module in set(edges) - recipes:
        assert not edges[module] & recipes, module
