/** Every node there is. The folder of a node is its kind in pictures. */
import type { NodeFactory } from '../core/node.ts';
import { expectedValue } from './arithmetic/expected-value.ts';
import { minimum } from './arithmetic/minimum.ts';
import { multiply } from './arithmetic/multiply.ts';
import { subtract } from './arithmetic/subtract.ts';
import { actionValue } from './critics/action-value.ts';
import { allActionValues } from './critics/all-action-values.ts';
import { centralValue } from './critics/central-value.ts';
import { counterfactualJointQ } from './critics/counterfactual-joint-q.ts';
import { historyJointQ } from './critics/history-joint-q.ts';
import { historyValue } from './critics/history-value.ts';
import { jointQ } from './critics/joint-q.ts';
import { linearValue } from './critics/linear-value.ts';
import { mlpValue } from './critics/mlp-value.ts';
import { stateValue } from './critics/state-value.ts';
import { tokenValue } from './critics/token-value.ts';
import { epsilonGreedy } from './explore/epsilon-greedy.ts';
import { plusGaussian } from './explore/plus-gaussian.ts';
import { sampleCategorical } from './explore/sample-categorical.ts';
import { allAgents } from './features/all-agents.ts';
import { deathMask } from './features/death-mask.ts';
import { agentTransformer } from './features/agent-transformer.ts';
import { encoder } from './features/encoder.ts';
import { join } from './features/join.ts';
import { jointInput } from './features/joint-input.ts';
import { layerNormEncoder } from './features/layer-norm-encoder.ts';
import { layerNormRecurrentEncoder } from './features/layer-norm-recurrent-encoder.ts';
import { localInput } from './features/local-input.ts';
import { oneHotAction } from './features/one-hot-action.ts';
import { othersActions } from './features/others-actions.ts';
import { recurrentEncoder } from './features/recurrent-encoder.ts';
import { stateInput } from './features/state-input.ts';
import { attentionKl } from './losses/attention-kl.ts';
import { centralWeight } from './losses/central-weight.ts';
import { clippedHuberValue } from './losses/clipped-huber-value.ts';
import { clippedPolicy } from './losses/clipped-policy.ts';
import { clippedValue } from './losses/clipped-value.ts';
import { entropyLoss } from './losses/entropy-loss.ts';
import { maskedMse } from './losses/masked-mse.ts';
import { meanSquare } from './losses/mean-square.ts';
import { negate } from './losses/negate.ts';
import { roleDifference } from './losses/role-difference.ts';
import { roleIdentifiability } from './losses/role-identifiability.ts';
import { weightedMse } from './losses/weighted-mse.ts';
import { noptLoss } from './losses/nopt-loss.ts';
import { noptMinLoss } from './losses/nopt-min-loss.ts';
import { optLoss } from './losses/opt-loss.ts';
import { aliveAttentionMixer } from './mixers/alive-attention-mixer.ts';
import { attentionMixer } from './mixers/attention-mixer.ts';
import { duplexMixer } from './mixers/duplex-mixer.ts';
import { evenAttentionMixer } from './mixers/even-attention-mixer.ts';
import { monotonicMixer } from './mixers/monotonic-mixer.ts';
import { nonlinearAttentionMixer } from './mixers/nonlinear-attention-mixer.ts';
import { sumMixer } from './mixers/sum-mixer.ts';
import { firstTransition } from './returns/first-transition.ts';
import { gae } from './returns/gae.ts';
import { monteCarlo } from './returns/monte-carlo.ts';
import { nStepTarget } from './returns/n-step-target.ts';
import { othersRatio } from './returns/others-ratio.ts';
import { optimisticWeight } from './losses/optimistic-weight.ts';
import { policyGradient } from './losses/policy-gradient.ts';
import { freeMixer } from './mixers/free-mixer.ts';
import { shapleyMixer } from './mixers/shapley-mixer.ts';
import { denormalise } from './normalise/denormalise.ts';
import { moments } from './normalise/moments.ts';
import { normalise } from './normalise/normalise.ts';
import { populationStandardise } from './normalise/population-standardise.ts';
import { runningMoments } from './normalise/running-moments.ts';
import { scale } from './normalise/scale.ts';
import { standardise } from './normalise/standardise.ts';
import { standardiseBy } from './normalise/standardise-by.ts';
import { actionDecoder } from './policies/action-decoder.ts';
import { categoricalLogProb } from './policies/categorical-log-prob.ts';
import { categorical } from './policies/categorical.ts';
import { epsilonMixed } from './policies/epsilon-mixed.ts';
import { epsilonMixedAvailable } from './policies/epsilon-mixed-available.ts';
import { deterministic } from './policies/deterministic.ts';
import { qLambda } from './returns/q-lambda.ts';
import { tdLambda } from './returns/td-lambda.ts';
import { tdTarget } from './returns/td-target.ts';
import { chosenAction } from './values/chosen-action.ts';
import { duelingMax } from './values/dueling-max.ts';
import { duelingMean } from './values/dueling-mean.ts';
import { duelingQ } from './values/dueling-q.ts';
import { gatherAction } from './values/gather-action.ts';
import { graphAgentQ } from './values/graph-agent-q.ts';
import { greedyAction } from './values/greedy-action.ts';
import { mlpAgentQ } from './values/mlp-agent-q.ts';
import { mlpQ } from './values/mlp-q.ts';
import { rnnAgentQ } from './values/rnn-agent-q.ts';
import { roleAgentQ } from './values/role-agent-q.ts';

