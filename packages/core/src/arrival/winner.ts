/** What decides between two values of one key. Foreign messages have no source. */
export interface Contender {
  readonly source: string | undefined
  readonly seq: number
  readonly timeMs: number
}

/**
 * Does `a`, which just came, replace `b` (R46)? Within a source its numbers alone decide, otherwise the highest
 * (time, source). Readers that saw the same messages agree, whatever the order they came in; only between foreign
 * messages of the same ms the later to come wins.
 */
export function newer(a: Contender, b: Contender): boolean {
  if (a.source === b.source && a.source !== undefined) return a.seq > b.seq
  if (a.timeMs !== b.timeMs) return a.timeMs > b.timeMs
  return (a.source ?? '') >= (b.source ?? '')
}
