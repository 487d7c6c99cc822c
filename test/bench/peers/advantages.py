"""What the peers in JAX share."""
import jax
import jax.numpy as jnp


def advantages(reward, value, done, last, gamma, lam):
    """GAE (arXiv 1506.02438, equation 16) over [T rows]; `last` [rows] is the value after the last step, and an end is one, whatever ended it."""
    def back(carry, now):
        ahead, following = carry
        reward, value, done = now
        goes = gamma * (1 - done)
        advantage = reward + goes * following - value + goes * lam * ahead
        return (advantage, value), advantage
    return jax.lax.scan(back, (jnp.zeros_like(last), last), (reward, value, done), reverse=True, unroll=16)[1]
