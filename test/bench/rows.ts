/** What is measured: rows of the table, who takes part in each, and the bars that are shown beside them. */
/** `onnx beside` learns in a thread beside the environments; `onnx:cpu-2 loaded` has a process beside it that keeps a core busy. */
export type Who = 'onnx:cpu-1' | 'onnx:cpu-2' | 'onnx:cpu-2 loaded' | 'onnx beside' | 'tfjs:wasm' | 'skein' | 'torch-1' | 'torch-2' | 'torch-gru-1' | 'torch-gru-2' | 'jax-1' | 'jax-2' | 'jax-unrolled-1' | 'jax-unrolled-2' | 'sb3-1' | 'sb3-2' | 'epymarl-1' | 'epymarl-2' | 'jaxmarl-1' | 'jaxmarl-2';
/** At most so many times another one's median, or, without another, at most this figure; of `steps/s` at least. */
export interface Bar { readonly of: Who; readonly to?: Who; readonly limit: number }
export interface Row {
  readonly name: string; readonly what: string; readonly unit: 'ms' | 'us' | 's' | 'steps/s'; readonly ours: readonly Who[]; readonly peers?: readonly Who[];
  readonly bars?: readonly Bar[]; readonly note?: string;
  /** A turn is one piece of work, however short. */
  readonly once?: true;
}
const THREADS = ['onnx:cpu-1', 'onnx:cpu-2'] as const, ENGINES = [...THREADS, 'tfjs:wasm'] as const, RUNNING = ['onnx:cpu-1', 'onnx:cpu-2', 'onnx beside', 'tfjs:wasm'] as const, PEERS = ['torch-1', 'torch-2', 'jax-1', 'jax-2'] as const, EPYMARL = 532, SB3 = 1_790, POGEMA = 10_973;
/** One thread against one thread, two against two. */
const against = (peer: 'sb3' | 'epymarl' | 'jaxmarl' | 'jax', limit: number): readonly Bar[] => ([1, 2] as const).map(n => ({ of: `onnx:cpu-${n}`, to: `${peer}-${n}`, limit }));
const each = (whos: readonly Who[], limit: number): readonly Bar[] => whos.filter(of => of !== 'tfjs:wasm').map(of => ({ of, limit }));

