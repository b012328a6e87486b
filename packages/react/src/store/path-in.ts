import { pathOf, patternOf, type Topic } from '@spanwire/core'
import type { Filter } from './boards.js'
import { failed, IDLE, type Progress } from './progress.js'

/**
 * The filter as a path, `*` where a parameter is left out, which `single` forbids. Nothing to look for, and parameters that cannot
 * be, are something to show, not to throw while rendering.
 */
export function pathIn(topic: Topic, filter: Filter | undefined, single: boolean): string | Progress {
  try {
    return filter ? (single ? pathOf : patternOf)(topic, filter) : IDLE
  } catch (error) {
    return failed(error)
  }
}
