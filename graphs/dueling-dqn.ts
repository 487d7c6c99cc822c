/** Dueling networks: Double DQN with another network. Numbers: those of `doubleDqn`, so that the two differ in the network alone. */
import { swap } from '../core/graph.ts';
import { duelingQ } from '../nodes/index.ts';
import { doubleDqn } from './dqn.ts';

/** Dueling DQN (arXiv 1511.06581): value and advantages from streams of their own. The paper also clips the norm of the gradient at 10. */
export const duelingDqn = swap(doubleDqn, 'q', duelingQ({ hidden: [120], stream: [84] }), {
  name: 'duelingDqn', about: 'Double DQN whose network parts the value of a state from the advantages of actions', paper: 'Wang et al. 2015, arXiv 1511.06581',
});
