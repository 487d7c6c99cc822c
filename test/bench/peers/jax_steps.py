"""The same steps in JAX, each one compiled function: jax_steps.py <task> <threads> <data> [unrolled]."""
import os
import sys

task, threads, path, *form = sys.argv[1:]
if threads == "1":
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp

from peer import load, node, serve

data = load(path)
field = {k: jnp.asarray(v.astype(bool) if v.dtype == "uint8" else v) for k, v in data["field"].items()}
arrays = lambda kind: {k: jnp.asarray(v) for k, v in data[kind].items()}


def dense(t, x, kernel="kernel", bias="bias"):
    return x @ t[kernel] + t[bias]


def mlp(t, x, activation):
    last = len(t) // 2 - 1
    for i in range(last + 1):
        x = dense(t, x, f"kernel{i}", f"bias{i}")
        x = x if i == last else activation(x)
    return x


def wide(t):
    """Tensors of a GRU with the three gates side by side: one product in place of three."""
    kernel, recurrent = (jnp.concatenate(list(t[k]), -1) for k in ("kernel", "recurrent"))
    return kernel, t["bias"].reshape(-1), recurrent, t["recurrentBias"].reshape(-1)


def cell(x, h, recurrent, bias):
    xr, xz, xn = jnp.split(x, 3, -1)
    hr, hz, hn = jnp.split(h @ recurrent + bias, 3, -1)
    r, z = jax.nn.sigmoid(xr + hr), jax.nn.sigmoid(xz + hz)
    n = jnp.tanh(xn + r * hn)
    return n + z * (h - n)


def agent_q(w, x):
    """x [batch time agent input] -> [batch time agent action]"""
    t, (b, steps, n, _) = node(w, "agentQ"), x.shape
    kernel, bias, recurrent, recurrent_bias = wide(node(t, "cell"))
    z = jax.nn.relu(dense(node(t, "first"), x)).swapaxes(0, 1).reshape(steps, b * n, -1) @ kernel + bias

    def step(h, now):
        h = cell(now, h, recurrent, recurrent_bias)
        return h, h
    _, states = jax.lax.scan(step, jnp.zeros((b * n, recurrent.shape[0])), z, unroll=bool(form))
    return dense(node(t, "q"), states).reshape(steps, b, n, -1).swapaxes(0, 1)


def mix(w, qs, state):
    t, (b, steps, n) = node(w, "mixer"), qs.shape
    w1 = jnp.abs(mlp(node(t, "w1"), state, jax.nn.relu)).reshape(b, steps, n, -1)
    w2 = jnp.abs(mlp(node(t, "w2"), state, jax.nn.relu))
    hidden = jax.nn.elu(jnp.einsum("btn,btne->bte", qs, w1) + dense(node(t, "b1"), state))
    return (hidden * w2).sum(-1) + mlp(node(t, "v"), state, jax.nn.relu)[..., 0]


def take(x, index):
    return jnp.take_along_axis(x, index[..., None], -1)[..., 0]


def available(x, avail):
    return jnp.where(avail, x, -1e9)


def masked(x, mask):
    return (x * mask).sum() / mask.sum()


def qmix_input(f):
    return jnp.concatenate([f["obs"], f["lastAction"], f["agentId"]], -1)


def qmix(w, lag, f):
    x = qmix_input(f)
    q = agent_q(w, x)
    best = available(jax.lax.stop_gradient(q), f["avail"])[:, 1:].argmax(-1)
    after = mix(lag, take(agent_q(lag, x)[:, 1:], best), f["state"][:, 1:])
    target = jax.lax.stop_gradient(f["reward"] + 0.99 * (1 - f["terminated"]) * after)
    return masked((mix(w, take(q[:, :-1], f["action"]), f["state"][:, :-1]) - target) ** 2, f["valid"])


def ppo(w, _, f):
    obs, avail, mask = f["obs"][:, 0], f["avail"][:, 0], f["valid"][:, 0]
    logits = dense(node(w, "policy/head"), jnp.tanh(mlp(node(w, "encoder/net"), obs, jnp.tanh)))
    log = jax.nn.log_softmax(available(logits, avail))
    ratio = jnp.exp(take(log, f["action"][:, 0]) - f["oldLogProb"][:, 0])
    centred = f["advantage"][:, 0] - masked(f["advantage"][:, 0], mask)
    gain = centred / (jnp.sqrt((mask * centred ** 2).sum() / (mask.sum() - 1)) + 1e-8)
    policy = -masked(jnp.minimum(ratio * gain, jnp.clip(ratio, 0.8, 1.2) * gain), mask)
    value = masked((mlp(node(w, "critic/net"), obs, jnp.tanh)[:, 0] - f["returns"][:, 0]) ** 2, mask)
    entropy = masked(-(jnp.exp(log) * jnp.maximum(log, -50)).sum(-1), mask)
    return policy + 0.5 * value - 0.01 * entropy


