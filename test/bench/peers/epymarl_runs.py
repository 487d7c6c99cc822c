"""
MAPPO of EPyMARL (uoe-agents/epymarl, `mappo.yaml`) on MPE's simple_spread, written anew in plain PyTorch: epymarl_runs.py <task> <threads>.
As there, each environment has a process of its own and the agents' GRU goes step by step; leaner than there: no gradients while acting, no checks and no logs.
"""
import copy
import multiprocessing
import os
import signal
import sys

task, threads, *_ = sys.argv[1:]
os.environ["SDL_VIDEODRIVER"] = "dummy"

import numpy as np
import torch
from mpe2 import simple_spread_v3
from torch import nn
from torch.nn import functional as F

from peer import configuration, serve

COPIES, LIMIT, AGENTS, ACTIONS, OBS, WIDTH, EPOCHS, GAMMA = 10, 25, 3, 5, 18, 128, 4, 0.99


def environment(pipe, seed):
    """Answers "reset" and actions with all that the parent stores of a step."""
    env = simple_spread_v3.parallel_env(max_cycles=LIMIT)
    env.reset(seed=seed)
    while (asked := pipe.recv()) is not None:
        if isinstance(asked, str):
            seen, reward, terminated, limit = env.reset()[0], 0.0, False, False
        else:
            names = list(env.agents)
            seen, paid, ends, limits, _ = env.step({name: int(a) for name, a in zip(names, asked)})
            reward, terminated, limit = float(sum(paid[n] for n in names)), all(ends[n] for n in names), all(limits[n] for n in names)
        obs = [np.asarray(x, np.float32) for x in seen.values()]
        pipe.send({"obs": obs, "state": np.concatenate(obs), "avail": [[1] * ACTIONS] * AGENTS, "reward": reward, "terminated": terminated, "limit": limit})


