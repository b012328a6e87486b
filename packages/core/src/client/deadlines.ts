import { Deadlines } from '../runtime/wheel.js'
import type { Context } from './context.js'

/** All deadlines of what this client sends and asks. */
export function deadlinesOf(context: Context): Deadlines {
  context.deadlines ??= new Deadlines(context.runtime)
  return context.deadlines
}
