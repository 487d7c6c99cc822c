"""Whole runs of Stable-Baselines3 as its users make them: sb3_runs.py <task> <threads>."""
import sys

import torch
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.env_util import make_vec_env

from peer import configuration, serve

task, threads, *_ = sys.argv[1:]
torch.set_num_threads(int(threads))


def ppo():
    """`ppo.yml` of its zoo, CartPole-v1."""
    model = PPO(
        "MlpPolicy", make_vec_env("CartPole-v1", n_envs=8, seed=1), n_steps=32, batch_size=256, n_epochs=20, gae_lambda=0.8, gamma=0.98, ent_coef=0.0,
        learning_rate=lambda left: 1e-3 * left, clip_range=lambda left: 0.2 * left, device="cpu",
    )
    return model, 8 * 256, 2 * 256, [model.policy.optimizer]


def sac():
    """`sac.yml` of its zoo, Pendulum-v1: the class's own numbers with another rate."""
    model = SAC("MlpPolicy", make_vec_env("Pendulum-v1", n_envs=1, seed=1), learning_rate=1e-3, device="cpu")
    return model, 100, 150, [model.actor.optimizer, model.critic.optimizer, model.ent_coef_optimizer]


model, turn, warm, optimisers = {"train-ppo": ppo, "train-sac": sac}[task]()
model.learn(warm)


def steps_made():
    return sum(int(o.state[o.param_groups[0]["params"][0]]["step"]) for o in optimisers)


def run(times):
    before = model.num_timesteps
    model.learn(times * turn, reset_num_timesteps=False)
    return model.num_timesteps - before


def check():
    before, units = steps_made(), run(1)
    return configuration(sum(p.numel() for o in optimisers for group in o.param_groups for p in group["params"]), steps_made() - before, units)


serve(check, run)
