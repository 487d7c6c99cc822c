/** Names under which edge objects are bound to the container; a plugin binds one of these. */
export const TOKENS = {
  NodeType: Symbol.for('skein.NodeType'),
  Page: Symbol.for('skein.Page'),
  Environment: Symbol.for('skein.Environment'),
  Engine: Symbol.for('skein.Engine'),
  Replay: Symbol.for('skein.Replay'),
  Tracker: Symbol.for('skein.Tracker'),
  Expert: Symbol.for('skein.Expert'),
} as const;
/** The version of these interfaces; a plugin says the one it was written for. */
export const PLUGIN_API = 1;
