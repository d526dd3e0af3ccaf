"""Arithmetic and memory traffic, counted from graphs.

Floating-point operations are those of convolutions and matrix products, two
for each multiplication and addition. Bytes are those that every operation
reads and writes, before compilers fuse any.
"""

import math

import keras


def count_step(gan, batch: tuple) -> tuple[float, float]:
    """Returns the operations and bytes of one training step of a GAN."""
    data = tuple(map(keras.ops.convert_to_tensor, batch))
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return count_call(gan.train_step, data)
    return _jax(gan, data) if backend == "jax" else _torch(gan, data)


def count_call(function, *inputs) -> tuple[float, float]:
    """Returns the operations and bytes of a function on TensorFlow."""
    import tensorflow as tf

    graph = tf.function(function).get_concrete_function(*inputs).graph
    return count_graph(graph)


# They move no numbers.
VIEWS = {"reshape", "broadcast_in_dim"}
FREE = {
    "Const",
    "Identity",
    "NoOp",
    "Placeholder",
    "ReadVariableOp",
    "Reshape",
    "Shape",
}


def count_graph(graph) -> tuple[float, float]:
    """Returns the operations and bytes of what a TensorFlow graph runs."""
    flops = moved = 0
    for operation in _needed(graph):
        shapes = [
            tensor.shape.as_list()
            for tensor in operation.inputs
            if tensor.shape.rank is not None
        ]
        out = operation.outputs[0].shape if operation.outputs else None
        kind = operation.type
        if kind == "Conv2D":
            flops += 2 * math.prod(out) * math.prod(shapes[1][:3])
        elif kind == "DepthwiseConv2dNative":
            flops += 2 * math.prod(out) * math.prod(shapes[1][:2])
        elif kind == "Conv2DBackpropInput":
            flops += 2 * math.prod(shapes[2]) * math.prod(shapes[1][:3])
        elif kind == "Conv2DBackpropFilter":
            flops += 2 * math.prod(shapes[2]) * math.prod(out[:3])
        elif kind in ("MatMul", "BatchMatMulV2"):
            turned = operation.get_attr(
                "transpose_a" if kind == "MatMul" else "adj_x"
            )
            flops += 2 * math.prod(out) * shapes[0][-2 if turned else -1]
        if kind not in FREE:
            moved += sum(
                math.prod(tensor.shape) * tensor.dtype.size
                for tensor in (*operation.inputs, *operation.outputs)
                if tensor.shape.is_fully_defined() and tensor.dtype.size
            )
    return flops, moved


def _needed(graph):
    """Returns the operations that outputs and assignments depend on."""
    needed = set()
    waiting = [tensor.op for tensor in graph.outputs] + graph.control_outputs
    while waiting:
        operation = waiting.pop()
        if operation not in needed:
            needed.add(operation)
            waiting += [tensor.op for tensor in operation.inputs]
            waiting += operation.control_inputs
    return needed


def _jax(gan, data):
    import jax

    state = [
        [variable.value for variable in variables]
        for variables in (
            gan.trainable_variables,
            gan.non_trainable_variables,
            gan.optimizer.variables,
            gan.metrics_variables,
        )
    ]
    return count_jaxpr(jax.make_jaxpr(gan.train_step)(state, data).jaxpr)


def count_jaxpr(jaxpr, used=None) -> tuple[float, float]:
    """Returns the operations and bytes of what a JAX program needs.

    Args:
        jaxpr: The program.
        used: Its outputs that matter; None for all.
    """
    outputs = jaxpr.outvars if used is None else used
    needed = {id(variable) for variable in outputs}
    flops = moved = 0
    for equation in reversed(jaxpr.eqns):
        if not any(id(out) in needed for out in equation.outvars):
            continue
        needed |= {id(variable) for variable in equation.invars}
        inner = list(_inner(equation))
        for part in inner:
            counts = count_jaxpr(part, _used(equation, part, needed))
            trips = equation.params.get("length", 1)
            flops += trips * counts[0]
            moved += trips * counts[1]
        if inner or equation.primitive.name in VIEWS:
            continue
        flops += _flops(equation)
        moved += sum(
            variable.aval.size * variable.aval.dtype.itemsize
            for variable in (*equation.invars, *equation.outvars)
            if hasattr(variable.aval, "size")
            and hasattr(variable.aval.dtype, "itemsize")
        )
    return flops, moved


def _used(equation, part, needed):
    """Returns the outputs of an inner program that are needed outside."""
    if len(part.outvars) != len(equation.outvars):
        return None
    # What a loop carries is needed by its next pass.
    carried = equation.params.get("num_carry", 0)
    return [
        inner
        for index, (inner, outer) in enumerate(
            zip(part.outvars, equation.outvars, strict=True)
        )
        if index < carried or id(outer) in needed
    ]


def _inner(equation):
    # A derivative of one's own is not traced until it is asked for.
    for name, value in equation.params.items():
        if name in ("jvp_jaxpr_fun", "fwd", "bwd"):
            continue
        for part in value if isinstance(value, (tuple, list)) else [value]:
            part = getattr(part, "jaxpr", part)
            if hasattr(part, "eqns"):
                yield part


def _flops(equation):
    kind, out = equation.primitive.name, equation.outvars[0].aval
    if kind == "dot_general":
        (contracted, _), _ = equation.params["dimension_numbers"]
        left = equation.invars[0].aval.shape
        return 2 * out.size * math.prod(left[axis] for axis in contracted)
    if kind == "conv_general_dilated":
        kernel = equation.invars[1].aval
        axes = equation.params["dimension_numbers"].rhs_spec
        taps = kernel.size // kernel.shape[axes[0]]
        # Zeros between the images' pixels need no multiplication.
        spread = math.prod(equation.params["lhs_dilation"])
        return 2 * out.size * taps / spread
    return 0


def _torch(gan, data):
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.flop_counter import flop_registry

    class Counter(TorchDispatchMode):
        """Adds up arithmetic, and what operations other than views move."""

        # PyTorch's own FlopCounterMode hooks into modules, which fails where
        # a gradient is one of a leaf.
        flops = moved = 0

        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            kwargs = kwargs or {}
            outputs = function(*args, **kwargs)
            count = flop_registry.get(function.overloadpacket)
            if count:
                self.flops += count(*args, **kwargs, out_val=outputs)
            returns = function._schema.returns
            views = [
                r.alias_info and not r.alias_info.is_write for r in returns
            ]
            if not any(views):
                tensors = keras.tree.flatten([args, outputs])
                self.moved += sum(
                    tensor.numel() * tensor.element_size()
                    for tensor in tensors
                    if isinstance(tensor, torch.Tensor)
                )
            return outputs

    with Counter() as counter:
        gan.train_step(data)
    return counter.flops, counter.moved
