import './dom.js'
import type { Client } from '@spanwire/core'
import { act, createElement, type ReactNode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, vi } from 'vitest'
import { SpanwireProvider } from '../src/index.js'

const roots = new Set<Root>()

// Turns of the event loop stay real, so that the client and its engine go on between two steps of the clock.
beforeEach(
  () =>
    void vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'],
    }),
)
afterEach(async () => {
  for (const root of [...roots]) await act(async () => root.unmount())
  roots.clear()
  vi.useRealTimers()
})

/** Lets `ms` pass, with all that follows from it drawn. */
export function pass(ms: number): Promise<void> {
  return act(async () => void (await vi.advanceTimersByTimeAsync(ms)))
}

export interface Stage {
  readonly container: HTMLElement
  readonly text: string
  render(node: ReactNode): Promise<void>
  unmount(): Promise<void>
}

/** Renders into a page of its own, effects included. */
export async function stage(node: ReactNode): Promise<Stage> {
  const container = document.body.appendChild(document.createElement('div'))
  const root = createRoot(container)
  roots.add(root)
  const render = (next: ReactNode) => act(async () => root.render(next))
  await render(node)
  return {
    container,
    get text() {
      return container.textContent ?? ''
    },
    render,
    unmount: () => {
      roots.delete(root)
      return act(async () => root.unmount())
    },
  }
}

export function provide(client: Client | (() => Client), children: ReactNode): ReactNode {
  return createElement(SpanwireProvider, { client }, children)
}