class Actor(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.cell, self.last = nn.Linear(OBS + AGENTS, WIDTH), nn.GRUCell(WIDTH, WIDTH), nn.Linear(WIDTH, ACTIONS)

    def forward(self, x, avail, h):
        """x [rows input], h [rows hidden] -> pi [rows action], h"""
        h = self.cell(F.relu(self.first(x)), h)
        return F.softmax(self.last(h).masked_fill(avail == 0, -1e10), -1), h


class Moments:
    """Mean and variance of all rewards so far."""
    mean, variance, count = torch.zeros(1), torch.ones(1), 1e-4

    def take(self, x):
        n, off = x.numel(), x.mean() - self.mean
        whole = self.count + n
        self.mean, self.variance, self.count = self.mean + off * n / whole, (self.variance * self.count + x.var() * n + off ** 2 * self.count * n / whole) / whole, whole
        return (x - self.mean) / self.variance.sqrt()


def stacked(answers, name, dtype=torch.float32):
    return torch.tensor(np.array([a[name] for a in answers]), dtype=dtype)


class Run:
    def __init__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())              # an exit ends the processes of the environments, too
        context = multiprocessing.get_context("fork")
        self.pipes = []
        for i in range(COPIES):
            ours, theirs = context.Pipe()
            context.Process(target=environment, args=(theirs, i), daemon=True).start()
            self.pipes.append(ours)
        torch.set_num_threads(int(threads))                               # after the processes are made: they have no use for threads
        self.actor, self.critic = Actor(), nn.Sequential(nn.Linear(AGENTS * OBS + AGENTS, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 1))
        self.old, self.lagged = copy.deepcopy(self.actor), copy.deepcopy(self.critic)
        self.optimisers = [torch.optim.Adam(net.parameters(), 3e-4) for net in (self.actor, self.critic)]
        self.rewards, self.ids = Moments(), torch.eye(AGENTS)

    def inputs(self, obs):
        """[copy agent obs] -> [copy * agent input]"""
        return torch.cat([obs, self.ids.expand(len(obs), -1, -1)], -1).reshape(len(obs) * AGENTS, -1)

    @torch.no_grad()
    def episodes(self):
        """Ten episodes at once, as tensors over [copy time+1 ...] and [copy time ...]."""
        data = {
            "obs": torch.zeros(COPIES, LIMIT + 1, AGENTS, OBS), "state": torch.zeros(COPIES, LIMIT + 1, AGENTS * OBS), "avail": torch.zeros(COPIES, LIMIT + 1, AGENTS, ACTIONS, dtype=torch.int),
            "action": torch.zeros(COPIES, LIMIT, AGENTS, dtype=torch.long), "reward": torch.zeros(COPIES, LIMIT), "terminated": torch.zeros(COPIES, LIMIT),
        }
        for pipe in self.pipes:
            pipe.send("reset")
        answers, h = [pipe.recv() for pipe in self.pipes], torch.zeros(COPIES * AGENTS, WIDTH)
        for t in range(LIMIT + 1):
            for name, dtype in (("obs", torch.float32), ("state", torch.float32), ("avail", torch.int)):
                data[name][:, t] = stacked(answers, name, dtype)
            pi, h = self.actor(self.inputs(data["obs"][:, t]), data["avail"][:, t].reshape(COPIES * AGENTS, -1), h)
            action = torch.distributions.Categorical(pi).sample().reshape(COPIES, AGENTS)
            if t == LIMIT:
                return data
            data["action"][:, t] = action
            for pipe, one in zip(self.pipes, action.numpy()):
                pipe.send(one)
            answers = [pipe.recv() for pipe in self.pipes]
            data["reward"][:, t], data["terminated"][:, t] = stacked(answers, "reward"), stacked(answers, "terminated")

    def policy(self, actor, data):
        """pi [copy time agent action], step by step"""
        h, all_pi = torch.zeros(COPIES * AGENTS, WIDTH), []
        for t in range(LIMIT):
            pi, h = actor(self.inputs(data["obs"][:, t]), data["avail"][:, t].reshape(COPIES * AGENTS, -1), h)
            all_pi.append(pi.reshape(COPIES, AGENTS, -1))
        return torch.stack(all_pi, 1)

    def targets(self, reward, value, n=5):
        """Rewards of n steps and the lagged value after them; at the end of the batch after fewer. [copy time agent]"""
        steps = []
        for t in range(LIMIT):
            to = min(t + n, LIMIT)
            steps.append(sum(GAMMA ** (k - t) * reward[:, k] for k in range(t, to)) + GAMMA ** (to - t) * value[:, to])
        return torch.stack(steps, 1)

    def optimise(self, which, net, loss):
        self.optimisers[which].zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 10)
        self.optimisers[which].step()

    def learn(self, data):
        reward = self.rewards.take(data["reward"]).unsqueeze(-1).expand(-1, -1, AGENTS)
        mask = torch.cat([torch.ones(COPIES, 1), 1 - data["terminated"][:, :-1]], 1).unsqueeze(-1).expand(-1, -1, AGENTS)
        seen = torch.cat([data["state"].unsqueeze(2).expand(-1, -1, AGENTS, -1), self.ids.expand(COPIES, LIMIT + 1, -1, -1)], -1)
        taken = lambda pi: torch.log(pi.gather(-1, data["action"].unsqueeze(-1)).squeeze(-1) + 1e-10)
        mean = lambda x: (x * mask).sum() / mask.sum()
        with torch.no_grad():
            old = taken(self.policy(self.old, data))
        for _ in range(EPOCHS):
            pi = self.policy(self.actor, data)
            with torch.no_grad():
                target = self.targets(reward, self.lagged(seen).squeeze(-1))
            error = target - self.critic(seen)[:, :-1].squeeze(-1)
            self.optimise(1, self.critic, mean(error ** 2))
            advantage, ratio = (error * mask).detach(), torch.exp(taken(pi) - old)
            entropy = -(pi * torch.log(pi + 1e-10)).sum(-1)
            self.optimise(0, self.actor, -mean(torch.min(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage) + 0.001 * entropy))
        self.old.load_state_dict(self.actor.state_dict())
        with torch.no_grad():
            for lagged, w in zip(self.lagged.parameters(), self.critic.parameters()):
                lagged.copy_(lagged * 0.99 + w * 0.01)


assert task == "train-mappo-epymarl"
work = Run()


def run(times):
    for _ in range(times * 4):
        work.learn(work.episodes())
    return times * 4 * COPIES * LIMIT


def steps_made():
    return sum(int(o.state[o.param_groups[0]["params"][0]]["step"]) for o in work.optimisers)


def check():
    before, units = steps_made(), run(1)
    return configuration(sum(p.numel() for net in (work.actor, work.critic) for p in net.parameters()), steps_made() - before, units)


work.learn(work.episodes())
serve(check, run)
