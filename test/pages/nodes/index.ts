/** Plain nodes for the pages that the framework does not bring: enough to prove their wiring, no more. */
export * from './arithmetic.ts';
export * from './critics.ts';
export * from './explore.ts';
export { agentTransformer, allAgents, beliefDecoder, beliefEncoder, gridEncoder, oneHotAction, othersActions, recurrentEncoder } from './features.ts';
export * from './losses.ts';
export * from './normalise.ts';
export { actionDecoder, actionLogits, deterministic, epsilonMixed, gaussian, gaussianLogProb, meanAndStd, ownFresh } from './policies.ts';
export * from './returns.ts';