export const ROWS: readonly Row[] = [
  {
    name: 'qmix', what: 'QMIX update', unit: 'ms', ours: ['onnx:cpu-1', 'onnx:cpu-2', 'onnx:cpu-2 loaded', 'tfjs:wasm'], peers: [...PEERS, 'torch-gru-1', 'torch-gru-2', 'jax-unrolled-1', 'jax-unrolled-2'], note: '32 episodes of 49 steps, 5 agents, 63 observations, 12 actions, state 120, GRU 64, embed 32, one-layer hypernetworks, Adam; torch steps a GRUCell, torch-gru runs nn.GRU; jax scans over time, jax-unrolled has every step in its program',
    bars: [{ of: 'onnx:cpu-1', to: 'torch-1', limit: 0.7 }, { of: 'onnx:cpu-1', to: 'jax-1', limit: 1 }, { of: 'onnx:cpu-1', to: 'jax-unrolled-1', limit: 1 }, { of: 'onnx:cpu-2', to: 'torch-2', limit: 0.65 }, { of: 'onnx:cpu-2', to: 'jax-2', limit: 0.95 }, { of: 'onnx:cpu-2', to: 'jax-unrolled-2', limit: 0.95 }, { of: 'onnx:cpu-2 loaded', to: 'onnx:cpu-2', limit: 1.5 }],
  },
  { name: 'ppo', what: 'PPO minibatch', unit: 'ms', ours: ENGINES, peers: PEERS, note: '2,048 x 32, actor and critic 64-64 tanh, 6 actions, Adam, gradient clipped at 0.5', bars: [{ of: 'onnx:cpu-1', to: 'jax-1', limit: 1 }, { of: 'onnx:cpu-2', to: 'jax-2', limit: 1 }] },
  { name: 'dqn', what: 'DQN update', unit: 'ms', ours: ENGINES, peers: PEERS, note: 'batch 128, 4 observations, 2 actions, MLP 120-84, Adam, one update a call', bars: [{ of: 'onnx:cpu-1', to: 'jax-1', limit: 1.1 }] },
  { name: 'act40', what: 'acting, 40 rows', unit: 'us', ours: ENGINES, peers: PEERS, note: 'QMIX page: 8 copies of 5 agents, 63 observations, 12 actions; mask, epsilon, noise drawn', bars: [{ of: 'onnx:cpu-1', limit: 90 }] },
  { name: 'act4', what: 'acting, 4 rows', unit: 'us', ours: ENGINES, peers: PEERS, note: 'QMIX page: 2 copies of 2 agents, 15 observations, 6 actions; mask, epsilon, noise drawn', bars: [{ of: 'onnx:cpu-1', limit: 60 }] },
  { name: 'train-qmix', what: 'QMIX on lbf/8x8-2p-3f', unit: 'steps/s', ours: RUNNING, once: true, note: "EPyMARL's numbers: one copy, GRU 64, an update of 32 episodes for each episode; steps 3,000 to 6,000, the first fifth of them with tfjs", bars: each(RUNNING, 4 * EPYMARL) },
  { name: 'train-qmix-8', what: 'QMIX on lbf/8x8-2p-3f, 8 copies', unit: 'steps/s', ours: RUNNING, once: true, note: '8 copies, GRU 64, an update of 32 episodes for 8 episodes; steps 10,000 to 26,000, the first fifth of them with tfjs', bars: each(RUNNING, 15_000) },
  { name: 'train-dqn', what: 'DQN on classic/cartpole', unit: 'steps/s', ours: RUNNING, once: true, note: "Stable-Baselines3's numbers: one copy, MLP 64-64, an update of batch 32 every 4 steps, squared errors where theirs are Huber's; steps 2,000 to 8,000, the first fifth of them with tfjs", bars: each(RUNNING, 3 * SB3) },
  {
    name: 'train-ppo', what: 'PPO on classic/cartpole', unit: 'steps/s', ours: THREADS, peers: ['sb3-1', 'sb3-2', 'jax-1', 'jax-2'], once: true, bars: [...against('sb3', 10), ...against('jax', 0.7)],
    note: "the numbers of Stable-Baselines3's zoo: 8 copies, 20 updates of all 256 steps after every 32; actor and critic 64-64 tanh, no entropy, values not clipped, Adam, gradient clipped at 0.5; jax has environment and learning in one compiled function, as PureJaxRL's are, and takes a time limit for an end; ours, batches 10 to 60",
  },
  {
    name: 'train-mappo-epymarl', what: "MAPPO on mpe/spread, EPyMARL's", unit: 'steps/s', ours: THREADS, peers: ['epymarl-1', 'epymarl-2'], once: true, bars: against('epymarl', 5),
    note: 'mappo.yaml: 10 copies, 4 updates of actor and of critic with 10 episodes of 25 steps; actor 128, GRU 128, critic 128-128 of the state, targets of 5 steps by a lagged critic, standardised rewards, Adam, gradients clipped at 10; epymarl is written anew in PyTorch, with mpe2 in a process for each copy and a GRU stepped by GRUCell, and without the checks and logs of the original; the lagged critic is asked once a batch by ours, at each update there; ours, batches 3 to 15',
  },
  {
    name: 'train-mappo-jaxmarl', what: "MAPPO on mpe/spread, JaxMARL's", unit: 'steps/s', ours: THREADS, peers: ['jaxmarl-1', 'jaxmarl-2'], once: true, bars: against('jaxmarl', 1),
    note: 'mappo_homogenous_rnn_mpe.yaml: 16 copies, 4 epochs of 4 updates of actor and of critic after every 128 steps, a quarter of the sequences in each; both 128, GRU 128, 128, the critic of all observations, clipped values, Adam, gradients clipped at 0.5; jaxmarl is written anew with its environment, Flax and Optax, all of it one compiled function without logs, and has two of the six biases of our GRU less in the sums of each gate; ours goes through 133 slots, of which 5 hold last observations, works old values out again where theirs are kept, and is paid as a team; ours, the second batch',
  },
  {
    name: 'train-sac', what: 'SAC on classic/pendulum', unit: 'steps/s', ours: THREADS, peers: ['sb3-1', 'sb3-2'], once: true, bars: against('sb3', 2),
    note: "the numbers of Stable-Baselines3's zoo: one copy, an update of batch 256 at every step; actor and two critics 256-256, a temperature learned from the actor's own draws, Adam; ours, steps 150 to 350",
  },
  { name: 'environment lbf/8x8-2p-3f', what: 'lbf/8x8-2p-3f', unit: 'steps/s', ours: ['skein'], note: '8 copies, random allowed actions' },
  { name: 'environment classic/cartpole', what: 'classic/cartpole', unit: 'steps/s', ours: ['skein'], note: '8 copies, random actions' },
  { name: 'environment mpe/spread', what: 'mpe/spread', unit: 'steps/s', ours: ['skein'], note: '8 copies, random actions; the bar is 50 times the speed of mpe2 1.1.1', bars: [{ of: 'skein', limit: 50 * 3_029 }] },
  { name: 'environment mpe/tag', what: 'mpe/tag', unit: 'steps/s', ours: ['skein'], note: 'the same', bars: [{ of: 'skein', limit: 50 * 1_984 }] },
  { name: 'environment pogema/8x8?agents=8', what: 'pogema/8x8?agents=8', unit: 'steps/s', ours: ['skein'], note: '8 copies, random actions; the bar is 50 times pogema 1.4.0', bars: each(['skein'], 50 * POGEMA) },
  { name: 'environment mapf/20x20?density=0.2', what: 'mapf/20x20?density=0.2', unit: 'steps/s', ours: ['skein'], note: '8 copies, 8 agents, random allowed actions' },
  { name: 'environment matrix/two-step', what: 'matrix/two-step', unit: 'steps/s', ours: ['skein'], note: '8 copies, random actions' },
  { name: 'cold', what: 'cold process, first QMIX update', unit: 's', ours: ENGINES, once: true, note: 'sizes of the first row, from the start of the process', bars: each(ENGINES, 2) },
  { name: 'swap', what: 'hot swap of the mixer', unit: 'ms', ours: ENGINES, once: true, note: 'QMIX on lbf/8x8-2p-3f becomes VDN: asked for, checked, traced, tried on a batch, changed over', bars: each(ENGINES, 250) },
  { name: 'layout qmix', what: 'layout of QMIX', unit: 'ms', ours: ['skein'] },
  { name: 'layout mappo', what: 'layout of MAPPO', unit: 'ms', ours: ['skein'] },
  { name: 'layout 500', what: 'layout of 500 boxes', unit: 'ms', ours: ['skein'] },
];
/** A row of our own in every run: other machines, and the same one on another day, differ by it. */
export const YARDSTICK: Row = { name: 'yardstick', what: 'yardstick: a product of two 128 x 128 matrices in plain JavaScript', unit: 'ms', ours: ['skein'] };
/** What others on the same processor take from us: the cache that all cores share. Arithmetic hardly notices; programs that are larger than a core's own cache do, and Node with ONNX Runtime is. */
export const CACHE: Row = { name: 'cache', what: 'cache: loads through 8 MiB, each waiting for the one before', unit: 'us', ours: ['skein'] };
