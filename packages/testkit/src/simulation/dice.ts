/** Chance that falls the same way each time. */
export interface Dice {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform in [from, to). */
  between(from: number, to: number): number
  /** One of them; there must be at least one. */
  pick<T>(of: readonly T[]): T
  /** True in `share` of all cases. */
  chance(share: number): boolean
  /** A stream of its own, so that what one part of a simulation rolls does not shift the others. */
  fork(label: string): Dice
}

export function dice(seed: number): Dice {
  const next = mulberry(seed)
  return {
    next,
    between: (from, to) => from + next() * (to - from),
    pick: (of) => {
      const one = of[Math.floor(next() * of.length)]
      if (one === undefined) throw new RangeError('there is nothing to pick from')
      return one
    },
    chance: (share) => next() < share,
    fork: (label) => dice(fnv1a(label, seed)),
  }
}

/** Mulberry32: 32 bits of state, every seed good. */
function mulberry(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** FNV-1a over UTF-16 units, 32 bits. */
function fnv1a(text: string, basis = 0x811c9dc5): number {
  let hash = basis | 0
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
