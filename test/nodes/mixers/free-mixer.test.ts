import { describe, expect, it } from 'vitest';
import { freeMixer } from '../../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { floats, near, numbers } from '../arrays.ts';
import { game, jointActions, mix, offers, weightsOf, type Team } from './joint.ts';

const config = { hidden: 8 }, teams: Team[] = Array.from({ length: 12 }, (_, seed) => ({ agents: 3, actions: 3, state: 2, seed }));

describe('freeMixer', () => {
  it('equals a calculation by hand: 2 agents, state 1, hidden 1', async () => {
    const weights = {
      'net/kernel0': floats([[2], [1], [-3]]), 'net/bias0': floats([1]), 'net/kernel1': floats([[2]]), 'net/bias1': floats([-1]), 'net/kernel2': floats([[1]]), 'net/bias2': floats([0.5]),
      'net/kernel3': floats([[-2]]), 'net/bias3': floats([0.25]), 'v/kernel0': floats([[3]]), 'v/bias0': floats([-1]), 'v/kernel1': floats([[4]]), 'v/bias1': floats([0]),
    };
    const { outputs, gradients } = await evaluateNode(freeMixer, { config: { hidden: 1 }, sizes: {}, weights, inputs: { agentQs: floats([[5, 2]]), state: floats([[1]]) }, cotangents: { qTot: floats([1]) } });
    // the state stands first: 2 * 1 + 5 - 3 * 2 + 1 = 2; 2 * 2 - 1 = 3; 3.5; -2 * 3.5 + 0.25 = -6.75; v = 4 (3 - 1) = 8
    near(outputs['qTot'], [1.25]);
    near(gradients.inputs['agentQs'], [[-4, 12]]);
  });
  it('falls where some agent\'s value rises, and is greatest elsewhere than the agents are: for that it is there', async () => {
    let falls = 0, elsewhere = 0;
    for (const team of teams) {
      const { values, state } = game(team), joint = jointActions(3, 3), { qTot, gradients } = await mix(freeMixer, team, weightsOf(freeMixer, team, config), offers(values, joint, state), config), own = values.map(q => q.indexOf(Math.max(...q))).join();
      if (Math.min(...numbers(gradients.inputs['agentQs'])) < 0) falls++;
      if (joint[qTot.indexOf(Math.max(...qTot))]!.join() !== own) elsewhere++;
    }
    expect(falls).toBeGreaterThan(teams.length / 2);
    expect(elsewhere).toBeGreaterThan(teams.length / 2);
  });
  it('has the layers of the sheet', () => {
    expect(layerTable(freeMixer(), { agent: 3, state: 48 }).map(t => `${t.name} ${t.shape.join('x')}`)).toEqual([
      'net/kernel0 51x256', 'net/bias0 256', 'net/kernel1 256x256', 'net/bias1 256', 'net/kernel2 256x256', 'net/bias2 256', 'net/kernel3 256x1', 'net/bias3 1', 'v/kernel0 48x256', 'v/bias0 256', 'v/kernel1 256x1', 'v/bias1 1']);
  });
});
