"""The same steps in PyTorch, eager, as its users write them: torch_steps.py <task> <threads> <data> [gru]."""
import copy
import sys

import torch
from torch import nn
from torch.nn import functional as F

from peer import load, node, serve

task, threads, path, *form = sys.argv[1:]
torch.set_num_threads(int(threads))
data = load(path)
field = {k: torch.from_numpy(v) for k, v in data["field"].items()}
field = {k: v.bool() if v.dtype == torch.uint8 else v.long() if v.dtype == torch.int32 else v for k, v in field.items()}


def linear(tensors, kernel="kernel", bias="bias"):
    weight = torch.from_numpy(tensors[kernel])
    layer = nn.Linear(*weight.shape)
    layer.weight.data, layer.bias.data = weight.T.contiguous(), torch.from_numpy(tensors[bias])
    return layer


def mlp(tensors, activation):
    layers = [linear(tensors, f"kernel{i}", f"bias{i}") for i in range(len(tensors) // 2)]
    return nn.Sequential(*[m for layer in layers for m in (layer, activation())][:-1])


class AgentQ(nn.Module):
    """dense, GRU, dense; `fused` runs the recurrence by nn.GRU in place of a GRUCell for each step."""
    def __init__(self, weights, fused):
        super().__init__()
        t = node(weights, "agentQ")
        self.first, self.q = linear(node(t, "first")), linear(node(t, "q"))
        gates, wide = node(t, "cell"), t["cell/kernel"].shape[1:]
        self.cell = nn.GRU(*wide) if fused else nn.GRUCell(*wide)
        own = {"weight_ih": "kernel", "bias_ih": "bias", "weight_hh": "recurrent", "bias_hh": "recurrentBias"}
        for name, ours in own.items():
            x = torch.from_numpy(gates[ours])
            x = x.transpose(1, 2).reshape(-1, x.shape[1]) if x.dim() == 3 else x.reshape(-1)
            getattr(self.cell, name + ("_l0" if fused else "")).data = x.contiguous()

    def forward(self, x):
        """x [batch time agent input] -> [batch time agent action]"""
        b, t, n, _ = x.shape
        z = F.relu(self.first(x)).transpose(0, 1).reshape(t, b * n, -1)
        if isinstance(self.cell, nn.GRU):
            states = self.cell(z)[0]
        else:
            h, all_h = z.new_zeros(b * n, self.cell.hidden_size), []
            for now in z:
                h = self.cell(now, h)
                all_h.append(h)
            states = torch.stack(all_h)
        return self.q(states).reshape(t, b, n, -1).transpose(0, 1)


class Mixer(nn.Module):
    def __init__(self, weights):
        super().__init__()
        t = node(weights, "mixer")
        self.w1, self.b1, self.w2 = mlp(node(t, "w1"), nn.ReLU), linear(node(t, "b1")), mlp(node(t, "w2"), nn.ReLU)
        self.v = mlp(node(t, "v"), nn.ReLU)

    def forward(self, qs, state):
        b, t, n = qs.shape
        w1, w2 = self.w1(state).abs().reshape(b * t, n, -1), self.w2(state).abs().reshape(b * t, -1, 1)
        hidden = F.elu(torch.bmm(qs.reshape(b * t, 1, n), w1) + self.b1(state).reshape(b * t, 1, -1))
        return torch.bmm(hidden, w2).reshape(b, t) + self.v(state).squeeze(-1)


def qmix_input():
    return torch.cat([field["obs"], field["lastAction"], field["agentId"]], -1)


class Qmix(nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.agentQ, self.mixer = AgentQ(weights, bool(form)), Mixer(weights)

    def loss(self, lagged):
        x, action, avail, state, mask = qmix_input(), field["action"], field["avail"], field["state"], field["valid"]
        q = self.agentQ(x)
        chosen = q[:, :-1].gather(-1, action.unsqueeze(-1)).squeeze(-1)
        with torch.no_grad():
            best = q.detach().masked_fill(~avail, -1e9)[:, 1:].argmax(-1, keepdim=True)
            following = lagged.agentQ(x)[:, 1:].gather(-1, best).squeeze(-1)
            after = lagged.mixer(following, state[:, 1:])
            target = field["reward"] + 0.99 * (~field["terminated"]).float() * after
        return ((self.mixer(chosen, state[:, :-1]) - target) ** 2 * mask).sum() / mask.sum()


class Ppo(nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.encoder = nn.Sequential(mlp(node(weights, "encoder/net"), nn.Tanh), nn.Tanh())
        self.policy, self.critic = linear(node(weights, "policy/head")), mlp(node(weights, "critic/net"), nn.Tanh)

    def loss(self, _):
        obs, avail, mask = field["obs"][:, 0], field["avail"][:, 0], field["valid"].squeeze(1)
        action, old, gain, returns = (field[k].squeeze(1) for k in ("action", "oldLogProb", "advantage", "returns"))
        mean = lambda x: (x * mask).sum() / mask.sum()
        log = F.log_softmax(self.policy(self.encoder(obs)).masked_fill(~avail, -1e9), -1)
        ratio = (log.gather(-1, action.unsqueeze(-1)).squeeze(-1) - old).exp()
        centred = gain - mean(gain)
        gain = centred / (((mask * centred ** 2).sum() / (mask.sum() - 1)).sqrt() + 1e-8)
        policy = -mean(torch.min(ratio * gain, ratio.clamp(0.8, 1.2) * gain))
        value = mean((self.critic(obs).squeeze(-1) - returns) ** 2)
        entropy = -(log.exp() * log.clamp(min=-50)).sum(-1)
        return policy + 0.5 * value - 0.01 * mean(entropy)


class Dqn(nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.q = mlp(node(weights, "q/net"), nn.ReLU)

    def loss(self, lagged):
        obs, following = field["obs"].unbind(1)
        with torch.no_grad():
            q = lagged.q(following)
            best = q.masked_fill(~field["avail"][:, 1], -1e9).argmax(-1, keepdim=True)
            after = (~field["terminated"].squeeze(1)).float() * q.gather(-1, best).squeeze(-1)
            target = field["reward"].squeeze(1) + 0.99 * after
        chosen = self.q(obs).gather(-1, field["action"]).squeeze(-1)
        mask = field["valid"].squeeze(1)
        return ((chosen - target) ** 2 * mask).sum() / mask.sum()


LEARNERS = {"qmix": (Qmix, 5e-4, 1e-8, 10), "ppo": (Ppo, 3e-4, 1e-5, 0.5), "dqn": (Dqn, 2.5e-4, 1e-8, None)}


def place(name, ours):
    """Our name for a parameter of a module, and what brings it into our layout."""
    *path, last = name.split(".")
    if path[-1] == "cell":
        kind = ("recurrent" if "hh" in last else "") + ("bias" if "bias" in last else "kernel")
        kind = {"recurrentbias": "recurrentBias", "recurrentkernel": "recurrent"}.get(kind, kind)
        return "/".join([*path, kind]), lambda x: x.reshape(3, -1, x.shape[-1]).transpose(1, 2) if x.dim() == 2 else x
    kind, number = "kernel" if last == "weight" else "bias", ""
    digits = [int(p) for p in path if p.isdigit()]
    if digits:
        number = str(digits[-1] // 2)
    key = "/".join(p for p in path if not p.isdigit())
    spots = [f"{key}{inner}/{kind}{number}" for inner in ("", "/net", "/head")]
    return next(s for s in spots if s in ours), lambda x: x.T if x.dim() == 2 else x


def learn():
    make, lr, eps, clip = LEARNERS[task]
    online, lagged = make(data["w"]), make(data["lag"])
    optimiser = torch.optim.Adam(online.parameters(), lr, eps=eps)

    def step(model, opt):
        loss = model.loss(lagged)
        opt.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), clip) if clip else None
        opt.step()
        return loss, norm

    def check():
        model = copy.deepcopy(online)
        opt = torch.optim.Adam(model.parameters(), lr, eps=eps)
        for p in model.parameters():
            second = torch.full_like(p, float(data["start"]["v"][0]))
            opt.state[p] = {"step": torch.tensor(0.0), "exp_avg": torch.zeros_like(p), "exp_avg_sq": second}
        loss, norm = step(model, opt)
        out = {"loss": loss.detach(), **({} if norm is None else {"norm": norm})}
        for name, p in model.named_parameters():
            key, layout = place(name, data["w"])
            out[f"w/{key}"], out[f"m/{key}"] = layout(p.detach()), layout(opt.state[p]["exp_avg"])
        return out

    def run(times):
        for _ in range(times):
            step(online, optimiser)

    return check, run


def act():
    agent, given = AgentQ(data["w"], False), {k: torch.from_numpy(v) for k, v in data["noise"].items()}
    h0 = torch.from_numpy(data["carry"]["agentQ"])

    @torch.no_grad()
    def step(h, epsilon, coin=None, lot=None):
        x, avail = qmix_input().flatten(0, 2), field["avail"].flatten(0, 2)
        h = agent.cell(F.relu(agent.first(x)), h)
        q = agent.q(h)
        coin = torch.rand(len(x)) if coin is None else coin
        lot = torch.rand(q.shape) if lot is None else lot
        best, other = q.masked_fill(~avail, -1e9).argmax(-1), lot.masked_fill(~avail, -1e9).argmax(-1)
        return torch.where(coin < epsilon, other, best), h

    def check():
        action, h = step(h0, 0.5, given["explore.coin"], given["explore.lot"])
        return {"action": action, "carry": h}

    def run(times):
        h = h0
        for _ in range(times):
            _, h = step(h, 0.5)

    return check, run


serve(*(learn() if task in LEARNERS else act()))
