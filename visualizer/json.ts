/** A view as JSON, and back. */
import type { End, ViewGraph, ViewNode } from './view-graph.ts';

export const json = (view: ViewGraph): string => `${JSON.stringify(view, null, 1)}\n`;
/** What is wrong with a document as a view; nothing if it is one. Writers may rely on it. */
export function viewProblem(x: unknown): string | undefined {
  const v = x as Partial<ViewGraph> | null;
  if (typeof v !== 'object' || v === null || v.schema !== 1) return 'it is no view: schema 1 is missing';
  if (!Array.isArray(v.nodes) || !Array.isArray(v.edges)) return 'it has no nodes and edges';
  const { nodes, edges } = v as ViewGraph, ids = new Map(nodes.map(n => [n.id, n]));
  if (ids.size !== nodes.length) return 'two nodes have one id';
  for (const e of edges) if (!ids.get(e.from[0])?.outputs.some(p => p.id === e.from[1]) || !ids.get(e.to[0])?.inputs.some(p => p.id === e.to[1])) return `${e.id} leads from or to nothing`;
  for (const n of nodes) {
    const parts = new Set((n.parts ?? []).map(p => p.id)), there = (end: End, ports: ViewNode['inputs']) => ('part' in end ? parts.has(end.part) : ports.some(p => p.id === end.port));
    if ((n.threads ?? []).some(t => !there(t.from, n.inputs) || !there(t.to, n.outputs))) return `a value inside ${n.id} leads from or to nothing`;
  }
  return undefined;
}
export function fromJson(text: string): ViewGraph {
  const value: unknown = JSON.parse(text), problem = viewProblem(value);
  if (problem !== undefined) throw new Error(problem);
  return value as ViewGraph;
}