def dqn(w, lag, f):
    ahead = mlp(node(lag, "q/net"), f["obs"][:, 1], jax.nn.relu)
    after = take(ahead, available(ahead, f["avail"][:, 1]).argmax(-1))
    target = f["reward"][:, 0] + 0.99 * (1 - f["terminated"][:, 0]) * after
    chosen = take(mlp(node(w, "q/net"), f["obs"][:, 0], jax.nn.relu), f["action"][:, 0])
    return masked((chosen - target) ** 2, f["valid"][:, 0])


LEARNERS = {"qmix": (qmix, 5e-4, 1e-8, 10), "ppo": (ppo, 3e-4, 1e-5, 0.5), "dqn": (dqn, 2.5e-4, 1e-8, None)}


def learn():
    loss_of, lr, eps, clip = LEARNERS[task]
    zeros = lambda w: jax.tree.map(jnp.zeros_like, w)

    @jax.jit
    def step(w, m, v, count, lag, f):
        loss, g = jax.value_and_grad(loss_of)(w, lag, f)
        norm = jnp.sqrt(sum((x ** 2).sum() for x in jax.tree.leaves(g)))
        if clip:
            g = jax.tree.map(lambda x: x * jnp.minimum(1, clip / (norm + 1e-6)), g)
        m = jax.tree.map(lambda m, x: 0.9 * m + 0.1 * x, m, g)
        v = jax.tree.map(lambda v, x: 0.999 * v + 0.001 * x * x, v, g)
        first, second = 1 - 0.9 ** count, 1 - 0.999 ** count
        w = jax.tree.map(lambda w, m, v: w - lr * (m / first) / (jnp.sqrt(v / second) + eps), w, m, v)
        return w, m, v, count + 1, loss, norm

    w, lag = arrays("w"), arrays("lag")
    start = w, zeros(w), jax.tree.map(lambda x: jnp.full_like(x, data["start"]["v"][0]), w), jnp.float32(1)
    state = list(start)

    def check():
        after, m, _, _, loss, norm = step(*start, lag, field)
        weights, moments = ({f"{kind}/{k}": v for k, v in all.items()} for kind, all in (("w", after), ("m", m)))
        return {"loss": loss, "norm": norm, **weights, **moments}

    def run(times):
        for _ in range(times):
            *state[:], loss, _ = step(*state, lag, field)
            loss.block_until_ready()

    return check, run


def act():
    t, noise, h0 = node(arrays("w"), "agentQ"), arrays("noise"), arrays("carry")["agentQ"]
    w = {"first": node(t, "first"), "q": node(t, "q"), "cell": wide(node(t, "cell"))}

    def forward(t, f, h, epsilon, coin, lot):
        x, avail = qmix_input(f), f["avail"]
        x, avail = x.reshape(-1, x.shape[-1]), avail.reshape(-1, avail.shape[-1])
        kernel, bias, recurrent, recurrent_bias = t["cell"]
        h = cell(jax.nn.relu(dense(t["first"], x)) @ kernel + bias, h, recurrent, recurrent_bias)
        best, other = available(dense(t["q"], h), avail).argmax(-1), available(lot, avail).argmax(-1)
        return jnp.where(coin < epsilon, other, best), h

    @jax.jit
    def drawing(w, f, h, epsilon, key):
        key, one, two = jax.random.split(key, 3)
        rows = h.shape[0]
        action, h = forward(w, f, h, epsilon, jax.random.uniform(one, (rows,)), jax.random.uniform(two, (rows, f["avail"].shape[-1])))
        return action, h, key

    def check():
        action, h = jax.jit(forward)(w, field, h0, 0.5, noise["explore.coin"], noise["explore.lot"])
        return {"action": action, "carry": h}

    def run(times):
        h, key = h0, jax.random.key(1)
        for _ in range(times):
            action, h, key = drawing(w, field, h, 0.5, key)
            action.block_until_ready()

    return check, run


serve(*(learn() if task in LEARNERS else act()))
