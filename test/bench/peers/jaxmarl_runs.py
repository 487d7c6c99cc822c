"""
MAPPO of JaxMARL (FLAIROx/JaxMARL, `mappo_homogenous_rnn_mpe.yaml`) on its simple_spread, written anew with the libraries that it uses, environment and
learning in one compiled function: jaxmarl_runs.py <task> <threads>. Leaner than there: nothing is logged.
"""
import os
import sys
from functools import partial

task, threads, *_ = sys.argv[1:]
if threads == "1":
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

from peer import configuration, serve                                     # first: the others speak while they are imported

import flax.linen as nn
import jax
import jax.numpy as jnp
import jaxmarl
import optax
from flax.linen.initializers import orthogonal

from advantages import advantages

assert task == "train-mappo-jaxmarl"
COPIES, STEPS, EPOCHS, MINIBATCHES, WIDTH, GAMMA, LAMBDA, CLIP = 16, 128, 4, 4, 128, 0.99, 0.95, 0.2
env = jaxmarl.make("MPE_simple_spread_v3")
AGENTS = env.num_agents
ROWS = COPIES * AGENTS


class Memory(nn.Module):
    """A GRU over time that begins anew where an episode does."""
    @partial(nn.scan, variable_broadcast="params", split_rngs={"params": False})
    @nn.compact
    def __call__(self, h, now):
        x, start = now
        return nn.GRUCell(WIDTH)(jnp.where(start[:, None], 0, h), x)


class Net(nn.Module):
    """A layer, a GRU, a layer, and a last layer: x [time row input], start [time row] -> h, [time row out]"""
    out: int
    gain: float

    @nn.compact
    def __call__(self, h, x, start):
        z = nn.relu(nn.Dense(WIDTH, kernel_init=orthogonal(2 ** 0.5))(x))
        h, z = Memory()(h, (z, start))
        return h, nn.Dense(self.out, kernel_init=orthogonal(self.gain))(nn.relu(nn.Dense(WIDTH, kernel_init=orthogonal(2.0))(z)))


actor, critic = Net(5, 0.01), Net(1, 1.0)
OPTIMISER = optax.chain(optax.clip_by_global_norm(0.5), optax.adam(optax.linear_schedule(2e-3, 0, 10_000_000 // (COPIES * STEPS) * EPOCHS * MINIBATCHES), eps=1e-5))


def rows(by_agent):
    """{agent: [copy ...]} -> [agent * copy ...]"""
    return jnp.concatenate([by_agent[a] for a in env.agents])


def joint(obs):
    """What all agents of a copy see, for each of them: [row input]"""
    return jnp.tile(obs.reshape(AGENTS, COPIES, -1).swapaxes(0, 1).reshape(COPIES, -1), (AGENTS, 1))


def chosen(logits, action):
    log = jax.nn.log_softmax(logits)
    return log, jnp.take_along_axis(log, action[..., None], -1)[..., 0]


def actor_loss(w, h, data, advantage):
    log, p = chosen(actor.apply(w, h, data["obs"], data["start"])[1], data["action"])
    ratio, gain = jnp.exp(p - data["old"]), (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    policy = -jnp.minimum(ratio * gain, jnp.clip(ratio, 1 - CLIP, 1 + CLIP) * gain).mean()
    return policy + 0.01 * (jnp.exp(log) * log).sum(-1).mean()


def critic_loss(w, h, data, returns):
    value = critic.apply(w, h, data["joint"], data["start"])[1][..., 0]
    near = data["value"] + jnp.clip(value - data["value"], -CLIP, CLIP)
    return 0.5 * 0.5 * jnp.maximum((value - returns) ** 2, (near - returns) ** 2).mean()


def minibatch(learners, part):
    """part: h [row hidden] of both, everything else [time row ...]"""
    (wa, sa), (wc, sc) = learners
    (ha, hc), data, advantage, returns = part
    ga, gc = jax.grad(actor_loss)(wa, ha, data, advantage), jax.grad(critic_loss)(wc, hc, data, returns)
    ua, sa = OPTIMISER.update(ga, sa)
    uc, sc = OPTIMISER.update(gc, sc)
    return ((optax.apply_updates(wa, ua), sa), (optax.apply_updates(wc, uc), sc)), None


@partial(jax.jit, donate_argnums=0)
def batch(carry):
    learners, state, seen, start, memories, key = carry
    (wa, _), (wc, _) = learners

    def step(carry, _):
        state, obs, start, (ha, hc), key = carry
        key, draw, move = jax.random.split(key, 3)
        ha, logits = actor.apply(wa, ha, obs[None], start[None])
        all_obs = joint(obs)
        hc, value = critic.apply(wc, hc, all_obs[None], start[None])
        action = jax.random.categorical(draw, logits[0])
        by_agent = {a: action[i * COPIES:(i + 1) * COPIES] for i, a in enumerate(env.agents)}
        seen, state, reward, done, _ = jax.vmap(env.step)(jax.random.split(move, COPIES), state, by_agent)
        now = {"obs": obs, "joint": all_obs, "start": start, "action": action, "old": chosen(logits[0], action)[1], "value": value[0, :, 0]}
        ended = jnp.tile(done["__all__"], AGENTS)
        return (state, rows(seen), ended, (ha, hc), key), (now, rows(reward), ended)
    (state, after, ended, later, key), (data, reward, done) = jax.lax.scan(step, (state, seen, start, memories, key), None, STEPS)
    last = critic.apply(wc, later[1], joint(after)[None], ended[None])[1][0, :, 0]
    advantage = advantages(reward, data["value"], done, last, GAMMA, LAMBDA)
    whole = (memories, data, advantage, advantage + data["value"])

    def epoch(carry, _):
        learners, key = carry
        key, order = jax.random.split(key)
        lot = jax.random.permutation(order, ROWS).reshape(MINIBATCHES, -1)
        cut = lambda x, axis: jnp.moveaxis(jnp.take(x, lot, axis), axis, 0)
        parts = (jax.tree.map(lambda x: cut(x, 0), whole[0]), *jax.tree.map(lambda x: cut(x, 1), whole[1:]))
        return (jax.lax.scan(minibatch, learners, parts)[0], key), None
    (learners, key), _ = jax.lax.scan(epoch, (learners, key), None, EPOCHS)
    return learners, state, after, ended, later, key


one, two, three, four = jax.random.split(jax.random.key(1), 4)
obs, state = jax.vmap(env.reset)(jax.random.split(three, COPIES))
obs, nothing, start = rows(obs), lambda: jnp.zeros((ROWS, WIDTH)), jnp.ones(ROWS, bool)
learners = tuple((w, OPTIMISER.init(w)) for w in (actor.init(one, nothing(), obs[None], start[None]), critic.init(two, nothing(), joint(obs)[None], start[None])))
weights = sum(x.size for w, _ in learners for x in jax.tree.leaves(w))
carry = batch((learners, state, obs, start, (nothing(), nothing()), four))


def run(times):
    global carry
    for _ in range(times):
        carry = jax.block_until_ready(batch(carry))
    return times * STEPS * COPIES


def steps_made():
    return sum(int(optax.tree_utils.tree_get(s, "count", filtering=lambda path, _: "adam" in str(path).lower())) for _, s in carry[0])


def check():
    before, units = steps_made(), run(1)
    return configuration(weights, steps_made() - before, units)


serve(check, run)