export { expectedValue } from './arithmetic/expected-value.ts';
export { minimum } from './arithmetic/minimum.ts';
export { multiply } from './arithmetic/multiply.ts';
export { subtract } from './arithmetic/subtract.ts';
export { actionValue } from './critics/action-value.ts';
export { allActionValues } from './critics/all-action-values.ts';
export { centralValue } from './critics/central-value.ts';
export { counterfactualJointQ } from './critics/counterfactual-joint-q.ts';
export { historyJointQ } from './critics/history-joint-q.ts';
export { historyValue } from './critics/history-value.ts';
export { jointQ } from './critics/joint-q.ts';
export { linearValue } from './critics/linear-value.ts';
export { mlpValue } from './critics/mlp-value.ts';
export { stateValue } from './critics/state-value.ts';
export { tokenValue } from './critics/token-value.ts';
export { epsilonGreedy } from './explore/epsilon-greedy.ts';
export { plusGaussian } from './explore/plus-gaussian.ts';
export { sampleCategorical } from './explore/sample-categorical.ts';
export { allAgents } from './features/all-agents.ts';
export { deathMask } from './features/death-mask.ts';
export { agentTransformer } from './features/agent-transformer.ts';
export { encoder } from './features/encoder.ts';
export { join } from './features/join.ts';
export { jointInput } from './features/joint-input.ts';
export { layerNormEncoder } from './features/layer-norm-encoder.ts';
export { layerNormRecurrentEncoder } from './features/layer-norm-recurrent-encoder.ts';
export { localInput } from './features/local-input.ts';
export { oneHotAction } from './features/one-hot-action.ts';
export { othersActions } from './features/others-actions.ts';
export { recurrentEncoder } from './features/recurrent-encoder.ts';
export { stateInput } from './features/state-input.ts';
export { attentionKl } from './losses/attention-kl.ts';
export { centralWeight } from './losses/central-weight.ts';
export { clippedHuberValue } from './losses/clipped-huber-value.ts';
export { clippedPolicy } from './losses/clipped-policy.ts';
export { clippedValue } from './losses/clipped-value.ts';
export { entropyLoss } from './losses/entropy-loss.ts';
export { maskedMse } from './losses/masked-mse.ts';
export { meanSquare } from './losses/mean-square.ts';
export { negate } from './losses/negate.ts';
export { roleDifference } from './losses/role-difference.ts';
export { roleIdentifiability } from './losses/role-identifiability.ts';
export { weightedMse } from './losses/weighted-mse.ts';
export { noptLoss } from './losses/nopt-loss.ts';
export { noptMinLoss } from './losses/nopt-min-loss.ts';
export { optLoss } from './losses/opt-loss.ts';
export { aliveAttentionMixer } from './mixers/alive-attention-mixer.ts';
export { attentionMixer } from './mixers/attention-mixer.ts';
export { duplexMixer } from './mixers/duplex-mixer.ts';
export { evenAttentionMixer } from './mixers/even-attention-mixer.ts';
export { monotonicMixer } from './mixers/monotonic-mixer.ts';
export { nonlinearAttentionMixer } from './mixers/nonlinear-attention-mixer.ts';
export { sumMixer } from './mixers/sum-mixer.ts';
export { firstTransition } from './returns/first-transition.ts';
export { gae } from './returns/gae.ts';
export { monteCarlo } from './returns/monte-carlo.ts';
export { nStepTarget } from './returns/n-step-target.ts';
export { othersRatio } from './returns/others-ratio.ts';
export { optimisticWeight } from './losses/optimistic-weight.ts';
export { policyGradient } from './losses/policy-gradient.ts';
export { freeMixer } from './mixers/free-mixer.ts';
export { shapleyMixer } from './mixers/shapley-mixer.ts';
export { denormalise } from './normalise/denormalise.ts';
export { moments } from './normalise/moments.ts';
export { normalise } from './normalise/normalise.ts';
export { populationStandardise } from './normalise/population-standardise.ts';
export { runningMoments } from './normalise/running-moments.ts';
export { scale } from './normalise/scale.ts';
export { standardise } from './normalise/standardise.ts';
export { standardiseBy } from './normalise/standardise-by.ts';
export { actionDecoder } from './policies/action-decoder.ts';
export { categoricalLogProb } from './policies/categorical-log-prob.ts';
export { categorical } from './policies/categorical.ts';
export { epsilonMixed } from './policies/epsilon-mixed.ts';
export { epsilonMixedAvailable } from './policies/epsilon-mixed-available.ts';
export { deterministic } from './policies/deterministic.ts';
export { qLambda } from './returns/q-lambda.ts';
export { tdLambda } from './returns/td-lambda.ts';
export { tdTarget } from './returns/td-target.ts';
export { chosenAction } from './values/chosen-action.ts';
export { duelingMax } from './values/dueling-max.ts';
export { duelingMean } from './values/dueling-mean.ts';
export { duelingQ } from './values/dueling-q.ts';
export { gatherAction } from './values/gather-action.ts';
export { graphAgentQ } from './values/graph-agent-q.ts';
export { greedyAction } from './values/greedy-action.ts';
export { mlpAgentQ } from './values/mlp-agent-q.ts';
export { mlpQ } from './values/mlp-q.ts';
export { rnnAgentQ } from './values/rnn-agent-q.ts';
export { roleAgentQ } from './values/role-agent-q.ts';
/** Tensor functions for authors of nodes: masks, one-hots, choices without a gradient, returns over time. */
export { argMax, maskedMean, maskUnavailable, oneHot, take } from './maths.ts';
export { recurrence } from './recurrence.ts';

