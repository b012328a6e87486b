import { Inapplicable } from './property.js'

/** What the runtime can say about its heap. */
export interface Heap {
  /** Bytes allocated while it ran, those already collected included; sampled, good to some per cent. */
  allocated(run: () => Promise<void>): Promise<number>
  /** Bytes in use after a full collection. */
  used(): Promise<number>
  close(): void
}

/** Ends the trial as inapplicable where there is no profiler. */
export async function openHeap(): Promise<Heap> {
  // The only Node module in this package: nothing else counts allocations. Loaded when asked for, so that browsers load the rest.
  const { Session } = await import('node:inspector/promises').catch(() => {
    throw new Inapplicable('this runtime has no heap profiler')
  })
  const session = new Session()
  session.connect()
  return {
    async allocated(run) {
      await session.post('HeapProfiler.startSampling', {
        samplingInterval: 8_192,
        includeObjectsCollectedByMajorGC: true,
        includeObjectsCollectedByMinorGC: true,
      })
      await run()
      const { profile } = await session.post('HeapProfiler.stopSampling')
      return sum(profile.head)
    },
    async used() {
      await session.post('HeapProfiler.collectGarbage')
      return process.memoryUsage().heapUsed
    },
    close: () => session.disconnect(),
  }
}

interface Node {
  readonly selfSize: number
  readonly children: readonly Node[]
}

function sum(node: Node): number {
  return node.children.reduce((total, child) => total + sum(child), node.selfSize)
}
