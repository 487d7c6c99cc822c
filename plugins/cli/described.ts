/** A page's description as pictures read it: with the sizes of an environment, or with the names of layers alone. */
import type { Definition } from '../../core/definition.ts';
import { describe, type Description } from '../../core/describe.ts';
import { plan, type Plan } from '../../core/plan.ts';
import { words } from '../../core/port.ts';
import { guarantees, kinds } from '../../nodes/index.ts';

export const kindOf = (type: string): string | undefined => kinds.get(type);
export const guaranteesOf = (type: string): readonly string[] | undefined => guarantees.get(type);

/** Layers are functions of sizes; their names, and which value enters which of them, hardly ever: any sizes show them. */
const someSizes = (page: Definition): Readonly<Record<string, number>> => Object.fromEntries(Object.values(page.page.world).flatMap(f => words(f.spec)).map(dim => [dim, 2]));
/** Undefined for a page that no such small world can have. */
export function inSomeWorld(page: Definition): Plan | undefined { try { return plan(page, someSizes(page)); } catch { return undefined; } }
function withLayerNames(page: Definition, plain: Description): Description {
  try {
    const layers = new Map(describe(page, someSizes(page)).nodes.map(n => [n.name, n.layers]));
    return { ...plain, nodes: plain.nodes.map(n => ({ ...n, layers: layers.get(n.name) ?? [] })) };
  } catch { return plain; }                                             // layers that no such small world can have
}
export const describedFor = (page: Definition, sizes: Readonly<Record<string, number>> | undefined, level: number): Description => (sizes || level < 2 ? describe(page, sizes) : withLayerNames(page, describe(page)));
