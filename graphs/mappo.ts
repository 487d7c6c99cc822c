/** MAPPO, and with PopArt in place of ValueNorm. Numbers: those of the on-policy code (marlbenchmark/on-policy) for MPE's simple_spread, as in IPPO. */
import { derive, each, next, now, once } from '../core/graph.ts';
import { allAgents, deathMask, denormalise, jointInput, moments, normalise } from '../nodes/index.ts';
import { ippo } from './ippo.ts';

/**
 * MAPPO (arXiv 2103.01955): IPPO whose critic sees more, in normalised units of return (ValueNorm): denormalised before the advantages, and returns
 * normalised by statistics that hold them. What the critic sees is a slot: `jointInput` (the observations of all agents, as the authors do where there is
 * nothing better), `stateInput` (the environment's state), `localInput` (as IPPO), `join` (all of it, and what all agents did last). Of a dead agent it sees nothing.
 */
export const mappo = derive(ippo, 'mappo', (g, { ro, critic, adv }) => {
  g.about('IPPO with a central critic, in normalised units of return', 'Yu et al. 2021, arXiv 2103.01955');
  const joint = g.add('jointObs', allAgents(), { x: ro.obs }), last = g.add('lastJointAction', allAgents(), { x: ro.lastAction });
  const seen = g.replace('criticInput', jointInput(), { joint: each('agent', joint.x), state: each('agent', ro.state), obs: ro.obs, last: each('agent', last.x), id: ro.agentId });
  const living = g.add('deathMask', deathMask(), { x: seen.x, alive: ro.alive });
  g.rewire('criticEncoder', { x: living.x });

  const before = g.memory('valueNorm', { mean: 0, square: 0, weight: 0 });
  const value = g.add('value', denormalise(), { x: critic.value, ...before });
  g.rewire('advantage', { value: now(value.x), nextValue: next(value.x) });
  const { mean, square, weight } = g.add('returnMoments', moments({ rate: 1e-5 }), { x: once(adv.returns), mask: each('agent', ro.valid), ...before });
  const returns = g.add('normalReturns', normalise(), { x: once(adv.returns), mean, square, weight });
  g.rewire('valueLoss', { returns: returns.x, target: returns.x });
  g.keep('valueNorm', { mean, square, weight });
  return { criticInput: seen, value, returns, law: { mean, square, weight } };
});

/**
 * MAPPO with PopArt (arXiv 1602.07714, 1809.04474): what the critic says stays as it is, to every bit, when the statistics move. Its last layer is in units of return, and the loss normalises what
 * it says and what it learns by the same statistics. That is the paper's layer, W / sigma and (b - mu) / sigma, rescaled at every move of mu and sigma, and nothing writes weights. Only the step of that
 * layer is another than the paper's: Adam moves it by the learning rate in units of return, so that returns of hundreds want a greater `critic.lr`.
 */
export const mappoPopArt = derive(mappo, 'mappoPopArt', (g, { critic, law }) => {
  g.about('MAPPO whose critic says the same when the statistics of returns move', 'van Hasselt et al. 2016, arXiv 1602.07714');
  const said = now(critic.value);
  g.rewire('advantage', { value: said, nextValue: next(critic.value) });
  g.remove('value');
  const value = g.add('normalValue', normalise(), { x: said, ...law }), old = g.add('oldNormalValue', normalise(), { x: once(said), ...law });
  g.rewire('valueLoss', { value: value.x, oldValue: old.x, prediction: value.x });
});
