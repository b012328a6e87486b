import { useState } from 'react'
import { createMemory } from './store/memory.js'

/** What `select` takes of a whole; the same object until `isEqual` sees a difference. Without `select` the whole itself. */
export function useSelection<All, Selected>(
  select: ((all: All) => Selected) | undefined,
  isEqual: (before: Selected, now: Selected) => boolean = Object.is,
): (all: All) => Selected {
  const [read] = useState(createMemory<Selected>)
  // Without `select` both types are one.
  return (all) => read([all, select], () => (select ? select(all) : (all as unknown as Selected)), isEqual)
}