const folders = {
  features: [join, encoder, recurrentEncoder, allAgents, othersActions, oneHotAction, layerNormEncoder, layerNormRecurrentEncoder, deathMask, jointInput, localInput, stateInput, agentTransformer],
  values: [mlpQ, duelingQ, duelingMean, duelingMax, mlpAgentQ, rnnAgentQ, roleAgentQ, graphAgentQ, gatherAction, chosenAction, greedyAction],
  policies: [categorical, categoricalLogProb, epsilonMixed, epsilonMixedAvailable, deterministic, actionDecoder],
  mixers: [sumMixer, monotonicMixer, duplexMixer, attentionMixer, evenAttentionMixer, aliveAttentionMixer, nonlinearAttentionMixer, shapleyMixer, freeMixer],
  critics: [jointQ, counterfactualJointQ, historyJointQ, centralValue, historyValue, stateValue, mlpValue, linearValue, actionValue, allActionValues, tokenValue],
  returns: [tdTarget, nStepTarget, firstTransition, tdLambda, qLambda, monteCarlo, gae, othersRatio],
  normalise: [standardise, populationStandardise, standardiseBy, runningMoments, scale, moments, normalise, denormalise],
  arithmetic: [subtract, multiply, minimum, expectedValue],
  losses: [maskedMse, weightedMse, optimisticWeight, centralWeight, optLoss, noptLoss, noptMinLoss, roleIdentifiability, roleDifference, attentionKl, policyGradient, entropyLoss, clippedPolicy, clippedValue, negate, meanSquare, clippedHuberValue],
  explore: [epsilonGreedy, sampleCategorical, plusGaussian],
} as const satisfies Readonly<Record<string, readonly NodeFactory[]>>;

export type Kind = keyof typeof folders;

/** All node types: what the generic tests run over and a JSON page may name. */
export const nodeTypes: readonly NodeFactory[] = Object.values<readonly NodeFactory[]>(folders).flat();

/** What a mixer keeps of the agents' values, which tests show of each: a sum, never lower where a value of any action rises, greatest where every agent is greedy. */
export const guarantees: ReadonlyMap<string, readonly string[]> = new Map(([
  [sumMixer, ['additive', 'monotonic', 'IGM']], [monotonicMixer, ['monotonic', 'IGM']], [duplexMixer, ['IGM']],
  [attentionMixer, ['monotonic', 'IGM']], [evenAttentionMixer, ['monotonic', 'IGM']], [aliveAttentionMixer, ['monotonic']], [nonlinearAttentionMixer, []],
  [shapleyMixer, []], [freeMixer, []],
] as const).map(([node, kept]) => [(node as NodeFactory).spec.type, kept]));

/** Node type -> the folder it stands in. */
export const kinds: ReadonlyMap<string, Kind> = new Map(Object.entries<readonly NodeFactory[]>(folders).flatMap(([kind, list]) => list.map(node => [node.spec.type, kind as Kind] as const)));
