"""PPO on CartPole as one compiled function, environment and learning, as PureJaxRL's are: jax_runs.py <task> <threads>."""
import os
import sys
from functools import partial

task, threads, *_ = sys.argv[1:]
if threads == "1":
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp

from advantages import advantages
from peer import configuration, serve

assert task == "train-ppo"
COPIES, STEPS, EPOCHS, GAMMA, LAMBDA, WHOLE, BATCHES = 8, 32, 20, 0.98, 0.8, 100_000, 80


def begin(key):
    return jax.random.uniform(key, (COPIES, 4), minval=-0.05, maxval=0.05)


def environment(state, action, count, key):
    """CartPole-v1 of all copies; one that ends begins anew, and a time limit is an end."""
    x, v, angle, spin = state.T
    push, cos, sin = jnp.where(action == 1, 10.0, -10.0), jnp.cos(angle), jnp.sin(angle)
    moved = (push + 0.05 * spin ** 2 * sin) / 1.1
    turned = (9.8 * sin - cos * moved) / (0.5 * (4 / 3 - 0.1 * cos ** 2 / 1.1))
    shoved = moved - 0.05 * turned * cos / 1.1
    after = jnp.stack([x + 0.02 * v, v + 0.02 * shoved, angle + 0.02 * spin, spin + 0.02 * turned], -1)
    count = count + 1
    done = (jnp.abs(after[:, 0]) > 2.4) | (jnp.abs(after[:, 2]) > 12 * 2 * jnp.pi / 360) | (count >= 500)
    return jnp.where(done[:, None], begin(key), after), jnp.where(done, 0, count), jnp.ones(COPIES), done


def net(layers, x):
    for kernel, bias in layers[:-1]:
        x = jnp.tanh(x @ kernel + bias)
    kernel, bias = layers[-1]
    return x @ kernel + bias


def made(key, *widths, last):
    start = jax.nn.initializers.orthogonal
    keys, sizes = jax.random.split(key, len(widths) - 1), list(zip(widths, widths[1:]))
    return [(start(last if i == len(sizes) - 1 else 2 ** 0.5)(k, size), jnp.zeros(size[1])) for i, (k, size) in enumerate(zip(keys, sizes))]


def loss_of(w, batch, clip):
    obs, action, old, advantage, returns = batch
    log = jax.nn.log_softmax(net(w["actor"], obs))
    chosen = jnp.take_along_axis(log, action[:, None], -1)[:, 0]
    ratio, gain = jnp.exp(chosen - old), (advantage - advantage.mean()) / (advantage.std(ddof=1) + 1e-8)
    policy = -jnp.minimum(ratio * gain, jnp.clip(ratio, 1 - clip, 1 + clip) * gain).mean()
    return policy + 0.5 * ((net(w["critic"], obs)[:, 0] - returns) ** 2).mean()


def optimise(learner, batch, left):
    w, m, v, count = learner
    g = jax.grad(loss_of)(w, batch, 0.2 * left)
    norm = jnp.sqrt(sum((x ** 2).sum() for x in jax.tree.leaves(g)))
    g = jax.tree.map(lambda x: x * jnp.minimum(1, 0.5 / (norm + 1e-6)), g)
    count = count + 1
    m, v = jax.tree.map(lambda m, x: 0.9 * m + 0.1 * x, m, g), jax.tree.map(lambda v, x: 0.999 * v + 0.001 * x * x, v, g)
    first, second = 1 - 0.9 ** count, 1 - 0.999 ** count
    w = jax.tree.map(lambda w, m, v: w - 1e-3 * left * (m / first) / (jnp.sqrt(v / second) + 1e-5), w, m, v)
    return w, m, v, count


def batch(carry, _):
    learner, state, count, key, steps = carry
    w = learner[0]

    def step(carry, _):
        state, count, key = carry
        key, draw, anew = jax.random.split(key, 3)
        log = jax.nn.log_softmax(net(w["actor"], state))
        action = jax.random.categorical(draw, log)
        after, count, reward, done = environment(state, action, count, anew)
        chosen = jnp.take_along_axis(log, action[:, None], -1)[:, 0]
        return (after, count, key), (state, action, chosen, net(w["critic"], state)[:, 0], reward, done)
    (state, count, key), (obs, action, old, value, reward, done) = jax.lax.scan(step, (state, count, key), None, STEPS)
    advantage = advantages(reward, value, done, net(w["critic"], state)[:, 0], GAMMA, LAMBDA)
    rows = [x.reshape(-1, *x.shape[2:]) for x in (obs, action, old, advantage, advantage + value)]
    left = jnp.maximum(0, 1 - steps / WHOLE)
    learner, _ = jax.lax.scan(lambda learner, _: (optimise(learner, rows, left), None), learner, None, EPOCHS)
    return (learner, state, count, key, steps + STEPS * COPIES), None


@partial(jax.jit, donate_argnums=0)
def batches(carry):
    return jax.lax.scan(batch, carry, None, BATCHES)[0]


one, two, three, four = jax.random.split(jax.random.key(1), 4)
w = {"actor": made(one, 4, 64, 64, 2, last=0.01), "critic": made(two, 4, 64, 64, 1, last=1.0)}
zeros = lambda: jax.tree.map(jnp.zeros_like, w)
weights = sum(x.size for x in jax.tree.leaves(w))
carry = batches(((w, zeros(), zeros(), jnp.float32(0)), begin(three), jnp.zeros(COPIES, int), four, jnp.float32(0)))


def run(times):
    global carry
    for _ in range(times):
        carry = jax.block_until_ready(batches(carry))
    return times * BATCHES * STEPS * COPIES


def check():
    before, units = float(carry[0][3]), run(1)
    return configuration(weights, float(carry[0][3]) - before, units)


serve(check, run)
