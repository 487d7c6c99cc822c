/** Other numbers for a page: what `--set`, an experiment's `set` and the library's `set` say. */
import { check } from '../core/check.ts';
import { bare, fromJson, pageSchema, use, type Definition } from '../core/definition.ts';
import { GraphError, InputError, nearest } from '../core/error.ts';

const OPTIMISER = ['lr', 'eps', 'decay'], { sources, train, targets, act } = pageSchema.shape;
/** What can be set at each place that is no node. */
const KEYS = { source: Object.keys(sources.valueType.shape), rule: [...OPTIMISER, ...Object.keys(train.valueType.shape)], targets: Object.keys(targets.valueType.shape), act: Object.keys(act.unwrap().shape) };
const meant = (name: string, all: Iterable<string>) => { const near = nearest(name, all); return near === undefined ? '' : `; did you mean ${near}?`; };

/** A definition with other numbers: `node.setting`, `source.batch`, `rule.lr`, `targets.everyEpisodes`. Nothing changes if any of them is wrong. */
export function applySettings(d: Definition, settings: Readonly<Record<string, unknown>>): Definition {
  if (!Object.keys(settings).length) return d;
  const page = bare(d.page) as unknown as Record<string, Record<string, Record<string, unknown>>>, lagged = Object.values(d.page.nodes).some(n => n.role === 'target');
  for (const [path, value] of Object.entries(settings)) {
    const [what = '', key = '', ...more] = path.split('.'), places = { nodes: page['nodes']![what], sources: page['sources']![what], train: page['train']![what] };
    if (!key || more.length) throw new InputError(`--set ${path}: write name.setting=value`, `for example ${Object.keys(page['nodes']!)[0] ?? 'q'}.hidden=64 or ${Object.keys(page['sources']!)[0] ?? 'data'}.batch=64`);
    const known = (kind: keyof typeof KEYS, place: string) => { if (!KEYS[kind].includes(key)) throw new InputError(`--set ${path}: ${place} has no setting ${key}${meant(key, KEYS[kind])}`, `its settings are ${KEYS[kind].join(', ')}`); };
    // a rule may be called as a node is: what the node does not have is the rule's
    if (places.nodes && (!places.train || key in use(d, what).config)) places.nodes['config'] = { ...(places.nodes['config'] as object), [key]: value };
    else if (places.sources) { known('source', `source ${what} of ${d.page.name}`); places.sources[key] = value; }
    else if (places.train && OPTIMISER.includes(key)) places.train['optimiser'] = { ...(places.train['optimiser'] as object), [key]: value };
    else if (places.train) { known('rule', `rule ${what} of ${d.page.name}`); places.train[key] = value; }
    else if (what === 'targets' && lagged) { known('targets', `targets of ${d.page.name}`); page['targets']!['*'] = { [key]: value }; }
    else if (what === 'act' && page['act']) { known('act', `act of ${d.page.name}`); (page['act'] as Record<string, unknown>)[key] = value; }
    else {
      const names = { nodes: Object.keys(page['nodes']!), sources: Object.keys(page['sources']!), rules: Object.keys(page['train']!) }, others = [...(lagged ? ['targets'] : []), ...(page['act'] ? ['act'] : [])];
      throw new InputError(`--set ${path}: the page ${d.page.name} has no ${what}${meant(what, [...Object.values(names).flat(), ...others])}`, [...Object.entries(names).map(([kind, all]) => `${kind} ${all.join(', ')}`), ...others].join('; '));
    }
  }
  const set = { ...fromJson(JSON.parse(JSON.stringify(page)), d.specs, `page ${d.page.name} with the settings given`), handles: d.handles }, issues = check(set);
  if (issues.length) throw new GraphError(d.page.name, issues, set);
  return set;
}
