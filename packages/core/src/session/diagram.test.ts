import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { stepCases } from './step.cases.js'

/** The session's states as a picture, from the very table that the code is tested with. */
function diagram(): string {
  const arrows = new Map<string, Set<string>>()
  for (const { state, event, becomes } of stepCases) {
    if (becomes === 'same' || becomes.at === state.at || becomes.at === 'closed') continue
    const arrow = `${state.at} --> ${becomes.at}`
    arrows.set(arrow, (arrows.get(arrow) ?? new Set()).add(event.on))
  }
  const lines = [...arrows].map(([arrow, events]) => `  ${arrow}: ${[...events].join(', ')}`)
  return ['stateDiagram-v2', '  [*] --> idle', ...lines.sort()].join('\n')
}

it('is drawn in the documentation as it is', () => {
  const page = readFileSync(new URL('../../../../docs/failover.md', import.meta.url), 'utf8')
  expect(page.match(/```mermaid\n(stateDiagram-v2[^`]*?)\n```/)?.[1]).toBe(diagram())
})
