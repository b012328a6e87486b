import { Completed } from '../arrival/completed.js'
import type { Context } from './context.js'

/** Jobs and requests that this client has done, by channel and id (R40, R45). */
export function completedOf(context: Context): Completed {
  context.completed ??= new Completed()
  return context.completed
}
