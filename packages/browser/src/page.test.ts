import { describe, expect, it } from 'vitest'
import { type PageEvent, type PageState, step } from './page.js'

type Row = readonly [state: PageState, event: PageEvent, visible: boolean, expected: PageState]

describe('where a page stands', () => {
  const rows: readonly Row[] = [
    ['visible', 'turned', false, 'hidden'],
    ['hidden', 'turned', true, 'visible'],
    ['visible', 'online', true, 'visible'],
    ['hidden', 'online', false, 'hidden'],
    // The first load of a page.
    ['visible', 'pageshow', true, 'visible'],
    ['visible', 'pagehide', true, 'away'],
    ['hidden', 'pagehide', false, 'away'],
    // What browsers say of a page that is in the cache.
    ['away', 'turned', false, 'away'],
    ['away', 'turned', true, 'away'],
    ['away', 'online', true, 'away'],
    ['away', 'pagehide', false, 'away'],
    ['away', 'pageshow', true, 'visible'],
    // Shown in a window that nobody looks at.
    ['away', 'pageshow', false, 'hidden'],
  ]
  it.each(rows)('%s, %s, visible %s: %s', (state, event, visible, expected) => {
    expect(step(state, event, visible)).toBe(expected)
  })
})
