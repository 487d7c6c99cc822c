/** What a difference says: renamed nodes are the same nodes, guarantees of mixers, tags and trunks of one side only. */
import { describe, expect, it } from 'vitest';
import { describe as description, type Description } from '../../core/describe.ts';
import { doubleDqn, dqn, qmix, qplex, vdn } from '../../graphs/index.ts';
import { guarantees, kinds, nodeTypes } from '../../nodes/index.ts';
import { svg } from '../../visualizer/picture.ts';
import { renamed, renames } from '../../visualizer/renames.ts';
import { sentences, unionOf } from '../../visualizer/union.ts';
import { allPages } from '../pages/index.ts';

const o = { kinds: (type: string) => kinds.get(type), guarantees: (type: string) => guarantees.get(type) };
const words = (a: Description, b: Description) => sentences(unionOf(a, b, o).comparison, b);
const NEW = new Map([['agentQ', 'utility'], ['targetAgentQ', 'laggedUtility'], ['chosen', 'taken'], ['mixer', 'joint'], ['targetMixer', 'laggedJoint']]);

describe('renamed nodes', () => {
  it.each([['qmix', qmix], ['ppo', allPages['ppo']!]] as const)('of %s are found, all of them at once', (_, page) => {
    const d = description(page), all = new Map(d.nodes.map(n => [n.name, `${n.name}2`]));
    expect(renames(d, renamed(d, all))).toEqual(all);
  });
  it('are the same nodes under another name', () => {
    const d = description(qmix), { comparison, view } = unionOf(d, renamed(d, NEW), o);
    expect(comparison).toMatchObject({ counts: { added: 0, removed: 0, changed: 0, moved: 5, same: 6 }, wires: { added: [], removed: [] }, rules: [], same: false });
    expect(words(d, renamed(d, NEW))).toEqual(['Renamed: agentQ → utility, targetAgentQ → laggedUtility, chosen → taken, mixer → joint, targetMixer → laggedJoint.', '6 of 11 nodes unchanged (+0 −0 ~0 →5); wires +0 −0.']);
    expect(view.nodes.find(n => n.id === 'joint')).toMatchObject({ state: 'moved', detail: ['was mixer', 'monotonicMixer', 'embed 32 · hypernet 64'] });
    expect(svg(view)).toContain('>renamed<');
  });
  it('may have changed, too', () => {
    const d = description(qmix), after = renamed(d, NEW), smaller = { ...after, nodes: after.nodes.map(n => (n.name === 'joint' ? { ...n, config: { ...n.config, embed: 16 } } : n)) };
    expect(unionOf(d, smaller, o).comparison.nodes.find(n => n.name === 'joint')).toEqual({ name: 'joint', state: 'changed', was: 'mixer', what: 'embed 32 → 16' });
  });
  it('are not guessed: two that fit alike, or another type, are new and gone', () => {
    const d = description(vdn), twins = (...names: string[]): Description => ({ ...d, nodes: [...d.nodes, ...names.map(name => ({ ...d.nodes.find(n => n.name === 'nextGreedy')!, name }))] });
    expect(renames(twins('one', 'two'), twins('three', 'four'))).toEqual(new Map());
    expect(renames(d, { ...d, nodes: d.nodes.map(n => (n.name === 'chosen' ? { ...n, name: 'taken', type: 'gatherAction' } : n)) })).toEqual(new Map());
  });
});

describe('words', () => {
  it('say what a new mixer no longer guarantees', () => {
    expect(words(description(vdn), description(qmix))).toContain('Slot mixer is no longer additive, still monotonic and IGM.');
    expect(words(description(qmix), description(qplex))).toContain('Slot mixer is no longer monotonic, still IGM.');
    expect(words(description(vdn), description(qplex))).toContain('Slot mixer is no longer additive or monotonic, still IGM.');
    expect(words(description(qmix), description(vdn))).toContain('Slot mixer is now additive, still monotonic and IGM.');
    const d = description(qmix), own = { ...d, nodes: d.nodes.map(n => (n.name === 'mixer' ? { ...n, type: 'myMixer' } : n)) };
    expect(words(d, own)).toContain('Slot mixer is not known to be monotonic or IGM.');
  });
  it('every mixer has guarantees, and nothing else has', () => { expect([...guarantees.keys()].sort()).toEqual(nodeTypes.map(n => n.spec.type).filter(t => kinds.get(t) === 'mixers').sort()); });
  it('say which wire it is, where no node differs', () => { expect(words(description(dqn), description(doubleDqn))[0]).toBe('Port nextGreedy.q reads q.q | next, no longer targetQ.q | next.'); });
  it('of settings are one field after another', () => {
    expect(words(description(allPages['a2c']!), description(allPages['ppo']!))).toContain('Rule all is set otherwise; source data: steps 5 → 128, copies 16 → 4, epochs unset → 4, minibatches unset → 4.');
    expect(unionOf(description(qmix), description(qplex), o).view.nodes.find(n => n.id === 'mixer')!.detail).toEqual(['monotonicMixer → duplexMixer', 'embed 32 · hypernet 64', '→ heads 4 · hypernet 64', 'advHypernet none']);
  });
});

describe('the picture', () => {
  it('has a sign at each tag of one side, and a legend of the signs that occur', () => {
    const { view } = unionOf(description(allPages['td3']!), description(allPages['sac']!), o), loss = view.nodes.find(n => n.id === 'critic2Loss')!;
    expect(loss.tags).toEqual([{ port: 'loss', kind: 'rule', text: 'critic', state: 'removed' }, { port: 'loss', kind: 'rule', text: 'critics', state: 'added' }]);
    const text = svg(unionOf(description(vdn), description(qmix), o).view);
    for (const [word, there] of [['only after', true], ['changed', true], ['the same', true], ['only before', false], ['renamed', false], ['losses', false]] as const) expect(text.includes(`>${word}<`), word).toBe(there);
  });
  it('has the trunk of an old and a new line in the tone of what is there before and after', () => {
    const text = svg(unionOf(description(allPages['a2c']!), description(allPages['ppo']!), o).view), net = /<g id="net-critic\.value" class="net">(.*?)<\/g>/.exec(text)![1]!, colours = [...net.matchAll(/<path(?: id="[^"]*")? d="[^"]*z?" class="n s-([a-z]+)"/g)].map(m => m[1]);
    expect(colours.slice(-2)).toEqual(['page', 'faint']);
    expect(colours).toContain('add');
  });
});
