import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PlannedNode } from '../../src/engines/node.js'

/** What the node's process does at each of its starts. */
type Start = 'answers' | 'never answers'

let dir: string
let node: PlannedNode
let pids: number[]

/** A program that does nothing; what it would answer is told start by start. */
function plan(...starts: readonly Start[]): void {
  pids = []
  const site = {
    name: 'site1-1',
    dir,
    endpoint: '127.0.0.1:1',
    data: [],
    prepare: async () => {},
    argv: [process.execPath, '-e', 'setInterval(() => {}, 1_000)'],
    ready: async (_: unknown, signal: AbortSignal) => {
      const start = starts[pids.length]
      pids.push(node.pid)
      if (start !== 'answers') await new Promise((resolve) => signal.addEventListener('abort', resolve))
    },
  }
  node = new PlannedNode(site, () => 'all', { readyMs: 500, againMs: 20 })
}

function lives(pid: number | undefined): boolean {
  try {
    return process.kill(pid ?? 0, 0)
  } catch {
    return false
  }
}

describe('a node that is started again', () => {
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'spanwire-node-'))
  })
  afterEach(async () => {
    await node.retire()
    await rm(dir, { recursive: true, force: true })
  })

  it('is killed and started once more when it is not ready in time', async () => {
    plan('answers', 'never answers', 'answers')
    await node.launch()
    await node.becomeReady()
    await node.restart()
    expect(pids).toHaveLength(3)
    expect(pids.map(lives)).toEqual([false, false, true])
    expect(node.pid).toBe(pids[2])
  })

  it('is given up, with a sentence, when it is not ready then either', async () => {
    plan('never answers', 'never answers')
    await node.launch()
    await expect(node.restart()).rejects.toThrow('site1-1 at 127.0.0.1:1 is not ready after 500 ms')
    expect(pids).toHaveLength(2)
  })
})
